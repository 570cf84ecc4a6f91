"""Frames to bytes (RFC 6455 §5.2): the way back, for tests, lessons and clients of our own."""

from inspector.core.masking import KEY_LENGTH, apply_mask
from inspector.core.rfc import CLOSE


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
