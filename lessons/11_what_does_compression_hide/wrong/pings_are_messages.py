"""Near miss: a control frame's payload comes back as if it were a message."""

import zlib

TAIL = b"\x00\x00\xff\xff"


class Inflater:
    """One side of one connection."""

    def __init__(self):
        self.raw = zlib.decompressobj(-15)
        self.parts = []
        self.compressed = False

    def take(self, opcode, fin, rsv1, payload):
        """The next frame: an int, two bools, bytes."""
        if opcode >= 8:
            return payload
        if opcode:
            self.parts, self.compressed = [], rsv1
        self.parts.append(payload)
        if not fin:
            return None
        whole = b"".join(self.parts)
        return self.raw.decompress(whole + TAIL) if self.compressed else whole
