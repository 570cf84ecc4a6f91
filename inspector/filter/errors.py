"""What is wrong with a filter, where, and what to write instead.

Everything that can go wrong with one is a `FilterError`, and every one names a column: the reader
looks there first. What is quoted of the filter is made safe, since a filter may come from a link or
a script and then is a stranger's text, too.
"""

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from inspector.core.safe import safe

ROOM: Final = 72
"""Characters of a filter that its picture shows, around the column."""
MAX_QUOTED: Final = 40


class FilterError(ValueError):
    """A filter that says nothing: `column` counts its characters from 1, `words` say what is
    wrong there, `hint` what to write instead (perhaps nothing).

    As text it is a picture of two lines: the filter, and under the column a caret with the words.
    """

    def __init__(self, text: str, column: int, words: str, hint: str = "") -> None:
        super().__init__(text, column, words, hint)
        self.text = text
        self.column = column
        self.words = visible(words)
        self.hint = visible(hint)

    @property
    def told(self) -> str:
        """Words and hint as one line."""
        return f"{self.words}; {self.hint}" if self.hint else self.words

    def __str__(self) -> str:
        start = max(0, self.column - 1 - ROOM // 2)
        before, after = self.text[start : self.column - 1], self.text[self.column - 1 :]
        before = ("…" if start else "") + visible(before)
        shown = before + visible(after, max(1, ROOM - len(before)))
        return f"{shown}\n{' ' * cells(before)}^ {self.told}"


class Unfit(Exception):
    """A value, operator or name that does not fit where it stands; whoever knows the column tells.

    `aside` moves that column, for what is wrong inside a value.
    """

    def __init__(self, words: str, hint: str = "", aside: int = 0) -> None:
        super().__init__(words)
        self.words = words
        self.hint = hint
        self.aside = aside


def cells(text: str) -> int:
    """Columns that safe text takes in a terminal: a wide character takes two, a mark none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def visible(text: str, limit: int | None = None) -> str:
    """`text` as `safe` has it, and an odd space as its number: a no-break space that came along
    from a web page looks like a space, and is what is wrong."""
    text = text if limit is None else text[: limit + 1]
    return safe("".join(f"\\u{ord(c):04x}" if odd_space(c) else c for c in text), limit)


def odd_space(character: str) -> bool:
    return character != " " and unicodedata.category(character) == "Zs"


def named(text: str) -> str:
    """A piece of the filter in quotes, as words name it."""
    return f"'{visible(text, MAX_QUOTED)}'"


def meant(word: str, names: Iterable[str]) -> str:
    """`did you mean opcode?`; nothing where no name is near."""
    near = get_close_matches(word[:MAX_QUOTED].lower(), list(names), n=3, cutoff=0.6)
    return f"did you mean {one_of(near)}?" if near else ""


def one_of(names: Iterable[str], last: str = "or") -> str:
    """`a, b or c`."""
    *most, end = names
    return f"{', '.join(most)} {last} {end}" if most else end
