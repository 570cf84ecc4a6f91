"""Where a deflate block ends (RFC 1951 §3.2.3), found by zlib instead of by walking its codes.

zlib does not say at which bit a block ends. But one that is marked as the last (BFINAL) ends its
work, and what it did not use tells the byte. So the block is shown to zlib alone, moved to begin on
a whole byte, and marked so. The bit is found by trying: to turn over a bit behind the block's end
changes nothing; to turn over the last bit of its end-of-block code makes it some other code, and so
other content, or none.
"""

import zlib
from typing import Final, NamedTuple

_FIRST: Final = 2 * 1024
_MOST: Final = 64 * 1024
"""Bytes shown to zlib at a time, from the first on twice as many each: it copies what it did not
use."""


class BlockEnd(NamedTuple):
    """Where a block ends, and how many bytes of content it makes."""

    octet: int
    """Bytes of the data up to its end, the one in which it ends included."""
    size: int


class Block:
    """The block that begins at bit `start` of `data`; `past` is the content before it.

    `bits` is the window, 8 to 15, and none of its matches may look back farther.
    """

    def __init__(self, data: bytes, start: int, past: bytes, bits: int) -> None:
        self._data = data
        self._octet, self._shift = divmod(start, 8)
        self._start = start
        self._past = past[-(1 << bits) :]
        self._bits = bits
        self._used = 0
        """Bytes of the block, moved."""

    def end(self) -> BlockEnd | None:
        """The byte in which it ends; None if zlib does not come to an end."""
        inflater = self._inflater()
        size, at, portion = 0, 0, _FIRST
        try:
            while not inflater.eof:
                moved = self._moved(at, portion)
                if not moved:
                    return None
                size += len(inflater.decompress(moved))
                at += len(moved)
                portion = min(2 * portion, _MOST)
        except zlib.error:
            return None
        self._used = at - len(inflater.unused_data)
        return BlockEnd((self._start + 8 * self._used - 1) // 8 + 1, size)

    def last_bit(self) -> int:
        """The bit behind its last one, counted from the beginning of the data; after `end`."""
        before = self._inflater()
        at = 0
        while at < self._used - 1:
            moved = self._moved(at, min(self._used - 1 - at, _MOST))
            before.decompress(moved)
            at += len(moved)
        last = self._moved(at, 1)[0]
        rest = before.copy().decompress(bytes([last]))
        for bit in range(7, -1, -1):
            if _with(before, last ^ 1 << bit) != rest:
                return self._start + 8 * at + bit + 1
        return self._start + 8 * at  # not reached: some bit of the byte is the block's

    def _inflater(self) -> "zlib._Decompress":
        return zlib.decompressobj(-self._bits, zdict=self._past)

    def _moved(self, at: int, size: int) -> bytes:
        """So many bytes of the block, moved to begin on a whole byte, and marked as the last."""
        start = self._octet + at
        size = min(size, len(self._data) - start)
        data = self._data[start : start + size + 1]
        moved = (int.from_bytes(data, "little") >> self._shift).to_bytes(size + 1, "little")[:size]
        return bytes([moved[0] | 1]) + moved[1:] if not at and moved else moved


def _with(before: "zlib._Decompress", last: int) -> bytes | None:
    """What a block makes of this last byte; None if it does not end with it."""
    inflater = before.copy()
    try:
        out = inflater.decompress(bytes([last]))
    except zlib.error:
        return None
    return out if inflater.eof else None
