"""How far back deflate data looks (RFC 1951 §3.2), without inflating it.

Two sides may agree on a window smaller than 32 KiB (RFC 7692 §7.1.2), and a match that looks back
farther is a fault. zlib does not find it: within one call it takes all that it has written for its
window. So the codes are walked, block by block, and nothing but lengths and distances looked at.

This is pure Python, a microsecond or two for each code, so it is for data that zlib has inflated
already, and only where a smaller window was agreed. Its time goes with the bits of the data, never
with what they make: a match of 258 bytes costs as much as one of 3.

Most blocks need no walk. Nearly all data is in blocks that bring their own codes along, and such a
block begins by saying which codes it has. Windows are powers of 2, and so are the borders between
codes for distances: a block without a code for one beyond the window has no such match. Where it
ends, zlib tells (`block_end`). What compressors write has no codes that it does not use, so a block
that has one is most likely at fault, and the walk ends soon.
"""

from functools import cache
from itertools import accumulate
from typing import Final, NamedTuple

from inspector.core.block_end import Block

_END_OF_BLOCK: Final = 256
_QUICK_BITS: Final = 10
"""Codes up to this length are found at once; longer ones, which are rare, one length at a time."""
_ORDER: Final = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
"""The order in which a block tells the lengths of the codes that tell its codes (§3.2.7)."""

# §3.2.5: the least length or distance of each symbol, and the bits that are added to it.
_LENGTH_EXTRA: Final = (*[0] * 8, *(bits for bits in range(1, 6) for _ in range(4)), 0)
_LENGTHS: Final = (*accumulate((1 << bits for bits in _LENGTH_EXTRA[:27]), initial=3), 258)
_DISTANCE_EXTRA: Final = (0, 0, *(bits for bits in range(14) for _ in range(2)))
_DISTANCES: Final = tuple(accumulate((1 << bits for bits in _DISTANCE_EXTRA[:-1]), initial=1))

_REPEATS: Final = ((2, 3), (3, 3), (7, 11))
"""Of the symbols 16 to 18 (§3.2.7): bits that are added, and how often they repeat at least."""
_WORTH_IT: Final = 8 * 64
"""Bits left from which on it is quicker to ask zlib where a block ends than to walk."""
_SMALLEST: Final = 29
"""Bits of the smallest block with a match that looks back more than 256 bytes: fixed codes, of
3 + 7 + 5 + 7 + 7 bits."""

_REVERSED: Final = [int(f"{octet:08b}"[::-1], 2) for octet in range(256)]


class Match(NamedTuple):
    """A match: where in the content its copy goes, and how far back it looks, in bytes."""

    at: int
    distance: int


class _Codes(NamedTuple):
    """Huffman codes (§3.2.2) by their bits as they come. An entry is symbol << 4 | length."""

    mask: int
    quick: list[int]
    """By the next bits, as many as are in the mask; 0 where there is none, or in `long`."""
    long: dict[int, int]
    """By the code's bits, with a 1 put before them."""


class _Over(Exception):
    """There are no more bits, or they are no deflate data."""


class TooLong(Exception):
    """There is more to walk than was allowed."""


def first_beyond(
    data: bytes,
    window: int,
    content: bytes | None = None,
    past: bytes = b"",
    most: int | None = None,
) -> Match | None:
    """The first match in `data` that looks back more than `window` bytes.

    The data is the beginning of what zlib can inflate. Of other data nothing is promised but an
    end. With `content`, what it inflates to, and the content of the `past` that it may refer to,
    the data is all of it, and blocks that can not look back so far are not walked.

    Raises TooLong once `most` bytes have been walked, beside those blocks.
    """
    walk = _Walk(data, window, content, past, most)
    try:
        while walk.found is None:
            walk.block()
    except (_Over, IndexError):  # the latter of symbols that stand for nothing
        pass
    return walk.found


def blocks_of(data: bytes) -> list[tuple[int, int]]:
    """Each block's kind (0 stored, 1 fixed codes, 2 codes of its own) and bytes of content.

    The data is what zlib can inflate, to the end of a block; of other data, as far as it goes.
    """
    walk = _Walk(data, 1 << 15)
    found: list[tuple[int, int]] = []
    try:
        while walk.bits_read < 8 * len(data):
            before = walk.size
            kind = walk.block()
            found.append((kind, walk.size - before))
    except (_Over, IndexError):
        pass
    return found


class _Walk:
    """Blocks, one after another, and how much content they make."""

    def __init__(
        self,
        data: bytes,
        window: int,
        content: bytes | None = None,
        past: bytes = b"",
        most: int | None = None,
    ) -> None:
        self.window = window
        self.found: Match | None = None
        self._data = data + bytes(16)  # so that bits can be taken eight bytes at a time
        self._end = 8 * len(data)
        self._content = content
        self._past = past
        self._most = len(self._data) if most is None else most
        """Where the walk has to end; what is not walked moves it on."""
        self._at = 0
        self._hold = 0
        """Bits that were taken from the data and not read yet, the next one lowest."""
        self._count = 0
        self._size = 0
        """Bytes of content so far."""

    @property
    def size(self) -> int:
        """Bytes of content so far."""
        return self._size

    @property
    def bits_read(self) -> int:
        return 8 * self._at - self._count

    def block(self) -> int:
        """Read one block (§3.2.3); its kind."""
        start = self.bits_read
        final, kind = self._bits(1), self._bits(2)
        if kind == 0:
            self._stored()
        elif kind == 1:
            self._compressed(*_fixed())
        elif kind == 2:
            literals, distances = self._dynamic()
            if any(distances[self._beyond :]) or not self._pass(start):
                self._compressed(_codes(literals), _codes(distances))
        else:
            raise _Over
        if final:  # RFC 7692 §7.2.3.4: the next block begins with a whole byte
            self._bits(self._count % 8)
        return kind

    def _fill(self) -> None:
        """Hold at least 56 bits."""
        if self._at >= len(self._data):
            raise _Over
        if self._at > self._most:
            raise TooLong
        self._hold |= int.from_bytes(self._data[self._at : self._at + 8], "little") << self._count
        self._count += 64
        self._at += 8

    def _bits(self, count: int) -> int:
        if self._count < count:
            self._fill()
        value = self._hold & ((1 << count) - 1)
        self._hold >>= count
        self._count -= count
        return value

    def _stored(self) -> None:
        self._bits(self._count % 8)
        size = self._bits(16)
        self._bits(16)
        self._size += size
        self._at += size - self._count // 8  # what was taken too early is put back
        self._hold = self._count = 0

    @property
    def _beyond(self) -> int:
        """The first symbol of a distance that may be beyond the window: each power of 2 has two."""
        return 2 * (self.window.bit_length() - 1)

    def _pass(self, start: int) -> bool:
        """Pass over the block that begins at bit `start`, if it is worth it and zlib can."""
        if self._content is None or self._end - self.bits_read < _WORTH_IT:
            return False
        past = self._content[max(0, self._size - self.window) : self._size]
        if len(past) < self.window:
            past = self._past[-self.window :] + past
        block = Block(self._data, start, past, self.window.bit_length() - 1)
        end = block.end()
        if end is None:
            return False
        self._size += end.size
        if 8 * (self._end // 8 - end.octet) + 7 < _SMALLEST:
            raise _Over
        self._go_to(start, block.last_bit())
        return True

    def _go_to(self, start: int, bit: int) -> None:
        """Read on at this bit; what lies between, from `start` on, was not walked."""
        self._most += (bit - start) // 8
        self._at = bit // 8
        self._hold = self._count = 0
        self._bits(bit % 8)

    def _dynamic(self) -> tuple[list[int], list[int]]:
        """The lengths of the codes that a block brings along (§3.2.7)."""
        literals, distances, count = self._bits(5) + 257, self._bits(5) + 1, self._bits(4) + 4
        lengths = [0] * len(_ORDER)
        for symbol in _ORDER[:count]:
            lengths[symbol] = self._bits(3)
        mask, quick, _ = _codes(lengths)  # none is longer than 7 bits
        told: list[int] = []
        count, hold, wanted = self._count, self._hold, literals + distances
        while len(told) < wanted:
            if count < 14:
                self._hold, self._count = hold, count
                self._fill()
                hold, count = self._hold, self._count
            entry = quick[hold & mask]
            symbol, size = entry >> 4, entry & 15
            hold >>= size
            count -= size
            if symbol < 16 and entry:
                told.append(symbol)
                continue
            if not entry or (symbol == 16 and not told):
                raise _Over
            more, least = _REPEATS[symbol - 16]
            times = least + (hold & ((1 << more) - 1))
            hold >>= more
            count -= more
            told += [told[-1] if symbol == 16 else 0] * times
        self._hold, self._count = hold, count
        return told[:literals], told[literals : literals + distances]

    def _compressed(self, literals: _Codes, distances: _Codes) -> None:
        """Read codes until the block ends. All in one loop, because it is run so often."""
        window, hold, count, size = self.window, self._hold, self._count, self._size
        mask, quick, long = literals
        distance_mask, distance_quick, distance_long = distances
        while True:
            if count < 48:  # the most that a length and a distance take
                self._hold, self._count = hold, count
                self._fill()
                hold, count = self._hold, self._count
            entry = quick[hold & mask] or _long(hold, long)
            hold >>= entry & 15
            count -= entry & 15
            symbol = entry >> 4
            if symbol < _END_OF_BLOCK:
                size += 1
                continue
            if symbol == _END_OF_BLOCK:
                break
            extra = _LENGTH_EXTRA[symbol - 257]
            length = _LENGTHS[symbol - 257] + (hold & ((1 << extra) - 1))
            hold >>= extra
            entry = distance_quick[hold & distance_mask] or _long(hold, distance_long)
            hold >>= entry & 15
            symbol = entry >> 4
            more = _DISTANCE_EXTRA[symbol]
            distance = _DISTANCES[symbol] + (hold & ((1 << more) - 1))
            hold >>= more
            count -= extra + (entry & 15) + more
            if distance > window:
                if 8 * self._at - count > self._end:
                    raise _Over
                self.found = Match(size, distance)
                return
            size += length
        self._hold, self._count, self._size = hold, count, size


def _long(hold: int, long: dict[int, int]) -> int:
    """The entry of a code that is not among the quick ones."""
    for length in range(_QUICK_BITS + 1, 16):
        if entry := long.get(1 << length | hold & ((1 << length) - 1)):
            return entry
    raise _Over


def _codes(lengths: list[int]) -> _Codes:
    """The codes of these lengths, 0 for symbols that have none (§3.2.2)."""
    counts = [0] * 16
    for length in lengths:
        counts[length] += 1
    width = max(1, min(_QUICK_BITS, max(lengths)))
    following = [0] * 16
    for length in range(2, 16):
        following[length] = (following[length - 1] + counts[length - 1]) << 1
    quick, long = [0] * (1 << width), {}
    for symbol, length in enumerate(lengths):
        if not length:
            continue
        code = following[length] & ((1 << length) - 1)
        following[length] += 1
        bits = (_REVERSED[code & 0xFF] << 8 | _REVERSED[code >> 8]) >> (16 - length)
        if length <= width:
            quick[bits :: 1 << length] = [symbol << 4 | length] * (1 << (width - length))
        else:
            long[1 << length | bits] = symbol << 4 | length
    return _Codes((1 << width) - 1, quick, long)


@cache
def _fixed() -> tuple[_Codes, _Codes]:
    """The codes that everybody knows (§3.2.6). Some of their symbols stand for nothing."""
    return _codes([8] * 144 + [9] * 112 + [7] * 24 + [8] * 8), _codes([5] * 30)
