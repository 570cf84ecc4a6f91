"""Bytes as people paste them: hex in any spacing, a hex dump, escapes, base64, the text of a head.

What a text is taken for is decided by its look, in this order, the surest look first; whatever was
no plain hex is said, so that a wrong guess is seen.
"""

import base64
import binascii
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


_HEAD: Final = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP/[0-9]|HTTP/[0-9])")
_ESCAPE: Final = re.compile(r"""\\(?:x([0-9A-Fa-f]{2})|([nrt0\\"']))|([^\\])""", re.DOTALL)
_SINGLE: Final = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_BETWEEN: Final = re.compile(r"[\s,:;_|\-\[\](){}\"']+")
_DUMP_LINE: Final = re.compile(r"\s*([0-9A-Fa-f]{4,16})(:\s|\s{2}|\s)\s*(\S.*)?")
_GROUP: Final = re.compile(r"((?:[0-9A-Fa-f]{2})+)(\s*)")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_\-\s]+={0,2}\s*")
ACROSS: Final = 32
"""The most bytes that a line of a hex dump holds."""


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
        return Pasted(text.encode(), "the text of a head")
    lines = text.rstrip("\n").replace("\n", "\r\n")
    return Pasted(f"{lines}\r\n\r\n".encode(), "the text of a head, each line ended by CR LF")


def _escaped(text: str) -> bytes:
    """`\\x81\\x05Hello` as in Python, C or a shell, perhaps in quotes."""
    body = text.strip()
    if quoted := re.fullmatch(r"""\$?b?(["'])(.*)\1""", body, re.DOTALL):
        body = quoted[2]
    elif re.fullmatch(r"(?:\\x[0-9A-Fa-f]{2}|\s)+", body):
        body = re.sub(r"\s+", "", body)
    data = b""
    at = 0
    while at < len(body):
        escape = _ESCAPE.match(body, at)
        if escape is None:
            where = _place(text, text.find(body) + at)
            raise NotBytes(f"{where}: no escape that is known; \\x takes two hex digits")
        number, single, plain = escape.groups()
        if number is not None:
            data += bytes.fromhex(number)
        else:
            data += (plain if plain is not None else _SINGLE.get(single, single)).encode()
        at = escape.end()
    return data


def _dump(text: str) -> bytes | None:
    """A hex dump with offsets, as Wireshark, xxd, `hexdump -C` and `od -t x1 -A x` write it."""
    data = b""
    first: int | None = None
    sure = True
    lines = [line for line in text.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        found = _DUMP_LINE.fullmatch(line)
        if found is None:
            alone = number == len(lines) - 1 and number > 0
            if alone and re.fullmatch(r"\s*[0-9A-Fa-f]{4,16}\s*", line):
                break  # the offset of the end
            return None
        offset = int(found[1], 16)
        first = offset if first is None else first
        if offset != first + len(data):
            return None
        data += _dumped(found[3] or "")
        sure = sure and len(found[2]) > 1  # one blank stands between any two pieces of hex
    # A row of offsets that fit is no chance; a single one is believed if it looks like one.
    believed = first == 0 and sure if len(lines) == 1 else first == 0 or sure
    return data if data and believed else None


def _dumped(rest: str) -> bytes:
    """The bytes of a line, up to the gap before its characters: one wider than any before it."""
    data = b""
    at = 0
    while len(data) < ACROSS and (group := _GROUP.match(rest, at)):
        data += bytes.fromhex(group[1])
        at = group.end()
        gap = len(group[2])
        if gap == 0 or gap > 2 or (gap == 2 and len(data) != 8) or len(data) == 16:
            break
    return data


def _hex(text: str) -> bytes:
    """Hex digits in any spacing, `0x` before them or not."""
    digits = []
    at = 0
    for token in [*_BETWEEN.finditer(text), None]:
        end = token.start() if token is not None else len(text)
        word = text[at:end]
        if word[:2] in ("0x", "0X"):
            word, at = word[2:], at + 2
            word = word.rjust(len(word) + len(word) % 2, "0")
        if wrong := re.search(r"[^0-9A-Fa-f]", word):
            where = _place(text, at + wrong.start())
            raise NotBytes(f"{where}: {wrong[0]!r} is no hex digit; give bytes such as 81 85 37 fa")
        if len(word) % 2:
            where = _place(text, end - 1)
            raise NotBytes(f"{where}: {word[-1]!r} is half a byte; two hex digits make one")
        digits.append(word)
        at = token.end() if token is not None else end
    if data := bytes.fromhex("".join(digits)):
        return data
    raise NotBytes("nothing to explain; give bytes as hex, such as 81 85 37 fa 21 3d")


def _base64(text: str) -> bytes | None:
    """Base64 of either alphabet, if it can be nothing else; blanks only where lines end."""
    if not _BASE64.fullmatch(text) or re.search(r"\S[ \t]+\S", text):
        return None
    body = "".join(text.split()).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(body, validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _place(text: str, at: int) -> str:
    """`column 7`, or `line 2, column 7` in a text of several lines."""
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    if "\n" not in text.strip():
        return f"column {column}"
    return f"line {text.count(chr(10), 0, at) + 1}, column {column}"
