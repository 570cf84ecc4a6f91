"""What was inside TLS, where the capture's keys are known: tshark decrypts, and we read on.

A key log is the file that browsers, curl and Python write where SSLKEYLOGFILE says; a pcapng may
also hold the keys itself (a Decryption Secrets Block). Decrypting TLS is a library's work, and
Wireshark's is at hand wherever people read packets: so tshark is asked for what each TLS stream
held, piece by piece, each with the number of the packet that completed it. By that number the
piece takes the place of its ciphertext among the events of the capture; ends and times stay those
of the packets.

Nothing is decrypted behind bytes that are missing: what follows a gap stays a gap's work to tell.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import shutil
import subprocess
import tempfile
from array import array
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import IO, Final

from inspector.files import pcap, pcapng
from inspector.files.events import CaptureEvent, Counts, Data, Fault, Opened
from inspector.files.packets import Passed, read_segment
from inspector.files.pcapng import Record
from inspector.files.source import CannotOpen, Source, open_source
from inspector.files.streams import Limits, Reassembler

SECRETS: Final = 0x0000000A
"""Type of a Decryption Secrets Block (draft-ietf-opsawg-pcapng §4.7)."""
BEGINNING: Final = 1 << 20
"""Bytes of a file in which such a block is looked for: it stands before the packets."""
STREAMS_AT_ONCE: Final = 200
"""Streams that one run of tshark is asked for."""
MAX_KEYS: Final = 64 << 20

_CLIENT_HELLO: Final = re.compile(rb"\x16\x03[\x00-\x04]")
_LABEL: Final = re.compile(
    rb"^(?:CLIENT_RANDOM|CLIENT_|SERVER_|EXPORTER_|EARLY_|RSA )", re.MULTILINE
)
_PACKET: Final = re.compile(r"  - packet: (\d+)\n")

type Reader = Callable[[Source], Iterator[Record]]

HOW_TO_GET_IT: Final = (
    "decrypting takes tshark, which is not here: install it (apt install tshark, brew install "
    "wireshark), or record with ws101 proxy, which keeps what was inside TLS"
)


def has_secrets(path: str | os.PathLike[str]) -> bool:
    """Does this file hold keys for its own TLS?"""
    try:
        with open(path, "rb") as file:
            start = file.read(BEGINNING)
    except OSError:
        return False
    numbers = next(
        (n for n in (pcapng.LITTLE, pcapng.BIG) if start[8:12] == n.word.pack(0x1A2B3C4D)), None
    )
    at = 0
    while numbers is not None and len(start) - at >= pcapng.SMALLEST_BLOCK:
        kind, size = numbers.block.unpack_from(start, at)
        if kind == SECRETS:
            return True
        if size < pcapng.SMALLEST_BLOCK or kind in (pcapng.ENHANCED_PACKET, pcapng.SIMPLE_PACKET):
            return False
        at += size
    return False


class Keys:
    """The keys of one capture file. Making it raises `CannotOpen` where they can't be used."""

    def __init__(self, path: str | os.PathLike[str], keylog: str | os.PathLike[str] | None) -> None:
        """`keylog` None: the capture has its keys inside."""
        self.path = os.fspath(path)
        self.keylog = None if keylog is None else os.path.abspath(keylog)
        tshark = shutil.which(os.environ.get("WS101_TSHARK") or "tshark")
        if tshark is None:
            raise CannotOpen(f"{self.path}: {HOW_TO_GET_IT}")
        if self.path == "-":
            raise CannotOpen("decrypting needs a file, not standard input: name the capture")
        if keylog is not None:
            _check(os.fspath(keylog))
        self.tshark = tshark

    def events(self, read: Reader, counts: Counts) -> Iterator[CaptureEvent]:
        """The events of the capture, what was inside TLS in the place of the ciphertext."""
        with tempfile.TemporaryFile() as kept:
            pieces = _Pieces(kept)
            tls, ports = self._encrypted(read)
            try:
                if ports:
                    self._ask(ports, pieces)
            except CannotOpen as error:
                yield Fault(0, str(error))
                return
            opened = self._belongs(read, pieces)
            counts.locked += len(tls - opened)
            yield from _Merge(read, pieces, opened, counts).events(self.path)

    def _encrypted(self, read: Reader) -> tuple[set[int], set[int]]:
        """Connections that begin with a TLS handshake, and the ports of their servers."""
        connections: set[int] = set()
        ports: set[int] = set()
        servers: dict[int, int] = {}
        with closing(open_source(self.path)) as source:
            for event in Reassembler(Counts(), Limits()).events(read(source)):
                if isinstance(event, Opened):
                    servers[event.connection_id] = event.server[1]
                elif isinstance(event, Data):
                    port = servers.pop(event.connection_id, None)  # its first bytes are looked at
                    if port is not None and _CLIENT_HELLO.match(event.data):
                        connections.add(event.connection_id)
                        ports.add(port)
        return connections, ports

    def _belongs(self, read: Reader, pieces: _Pieces) -> set[int]:
        """The connections that pieces belong to."""
        return {
            place[0]
            for packet, place in _places(self.path, read, Reassembler(Counts(), Limits()))
            if place is not None and pieces.of(packet)
        }

    def _ask(self, ports: set[int], pieces: _Pieces) -> None:
        """Have tshark decrypt all TLS on these ports."""
        options = ["-n", "-r", self.path]
        if self.keylog is not None:
            options += ["-o", f"tls.keylog_file:{self.keylog}"]
        for port in sorted(ports):
            options += ["-d", f"tcp.port=={port},tls"]
        fields = ["-Y", "tls.app_data", "-T", "fields", "-e", "tcp.stream"]
        listed = self._run([*options, *fields])
        streams = sorted({int(word) for word in listed.read().split() if word.isdigit()})
        for at in range(0, len(streams), STREAMS_AT_ONCE):
            wanted = ["-q"]
            for stream in streams[at : at + STREAMS_AT_ONCE]:
                wanted += ["-z", f"follow,tls,yaml,{stream}"]
            pieces.take(self._run([*options, *wanted]))

    def _run(self, arguments: list[str]) -> IO[str]:
        """What tshark prints."""
        out = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        try:
            done = subprocess.run(
                [self.tshark, *arguments], stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.PIPE, check=False,
            )  # fmt: skip
        except OSError as error:
            raise CannotOpen(f"{self.tshark}: can't be run: {error.strerror}") from None
        # 2: the file was cut; what stands before the cut was read.
        if done.returncode not in (0, 2):
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            last = lines[-1] if lines else f"exit code {done.returncode}"
            raise CannotOpen(f"tshark could not decrypt it: {last}")
        out.seek(0)
        return out


def _check(path: str) -> None:
    """Is this a key log?"""
    try:
        with open(path, "rb") as file:
            start = file.read(MAX_KEYS)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CannotOpen(f"{path}: the key log can't be read: {reason}") from None
    if not _LABEL.search(start):
        raise CannotOpen(
            f"{path}: is no key log, as SSLKEYLOGFILE has it written: no line begins with CLIENT_…"
        )


class _Pieces:
    """What tshark decrypted: by packets, kept in a file."""

    def __init__(self, kept: IO[bytes]) -> None:
        self._kept = kept
        self._ends = array("Q", [0])
        self._by_packet: dict[int, list[int]] = {}

    def take(self, text: IO[str]) -> None:
        """tshark's YAML: `- packet:`, and some lines below it the data, in base64."""
        packet = 0
        lines: list[str] = []
        for line in text:
            begins = _PACKET.fullmatch(line)
            if begins or not line.startswith("      "):
                self._add(packet, lines)
                lines = []
            if begins:
                packet = int(begins[1])
            elif line.startswith("      "):
                lines.append(line.strip())
        self._add(packet, lines)

    def _add(self, packet: int, lines: list[str]) -> None:
        try:
            data = base64.b64decode("".join(lines), validate=True)
        except binascii.Error:
            return
        if data:
            self._by_packet.setdefault(packet, []).append(len(self._ends) - 1)
            self._kept.write(data)
            self._ends.append(self._ends[-1] + len(data))

    def of(self, packet: int) -> bool:
        return packet in self._by_packet

    def read(self, packet: int) -> bytes:
        """What this packet completed."""
        data = b""
        for number in self._by_packet.get(packet, ()):
            self._kept.seek(self._ends[number])
            data += self._kept.read(self._ends[number + 1] - self._ends[number])
        return data


def _places(
    path: str, read: Reader, reassembler: Reassembler
) -> Iterator[tuple[int, tuple[int, bool, int] | None]]:
    """The number of each packet, from 1, and its place among the streams."""
    seen: list[tuple[int, tuple[int, bool, int] | None]] = []

    def watched(records: Iterator[Record]) -> Iterator[Record]:
        number = 0
        for record in records:
            yield record
            if isinstance(record, tuple):
                number += 1
                segment = read_segment(record[0], record[1])
                place = None if isinstance(segment, Passed) else reassembler.place(segment)
                seen.append((number, place))

    with closing(open_source(path)) as source:
        for _ in reassembler.events(watched(read(source))):
            yield from seen
            seen.clear()
    yield from seen


class _Merge:
    """One pass over the packets, clear text put in."""

    def __init__(self, read: Reader, pieces: _Pieces, opened: set[int], counts: Counts) -> None:
        self._read = read
        self._pieces = pieces
        self._opened = opened
        self._reassembler = Reassembler(counts, Limits())
        self._clear: list[Data] = []
        """What the packet at hand completed."""

    def events(self, path: str) -> Iterator[CaptureEvent]:
        with closing(open_source(path)) as source:
            for event in self._reassembler.events(self._records(self._read(source))):
                yield from self._told()
                if isinstance(event, Opened) and event.connection_id in self._opened:
                    yield replace(event, facts={**(event.facts or {}), "tls": True})
                elif not isinstance(event, Data) or event.connection_id not in self._opened:
                    yield event
        yield from self._told()

    def _told(self) -> Iterator[Data]:
        clear, self._clear = self._clear, []
        yield from clear

    def _records(self, records: Iterator[Record]) -> Iterator[Record]:
        number = 0
        for record in records:
            if isinstance(record, tuple):
                number += 1
                if self._pieces.of(number):
                    self._find(number, record[0], record[1], record[2])
            yield record

    def _find(self, number: int, link: int, packet: bytes, time: float) -> None:
        segment = read_segment(link, packet)
        place = None if isinstance(segment, Passed) else self._reassembler.place(segment)
        if place is not None:
            connection, from_client, _ = place
            self._clear.append(Data(connection, from_client, self._pieces.read(number), time))


READERS: Final[dict[str, Reader]] = {"pcapng": pcapng.records, "pcap": pcap.records}
"""Formats in which there is TLS to decrypt."""
