"""Hex dumps: rows of an offset, bytes, and perhaps their characters, by whatever program.

xxd, `hexdump` with and without -C, od, Wireshark, tshark -x, tcpdump -X: they differ in the base of
their offsets, in how bytes are grouped, and in what stands beside them. A row of offsets that fit
the bytes between them is no chance, so the offsets decide: which base they are in, and how many
bytes stand on a row. A `*` stands for rows like the one before it.

Several dumps in a row begin at offset 0 each. Lines of words between them are titles.
"""

import re
from dataclasses import dataclass
from typing import Final

ACROSS: Final = 16
"""Bytes on a line of a hex dump, where no other line tells."""

_ROW: Final = re.compile(r"\s*(?:0[xX])?([0-9A-Fa-f]{4,16})(:\s|\s{2}|\s|:?$)\s*(\S.*)?")
"""Offset, what parts it from the bytes, the rest; the last line may be the offset of the end."""
_GROUP: Final = re.compile(r"((?:[0-9A-Fa-f]{2})++)(\s*)")
_BYTE_ALONE: Final = re.compile(r"[0-9A-Fa-f]{2}(?:\s|$)")
_WORDS_OF_4: Final = re.compile(r"(?:[0-9A-Fa-f]{4}(?:\s+|$))+")
_WORDS_OF_6: Final = re.compile(r"(?:[01][0-7]{5}(?:\s+|$))+")
_DERIVED: Final = re.compile(r"\s*(?!Frame\b|Packet\b).*\(\d+ bytes?\):\s*")
"""Wireshark's titles of what it has made of a packet: unmasked, inflated, put together."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row, still as text: the offset's digits, whether a mark parts them off, the bytes."""

    offset: str
    sure: bool
    rest: str


@dataclass(frozen=True, slots=True)
class Dumps:
    """The bytes of each dump, and whether lines of words stood between them."""

    blocks: list[bytes]
    titled: bool = False
    words: bool = False
    """Were there 16-bit words, low byte first?"""


def read_dumps(text: str) -> Dumps | None:
    """Text as dumps; None where it is none."""
    blocks: list[list[Row | None]] = []
    titled, passed = False, False
    for line in filter(str.strip, text.splitlines()):
        row = _ROW.fullmatch(line)
        if row is None and line.strip() == "*" and blocks:
            blocks[-1].append(None)
        elif row is None:
            titled, passed = True, _DERIVED.fullmatch(line) is not None
        else:
            first = int(row[1], 16) == 0
            if titled and not blocks and not first:
                return None
            if not blocks or (first and row[3] is not None):
                blocks.append([])
                if passed:
                    blocks[-1].append(Row("", False, ""))  # of no interest, as its title says
                passed = False
            blocks[-1].append(Row(row[1], len(row[2]) > 1, row[3] or ""))
    kept = [rows for rows in blocks if not (rows[0] and not rows[0].offset)]
    if not kept or (len(kept) > 1 and any(_start(rows) for rows in kept)):
        return None
    datas = [_block(rows) for rows in kept]
    if not all(datas):
        return None
    return Dumps([data for data in datas if data], titled, all(_words(rows) for rows in kept))


def _start(rows: list[Row | None]) -> int:
    return int(rows[0].offset, 16) if rows[0] is not None else 0


def _words(rows: list[Row | None]) -> bool:
    """Are they the 16-bit words of `hexdump` and `od` without options? Both have 7 digits."""
    told = [row for row in rows if row is not None and row.rest]
    return all(
        len(row.offset) == 7
        and (_WORDS_OF_4.fullmatch(row.rest) or _WORDS_OF_6.fullmatch(row.rest))
        for row in told
    )


def _block(rows: list[Row | None]) -> bytes | None:
    """One dump; offsets are hex, octal or decimal, whichever fits."""
    words = _words(rows)
    for base in (16, 10, 8):  # the more bytes fit, the less is left for characters beside them
        data = _read(rows, base, words)
        if data:
            return data
    return None


def _read(rows: list[Row | None], base: int, words: bool) -> bytes | None:
    try:
        offsets = [None if row is None else int(row.offset, base) for row in rows]
    except ValueError:
        return None
    start = offsets[0]
    if start is None:
        return None
    data, last, size = bytearray(), b"", ACROSS
    for number, row in enumerate(rows):
        following = offsets[number + 1] if number + 1 < len(rows) else None
        if row is None:
            if following is None or not last:
                return None
            missing = following - start - len(data)
            if missing < 0 or missing % len(last) or missing > MOST_REPEATED:
                return None
            data += last * (missing // len(last))
            continue
        offset = offsets[number]
        if offset is None or offset - start != len(data):
            return None
        if following is not None:
            size = following - offset
            if size < 1:
                return None
        # Of the last line nothing tells, but that it is no longer than the one before it.
        told = _as_words(row.rest, size) if words else _dumped(row.rest, size)
        if told is None:
            return None
        last = told
        data += last
    return _believed(rows, bytes(data), start)


MOST_REPEATED: Final = 64 * 1024 * 1024
"""Bytes that a `*` may stand for."""


def _believed(rows: list[Row | None], data: bytes, start: int) -> bytes | None:
    """A row of offsets that fit is no chance; a single one is believed if it looks like one."""
    sure = all(row.sure for row in rows if row is not None and row.rest)
    first = start == 0
    # One blank parts any two pieces of hex.
    believed = first and sure if len(rows) == 1 else first or sure
    return data if data and believed else None


def _as_words(rest: str, size: int) -> bytes:
    """16-bit words, low byte first, in hex or, as od has them, in octal."""
    base = 8 if _WORDS_OF_6.fullmatch(rest) else 16
    whole = b"".join(int(word, base).to_bytes(2, "little") for word in rest.split())
    return whole[:size]


def _dumped(rest: str, size: int) -> bytes | None:
    """The `size` bytes of a line, or those before the gap that parts them from their characters.

    Characters stand apart; what is parted by one blank only is a byte that is mistyped.
    """
    data, at, gap = bytearray(), 0, 2
    while len(data) < size and (group := _GROUP.match(rest, at)):
        data += bytes.fromhex(group[1])
        at = group.end()
        gap = len(group[2])
        # Some leave a gap in the middle, too: between byte 8 and 9, where all bytes stand alone.
        middle = len(data) == 8 and len(group[1]) == 2 and _BYTE_ALONE.match(rest, at)
        if gap == 0 or gap > 2 or (gap == 2 and not middle):
            break
    mistyped = gap == 1 and len(data) < size and at < len(rest)
    return None if mistyped else bytes(data)
