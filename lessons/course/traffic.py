"""What each HTTP exchange of a TCP connection cost, and when its body came.

The inspector passes over the bodies of plain HTTP; lessons weigh them. So the reads of a connection
are gone through once more, with the inspector's own `HttpReader`, and each request is put beside
its response (RFC 9112 §9.3: they come in the same order).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from inspector.core.heads import Head
from inspector.core.http1 import HttpReader, body_framing
from inspector.core.rfc import Side

_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})")


class Read(NamedTuple):
    """What one read of the tap brought: its side, the bytes, and when."""

    side: Side
    data: bytes
    time: float

    @property
    def size(self) -> int:
        return len(self.data)


class Piece(NamedTuple):
    """A piece of a body: when it came, and its bytes without the framing of chunks."""

    time: float
    data: bytes


@dataclass(slots=True)
class Traffic:
    """One exchange, weighed. `up` and `down` are bytes on the wire: head, body and the framing of
    chunks; `pieces` the response's body as it came."""

    up: int = 0
    down: int = 0
    pieces: list[Piece] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        return b"".join(piece.data for piece in self.pieces)


def traffic(reads: Iterable[Read]) -> list[Traffic]:
    """The exchanges of one TCP connection, in order; the last may be unfinished."""
    reads = list(reads)
    asked = list(_requests(read for read in reads if read.side == "client"))
    told = [Traffic(up=up) for _, up in asked]
    answers = _Answers([head.method or "" for head, _ in asked], told)
    for read in reads:
        if read.side == "server":
            answers.feed(read)
    return told


def _requests(reads: Iterable[Read]) -> Iterator[tuple[Head, int]]:
    """Each request's head, and its bytes with the body."""
    reader = HttpReader()
    reader.feed(b"".join(read.data for read in reads))
    head, begun = reader.next_head(), 0
    while head is not None:
        reader.expect(*body_framing(head))
        following = reader.next_head()
        end = reader.at - (len(following.raw) if following else 0)
        yield head, end - begun
        head, begun = following, end


class _Answers:
    """The server's stream, read by read."""

    def __init__(self, methods: list[str], told: list[Traffic]) -> None:
        self.methods = methods
        self.told = told
        self.reader = HttpReader(keeps=True)
        self.at = -1
        self.chunks: _Chunks | None = None

    def feed(self, read: Read) -> None:
        reader = self.reader
        reader.feed(read.data)
        while True:
            head = reader.next_head()
            self._take_body(read.time)
            if head is None:
                return
            self._begin(head)

    def _begin(self, head: Head) -> None:
        if head.status is not None and 100 <= head.status < 200:  # the final one is still to come
            if 0 <= self.at + 1 < len(self.told):
                self.told[self.at + 1].down += len(head.raw)
            return
        self.at += 1
        method = self.methods[self.at] if self.at < len(self.methods) else ""
        framing, length = body_framing(head, method)
        self.reader.expect(framing, length)
        self.chunks = _Chunks() if framing == "chunked" else None
        if self.at < len(self.told):
            self.told[self.at].down += len(head.raw)

    def _take_body(self, time: float) -> None:
        data = bytes(self.reader.passed)
        self.reader.passed.clear()
        if not data or not 0 <= self.at < len(self.told):
            return
        told = self.told[self.at]
        told.down += len(data)
        clear = self.chunks.feed(data) if self.chunks else data
        if clear:
            told.pieces.append(Piece(time, clear))


@dataclass(slots=True)
class _Chunks:
    """Takes the framing off a chunked body (RFC 9112 §7.1), whatever pieces it comes in."""

    line: bytearray = field(default_factory=bytearray)
    left: int = 0
    """Bytes of data that the present chunk still has."""
    tail: int = 0
    """Bytes of the line end behind it."""
    over: bool = False

    def feed(self, data: bytes) -> bytes:
        clear = bytearray()
        at = 0
        while at < len(data) and not self.over:
            if self.left:
                taken = data[at : at + self.left]
                clear += taken
                self.left -= len(taken)
                at += len(taken)
            elif self.tail:
                taken = data[at : at + self.tail]
                self.tail -= len(taken)
                at += len(taken)
            else:
                end = data.find(b"\n", at)
                self.line += data[at:] if end < 0 else data[at : end + 1]
                at = len(data) if end < 0 else end + 1
                if end >= 0:
                    self._begin()
        return bytes(clear)

    def _begin(self) -> None:
        size = _SIZE.match(self.line)
        self.left = int(size[1], 16) if size else 0
        self.line = bytearray()
        self.tail = 2
        self.over = not self.left  # the last chunk, trailers behind it
