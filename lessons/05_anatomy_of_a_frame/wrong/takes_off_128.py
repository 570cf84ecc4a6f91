"""Takes 128 off for FIN and for MASK, whether they are set or not."""


def parse_header(data):
    """Read the header of the frame that begins at the first byte of `data`."""
    if len(data) < 2:
        return None
    first, second = data[0], data[1]
    masked = second >= 128
    length = second - 128
    extended = {126: 2, 127: 8}.get(length, 0)
    header_length = 2 + extended + (4 if masked else 0)
    if len(data) < header_length:
        return None
    if extended:
        length = int.from_bytes(data[2 : 2 + extended], "big")
    return {
        "fin": first >= 128,
        "opcode": first - 128,
        "masked": masked,
        "length": length,
        "masking_key": data[header_length - 4 : header_length] if masked else None,
        "header_length": header_length,
    }
