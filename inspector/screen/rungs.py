"""The rails of a ladder and its rungs: two life lines, an arrow or words between them.

     gutter   client                                                    server
              ┌ ├─ text  6+5  "Hello" ────────────────────────────────────►│
              │ │◄──────────────────────────────────────────── ping  2+0 ─┤
              └ │  words below a rung                                      │

Beside each life line there is a column for the bracket that holds the fragments of one message
together, whatever stands between them. A side whose TCP direction has ended has dots for a line.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

from inspector.core.rfc import SIDES, Side
from inspector.screen.lines import Line, fit
from inspector.screen.rows import ROOM_FOR_COLUMNS

GUTTER: Final = 22
NARROW_GUTTER: Final = 9

Fill = Literal["─", "═", "╌", "~"]
Reach = Literal["whole", "cut"]

LINE: Final = "│"
ENDED: Final = "·"
SILENT: Final = "┊"

_BRACKETS: Final[dict[Side, dict[str, str]]] = {
    "client": {"first": "┌", "middle": "├", "last": "└"},
    "server": {"first": "┐", "middle": "┤", "last": "┘"},
}


class Rails:
    """Both life lines at a width, and whether each side still lives and is amid a message."""

    def __init__(self, width: int) -> None:
        self.fit(width)
        self.ended: set[Side] = set()
        self.amid: dict[Side, bool] = {"client": False, "server": False}

    def fit(self, width: int) -> None:
        """From here on be so wide."""
        self.narrow = width < ROOM_FOR_COLUMNS
        self.gutter = NARROW_GUTTER if self.narrow else GUTTER
        gap = 0 if self.narrow else 1
        self.bracket_at: dict[Side, int] = {"client": self.gutter, "server": width - 1}
        self.line_at: dict[Side, int] = {
            "client": self.gutter + 1 + gap,
            "server": width - 2 - gap,
        }
        self.within = self.line_at["server"] - self.line_at["client"] - 1
        """Cells between the life lines."""
        self.room = self.within - 2
        """Cells for words between them."""
        self.label_room = self.within - 5
        """Cells for words on an arrow."""

    def arrow(
        self,
        side: Side,
        label: Line,
        *,
        gutter: Line | None = None,
        fill: Fill = "─",
        part: str = "",
        reach: Reach = "whole",
    ) -> Line:
        """A rung from `side` to the other: its label (at most `label_room` cells) on the arrow.

        `part` is the place of a fragment in its message: `first`, `middle` or `last`.
        """
        if part == "first":
            self.amid[side] = False
        shaft = Line()
        long = self.within - 4 - label.width  # two blanks, a stroke behind, the head
        stroke, head = fill * long, {"client": "►", "server": "◄"}[side]
        if reach == "cut" and long > 3:
            stroke = stroke[:-3] + "x " if side == "client" else " x" + stroke[3:]
            head = " "
        if side == "client":
            shaft.add(fill, side).add(" ").join(label).add(" ").add(stroke + head, side)
        else:
            shaft.add(head + stroke, side).add(" ").join(label).add(" ").add(fill, side)
        line = self._laid(gutter, shaft, {side: _BRACKETS[side].get(part, "")}, side)
        self.part(side, part)
        return line

    def part(self, side: Side, part: str) -> None:
        """A frame that is this part of its message (none: all of it) is behind us."""
        if part:
            self.amid[side] = part != "last"

    def words(self, lines: Iterable[Line], side: Side = "client") -> Iterator[Line]:
        """Lines (at most `room` cells wide) between the rails, pushed to the side they are of."""
        block = list(lines)
        widest = max((line.width for line in block), default=0)
        start = 1 if side == "client" else max(1, self.within - 1 - widest)
        for line in block:
            yield self._laid(None, Line().to(start, gap=0).join(line), {})

    def between(self, words: str, line: str = LINE, style: str = "quiet") -> Line:
        """Words in the middle; `line` is what the life lines look like beside them."""
        words = fit(words, self.room)
        inner = Line()
        inner.to((self.within - Line(words).width) // 2, gap=0).add(words, style)
        return self._laid(None, inner, {}, line=line)

    def end(self, side: Side) -> None:
        """From here on this side sends nothing more."""
        self.ended.add(side)
        self.amid[side] = False

    def _laid(
        self,
        gutter: Line | None,
        inner: Line,
        brackets: dict[Side, str],
        start: Side | None = None,
        line: str = LINE,
    ) -> Line:
        """One line of the ladder. `start` is the side that an arrow begins at."""
        laid = Line()
        if gutter is not None:
            laid.join(gutter)
        for side in SIDES:
            if side == "server":
                laid.to(self.line_at["client"] + 1, gap=0).join(inner)
                laid.to(self.line_at["server"], gap=0)
                laid.add(self._rail(side, start, line), "quiet")
            bracket = brackets.get(side) or ("│" if self.amid[side] else "")
            if bracket:
                laid.to(self.bracket_at[side], gap=0).add(bracket, side)
            if side == "client":
                laid.to(self.line_at["client"], gap=0)
                laid.add(self._rail(side, start, line), "quiet")
        return laid

    def _rail(self, side: Side, start: Side | None, line: str) -> str:
        if side in self.ended:
            return ENDED
        if side == start:
            return "├" if side == "client" else "┤"
        return line
