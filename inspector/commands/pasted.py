"""Bytes as people paste them: hex in any spacing, a hex dump, escapes, base64, the text of a head.

What a text is taken for is decided by its look, in this order, the surest look first; whatever was
no plain hex is said, so that a wrong guess is seen.
"""

import base64
import binascii
import os
import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Pasted:
    """The bytes, and what their text was taken for: empty where it was plain hex."""

    data: bytes
    taken_for: str = ""


class NotBytes(ValueError):
    """The text is none of what we know; the message says where it stops being."""


_HEAD: Final = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+ +\S+ +HTTP/[0-9]|HTTP/[0-9])")
_ESCAPE: Final = re.compile(r"""((?:\\x[0-9A-Fa-f]{2})++)|\\([nrt0\\"'])|([^\\]+)""", re.DOTALL)
_ONLY_ESCAPES: Final = re.compile(r"(?:\\x[0-9A-Fa-f]{2}|\s)++")
_SINGLE: Final = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_WORD: Final = re.compile(r"[^\s,:;_|\-\[\](){}\"']+")
"""What stands between the marks that people write between bytes."""
_DUMP_LINE: Final = re.compile(r"\s*([0-9A-Fa-f]{4,16})(:\s|\s{2}|\s|$)\s*(\S.*)?")
"""Offset, what parts it from the bytes, the rest; the last line may be the offset of the end."""
_GROUP: Final = re.compile(r"((?:[0-9A-Fa-f]{2})++)(\s*)")
_BYTE_ALONE: Final = re.compile(r"[0-9A-Fa-f]{2}(?:\s|$)")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_\-\s]+={0,2}")
ACROSS: Final = 16
"""Bytes on a line of a hex dump, where no other line tells."""
SHORT: Final = 64
"""Characters up to which text that is nearly hex is hex with a typo; base64 of zeros is longer."""


def read_pasted(text: str) -> Pasted:
    """The bytes that a text stands for. Raises `NotBytes`."""
    if not text.strip():
        raise NotBytes("nothing to explain; give bytes as hex, such as 81 85 37 fa 21 3d")
    if _HEAD.match(text):
        return _head(text)
    if "\\x" in text:
        return Pasted(_escaped(text), "a string with escapes")
    if (data := _dump(text)) is not None:
        return Pasted(data, "a hex dump")
    try:
        return Pasted(_hex(text))
    except NotBytes:
        if (data := _base64(text)) is not None:
            return Pasted(data, "base64")
        raise


def read_bytes(data: bytes) -> Pasted:
    """What standard input stands for: a text of the above, or the bytes themselves."""
    printable = all(32 <= byte < 127 or byte in b"\t\r\n" for byte in data)
    return read_pasted(data.decode("ascii")) if printable else Pasted(data, "bytes as they are")


def _head(text: str) -> Pasted:
    if "\r" in text:
        return Pasted(os.fsencode(text), "the text of a head")
    lines = text.rstrip("\n").replace("\n", "\r\n") + "\r\n\r\n"
    return Pasted(os.fsencode(lines), "the text of a head, each line ended by CR LF")


def _escaped(text: str) -> bytes:
    """`\\x81\\x05Hello` as in Python, C or a shell, perhaps in quotes."""
    body = text.strip()
    if quoted := re.fullmatch(r"""\$?b?(["'])(.*)\1""", body, re.DOTALL):
        body = quoted[2]
    elif _ONLY_ESCAPES.fullmatch(body):
        body = re.sub(r"\s+", "", body)
    data = bytearray()
    at = 0
    while at < len(body):
        escape = _ESCAPE.match(body, at)
        if escape is None:
            where = _place(text, text.find(body) + at)
            raise NotBytes(f"{where}: no escape that is known; \\x takes two hex digits")
        numbers, single, plain = escape.groups()
        if numbers is not None:
            data += bytes.fromhex(numbers.replace("\\x", ""))
        else:
            data += os.fsencode(plain if plain is not None else _SINGLE.get(single, single))
        at = escape.end()
    return bytes(data)


def _dump(text: str) -> bytes | None:
    """A hex dump with offsets, as Wireshark, xxd, `hexdump -C` and `od -t x1 -A x` write it."""
    rows: list[re.Match[str]] = []
    for line in filter(str.strip, text.splitlines()):
        row = _DUMP_LINE.fullmatch(line)
        if row is None:
            return None
        rows.append(row)
    offsets = [int(row[1], 16) for row in rows]
    data = bytearray()
    size = ACROSS
    for number, row in enumerate(rows):
        if offsets[number] != offsets[0] + len(data):
            return None
        if number + 1 < len(rows):
            size = offsets[number + 1] - offsets[number]
            if size < 1:
                return None
        data += _dumped(row[3] or "", size)  # the last line is no longer than the one before it
    # A row of offsets that fit is no chance; a single one is believed if it looks like one.
    first = offsets[0] == 0
    sure = all(len(row[2]) > 1 for row in rows if row[3])  # one blank parts any two pieces of hex
    believed = first and sure if len(rows) == 1 else first or sure
    return bytes(data) if data and believed else None


def _dumped(rest: str, size: int) -> bytearray:
    """The `size` bytes of a line, or those before the gap that parts them from their characters."""
    data = bytearray()
    at = 0
    while len(data) < size and (group := _GROUP.match(rest, at)):
        data += bytes.fromhex(group[1])
        at = group.end()
        gap = len(group[2])
        # Some leave a gap in the middle, too: between byte 8 and 9, where all bytes stand alone.
        middle = len(data) == 8 and len(group[1]) == 2 and _BYTE_ALONE.match(rest, at)
        if gap == 0 or gap > 2 or (gap == 2 and not middle):
            break
    return data


def _hex(text: str) -> bytes:
    """Hex digits in any spacing, `0x` before them or not."""
    data = bytearray()
    for found in _WORD.finditer(text):
        word, at = found[0], found.start()
        prefixed = word[:2] in ("0x", "0X")
        if prefixed:
            word, at = word[2:], at + 2
        if wrong := re.search(r"[^0-9A-Fa-f]", word):
            where = _place(text, at + wrong.start())
            raise NotBytes(f"{where}: {wrong[0]!r} is no hex digit; give bytes such as 81 85 37 fa")
        if prefixed and len(word) == 1:
            word = f"0{word}"  # a number below 16, as arrays in programs have it
        if len(word) % 2:
            where = _place(text, found.end() - 1)
            raise NotBytes(f"{where}: {word[-1]!r} is half a byte; two hex digits make one")
        data += bytes.fromhex(word)
    if data:
        return bytes(data)
    raise NotBytes("nothing to explain; give bytes as hex, such as 81 85 37 fa 21 3d")


def _base64(text: str) -> bytes | None:
    """Base64 of either alphabet, if it can be nothing else; blanks only where lines end."""
    if not _BASE64.fullmatch(text.strip()) or re.search(r"\S[ \t]+\S", text):
        return None
    body = "".join(text.split()).replace("-", "+").replace("_", "/")
    if _mistyped(body):
        return None
    try:
        return base64.b64decode(body, validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _mistyped(body: str) -> bool:
    """Is it hex with a typo rather than base64?

    In base64 a whole message's frame begins with g to j or w to z, which are no hex digits.
    """
    if body[:2] in ("0x", "0X"):
        return True
    digits = len(re.findall("[0-9A-Fa-f]", body))
    nearly = re.match("[0-9A-Fa-f]", body) is not None and digits * 4 >= len(body) * 3
    return nearly and len(body) <= SHORT and not re.search("[+/=]", body)


def _place(text: str, at: int) -> str:
    """`column 7`, or `line 2, column 7` in a text of several lines."""
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    if "\n" not in text.strip():
        return f"column {column}"
    return f"line {text.count(chr(10), 0, at) + 1}, column {column}"
