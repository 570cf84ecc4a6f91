"""Masking (RFC 6455 §5.3): byte i of the payload XOR byte i mod 4 of the key.

The same function masks and unmasks. XOR over whole payloads is done on two big integers, which
runs in C; `mask_byte` is the same sentence for one byte, for those who explain it.
"""

KEY_LENGTH = 4


def apply_mask(data: bytes, masking_key: bytes) -> bytes:
    """Mask or unmask `data` with a 4-byte key; same length back."""
    size = len(data)
    if not size or masking_key == b"\0\0\0\0":
        return data
    keys = (masking_key * (size // KEY_LENGTH + 1))[:size]
    masked = int.from_bytes(data, "little") ^ int.from_bytes(keys, "little")
    return masked.to_bytes(size, "little")


def mask_byte(index: int, byte: int, masking_key: bytes) -> int:
    """The masked value of byte number `index` of a payload."""
    return byte ^ masking_key[index % KEY_LENGTH]
