"""Findings as packet comments: a copy of a capture in which Wireshark shows what broke a rule.

The capture is read twice. First its findings are collected, each with the place in its TCP stream;
then it is copied, block by block and byte for byte, and the packet that brought the first byte of
an offending frame or line gets a comment (`frame.comment` in Wireshark's filters). Comments that
are there already stay, and every other block stays as it is. Of the rest of the file only the
length of a section can't stay true, and becomes "not said".

A pcap has no comments: its packets are put into a pcapng, with the times they had. What is no file
of packets at all gets those that `copier` makes for it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from struct import Struct
from typing import BinaryIO, Final

from inspector.core.events import Opened
from inspector.core.findings import Finding
from inspector.core.safe import safe
from inspector.files import pcap, pcapng
from inspector.files.capture import open_capture
from inspector.files.copier import PcapngCopy
from inspector.files.dissect import Connection, Item, dissect
from inspector.files.events import CaptureEvent, Counts, Data, Ended, Fault, Gap
from inspector.files.packets import FIN, RST, Passed, read_segment
from inspector.files.pcapng import LITTLE, Numbers, Record
from inspector.files.source import open_source
from inspector.files.streams import Limits, Reassembler

MAX_FINDINGS: Final = 200_000
"""Findings that are kept for comments; more are counted."""
MAX_COMMENTS: Final = 20
"""Comments that one packet is given; how many more there are stands in one after them."""
MAX_WORDS: Final = 1_000
"""Characters of one comment."""
DATA_AT: Final = 28
"""Where a packet's bytes begin in a block that has options."""
SECTION_LENGTH: Final = slice(16, 24)

type Side = tuple[int, bool]
"""One direction of a TCP stream: the connection's number, and whether its client sends."""


@dataclass(slots=True)
class Annotated:
    """What became of the findings. `left_out` are those for which there was no packet or no room;
    a `fault` is why the copy ends where it does."""

    findings: int = 0
    packets: int = 0
    left_out: int = 0
    fault: Fault | None = None
    counts: Counts = field(default_factory=Counts)


def annotate(
    path: str | os.PathLike[str], fd: int, keylog: str | os.PathLike[str] | None = None
) -> Annotated:
    """Copy the capture at `path` (`-`: standard input) as pcapng, findings as comments, to `fd`.

    With the keys of its TLS, in `keylog` or in itself, packets of ours with the clear text are
    written instead. `fd` stays open. Raises `CannotOpen`, and OSError where no more can be written.
    """
    if os.fspath(path) != "-":
        return _annotate(path, fd, keylog)
    source = open_source(path)
    with tempfile.NamedTemporaryFile() as kept:  # what is read twice has to be a file
        shutil.copyfileobj(source.file, kept)
        kept.flush()
        return _annotate(kept.name, fd, keylog)


def _annotate(
    path: str | os.PathLike[str], fd: int, keylog: str | os.PathLike[str] | None
) -> Annotated:
    with open_capture(path, keylog=keylog) as capture:
        events = iter(capture)
        read = None if capture.decrypts else READERS.get(capture.format or "")
        if capture.format is None:
            return Annotated(fault=next((e for e in events if isinstance(e, Fault)), None))
    if read is not None:
        return _Copy(fd, Places(path)).run(path, read)
    with tempfile.NamedTemporaryFile() as made:
        copy = PcapngCopy(os.dup(made.fileno()))
        fault = None
        with open_capture(path, keylog=keylog) as capture:
            for event in capture:
                fault = event if isinstance(event, Fault) else fault
                copy.take(event)
        copy.close()
        told = _Copy(fd, Places(made.name)).run(made.name, pcapng.records)
        told.fault = fault
        return told


class Places:
    """The findings of a capture, by the places of their first bytes in the TCP streams."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.found = 0
        self.left_out = 0
        self._places: dict[Side, list[tuple[int, str]]] = {}
        """Those that have no packet yet, the last one first."""
        self._come: dict[Side, int] = {}
        self._ended: set[Side] = set()
        heads: dict[int, tuple[int, int]] = {}
        with open_capture(path) as capture:
            for item in dissect(self._watched(capture), settle=False):
                if isinstance(item, Item) and isinstance(item.event, Opened):
                    sizes = (item.event.request, item.event.response)
                    request, response = (len(head.raw) if head else 0 for head in sizes)
                    heads[item.connection.stream] = request, response
                elif isinstance(item, Item) and isinstance(item.event, Finding):
                    self._add(item.connection, item.event, heads)
        for side, places in self._places.items():
            if side not in self._ended:  # no FIN stands for the end: its last byte does
                last = self._come.get(side, 0) - 1
                places[:] = [(min(place, last), words) for place, words in places]
            places.sort(reverse=True)

    def take(self, side: Side, start: int, end: int) -> list[str]:
        """The words for a packet that brings the bytes from `start` to `end`: only once each."""
        places = self._places.get(side)
        if not places or places[-1][0] >= end:
            return []
        first = bisect_left(places, 1 - end, key=lambda place: -place[0])
        last = bisect_right(places, -start, key=lambda place: -place[0])
        words = [text for _, text in reversed(places[first:last])]
        del places[first:last]
        return words

    @property
    def without_packet(self) -> int:
        return sum(map(len, self._places.values()))

    def _watched(self, events: Iterable[CaptureEvent]) -> Iterator[CaptureEvent]:
        """The events as they are; how far each side came is noted."""
        for event in events:
            if isinstance(event, Data | Gap):
                side = event.connection_id, event.from_client
                size = len(event.data) if isinstance(event, Data) else event.size
                self._come[side] = self._come.get(side, 0) + size
            elif isinstance(event, Ended):
                self._ended.add((event.connection_id, event.from_client))
            yield event

    def _add(
        self, connection: Connection, finding: Finding, heads: dict[int, tuple[int, int]]
    ) -> None:
        self.found += 1
        if self.found - self.left_out > MAX_FINDINGS:
            self.left_out += 1
            return
        side: str = {"request": "client", "response": "server"}.get(finding.stream, finding.stream)
        from_client, place = connection.begins["client" if side == "client" else "server"]
        place += finding.offset
        if finding.stream in ("request", "response"):
            place -= heads[connection.stream][finding.stream == "response"]
        places = self._places.setdefault((connection.stream, from_client), [])
        places.append((max(0, place), comment_of(finding)))


def comment_of(finding: Finding) -> str:
    """A finding as one line of a comment."""
    rule = finding.rule
    text = f"ws101: {rule.severity}: {rule.id}, by the {finding.side}: {finding.words}"
    return safe(f"{text} (RFC {rule.rfc})", MAX_WORDS)


type Reader = Callable[..., Iterator[Record]]

READERS: Final[dict[str, Reader]] = {"pcapng": pcapng.records, "pcap": pcap.records}
"""Files of packets, by their formats' names."""


class _Copy:
    """The second pass. `run` once."""

    def __init__(self, fd: int, places: Places) -> None:
        self.told = Annotated(findings=places.found)
        self._places = places
        self._fd = fd
        self._blocks: list[bytes] = []
        """Read, and not yet written."""
        self._numbers = LITTLE
        self._pcap: _FromPcap | None = None

    def run(self, path: str | os.PathLike[str], read: Reader) -> Annotated:
        if read is pcap.records:
            self._pcap = _FromPcap()
        with closing(open_source(path)) as source, os.fdopen(os.dup(self._fd), "wb") as out:
            reassembler = Reassembler(self.told.counts, Limits())
            for event in reassembler.events(
                self._records(read(source, self._take), reassembler, out)
            ):
                if isinstance(event, Fault):
                    self.told.fault = event
            out.writelines(self._blocks)
        self.told.left_out = self._places.left_out + self._places.without_packet
        return self.told

    def _take(self, block: bytes) -> None:
        """A block of the file: what it becomes in the copy."""
        if self._pcap is not None:
            block = self._pcap.block(block)
        elif int.from_bytes(block[:4]) == pcapng.SECTION_HEADER:
            self._numbers = pcapng.byte_order(block, 0)
            unknown = self._numbers.signed.pack(-1)
            block = block[: SECTION_LENGTH.start] + unknown + block[SECTION_LENGTH.stop :]
        self._blocks.append(block)

    def _records(
        self, records: Iterator[Record], reassembler: Reassembler, out: BinaryIO
    ) -> Iterator[Record]:
        """Hand on each record; then, when its place is known, write its block."""
        for record in records:
            yield record
            if isinstance(record, tuple):
                words = self._words(record[0], record[1], reassembler)
                if words and (block := with_comments(self._blocks[-1], words, self._numbers)):
                    self._blocks[-1] = block
                    self.told.packets += 1
                elif words:
                    self.told.left_out += len(words)
            out.writelines(self._blocks)
            self._blocks.clear()

    def _words(self, link: int, packet: bytes, reassembler: Reassembler) -> list[str]:
        segment = read_segment(link, packet)
        place = None if isinstance(segment, Passed) else reassembler.place(segment)
        if place is None or isinstance(segment, Passed):
            return []
        connection, from_client, start = place
        end = start + len(segment[4]) + bool(segment[3] & (FIN | RST))
        return self._places.take((connection, from_client), start, end)


def with_comments(block: bytes, comments: list[str], numbers: Numbers) -> bytes | None:
    """A packet's block with comments behind the options it has; None if it can have no options."""
    if numbers.word.unpack_from(block)[0] not in (pcapng.ENHANCED_PACKET, pcapng.OBSOLETE_PACKET):
        return None
    captured = numbers.word.unpack_from(block, 20)[0]
    at = DATA_AT + captured + (-captured & 3)
    front, end = block[:at], len(block) - 4
    options = b"".join(
        _option(numbers, code, value) for code, value in pcapng.options(numbers, block, at, end)
    )
    more = len(comments) - MAX_COMMENTS
    if more > 0:
        comments = [*comments[:MAX_COMMENTS], f"ws101: and {more} more findings here"]
    for text in comments:
        options += _option(numbers, pcapng.OPT_COMMENT, text.encode())
    total = numbers.word.pack(len(front) + len(options) + 8)
    return front[:4] + total + front[8:] + options + bytes(4) + total


def _option(numbers: Numbers, code: int, value: bytes) -> bytes:
    return numbers.option.pack(code, len(value)) + value + bytes(-len(value) & 3)


class _FromPcap:
    """Records of a pcap as blocks of a pcapng, with the very same packets and times."""

    def __init__(self) -> None:
        self._record: Struct | None = None
        self._ticks = 0

    def block(self, record: bytes) -> bytes:
        """The file's header comes first, then its records."""
        if self._record is None:
            order, self._ticks = pcap.MAGICS[record[:4]]
            self._record = Struct(f"{order}IIII")
            snap, link = Struct(f"{order}II").unpack_from(record, 16)
            digits = len(str(self._ticks)) - 1
            clock = _option(LITTLE, pcapng.IF_TSRESOL, bytes([digits])) + bytes(4)
            section = Struct("<IHHq").pack(pcapng.BYTE_ORDER_MAGIC, 1, 0, -1)
            interface = Struct("<HHI").pack(link & 0xFFFF, 0, snap) + clock
            return _block(pcapng.SECTION_HEADER, section) + _block(
                pcapng.INTERFACE_DESCRIPTION, interface
            )
        seconds, fraction, captured, original = self._record.unpack_from(record)
        ticks = seconds * self._ticks + fraction
        front = LITTLE.enhanced.pack(0, ticks >> 32, ticks & 0xFFFFFFFF, captured, original)
        data = record[pcap.RECORD_HEADER :]
        return _block(pcapng.ENHANCED_PACKET, front + data + bytes(-captured & 3))


def _block(kind: int, body: bytes) -> bytes:
    total = LITTLE.word.pack(12 + len(body))
    return LITTLE.word.pack(kind) + total + body + total
