"""Frames (RFC 6455 §5.2): from a direction's bytes to frames and back.

A `Frame` keeps exactly what was on the wire, header and masked payload, and reads everything else
off those bytes when asked. So nothing can drift from the truth, a frame costs little to make, and
`frame.wire` is the proof: joined together, all frames of a direction are the direction.

The decoder is pulled: `feed` it bytes in any portions, then ask `next_piece` until it says None.
It never raises on bytes. What it can not read as frames comes out as `Raw`, with the reason.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from inspector.core.masking import KEY_LENGTH, apply_mask
from inspector.core.rfc import CLOSE, OPCODES, Opcode, Side

MAX_PAYLOAD: Final = 64 * 1024 * 1024
"""Bytes of one payload that a decoder keeps. What is longer is counted, and comes out as `Raw`."""

RAW_BLOCK: Final = 64 * 1024
"""Raw bytes come out in blocks of this size, so that the portions fed leave no trace in them."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, as it was on the wire.

    `offset` counts bytes of its direction from the end of the HTTP head. `header` has 1 to 14
    bytes; only a frame cut short (`complete` false) has fewer than its own first bytes announce,
    and then what they don't tell is None. `wire_payload` is still masked. `spilled` counts the
    payload bytes beyond the decoder's cap, which came out as `Raw` before the frame did.
    """

    side: Side
    offset: int
    header: bytes
    wire_payload: bytes = b""
    complete: bool = True
    spilled: int = 0

    @property
    def fin(self) -> bool:
        return self.header[0] & 0x80 != 0

    @property
    def rsv1(self) -> bool:
        return self.header[0] & 0x40 != 0

    @property
    def rsv2(self) -> bool:
        return self.header[0] & 0x20 != 0

    @property
    def rsv3(self) -> bool:
        return self.header[0] & 0x10 != 0

    @property
    def opcode(self) -> int:
        return self.header[0] & 0x0F

    @property
    def kind(self) -> Opcode:
        """The opcode's row in the table of RFC 6455 §5.2."""
        return OPCODES[self.opcode]

    @property
    def name(self) -> str:
        return self.kind.name

    @property
    def is_control(self) -> bool:
        return self.opcode >= 8

    @property
    def masked(self) -> bool | None:
        return self.header[1] & 0x80 != 0 if len(self.header) > 1 else None

    @property
    def length_code(self) -> int | None:
        """The 7 bits after the mask bit: a length, or 126 or 127 for the longer forms."""
        return self.header[1] & 0x7F if len(self.header) > 1 else None

    @property
    def length_bits(self) -> int | None:
        """Width of the field that holds the length: 7, 16 or 64 bits."""
        code = self.length_code
        return None if code is None else _LENGTH_BITS.get(code, 7)

    @property
    def length(self) -> int | None:
        """The payload length that the header declares, in bytes."""
        code = self.length_code
        if code is None or code < 126:
            return code
        end = 2 + _LENGTH_BITS[code] // 8
        return int.from_bytes(self.header[2:end]) if len(self.header) >= end else None

    @property
    def masking_key(self) -> bytes | None:
        """The 4 bytes of the key; None where the frame is not masked, or cut before it."""
        header = self.header
        if len(header) < 2 or header[1] < 0x80 or len(header) != _HEADER_LENGTHS[header[1]]:
            return None
        return header[-KEY_LENGTH:]

    @property
    def header_complete(self) -> bool:
        return len(self.header) == header_length(self.header)

    @property
    def payload(self) -> bytes:
        """The payload, unmasked; not inflated."""
        key = self.masking_key
        return apply_mask(self.wire_payload, key) if key else self.wire_payload

    @property
    def wire(self) -> bytes:
        """The bytes that were on the wire."""
        return self.header + self.wire_payload

    @property
    def end(self) -> int:
        """Offset of the first byte after this frame."""
        return self.offset + len(self.header) + len(self.wire_payload) + self.spilled


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes of a direction that belong to no frame, and why."""

    side: Side
    offset: int
    data: bytes
    why: str


_LENGTH_BITS: Final = {126: 16, 127: 64}

_HEADER_LENGTHS: Final = [
    2 + _LENGTH_BITS.get(second & 0x7F, 0) // 8 + (KEY_LENGTH if second & 0x80 else 0)
    for second in range(256)
]
"""Bytes in a header, by its second byte."""


def header_length(start: bytes | bytearray, at: int = 0) -> int:
    """Bytes in the header that begins at `at`, as far as its first two bytes tell (else 2)."""
    return _HEADER_LENGTHS[start[at + 1]] if len(start) > at + 1 else 2


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
        self._buffer = bytearray()
        self._at = 0
        """Bytes of the buffer that are in pieces already, and not dropped yet."""
        self._spilling: _Spill | None = None
        self._cut_off: deque[Raw] = deque()

    def feed(self, data: bytes) -> None:
        """Take the next bytes of this direction."""
        self._drop()
        self._buffer += data

    @property
    def waiting(self) -> int:
        """Bytes that stand at the next frame's first byte (none inside a frame, or once raw)."""
        if self.raw_why is not None or self._spilling is not None:
            return 0
        return len(self._buffer) - self._at

    def peek(self, size: int, skip: int = 0) -> bytes:
        """Up to `size` waiting bytes, after `skip` others; they go on waiting."""
        start = self._at + skip
        return bytes(self._buffer[start : start + size]) if self.waiting else b""

    def next_piece(self) -> Frame | Raw | None:
        """The next whole frame, or block of raw bytes; None when more bytes are needed."""
        if self.raw_why is not None:
            return self._next_raw(self.raw_why)
        if self._spilling is not None:
            return self._spill(self._spilling)
        buffer, at = self._buffer, self._at
        have = len(buffer) - at
        header_size = header_length(buffer, at)
        if have < header_size:
            self._drop()
            return None
        length = buffer[at + 1] & 0x7F
        if length > 125:
            length = int.from_bytes(buffer[at + 2 : at + 2 + _LENGTH_BITS[length] // 8])
            if length >> 63:  # RFC 6455 §5.2: the most significant bit MUST be 0
                frame = Frame(self.side, self.offset, self._take(header_size), complete=False)
                self.give_up(f"framing lost at offset {self.offset}: {length} is no length", True)
                return frame
        kept = min(length, self.max_payload)
        if have < header_size + kept:
            return None
        offset = self.offset
        header, payload = self._take(header_size), self._take(kept)
        if kept == length:
            return Frame(self.side, offset, header, payload)
        self._spilling = _Spill(offset, header, payload, length - kept)
        return self._spill(self._spilling)

    def skip(self, size: int, why: str) -> Raw:
        """Pass over `size` waiting bytes that the caller knows to be no frame."""
        return self._raw(size, why)

    def give_up(self, why: str, lost: bool = False) -> None:
        """From here on everything is raw."""
        self.raw_why, self.lost = why, lost

    def gap(self, size: int) -> None:
        """`size` bytes are not there; what waits before the hole can not be read on."""
        why = f"framing lost at offset {self.offset}, before a gap in the capture"
        left = len(self._buffer) - self._at
        if self._spilling is not None and self.raw_why is None:
            self._spilling.spilled += left
        while left := len(self._buffer) - self._at:
            self._cut_off.append(self._raw(min(left, RAW_BLOCK), why))
        self.offset += size
        self.give_up(why, lost=True)

    def end(self) -> list[Frame | Raw]:
        """No more bytes come: what is left, as raw bytes or as a frame cut short."""
        pieces: list[Frame | Raw] = [*self._cut_off]
        self._cut_off.clear()
        left = len(self._buffer) - self._at
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
            offset = self.offset
            header = self._take(min(header_length(self._buffer, self._at), left))
            payload = self._take(left - len(header))
            pieces.append(Frame(self.side, offset, header, payload, complete=False))
        return pieces

    def _drop(self) -> None:
        if self._at:
            del self._buffer[: self._at]  # CPython moves the start, not the bytes: cheap
            self._at = 0

    def _take(self, size: int) -> bytes:
        start = self._at
        self._at += size
        self.offset += size
        return bytes(self._buffer[start : self._at])

    def _raw(self, size: int, why: str) -> Raw:
        offset = self.offset
        return Raw(self.side, offset, self._take(size), why)

    def _next_raw(self, why: str) -> Raw | None:
        if self._cut_off:
            return self._cut_off.popleft()
        return self._raw(RAW_BLOCK, why) if len(self._buffer) - self._at >= RAW_BLOCK else None

    def _spill(self, spill: "_Spill") -> Frame | Raw | None:
        left = spill.length_left - spill.spilled
        if left == 0:
            self._spilling = None
            return spill.frame(self.side, complete=True)
        block = min(left, RAW_BLOCK)
        if len(self._buffer) - self._at < block:
            return None
        spill.spilled += block
        return self._raw(block, spill.why(self.max_payload))


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


def encode_frame(
    opcode: int,
    payload: bytes = b"",
    *,
    masking_key: bytes | None = None,
    fin: bool = True,
    rsv: int = 0,
    length_bits: int | None = None,
) -> bytes:
    """One frame's bytes (RFC 6455 §5.2).

    `rsv` is RSV1 to RSV3 as a number from 0 to 7. `length_bits` (7, 16, 64) forces a form longer
    than the shortest, which the RFC forbids and tests need. ValueError on what no frame can say.
    """
    if not 0 <= opcode <= 15 or not 0 <= rsv <= 7:
        raise ValueError(f"opcode {opcode} and rsv {rsv}: 0 to 15 and 0 to 7 fit their bits")
    if masking_key is not None and len(masking_key) != KEY_LENGTH:
        raise ValueError(f"a masking key has {KEY_LENGTH} bytes, not {len(masking_key)}")
    size = len(payload)
    shortest = 7 if size < 126 else 16 if size < 65536 else 64
    bits = shortest if length_bits is None else length_bits
    if bits not in (7, 16, 64) or bits < shortest:
        raise ValueError(f"{size} bytes do not fit a length of {bits} bits")
    code = {7: size, 16: 126, 64: 127}[bits]
    mask_bit = 0x80 if masking_key is not None else 0
    header = bytes([(0x80 if fin else 0) | rsv << 4 | opcode, mask_bit | code])
    if bits > 7:
        header += size.to_bytes(bits // 8)
    if masking_key is None:
        return header + payload
    return header + masking_key + apply_mask(payload, masking_key)


def encode_close(
    code: int | None = None, reason: str = "", *, masking_key: bytes | None = None
) -> bytes:
    """A Close frame's bytes; without a code its body is empty (RFC 6455 §5.5.1)."""
    body = b"" if code is None else code.to_bytes(2) + reason.encode()
    return encode_frame(CLOSE, body, masking_key=masking_key)
