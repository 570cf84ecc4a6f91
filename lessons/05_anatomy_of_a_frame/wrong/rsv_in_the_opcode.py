"""Near miss: takes FIN out of the first byte, and leaves the RSV bits in the opcode."""


def parse_header(data):
    """Read the header of the frame that begins at the first byte of `data`."""
    if len(data) < 2:
        return None
    first, second = data[0], data[1]
    masked = bool(second & 0b1000_0000)
    length = second & 0b0111_1111
    extended = {126: 2, 127: 8}.get(length, 0)
    header_length = 2 + extended + (4 if masked else 0)
    if len(data) < header_length:
        return None
    if extended:
        length = int.from_bytes(data[2 : 2 + extended], "big")
    return {
        "fin": bool(first & 0b1000_0000),
        "opcode": first & 0b0111_1111,
        "masked": masked,
        "length": length,
        "masking_key": data[header_length - 4 : header_length] if masked else None,
        "header_length": header_length,
    }
