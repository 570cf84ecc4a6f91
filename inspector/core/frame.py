"""One frame, as it was on the wire (RFC 6455 §5.2).

A `Frame` keeps exactly its bytes, header and masked payload, and reads everything else off them
when asked. So nothing can drift from the truth, a frame costs little to make, and `frame.wire` is
the proof: joined together, all frames of a direction are the direction.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from inspector.core.masking import KEY_LENGTH, apply_mask
from inspector.core.rfc import OPCODES, Opcode, Side
from inspector.core.scan import HEADER_LENGTHS, LENGTH_BITS, declared_length, header_length


class Frame(NamedTuple):
    """One frame, as it was on the wire.

    `offset` counts bytes of its direction from the end of the HTTP head. `header` has 1 to 14
    bytes; only a frame cut short (`complete` false) has fewer than its own first bytes announce,
    and then what they don't tell is None. `wire_payload` is still masked. `spilled` counts the
    payload bytes beyond the decoder's cap, which came out as `Raw` before the frame did.

    A tuple, as there may be millions of them.
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
        return None if code is None else LENGTH_BITS.get(code, 7)

    @property
    def length(self) -> int | None:
        """The payload length that the header declares, in bytes."""
        code = self.length_code
        if code is None or len(self.header) < 2 + LENGTH_BITS.get(code, 0) // 8:
            return None
        return declared_length(self.header)

    @property
    def masking_key(self) -> bytes | None:
        """The 4 bytes of the key; None where the frame is not masked, or cut before it."""
        header = self.header
        if len(header) < 2 or header[1] < 0x80 or len(header) != HEADER_LENGTHS[header[1]]:
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


def cut_out(side: Side, offset: int, data: bytes, start: int, end: int) -> Frame:
    """The whole frame that stands in `data` from `start` to `end`."""
    body = start + HEADER_LENGTHS[data[start + 1]]
    return Frame(side, offset, data[start:body], data[body:end])


class Frames:
    """Whole frames in a row, found but not made: each becomes a `Frame` when it is asked for.

    They hold the bytes that they were found in; a `Frame` has its own.
    """

    __slots__ = ("_data", "_edges", "_offset", "side")

    def __init__(self, side: Side, offset: int, data: bytes, edges: list[int]) -> None:
        """`edges` are where the first begins and where each ends; `offset` is that of `data`."""
        self.side: Side = side
        self._offset = offset
        self._data = data
        self._edges = edges

    def __len__(self) -> int:
        return len(self._edges) - 1

    def __getitem__(self, number: int) -> Frame:
        number = range(len(self))[number]
        start, end = self._edges[number : number + 2]
        return cut_out(self.side, self._offset + start, self._data, start, end)

    def __iter__(self) -> Iterator[Frame]:
        side, data, offset = self.side, self._data, self._offset
        for start, end in pairwise(self._edges):
            yield cut_out(side, offset + start, data, start, end)
