"""Packets and captures made by hand, byte by byte, for tests: a writer of its own.

Nothing here uses what it is meant to test; the layouts are written down a second time, from the
specifications (RFC 791, 8200, 9293; draft-ietf-opsawg-pcapng and -pcap).
"""

from __future__ import annotations

import io
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from struct import pack

from inspector.files.capture import Capture, CaptureEvent, Counts, Data, Ended, Gap
from inspector.files.pcapng import Record
from inspector.files.source import Source
from inspector.files.streams import Limits, reassemble

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
RAW, ETHERNET = 101, 1

CLIENT, SERVER = ("10.0.0.1", 50_000), ("10.0.0.2", 80)

type Address = tuple[str, int]


def tcp(
    source: Address,
    destination: Address,
    seq: int,
    ack: int,
    flags: int,
    payload: bytes = b"",
    options: bytes = b"",
) -> bytes:
    """An IP packet with a TCP segment; IPv6 if the addresses are."""
    head = pack(
        ">HHIIBBHHH",
        source[1],
        destination[1],
        seq % 2**32,
        ack % 2**32,
        (5 + len(options) // 4) << 4,
        flags,
        0xFFFF,
        0,
        0,
    )
    make = ipv6 if ":" in source[0] else ipv4
    return make(source[0], destination[0], 6, head + options + payload)


def ipv4(
    source: str,
    destination: str,
    protocol: int,
    payload: bytes,
    *,
    options: bytes = b"",
    total: int | None = None,
    fragment: int = 0x4000,
) -> bytes:
    size = 20 + len(options)
    head = pack(
        ">BBHHHBBH4s4s",
        0x40 | size // 4,
        0,
        size + len(payload) if total is None else total,
        0,
        fragment,
        64,
        protocol,
        0,
        socket.inet_aton(source),
        socket.inet_aton(destination),
    )
    return head + options + payload


def ipv6(source: str, destination: str, following: int, payload: bytes) -> bytes:
    addresses = [socket.inet_pton(socket.AF_INET6, host) for host in (source, destination)]
    return pack(">IHBB", 6 << 28, len(payload), following, 64) + b"".join(addresses) + payload


@dataclass
class Talk:
    """One TCP connection, telling its packets in the order of their calls."""

    client: Address = CLIENT
    server: Address = SERVER
    client_seq: int = 1_000
    server_seq: int = 9_000

    def _say(self, from_client: bool, flags: int, payload: bytes = b"") -> bytes:
        ends = (self.client, self.server) if from_client else (self.server, self.client)
        seqs = (self.client_seq, self.server_seq)
        seq, ack = seqs if from_client else seqs[::-1]
        packet = tcp(*ends, seq, ack if flags & ACK else 0, flags, payload)
        moved = len(payload) + bool(flags & (SYN | FIN))
        if from_client:
            self.client_seq += moved
        else:
            self.server_seq += moved
        return packet

    def hello(self) -> list[bytes]:
        return [self._say(True, SYN), self._say(False, SYN | ACK), self._say(True, ACK)]

    def data(self, from_client: bool, payload: bytes) -> bytes:
        return self._say(from_client, PSH | ACK, payload)

    def ack(self, from_client: bool) -> bytes:
        return self._say(from_client, ACK)

    def fin(self, from_client: bool) -> bytes:
        return self._say(from_client, FIN | ACK)

    def rst(self, from_client: bool) -> bytes:
        return self._say(from_client, RST | ACK)

    def bye(self) -> list[bytes]:
        return [self.fin(True), self.fin(False), self.ack(True)]


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    total = pack(f"{order}I", 12 + len(body))
    return pack(f"{order}I", kind) + total + body + total


def section(order: str = "<", *, major: int = 1, length: int = -1) -> bytes:
    return block(0x0A0D0D0A, pack(f"{order}IHHq", 0x1A2B3C4D, major, 0, length), order)


def interface(link: int = RAW, order: str = "<", *, snap: int = 0, options: bytes = b"") -> bytes:
    return block(1, pack(f"{order}HHI", link, 0, snap) + options, order)


def enhanced(
    packet: bytes,
    time: float = 0.0,
    order: str = "<",
    *,
    number: int = 0,
    ticks: int | None = None,
    original: int | None = None,
    comment: str | None = None,
) -> bytes:
    stamp = round(time * 1_000_000) if ticks is None else ticks
    head = pack(
        f"{order}IIIII",
        number,
        stamp >> 32,
        stamp & 0xFFFFFFFF,
        len(packet),
        len(packet) if original is None else original,
    )
    options = option(1, comment.encode(), order) + bytes(4) if comment is not None else b""
    return block(6, head + packet + bytes(-len(packet) % 4) + options, order)


def statistics(order: str = "<", options: bytes = b"") -> bytes:
    return block(5, pack(f"{order}III", 0, 0, 0) + options, order)


def pcapng(packets: Iterable[bytes], *, link: int = RAW, start: float = 0.0) -> bytes:
    """A whole capture, a packet every millisecond."""
    blocks = [enhanced(packet, start + number / 1000) for number, packet in enumerate(packets)]
    return section() + interface(link) + b"".join(blocks)


def pcap(
    packets: Iterable[bytes], *, link: int = RAW, order: str = "<", nano: bool = False
) -> bytes:
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    unit = 1_000_000 if nano else 1_000
    parts = [pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262_144, link)]
    for number, packet in enumerate(packets):
        parts.append(pack(f"{order}IIII", 1, number * unit, len(packet), len(packet)) + packet)
    return b"".join(parts)


def capture(data: bytes) -> Capture:
    return Capture(Source(io.BytesIO(data)))


def events(data: bytes) -> list[CaptureEvent]:
    return list(capture(data))


def streams(told: Sequence[CaptureEvent], connection_id: int = 1) -> tuple[bytes, bytes]:
    """All bytes of the client, all of the server."""
    sides = {True: b"", False: b""}
    for event in told:
        if isinstance(event, Data) and event.connection_id == connection_id:
            sides[event.from_client] += event.data
    return sides[True], sides[False]


def gaps(told: Sequence[CaptureEvent]) -> list[tuple[bool, int]]:
    return [(event.from_client, event.size) for event in told if isinstance(event, Gap)]


def ends(told: Sequence[CaptureEvent]) -> list[tuple[bool, str | None]]:
    return [(event.from_client, event.how) for event in told if isinstance(event, Ended)]


def told_of(
    *packets: bytes, limits: Limits | None = None, counts: Counts | None = None, step: float = 0.001
) -> list[CaptureEvent]:
    """What bare IP packets, one every `step` seconds, make of themselves."""
    records: list[Record] = [
        (RAW, packet, number * step, False, ()) for number, packet in enumerate(packets)
    ]
    return list(reassemble(records, counts or Counts(), limits))
