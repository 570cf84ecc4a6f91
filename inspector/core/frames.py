"""Frames (RFC 6455 §5.2): from a direction's bytes to frames.

The decoder is pulled: `feed` it bytes in any portions, then ask `next_piece` until it says None.
It never raises on bytes. What it can not read as frames comes out as `Raw`, with the reason.

It looks for many frames at once (`scan`) and makes them (`frame`) one by one, as they are asked
for. Who wants to count them, or to see only some, takes them by `scan` and saves the making.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from inspector.core.encode import encode_close, encode_frame
from inspector.core.frame import Frame, Frames, Raw, cut_out
from inspector.core.rfc import Side
from inspector.core.scan import bytes_needed, declared_length, frame_ends, header_length

__all__ = [
    "MAX_PAYLOAD",
    "RAW_BLOCK",
    "Frame",
    "FrameDecoder",
    "Frames",
    "Raw",
    "encode_close",
    "encode_frame",
    "header_length",
]

MAX_PAYLOAD: Final = 64 * 1024 * 1024
"""Bytes of one payload that a decoder keeps. What is longer is counted, and comes out as `Raw`."""

SMALL_PART: Final = 4 * 1024
"""Portions below this size are put together at once: a million tiny ones would take more memory
than the bytes in them."""

RAW_BLOCK: Final = 64 * 1024
"""Raw bytes come out in blocks of this size, so that the portions fed leave no trace in them."""


class FrameDecoder:
    """Frames of one direction. `feed`, then `next_piece` until None; `end` when no more comes."""

    def __init__(self, side: Side, max_payload: int = MAX_PAYLOAD, offset: int = 0) -> None:
        self.side: Side = side
        self.max_payload = max_payload
        self.offset = offset
        """Offset of the next byte that is in no piece yet."""
        self.raw_why: str | None = None
        """Set once nothing more can be read as frames."""
        self.lost = False
        """Framing was lost: among the raw bytes after it may be frames."""
        self._block = b""
        self._at = 0
        """Bytes of the block that are in pieces already."""
        self._parts: list[bytes] = []
        """What came behind the block: joined to it when its frame is there, and not before."""
        self._behind = 0
        """Bytes in these parts."""
        self._need = 0
        """Bytes that have to wait before it is worth while to look for a frame again."""
        self._ends: Iterator[int] = iter(())
        """Where the next whole frames end, as far as they were looked for."""
        self._spilling: _Spill | None = None
        self._cut_off: deque[Raw] = deque()

    def feed(self, data: bytes) -> None:
        """Take the next bytes of this direction."""
        if self._at == len(self._block) and not self._behind:
            self._block, self._at = data, 0
            return
        self._behind += len(data)
        if self._parts and len(self._parts[-1]) < SMALL_PART:
            self._parts[-1] += data
        else:
            self._parts.append(data)

    @property
    def waiting(self) -> int:
        """Bytes that stand at the next frame's first byte (none inside a frame, or once raw)."""
        return 0 if self.raw_why is not None or self._spilling is not None else self._left

    def peek(self, size: int, skip: int = 0) -> bytes:
        """Up to `size` waiting bytes, after `skip` others; they go on waiting."""
        if not self.waiting:
            return b""
        self._reach(skip + size)
        start = self._at + skip
        return self._block[start : start + size]

    def next_piece(self) -> Frame | Raw | None:
        """The next whole frame, or block of raw bytes; None when more bytes are needed."""
        end = next(self._ends, 0)
        if end:
            start, offset = self._at, self.offset
            self._at = end
            self.offset = offset + end - start
            return cut_out(self.side, offset, self._block, start, end)
        if self.raw_why is not None:
            return self._next_raw(self.raw_why)
        if self._spilling is not None:
            return self._spill(self._spilling)
        return self.next_piece() if self._look() else self._odd_piece()

    def scan(self) -> Frames:
        """The whole frames that come next, many at once; none where only `next_piece` helps."""
        if self.raw_why is None and self._spilling is None:
            self._look()
        start, edges = self._at, [self._at, *self._ends]
        frames = Frames(self.side, self.offset - start, self._block, edges)
        self._at = edges[-1]
        self.offset += edges[-1] - start
        return frames

    def skip(self, size: int, why: str) -> Raw:
        """Pass over `size` waiting bytes that the caller knows to be no frame."""
        return self._raw(size, why)

    def give_up(self, why: str, lost: bool = False) -> None:
        """From here on everything is raw."""
        self._forget_ends()
        self.raw_why, self.lost = why, lost

    def gap(self, size: int) -> None:
        """`size` bytes are not there; what waits before the hole can not be read on."""
        why = f"framing lost at offset {self.offset}, before a gap in the capture"
        if self._spilling is not None and self.raw_why is None:
            self._spilling.spilled += self._left
        while left := self._left:
            self._cut_off.append(self._raw(min(left, RAW_BLOCK), why))
        self.offset += size
        self.give_up(why, lost=True)

    def end(self) -> list[Frame | Raw]:
        """No more bytes come: what is left, as raw bytes or as a frame cut short."""
        pieces: list[Frame | Raw] = [*self._cut_off]
        self._cut_off.clear()
        left = self._left
        spill, self._spilling = self._spilling, None
        if spill is not None:
            if self.raw_why is None:
                spill.spilled += left
            if left:
                pieces.append(self._raw(left, self.raw_why or spill.why(self.max_payload)))
            pieces.append(spill.frame(self.side, complete=False))
        elif left and self.raw_why is not None:
            pieces.append(self._raw(left, self.raw_why))
        elif left:
            self._reach(left)
            offset = self.offset
            header = self._take(min(header_length(self._block, self._at), left))
            payload = self._take(left - len(header))
            pieces.append(Frame(self.side, offset, header, payload, complete=False))
        return pieces

    # Looking for frames

    def _look(self) -> bool:
        """Look where the next whole frames end. Is there one?"""
        if self._left < self._need:
            return False
        ends = frame_ends(self._block, self._at, self.max_payload)
        if not ends and self._behind:
            self._reach(self._left)
            ends = frame_ends(self._block, self._at, self.max_payload)
        self._ends = iter(ends)
        self._need = 0 if ends else bytes_needed(self._block, self._at, self.max_payload)
        return bool(ends)

    def _odd_piece(self) -> Frame | Raw | None:
        """What stands where no whole frame does: half of one, one too long, or no frame at all."""
        if self._left < self._need:
            self._drop()
            return None
        offset, length = self.offset, declared_length(self._block, self._at)
        header = self._take(header_length(self._block, self._at))
        if length >> 63:  # RFC 6455 §5.2: the most significant bit MUST be 0
            self.give_up(f"framing lost at offset {self.offset}: {length} is no length", True)
            return Frame(self.side, offset, header, complete=False)
        payload = self._take(self.max_payload)
        self._spilling = _Spill(offset, header, payload, length - len(payload))
        return self._spill(self._spilling)

    def _next_raw(self, why: str) -> Raw | None:
        if self._cut_off:
            return self._cut_off.popleft()
        if self._left >= RAW_BLOCK:
            return self._raw(RAW_BLOCK, why)
        self._drop()
        return None

    def _spill(self, spill: "_Spill") -> Frame | Raw | None:
        left = spill.length_left - spill.spilled
        if left == 0:
            self._spilling = None
            return spill.frame(self.side, complete=True)
        block = min(left, RAW_BLOCK)
        if self._left < block:
            self._drop()
            return None
        spill.spilled += block
        return self._raw(block, spill.why(self.max_payload))

    # Taking bytes

    @property
    def _left(self) -> int:
        """Bytes that are in no piece yet."""
        return len(self._block) - self._at + self._behind

    def _take(self, size: int) -> bytes:
        self._reach(size)
        start = self._at
        self._at += size
        self.offset += size
        return self._block[start : self._at]

    def _raw(self, size: int, why: str) -> Raw:
        self._forget_ends()
        offset = self.offset
        return Raw(self.side, offset, self._take(size), why)

    def _reach(self, size: int) -> None:
        """Have the next `size` bytes in the block, as far as they came."""
        if self._behind and self._at + size > len(self._block):
            self._block = b"".join((self._block[self._at :], *self._parts))
            self._at = 0
            self._parts, self._behind = [], 0
            self._forget_ends()

    def _forget_ends(self) -> None:
        self._ends, self._need = iter(()), 0

    def _drop(self) -> None:
        """Let go of the bytes that are in pieces."""
        self._block, self._at = self._block[self._at :], 0


@dataclass(slots=True)
class _Spill:
    """A frame whose payload passes the cap: its beginning is kept, the rest comes out raw."""

    offset: int
    header: bytes
    kept: bytes
    length_left: int
    spilled: int = 0

    def why(self, cap: int) -> str:
        return f"payload of the frame at offset {self.offset} beyond the {cap} bytes kept of it"

    def frame(self, side: Side, complete: bool) -> Frame:
        return Frame(side, self.offset, self.header, self.kept, complete, self.spilled)
