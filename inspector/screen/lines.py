"""A line of text in styles: what every view is made of.

One rule: **text becomes safe as it enters a line.** Payloads, heads, close reasons, URLs and file
names come from strangers; `Line.add` passes whatever it is given through `safe`, so no view can
forget to. Widths are those of a terminal's cells: 漢 takes two, a combining mark none.
"""

from collections.abc import Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Final, Self

from rich.cells import cell_len

from inspector.core.safe import safe
from inspector.screen.theme import RESET, SGR, STYLES

if TYPE_CHECKING:
    from rich.text import Text

MARKS_A_CELL: Final = 4
"""Characters kept for each cell: any number of combining marks fits into one."""

ELLIPSIS: Final = "…"

LONGEST: Final = 4_000
"""Characters of one text that are wrapped; of a longer one the rest is counted."""

LEAST_ROOM: Final = 20
"""Cells that words need, to be readable beside a note."""


class Line:
    """One line, built from the left. `width` is the number of cells it takes."""

    __slots__ = ("spans", "width")

    def __init__(self, text: str = "", style: str = "") -> None:
        self.spans: list[tuple[str, str]] = []
        self.width = 0
        if text:
            self.add(text, style)

    def add(self, text: str, style: str = "") -> Self:
        """Append text, made safe, in a style of the theme."""
        if text:
            if text.isascii() and text.isprintable():  # nearly all: safe, and a cell a character
                self.width += len(text)
            else:
                text = safe(text)
                self.width += cell_len(text)
            self.spans.append((text, style))
        return self

    def own(self, *spans: tuple[str, str]) -> Self:
        """Append words of our own: printable ASCII, so that nothing has to be made safe."""
        self.spans += spans
        for text, _ in spans:
            self.width += len(text)
        return self

    def to(self, column: int, gap: int = 1) -> Self:
        """Fill up with blanks to a column; where that has passed, leave `gap` of them."""
        blanks = max(gap, column - self.width)
        return self.own((" " * blanks, "")) if blanks > 0 else self

    def join(self, other: "Line") -> Self:
        """Append another line."""
        self.spans += other.spans
        self.width += other.width
        return self

    @property
    def plain(self) -> str:
        return "".join([text for text, _ in self.spans]).rstrip(" ")

    @property
    def ansi(self) -> str:
        """The line with the escape sequences of its styles."""
        spans = self.spans
        end = len(spans)
        while end and not spans[end - 1][0].strip(" "):
            end -= 1
        parts = []
        for number, (text, style) in enumerate(spans[:end], 1):
            shown = text.rstrip(" ") if number == end else text
            on = SGR[style]
            parts.append(f"{on}{shown}{RESET}" if on else shown)
        return "".join(parts)


Lines = Iterable[Line]


def as_rich(lines: Lines) -> "Text":
    """Lines as one rich text, for whoever draws with rich: styled, never read as markup."""
    from rich.text import Text

    whole = Text("\n", no_wrap=True).join(
        Text.assemble(*((text, STYLES[style]) for text, style in line.spans)) for line in lines
    )
    whole.no_wrap = True
    return whole


def width_of(text: str) -> int:
    """The cells that a text takes, once it is safe."""
    return len(text) if text.isascii() and text.isprintable() else cell_len(safe(text))


def sided(line: Line, words: str, right: str, width: int, style: str = "") -> Iterator[Line]:
    """Words behind what stands on `line`, wrapped, and a note at the right edge.

    The note shares the first line; where that would leave the words too narrow, it comes last.
    """
    column = line.width
    room = width - column - (len(right) + 2 if right else 0)
    beside = room >= LEAST_ROOM
    pieces = wrap(words, room if beside else width - column)
    for number, piece in enumerate(pieces):
        if number:
            line = Line().to(column, gap=0)
        line.add(piece, style)
        if right and beside and number == 0:
            line.to(width - len(right)).add(right, "quiet")
        yield line
    if right and not beside:
        yield Line().to(width - len(right), gap=0).add(right, "quiet")


def fit(text: str, cells: int) -> str:
    """`text`, made safe, in at most `cells` cells; where it is cut it ends in an ellipsis."""
    if len(text) <= cells and text.isascii() and text.isprintable():
        return text
    return _fit_safe(safe(text[: cells * MARKS_A_CELL + 1]), cells)


def _fit_safe(text: str, cells: int) -> str:
    if len(text) <= cells * MARKS_A_CELL and cell_len(text) <= cells:
        return text
    return _head(text, cells - 1) + ELLIPSIS if cells > 0 else ""


def _head(text: str, cells: int) -> str:
    """As much of the beginning as fits."""
    text = text[: cells * MARKS_A_CELL]
    while cell_len(text) > cells:
        over = cell_len(text) - cells
        text = text[: -max(1, over // 2)]
    return text


def wrap(text: str, cells: int, most: int | None = None) -> list[str]:
    """`text`, made safe, in lines of at most `cells` cells.

    Lines are broken at blanks where there are any; no other blank is lost. There are at most `most`
    lines; the last of a text that had to be cut ends in an ellipsis. Where nothing is said of that,
    a text longer than `LONGEST` ends in how much was left out.
    """
    if len(text) <= cells and text.isascii() and text.isprintable():
        return [text]
    if most is None and len(text) > LONGEST:
        text = f"{text[:LONGEST]}{ELLIPSIS} {len(text) - LONGEST:,} more characters"
    return list(_wrap(safe(text), max(cells, 2), most))


def _wrap(text: str, cells: int, most: int | None) -> Iterator[str]:
    at = 0
    for number in count(1):
        ahead = text[at : at + cells * MARKS_A_CELL + 1]
        head = _head(ahead, cells)
        end = at + len(head)
        if end == len(text):
            yield head
            return
        if number == most:
            yield _fit_safe(ahead, cells)
            return
        if text[end] != " " and " " in head.strip(" "):
            head = head[: head.rindex(" ")]
        yield head
        at += len(head)
        at += text.startswith(" ", at)
