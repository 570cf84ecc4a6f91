"""A second opinion on captures: read with nothing of ours, by the letter of the pcapng draft.

Deliberately naive: the whole file at once, one byte order, no reordering. It answers the questions
that tests of the recorder ask, so that the recorder and the reader can't agree on the same mistake.
"""

from __future__ import annotations

import ipaddress
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Segment:
    from_client: bool
    flags: int
    seq: int
    ack: int
    data: bytes
    time: float
    note: dict[str, Any] | None


@dataclass
class Connection:
    client: tuple[str, int]
    server: tuple[str, int]
    facts: dict[str, Any]
    segments: list[Segment] = field(default_factory=list)
    next_seq: dict[bool, int] = field(default_factory=dict)
    lost: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})

    def stream(self, from_client: bool) -> bytes:
        return b"".join(s.data for s in self.segments if s.from_client is from_client)

    acked_unseen: bool = False
    """A side acknowledges what the capture has not, as it does after a loss."""

    @property
    def sent(self) -> bytes:
        """By the client."""
        return self.stream(True)

    @property
    def answered(self) -> bytes:
        return self.stream(False)

    @property
    def ends(self) -> list[tuple[str, str]]:
        """Who ended, in order, and in whose doing."""
        return [
            ("client" if s.from_client else "server", (s.note or {}).get("by", "peer"))
            for s in self.segments
            if s.flags & 0x01
        ]


@dataclass
class Walked:
    connections: list[Connection] = field(default_factory=list)
    statistics: dict[str, Any] | None = None
    cut: bool = False
    """The last block is not whole."""


def walk(path: Path, start: int = 0) -> Walked:
    """Read it all, or from a block on before which all connections have ended."""
    with path.open("rb") as file:
        file.seek(start)
        raw = file.read()
    found = Walked()
    live: dict[frozenset[tuple[str, int]], Connection] = {}
    at = 0
    kinds = []
    while at < len(raw):
        if len(raw) - at < 12 or len(raw) - at < struct.unpack_from("<I", raw, at + 4)[0]:
            found.cut = True
            break
        kind, total = struct.unpack_from("<II", raw, at)
        assert total % 4 == 0
        assert struct.unpack_from("<I", raw, at + total - 4)[0] == total, "the two lengths differ"
        body = raw[at + 8 : at + total - 4]
        kinds.append(kind)
        if kind == 0x0A0D0D0A:
            assert body[:4] == bytes.fromhex("4d3c2b1a")
            assert struct.unpack_from("<HHq", body, 4) == (1, 0, -1)
        elif kind == 1:
            assert struct.unpack_from("<HHI", body) == (101, 0, 0)
        elif kind == 5:
            found.statistics = _statistics(body)
        elif kind == 6:
            _packet(body, live, found)
        else:
            raise AssertionError(f"unexpected block {kind:#x}")
        at += total
    assert start or kinds[:2] == [0x0A0D0D0A, 1]
    return found


def _statistics(body: bytes) -> dict[str, Any]:
    options = dict(_options(body[12:]))
    told: dict[str, Any] = {
        "received": int.from_bytes(options[4], "little"),
        "dropped": int.from_bytes(options[5], "little"),
    }
    if 1 in options:
        told["comment"] = json.loads(options[1].removeprefix(b"ws101 "))
    return told


def _packet(body: bytes, live: dict[frozenset[tuple[str, int]], Connection], found: Walked) -> None:
    interface, high, low, captured, original = struct.unpack_from("<IIIII", body)
    assert (interface, captured) == (0, original)
    packet = body[20 : 20 + captured]
    options = dict(_options(body[20 + captured + -captured % 4 :]))
    note = json.loads(options[1].removeprefix(b"ws101 ")) if 1 in options else None
    if packet[0] >> 4 == 4:
        assert int.from_bytes(packet[2:4]) == len(packet)
        assert _ones_sum(packet[:20]) == 0xFFFF, "IPv4 header checksum"
        assert packet[9] == 6
        source, destination, tcp = packet[12:16], packet[16:20], packet[20:]
    else:
        assert packet[0] >> 4 == 6
        assert int.from_bytes(packet[4:6]) == len(packet) - 40
        assert packet[6] == 6
        source, destination, tcp = packet[8:24], packet[24:40], packet[40:]
    here = (str(ipaddress.ip_address(source)), int.from_bytes(tcp[0:2]))
    there = (str(ipaddress.ip_address(destination)), int.from_bytes(tcp[2:4]))
    seq, ack, offset, flags = struct.unpack_from(">IIBB", tcp, 4)
    data = tcp[(offset >> 4) * 4 :]
    ends = frozenset((here, there))
    if flags & 0x12 == 0x02:
        assert note is not None
        live[ends] = Connection(here, there, note)
        found.connections.append(live[ends])
    connection = live[ends]
    from_client = here == connection.client
    due = connection.next_seq.get(from_client, seq)
    connection.lost[from_client] += (seq - due) % 2**32
    if flags & 0x10 and ack != connection.next_seq[not from_client]:
        connection.acked_unseen = True
    connection.next_seq[from_client] = (seq + len(data) + bool(flags & 0x03)) % 2**32
    time = ((high << 32) | low) / 1e6
    connection.segments.append(Segment(from_client, flags, seq, ack, data, time, note))


def _options(raw: bytes) -> list[tuple[int, bytes]]:
    found = []
    while raw:
        code, size = struct.unpack_from("<HH", raw)
        if code == 0:
            assert raw == bytes(4)
            break
        found.append((code, raw[4 : 4 + size]))
        raw = raw[4 + size + -size % 4 :]
    return found


def _ones_sum(data: bytes) -> int:
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
