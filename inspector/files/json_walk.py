"""A large JSON document, item by item: the elements of one array in it, as far as they can be read.

A HAR is a single object, and a file that was cut has no end. So nothing is read at once that can be
read in turn: the walk goes down the path of keys to the array and hands out what is in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_DECODER: Final = json.JSONDecoder()


class NotThere(ValueError):
    """The document ends or breaks at `at`, a number of characters; the message says how."""

    def __init__(self, words: str, at: int) -> None:
        super().__init__(words)
        self.at = at


def elements(text: str, path: Sequence[str]) -> Iterator[Any]:
    """The elements of the array that the keys of `path` lead to. Raises `NotThere`.

    What stands behind the array is not looked at.
    """
    at = 0
    for key in path:
        at = _value_of(text, at, key)
    at = _expect(text, at, "[")
    if _next(text, at) == "]":
        return
    while True:
        value, at = _decode(text, at)
        yield value
        at = _skip(text, at)
        if text[at : at + 1] == "]":
            return
        at = _expect(text, at, ",")


def _value_of(text: str, at: int, wanted: str) -> int:
    """Where the value of a key begins, in the object that begins at `at`."""
    at = _expect(text, at, "{")
    while _next(text, at) != "}":
        key, at = _decode(text, at)
        at = _expect(text, at, ":")
        if key == wanted:
            return at
        _, at = _decode(text, at)
        if _next(text, at) != ",":
            break
        at = _expect(text, at, ",")
    raise NotThere(f'there is no "{wanted}" where a HAR has it', _skip(text, at))


def _decode(text: str, at: int) -> tuple[Any, int]:
    at = _skip(text, at)
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise NotThere(f"it is no JSON: {error.msg}", min(error.pos, len(text))) from None
    except RecursionError:
        raise NotThere("it is nested too deep", at) from None
    except ValueError:
        raise NotThere("it holds a number that is too long", at) from None


def _expect(text: str, at: int, sign: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != sign:
        raise NotThere(f"it is no JSON: {sign} is missing", at)
    return at + 1


def _next(text: str, at: int) -> str:
    at = _skip(text, at)
    return text[at : at + 1]


def _skip(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at
