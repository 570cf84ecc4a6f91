r"""The language of patterns: regular expressions, as Python writes them, read into a tree.

Everything that can be searched for in one pass is there. Back-references and looking around are
not: they can take a searcher longer than anybody waits, and the text is a stranger's to choose.

    .  [a-z]  [^"]  \d \w \s \D \W \S  \n \r \t \xNN \uNNNN
    *  +  ?  {2}  {2,}  {2,5}  a|b  (…)  (?:…)  ^  $  \b  \B      (?i) (?s) (?m) at the beginning
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from inspector.filter.errors import Unfit, named

type Fits = Callable[[str], bool]
type Place = Literal["begin", "end", "line begin", "line end", "bound", "no bound", "very end"]
type Tree = One | Row | Either | Repeat | At

MAX_REPEATS: Final = 1000
MAX_DEPTH: Final = 50


@dataclass(frozen=True, slots=True)
class One:
    """One character that fits; `literal` is it, where it is only this one."""

    fits: Fits
    literal: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    part: Tree
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class At:
    """Nothing, but only at such a place."""

    place: Place


def is_word(c: str) -> bool:
    return c.isalnum() or c == "_"


_CLASSES: Final[dict[str, Fits]] = {
    "d": str.isdecimal,
    "w": is_word,
    "s": str.isspace,
    "D": lambda c: not c.isdecimal(),
    "W": lambda c: not is_word(c),
    "S": lambda c: not c.isspace(),
}
_PLACES: Final[dict[str, Place]] = {
    "b": "bound",
    "B": "no bound",
    "A": "begin",
    "Z": "very end",
    "z": "very end",
}
_CHARACTERS: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "a": "\a", "0": "\0"}
_CODE: Final = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})")
_COUNT: Final = re.compile(r"\{(?:(\d*),(\d*)|(\d+))\}")
_FLAGS: Final = re.compile(r"\(\?([a-zA-Z]+)\)")
_GROUP: Final = re.compile(r"\(\?(?::|P<\w+>)")


def read_pattern(text: str) -> Tree:
    """A pattern as a tree. Raises `Unfit`."""
    return _Reader(text).read()


class _Reader:
    """Reads from left to right; `at` is the place that it has come to."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        flags = _FLAGS.match(text)
        self.flags = flags[1] if flags else ""
        if flags:
            self.at = flags.end()
            if unknown := set(self.flags) - set("ims"):
                raise Unfit(f"there is no flag {named(min(unknown))}", "there are i, m and s")

    def read(self) -> Tree:
        tree = self._either()
        if self.at < len(self.text):
            raise self._wrong("there is no parenthesis for this one to close", r"write \)")
        return tree

    def _wrong(self, words: str, hint: str = "") -> Unfit:
        return Unfit(f"in this pattern, at character {self.at + 1}: {words}", hint)

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _either(self) -> Tree:
        parts = [self._row()]
        while self._peek() == "|":
            self.at += 1
            parts.append(self._row())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _row(self) -> Tree:
        parts: list[Tree] = []
        while (c := self._peek()) and c not in "|)":
            parts.append(self._repeated(self._one(), c))
        return Row(tuple(parts))

    def _repeated(self, part: Tree, begun: str) -> Tree:
        counts = self._counts()
        if counts is None:
            return part
        least, most = counts
        if isinstance(part, At):
            raise self._wrong(f"a place can't be repeated, and {named(begun)} is one")
        if self._peek() == "?":  # as few as can be: that makes no difference to whether it is there
            self.at += 1
        elif self._peek() == "+":
            raise self._wrong("possessive repeats can't be searched for in one pass")
        if self._counts() is not None:
            raise self._wrong("two repeats in a row", "put the first in parentheses")
        return Repeat(part, least, most)

    def _counts(self) -> tuple[int, int | None] | None:
        c = self._peek()
        if c and c in "*+?":
            self.at += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[c]
        found = _COUNT.match(self.text, self.at)
        if found is None:
            return None
        numbers = [digits and digits[:9] for digits in found.groups()]
        least = int(numbers[2] or numbers[0] or 0)
        most = int(numbers[1]) if numbers[1] else least if numbers[2] else None
        if max(least, most or 0) > MAX_REPEATS:
            raise self._wrong(f"a repeat goes to {MAX_REPEATS}, and no further")
        if most is not None and most < least:
            raise self._wrong("the most is less than the least")
        self.at = found.end()
        return least, most

    def _one(self) -> Tree:
        c = self._peek()
        if c in "*+?":
            raise self._wrong(f"{named(c)} repeats what stands before it, and there is nothing")
        if c == "(":
            return self._group()
        if c == "[":
            return One(self._class())
        self.at += 1
        if c == "\\":
            return self._escape()
        if c == ".":
            return One((lambda _: True) if "s" in self.flags else (lambda c: c != "\n"))
        if c == "^":
            return At("line begin" if "m" in self.flags else "begin")
        if c == "$":
            return At("line end" if "m" in self.flags else "end")
        return self._literal(c)

    def _literal(self, c: str) -> One:
        if "i" in self.flags and (c.lower() != c or c.upper() != c):
            return One(self._folding(lambda other: other == c))
        return One(lambda other: other == c, c)

    def _folding(self, fits: Fits) -> Fits:
        """What fits in either case."""
        return lambda c: (
            fits(c) or any(len(other) == 1 and fits(other) for other in (c.lower(), c.upper()))
        )

    def _group(self) -> Tree:
        opened = self.at
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._wrong(f"parentheses go {MAX_DEPTH} deep, and no deeper")
        if self.text.startswith("(?", self.at):
            found = _GROUP.match(self.text, self.at)
            if found is None:
                words = "of what begins with (? there is (?:…) and, at the beginning, (?i)"
                raise self._wrong(words, "looking around can't be done in one pass")
            self.at = found.end()
        else:
            self.at += 1
        tree = self._either()
        if self._peek() != ")":
            self.at = opened
            raise self._wrong("this parenthesis is never closed", r"to search for one, write \(")
        self.at += 1
        self.depth -= 1
        return tree

    def _escape(self) -> Tree:
        c = self._peek()
        if c in _CLASSES and c:
            self.at += 1
            return One(_CLASSES[c])
        if c in _PLACES:
            self.at += 1
            return At(_PLACES[c])
        return self._literal(self._character())

    def _character(self) -> str:
        """The character that is meant by what stands after a backslash."""
        c = self._peek()
        if code := _CODE.match(self.text, self.at):
            number = int(code[1] or code[2] or code[3], 16)
            if number > 0x10FFFF:
                raise self._wrong(f"{named(code[0])} is no character")
            self.at = code.end()
            return chr(number)
        if c in _CHARACTERS and c:
            self.at += 1
            return _CHARACTERS[c]
        if c.isascii() and c.isdigit() and c:
            raise self._wrong("back-references can't be searched for in one pass")
        if not c or (c.isascii() and c.isalpha()):
            words = f"there is no \\{c}" if c else "a backslash at the end"
            raise self._wrong(words, r"a backslash itself is \\")
        self.at += 1
        return c

    def _class(self) -> Fits:
        opened = self.at
        self.at += 1
        denied = self._peek() == "^"
        self.at += denied
        singles: set[str] = set()
        others: list[Fits] = []
        first = True
        while (c := self._peek()) != "]" or first:
            if not c:
                self.at = opened
                raise self._wrong("this class is never closed", r"to search for one, write \[")
            first = False
            low = self._member(others)
            after = self.text[self.at + 1 : self.at + 2]
            if self._peek() != "-" or after in ("]", ""):
                singles |= {low} if low else set()
                continue
            self.at += 1
            high = self._member(others)
            if not low or not high or high < low:
                raise self._wrong("this range has no beginning and end in order")
            others.append(lambda c, low=low, high=high: low <= c <= high)  # type: ignore[misc]
        self.at += 1

        def fits(c: str) -> bool:
            return c in singles or any(other(c) for other in others)

        within = self._folding(fits) if "i" in self.flags else fits
        return (lambda c: not within(c)) if denied else within

    def _member(self, others: list[Fits]) -> str:
        """A character in a class; empty for a class in it, which joins the others."""
        c = self._peek()
        self.at += 1
        if c != "\\":
            return c
        c = self._peek()
        if c in _CLASSES and c:
            self.at += 1
            others.append(_CLASSES[c])
            return ""
        if c == "b":
            self.at += 1
            return "\b"
        return self._character()
