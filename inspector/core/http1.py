"""The plain HTTP/1.1 that may come before an upgrade on the same connection (RFC 9112 §6).

Only as much as is needed to know where one message ends and the next begins: heads are cut off
whole, bodies are passed over, and kept only where somebody asks for that.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

from inspector.core.heads import MAX_HEAD, Head, head_length, parse_head

Body = Literal["none", "length", "chunked", "trailers", "until close"]

_BLANK = re.compile(rb"(?:\r\n)+")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})(?![0-9A-Fa-f])[^\n]*\n")
_CONTENT_LENGTH = re.compile(r"[0-9]{1,18}")


@dataclass(slots=True)
class Exchange:
    """A request and, once it came, its response, with the times of their last bytes."""

    request: Head
    requested: float
    response: Head | None = None
    responded: float | None = None


def body_framing(head: Head, request_method: str = "") -> tuple[Body, int]:
    """How the body after `head` is delimited (RFC 9112 §6.3), and its length where declared."""
    if head.is_response:
        status = head.status or 0
        if request_method == "HEAD" or status < 200 or status in (204, 304):
            return "none", 0
        if request_method == "CONNECT" and status < 300:
            return "none", 0
    if head.has_token("transfer-encoding", "chunked"):
        return "chunked", 0
    declared = head.get("content-length")
    if declared is not None and _CONTENT_LENGTH.fullmatch(declared):
        return "length", int(declared)
    return ("until close", 0) if head.is_response else ("none", 0)


@dataclass(slots=True)
class HttpReader:
    """One direction's heads, one after another; `feed`, then `next_head` until None.

    After each head the caller says with `expect` which body follows it.
    """

    buffer: bytearray = field(default_factory=bytearray)
    overflown: bool = False
    """This is not HTTP: a head went on past MAX_HEAD, or a chunk has no size."""
    at: int = 0
    """Where in the stream the buffer begins."""
    keeps: bool = False
    """Are the bytes of the body that is passed over wanted? Then they gather in `passed`."""
    passed: bytearray = field(default_factory=bytearray)
    passed_at: int = 0
    """Where in the stream `passed` begins."""
    _blank: bytearray = field(default_factory=bytearray)
    """Empty lines before a head that is not whole yet."""
    _before: bytes = b""
    _framing: Body = "none"
    _left: int = 0
    _searched: int = 0
    """Bytes of the buffer that are known to hold no end of what is looked for."""

    @property
    def reads_to_end(self) -> bool:
        """Does the body end only with the connection?"""
        return self._framing == "until close"

    def feed(self, data: bytes) -> None:
        """Take the next bytes of this direction."""
        self.buffer += data

    def expect(self, framing: Body, length: int) -> None:
        """The head just given has this body."""
        self._framing, self._left = framing, length

    def next_head(self) -> Head | None:
        """The next whole head, once the body before it has passed."""
        if self.overflown or not self.pass_body():
            return None
        if blank := _BLANK.match(self.buffer):  # RFC 9112 §2.2: before a request, it is ignored
            self._blank += self._take(blank.end())
            self.overflown = len(self._blank) > MAX_HEAD
        size = self._find_end()
        return None if size is None else self._head(size)

    def cut_head(self) -> Head | None:
        """What came of a head that will not go on, or is too long; None if nothing of one did."""
        if not self.pass_body() or not self.buffer:
            return None
        return self._head(min(len(self.buffer), MAX_HEAD))

    def put_back(self, head: Head) -> None:
        """The head just given is not taken: its bytes wait again."""
        self.buffer[:0] = head.raw
        self.at -= len(head.raw)
        self._blank += self.before()

    def rest(self) -> bytes:
        """Take everything that waits: from here on another protocol is spoken. Or it is not, and
        the same bytes are fed again: they don't count as passed."""
        rest = self._blank_lines() + self.buffer
        self.at -= len(rest) - len(self.buffer)
        self.buffer.clear()
        self._searched = 0
        return bytes(rest)

    def before(self) -> bytes:
        """Take the empty lines that stood before the head last given."""
        lines, self._before = self._before, b""
        return lines

    def gap(self, size: int) -> bool:
        """`size` bytes are missing from the stream. True if they are all the body's, so that it can
        be read on behind them."""
        self.pass_body()
        if self._framing == "until close" or size <= self._left:
            self._left = max(0, self._left - size)
            self.at += size
            return True
        return False

    def pass_body(self) -> bool:
        """Pass over what has come of the body; true when it is over."""
        if self._framing == "until close":
            self._pass(len(self.buffer))
            return False
        while self._pass_bytes() and self._framing == "chunked":
            if not self._next_chunk():
                return False
        if self._framing == "trailers":
            end = self._find_end()
            if end is None:
                return False
            self._pass(end)
            self._framing = "none"
        return self._left == 0

    def _pass_bytes(self) -> bool:
        size = min(self._left, len(self.buffer))
        self._pass(size)
        self._left -= size
        return self._left == 0

    def _next_chunk(self) -> bool:
        """Pass over the line that says how long the next chunk is (RFC 9112 §7.1)."""
        end = self.buffer.find(b"\n", self._searched, MAX_HEAD)
        self._searched = len(self.buffer)
        line = _CHUNK_SIZE.match(self.buffer) if end >= 0 else None
        if line is None:
            self.overflown = end >= 0 or len(self.buffer) >= MAX_HEAD
            return False
        size = int(line[1], 16)
        if size:
            self._pass(line.end())
            self._left = size + 2
        else:  # the last one: trailers may follow, ended by an empty line like a head's
            self._pass(line.end() - 1)
            self._framing = "trailers"
        return True

    def _find_end(self) -> int | None:
        """Bytes up to the end of the empty line that ends a head, or the trailers."""
        size = head_length(self.buffer, self._searched)
        if size is not None and size <= MAX_HEAD:
            return size
        self._searched = len(self.buffer)
        self.overflown = len(self.buffer) > MAX_HEAD
        return None

    def _head(self, size: int) -> Head:
        self._before = self._blank_lines()
        return parse_head(self._take(size))

    def _blank_lines(self) -> bytes:
        lines = bytes(self._blank)
        self._blank.clear()
        return lines

    def _take(self, size: int) -> bytes:
        taken = bytes(self.buffer[:size])
        self._skip(size)
        return taken

    def _pass(self, size: int) -> None:
        """Drop bytes of a body, or keep them apart."""
        if self.keeps:
            if not self.passed:
                self.passed_at = self.at
            self.passed += self.buffer[:size]
        self._skip(size)

    def _skip(self, size: int) -> None:
        if size:
            del self.buffer[:size]
            self.at += size
            self._searched = 0
