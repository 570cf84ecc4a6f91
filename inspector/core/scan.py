"""Where frames end (RFC 6455 §5.2): all that has to be known of one to find the next.

The second byte of a frame nearly always tells its whole size, by a table with 256 rows. So many
frames are found in one tight loop that looks at one byte of each, makes no object for any, and
leaves their payloads alone. What a frame says is read off its bytes later, if anybody asks.
"""

from functools import cache
from itertools import repeat
from typing import Final

from inspector.core.masking import KEY_LENGTH

LENGTH_BITS: Final = {126: 16, 127: 64}
"""Width of the longer forms of the length, by what stands in the 7 bits."""

HEADER_LENGTHS: Final = [
    2 + LENGTH_BITS.get(second & 0x7F, 0) // 8 + (KEY_LENGTH if second & 0x80 else 0)
    for second in range(256)
]
"""Bytes in a header, by its second byte."""

AT_ONCE: Final = 1_024
"""Frames that are looked for at once: enough to be quick, and never many for nothing."""


def header_length(start: bytes | bytearray, at: int = 0) -> int:
    """Bytes in the header that begins at `at`, as far as its first two bytes tell (else 2)."""
    return HEADER_LENGTHS[start[at + 1]] if len(start) > at + 1 else 2


def frame_ends(data: bytes, at: int, max_payload: int, most: int = AT_ONCE) -> list[int]:
    """Where the whole frames end that follow each other in `data` from `at` on.

    They are at most `most`. The row stops before a frame that is not all there, whose length has
    its highest bit set, or whose payload is longer than `max_payload`.
    """
    sizes = _sizes(min(max_payload, 125))
    size = len(data)
    ends: list[int] = []
    for _ in repeat(None, most):
        if at + 2 > size:
            break
        second = data[at + 1]
        if whole := sizes[second]:
            at += whole
        else:
            bits = LENGTH_BITS.get(second & 0x7F)
            if bits is None:
                break
            length = int.from_bytes(data[at + 2 : at + 2 + bits // 8])
            if length > max_payload:
                break
            at += HEADER_LENGTHS[second] + length
        if at > size:
            break
        ends.append(at)
    return ends


def declared_length(start: bytes, at: int = 0) -> int:
    """The payload length that the header at `at` declares, all of whose length is there."""
    code = start[at + 1] & 0x7F
    return code if code < 126 else int.from_bytes(start[at + 2 : at + 2 + LENGTH_BITS[code] // 8])


def bytes_needed(data: bytes, at: int, max_payload: int) -> int:
    """How many bytes from `at` on it takes to tell more of the frame there than can be told now."""
    head = header_length(data, at)
    if len(data) - at < head:
        return head
    length = declared_length(data, at)
    return head if length >> 63 else head + min(length, max_payload)


@cache
def _sizes(most: int) -> list[int]:
    """Bytes in a frame, by its second byte; 0 where that byte does not tell, or for a payload of
    more than `most` bytes.
    """
    lengths = [second & 0x7F for second in range(256)]
    return [
        head + length if length <= most else 0
        for head, length in zip(HEADER_LENGTHS, lengths, strict=True)
    ]
