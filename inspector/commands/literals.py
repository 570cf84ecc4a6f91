"""Bytes as programs write them: strings with escapes, arrays of numbers.

Python, C, shell, JavaScript, Go and Wireshark's "copy as": one literal or several, which are then
joined, with the names, brackets and comments that stand round them.
"""

import os
import re
from collections.abc import Callable
from typing import Final

HAS_ESCAPES: Final = re.compile(r"\\(?:x|u00|[0-3][0-7]{2})")
_ESCAPE: Final = re.compile(
    r"""((?:\\x[0-9A-Fa-f]{2})++)|\\u00([0-9A-Fa-f]{2})|\\([0-3][0-7]{2})"""
    r"""|\\([abefnrtv0\\"'`])|([^\\]+)""",
    re.DOTALL,
)
_ONLY_ESCAPES: Final = re.compile(r"(?:\\x[0-9A-Fa-f]{2}|\s)++")
_SINGLE: Final = {
    **{"a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"},
    **{"n": "\n", "r": "\r", "t": "\t", "0": "\0"},
}
_LITERAL: Final = re.compile(
    r"""(?:[bBuUL$]|u8|br|rb)?(?:"((?:[^"\\]|\\.)*+)"|'((?:[^'\\]|\\.)*+)')""", re.DOTALL
)
_BETWEEN: Final = re.compile(r"(?:[\s+();,]|\\\r?\n|\.\.)*+")
"""What may stand between literals that are to be joined, and behind the last."""
_NAMED: Final = re.compile(r"[^\"'\\=\n]{0,200}=\s*\(?\s*")
"""`static const char frame[] =`, `data = (`."""

NotThat = Callable[[int, str], Exception]
"""Makes the error for a place in the text and words."""


def escaped(text: str, wrong: NotThat) -> bytes:
    """`\\x81\\x05Hello` as in Python, C or a shell, in quotes or not."""
    pieces = _literals(text)
    if pieces is None:
        body = text.strip()
        start = text.find(body)
        if _ONLY_ESCAPES.fullmatch(body):
            body = re.sub(r"\s+", "", body)
        pieces = [(start, body)]
    return b"".join(_unescaped(at, body, wrong) for at, body in pieces)


def _literals(text: str) -> list[tuple[int, str]] | None:
    """The insides of quoted literals, and where they begin; None where the text is not made so."""
    named = _NAMED.match(text)
    at = named.end() if named else 0
    pieces = []
    at = _skip(text, at)
    while literal := _LITERAL.match(text, at):
        group = 1 if literal[1] is not None else 2
        pieces.append((literal.start(group), literal[group]))
        at = _skip(text, literal.end())
    return pieces if pieces and at == len(text) else None


def _skip(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _unescaped(start: int, body: str, wrong: NotThat) -> bytes:
    data = bytearray()
    at = 0
    while at < len(body):
        escape = _ESCAPE.match(body, at)
        if escape is None:
            raise wrong(start + at, "no escape that is known; \\x takes two hex digits")
        numbers, unicode, octal, single, plain = escape.groups()
        if numbers is not None:
            data += bytes.fromhex(numbers.replace("\\x", ""))
        elif unicode is not None:
            data.append(int(unicode, 16))
        elif octal is not None:
            data.append(int(octal, 8))
        else:
            data += os.fsencode(plain if plain is not None else _SINGLE.get(single, single))
        at = escape.end()
    return bytes(data)


_COMMENT: Final = re.compile(r"/\*(?:[^*]|\*(?!/))*+(?:\*/)?|//[^\n]*|#[^\n]*")
_NUMBER: Final = re.compile(r"-?(?:0[xX][0-9A-Fa-f]+|[0-9]+)")
_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_BRACKETS: Final = re.compile(r"[\[(]([^\[\](){}]*)[\])]")
_BY_INDEX: Final = re.compile(r'\{?\s*+(?:"[0-9]++"\s*+:\s*+[0-9]++\s*+,?\s*+)++\}?')


def numbers(text: str) -> tuple[bytes, str] | None:
    """An array of numbers, and what it was taken for; None where there is none.

    Hex needs its `0x`: without, numbers are decimal. Java's bytes may be negative.
    """
    bare = _COMMENT.sub(" ", text).strip()
    if _BY_INDEX.fullmatch(bare):
        found = re.findall(r":\s*([0-9]+)", bare)
        return _numbers(found, "numbers by their index")
    for brackets in (_BRACES, _BRACKETS):
        insides = [inside for inside in brackets.findall(bare) if inside.strip(" \t\r\n,")]
        words = [word.strip() for inside in insides for word in inside.split(",") if word.strip()]
        if words and all(_NUMBER.fullmatch(word) for word in words):
            return _numbers(words, "an array of numbers")
    return None


def _numbers(words: list[str], name: str) -> tuple[bytes, str] | None:
    values = [int(word, 16 if "x" in word.lower() else 10) for word in words if len(word) < 8]
    if len(values) < len(words) or not all(-128 <= value <= 255 for value in values):
        return None
    decimal = not any("x" in word.lower() for word in words)
    return bytes(value & 0xFF for value in values), name + (", decimal" if decimal else "")
