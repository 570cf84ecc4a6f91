"""Right, and not read: another library takes the header apart."""

from inspector.core.frames import Frame


def parse_header(data):
    """Read the header of the frame that begins at the first byte of `data`."""
    frame = Frame("client", 0, data[:14])
    if len(data) < 2 or frame.length is None:
        return None
    size = 2 + {126: 2, 127: 8}.get(data[1] & 127, 0) + (4 if frame.masked else 0)
    if len(data) < size:
        return None
    return {
        "fin": frame.fin,
        "opcode": frame.opcode,
        "masked": frame.masked,
        "length": frame.length,
        "masking_key": frame.masking_key,
        "header_length": size,
    }
