"""The front door: a capture file, or standard input, as one row of events.

    capture = open_capture("session.pcapng")
    for event in capture:
        match event:
            case Data(connection_id, from_client, data, time): ...

What a file is, its first bytes say, never its name. Opening raises `CannotOpen` when there is
nothing to read; from then on trouble is an event: a `Fault`, always the last one.

When following, the events end when the recorder finished the capture, when the file is removed,
replaced or cut, or when `stop` is set and what was written by then has been read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from os import PathLike
from typing import NamedTuple, Self

from inspector.files import flow, har, jsonl_reader, pcap, pcapng
from inspector.files import keylog as tls
from inspector.files.events import (
    CaptureEvent,
    Counts,
    Data,
    Ended,
    Fault,
    Finished,
    Forgotten,
    Gap,
    Noted,
    Opened,
)
from inspector.files.source import CannotOpen, Source, Stop, open_source
from inspector.files.streams import reassemble

__all__ = [
    "CannotOpen",
    "Capture",
    "CaptureEvent",
    "Counts",
    "Data",
    "Ended",
    "Fault",
    "Finished",
    "Forgotten",
    "Gap",
    "Noted",
    "Opened",
    "open_capture",
]


class Format(NamedTuple):
    """A kind of capture file: how it begins, and how it is read.

    Files of packets begin with one of four bytes each; `looks` is for files of text.
    """

    name: str
    magics: tuple[bytes, ...]
    read: Callable[[Source, Counts], Iterator[CaptureEvent]]
    looks: Callable[[bytes], bool] = lambda window: False


def _pcapng(source: Source, counts: Counts) -> Iterator[CaptureEvent]:
    return reassemble(pcapng.records(source), counts)


def _pcap(source: Source, counts: Counts) -> Iterator[CaptureEvent]:
    return reassemble(pcap.records(source), counts)


FORMATS = (
    Format("pcapng", (pcapng.SECTION_HEADER.to_bytes(4),), _pcapng),
    Format("pcap", tuple(pcap.MAGICS), _pcap),
    Format("har", (), har.read_har, har.looks),
    Format("flow", (), flow.read_flows, flow.looks),
    Format("jsonl", (), jsonl_reader.read_lines, jsonl_reader.looks),
)

NOT_READ = {
    b"\x1f\x8b": "it is compressed with gzip: unpack it first, `gunzip -c FILE | ws101 dump -`",
    b"\x28\xb5\x2f\xfd": "it is compressed with zstd: unpack it first (`zstd -d`)",
    b"\xfd7zX": "it is compressed with xz: unpack it first (`unxz`)",
    b"\x04\x22\x4d\x18": "it is compressed with lz4: unpack it first (`unlz4`)",
    b"PK\x03\x04": "it is a zip archive: unpack it first",
    b"snoo": "it is a snoop capture: convert it with `editcap -F pcapng`",
    b"\xa1\xb2\xcd\x34": "it is a modified pcap: convert it with `editcap -F pcapng`",
    b"\x34\xcd\xb2\xa1": "it is a modified pcap: convert it with `editcap -F pcapng`",
}
"""Files that people hand us nevertheless, and what to do with them."""
MAGIC_LENGTH = 4
TEXT_LENGTH = 4096
"""Bytes that are looked at: of any file, and of one of text."""


class Capture:
    """The events of one capture; iterate once.

    `counts` grows while reading. `progress` is how many bytes were read, and of how many (None for
    standard input), for a progress bar.
    """

    def __init__(self, source: Source, keys: tls.Keys | None = None) -> None:
        self.counts = Counts()
        self.format: str | None = None
        """`pcapng`, `pcap`, ...; known once the first event has come."""
        self._source = source
        self._keys = keys
        self._events: Iterator[CaptureEvent] | None = None

    def __iter__(self) -> Iterator[CaptureEvent]:
        if self._events is None:
            self._events = self._read()
        return self._events

    @property
    def decrypts(self) -> bool:
        """Are its events those of what was inside TLS?"""
        return self._keys is not None

    @property
    def progress(self) -> tuple[int, int | None]:
        return self._source.bytes_read, self._source.size

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> Iterator[CaptureEvent]:
        while len(window := self._source.advance(0, MAGIC_LENGTH)) < MAGIC_LENGTH:
            if self._source.ended:
                break
        magic = window[:MAGIC_LENGTH]
        for kind in FORMATS:
            if magic in kind.magics:
                self.format = kind.name
                if self._keys is not None and kind.name in tls.READERS:
                    return self._keys.events(tls.READERS[kind.name], self.counts)
                return kind.read(self._source, self.counts)
        while b"\n" not in window and len(window) < TEXT_LENGTH and not self._source.ended:
            window = self._source.advance(0, len(window) + 1)
        for kind in FORMATS:
            if kind.looks(window):
                self.format = kind.name
                return kind.read(self._source, self.counts)
        return iter([Fault(0, *self._unreadable(magic))])

    def _unreadable(self, magic: bytes) -> tuple[str, bool]:
        """What to say of a file that begins in no known way, and whether it is just cut."""
        if self._source.trouble:
            return self._source.trouble, False
        if not magic:
            return "it is empty: nothing was recorded, or nothing yet", True
        if any(known.startswith(magic) for kind in FORMATS for known in kind.magics):
            return f"it ends after {len(magic)} bytes: nothing was recorded, or nothing yet", True
        for known, words in NOT_READ.items():
            if magic.startswith(known):
                return words, False
        *names, last = dict.fromkeys(kind.name for kind in FORMATS)
        give = f"give a {', '.join(names)} or {last} file"
        return f"it begins with {magic.hex(' ')}, as no capture does; {give}", False


def open_capture(
    path: str | PathLike[str],
    *,
    follow: bool = False,
    stop: Stop | None = None,
    wait: Callable[[float], object] = time.sleep,
    keylog: str | PathLike[str] | None = None,
) -> Capture:
    """The capture at `path`, `-` being standard input.

    `keylog` is a file of TLS keys (SSLKEYLOGFILE); keys inside the capture are used without it.

    `follow`: keep reading while the file grows. `wait(seconds)` is called each time there is
    nothing new, the moment to draw what has come so far. Raises `CannotOpen`.
    """
    source = open_source(path, follow=follow, stop=stop, wait=wait)
    keys = None
    try:
        if keylog is not None or (source.path is not None and not follow and tls.has_secrets(path)):
            keys = tls.Keys(path, keylog)
    except CannotOpen:
        source.close()
        if keylog is not None:
            raise
    return Capture(source, keys)
