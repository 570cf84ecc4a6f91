"""A capture's events written as a classic pcap, for tools that read nothing newer.

The packets are those of `copier`. What a pcap has no place for is counted: comments (the URL, and
whether it was TLS), and the mark that a capture was finished.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from contextlib import closing
from struct import Struct
from typing import Final

from inspector.files import pcapng
from inspector.files.comments import facts_in
from inspector.files.copier import PcapngCopy
from inspector.files.events import CaptureEvent
from inspector.files.packets import ACK, FIN, RST, SYN, Passed, backward, read_segment
from inspector.files.source import open_source

MAGIC: Final = 0xA1B2C3D4
SNAP_LENGTH: Final = 262_144
TICKS: Final = 1_000_000


class PcapCopy:
    """Take events, then `close`. Raises OSError where the file takes no more."""

    def __init__(self, fd: int) -> None:
        """Write to an open descriptor, which is ours from now on."""
        self.left_out: Counter[str] = Counter()
        self._fd = fd
        self._made = tempfile.NamedTemporaryFile()  # noqa: SIM115
        self._copy = PcapngCopy(os.dup(self._made.fileno()))

    def take(self, event: CaptureEvent) -> None:
        self._copy.take(event)

    def close(self) -> None:
        """The packets are there: write them once more, without what stood beside them."""
        self._copy.close()
        self.left_out += self._copy.left_out
        record = Struct("<IIII")
        header = Struct("<IHHiIII").pack(MAGIC, 2, 4, 0, 0, SNAP_LENGTH, pcapng.LINKTYPE_RAW)
        with (
            self._made,
            closing(open_source(self._made.name)) as source,
            os.fdopen(self._fd, "wb") as out,
        ):
            out.write(header)
            inside: set[bytes] = set()  # flows of connections that had begun before
            for packet in pcapng.records(source):
                if isinstance(packet, tuple):
                    _, data, time, _, comments = packet
                    if _is_made_up(data, comments, inside):
                        continue
                    seconds, ticks = divmod(round(time * TICKS), TICKS)
                    out.write(record.pack(seconds & 0xFFFFFFFF, ticks, len(data), len(data)))
                    out.write(data)
                    self.left_out["packet comments (URLs, TLS, how a side ended)"] += len(comments)
        self.left_out = +self.left_out


def _is_made_up(packet: bytes, comments: tuple[str, ...], inside: set[bytes]) -> bool:
    """Is it of a handshake of TCP that nobody saw? Here no comment could say so."""
    segment = read_segment(pcapng.LINKTYPE_RAW, packet)
    if isinstance(segment, Passed):
        return False
    flow, _, _, flags, payload = segment
    if flags & SYN and not flags & ACK:
        flows = {flow, backward(flow)}
        if (facts_in(comments) or {}).get("midstream") is True:
            inside |= flows
        else:
            inside -= flows
    return flow in inside and not payload and not flags & (FIN | RST)
