"""Masking (RFC 6455 §5.3): byte i of the payload XOR byte i mod 4 of the key.

The same function masks and unmasks. Where the package `websockets` has its C routine, that does
it, about as fast as memory is copied; else two big integers are XORed, a piece at a time, which
runs in C, too. `mask_byte` is the same sentence for one byte, for those who explain it.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

KEY_LENGTH = 4

PIECE: Final = 64 * 1024
"""Bytes that are XORed at once in pure Python: numbers made of more only take memory."""


def apply_mask(data: bytes, masking_key: bytes) -> bytes:
    """Mask or unmask `data` with a 4-byte key; same length back."""
    if not data or masking_key == b"\0\0\0\0":
        return data
    return fastest()(data, masking_key)


@cache
def fastest() -> Callable[[bytes, bytes], bytes]:
    """The C routine, or ours. Looked for when first needed: importing it takes ten milliseconds."""
    try:
        from websockets.speedups import apply_mask as in_c
    except ImportError:
        return in_python
    return in_c


def in_python(data: bytes, masking_key: bytes) -> bytes:
    """`apply_mask` without help from C."""
    pieces = []
    for at in range(0, len(data), PIECE):
        piece = data[at : at + PIECE]
        size = len(piece)
        keys = (masking_key * (size // KEY_LENGTH + 1))[:size]
        masked = int.from_bytes(piece, "little") ^ int.from_bytes(keys, "little")
        pieces.append(masked.to_bytes(size, "little"))
    return b"".join(pieces)


def mask_byte(index: int, byte: int, masking_key: bytes) -> int:
    """The masked value of byte number `index` of a payload."""
    return byte ^ masking_key[index % KEY_LENGTH]
