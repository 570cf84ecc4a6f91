"""Classic pcap (draft-ietf-opsawg-pcap), what tcpdump writes: one header, then packets.

The magic number in front shows both the byte order and the clock. There are no comments, no marks
of a finished capture, and nothing to notice damage by but a length that no packet can have.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from inspector.files.events import Fault
from inspector.files.pcapng import Packet, Raw, cut
from inspector.files.source import Source

MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000),
    b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000),
}
"""The first four bytes of a file: byte order and ticks a second."""
FILE_HEADER = 24
RECORD_HEADER = 16
MAX_PACKET = 16 << 20


def records(source: Source, raw: Raw | None = None) -> Iterator[Packet | Fault]:
    """Every packet of a pcap source, in the order of the file; a `Fault`, if any, comes last.

    `raw` is shown the file's header, then each record as it is in the file, before it comes out.
    """
    while len(window := source.advance(0, FILE_HEADER)) < FILE_HEADER:
        if source.ended:
            yield cut(source, FILE_HEADER, len(window))
            return
    order, ticks = MAGICS[window[:4]]
    # The upper half of the last word describes frame checksums, not the link type.
    link = Struct(f"{order}I").unpack_from(window, 20)[0] & 0xFFFF
    header = Struct(f"{order}IIII")
    at = FILE_HEADER
    if raw is not None:
        raw(window[:FILE_HEADER])
    while True:
        if len(window) - at < RECORD_HEADER:
            window, at = source.advance(at, RECORD_HEADER), 0
            if source.ended and len(window) < RECORD_HEADER:
                if window or source.trouble:
                    yield cut(source, RECORD_HEADER, len(window))
                return
            continue
        seconds, fraction, captured, original = header.unpack_from(window, at)
        if captured > MAX_PACKET:
            yield Fault(
                source.offset + at,
                f"a packet can't be {captured} bytes long; the capture is damaged here",
            )
            return
        total = RECORD_HEADER + captured
        if len(window) - at < total:
            window, at = source.advance(at, total), 0
            if source.ended and len(window) < total:
                yield cut(source, total, len(window))
                return
            continue
        if raw is not None:
            raw(window[at : at + total])
        data = window[at + RECORD_HEADER : at + total]
        yield link, data, seconds + fraction / ticks, captured < original, ()
        at += total
