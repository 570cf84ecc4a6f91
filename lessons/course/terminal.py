"""A terminal of 80x24, or any other: lines on it, a prompt below them, keys from it.

Nothing is drawn over: a screen is cleared when a step begins and grows downwards from there, so
that a screen reader and a scroll-back have it all in order. What is longer than the screen stops at
its lower edge and waits for a key.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable
from typing import Final, TextIO

from inspector.screen.lines import Line, fit
from inspector.screen.paper import Paper
from inspector.screen.theme import wants_colour
from lessons.course.keyboard import Keyboard

CLEAR_SCREEN: Final = "\x1b[H\x1b[2J"
CLEAR_LINE: Final = "\r\x1b[K"
GOES_ON: Final = ("enter", "space", "down", "page down", "right")
SMALLEST: Final = 10
"""Rows below which nothing is paged."""
SLACK: Final = 2
"""Rows that may scroll away for a last line or two: a heading, or what was read before."""


class Terminal:
    """Where a learner sits."""

    def __init__(self, keyboard: Keyboard, stream: TextIO = sys.stdout) -> None:
        self.keyboard = keyboard
        self.stream = stream
        self.paper = Paper(stream, self.columns, wants_colour(stream), live=True)
        self.dumb = os.environ.get("TERM", "dumb") in ("dumb", "unknown")
        self.otherwise: Callable[[str], object] = lambda key: None
        """Called with keys that don't go on, while a long text waits at the screen's edge."""
        self._used = 0
        self._slack = SLACK
        self._prompt = 0
        self._owed = False
        """An empty line was left out at the lower edge."""
        self._behind = False
        """Nothing was written since a key was pressed."""
        self._above = ""
        """The last line that is not empty."""
        self._apart = False
        """An empty line, written or owed, is the last one: what comes begins a paragraph."""

    @property
    def columns(self) -> int:
        return shutil.get_terminal_size((80, 24)).columns

    @property
    def rows(self) -> int:
        return shutil.get_terminal_size((80, 24)).lines

    def clear(self) -> None:
        """A fresh screen."""
        self.end_prompt()
        self.paper.text("\n" if self.dumb else CLEAR_SCREEN)
        self._used = 0
        self._slack = SLACK
        self._owed = self._behind = self._apart = False

    def lines(self, lines: Iterable[Line]) -> None:
        """Write lines; stop near the lower edge of the screen until a key is pressed, between two
        paragraphs where one ends there. Nobody is stopped for empty lines, nor for the last one or
        two."""
        self.end_prompt()
        given = list(lines)
        rest, written = self._squeezed(given), None
        left = sum(map(self._takes, rest))
        stop = self._stop(rest)
        for number, line in enumerate(rest):
            takes = self._takes(line)
            left -= takes
            full = self._used and self.rows >= SMALLEST and (takes > self._free or number == stop)
            self._apart = not line.width
            if full and not line.width:
                self._owed = True
                continue
            if full and left + takes <= self._slack:
                self._slack -= takes
            elif full:
                self._more()
                stop = self._stop(rest, number)
            if self._owed and self._behind and line.width:
                self.paper.lines([Line()])  # what stands apart still does, behind a pause
                self._used += 1
            self._owed = self._behind = False
            self.paper.lines([line])
            self._used = min(self._used + takes, self.rows - 1)
            written = line
            self._above = line.plain if line.width else self._above
        if given and not given[-1].width and written is not given[-1]:
            self._owed = self._apart = True

    def _stop(self, lines: list[Line], start: int = 0) -> int | None:
        """Which line is better kept for the next screen, with all that follow: the first of a
        paragraph that this screen has no room for. None if they fit, or if too much of the screen
        would stay empty. What ends with a colon stays with what it announces."""
        if sum(map(self._takes, lines[start:])) <= self._free + self._slack:
            return None
        rows, best = 0, None
        if not start and self._apart and self._free <= self.rows // 3 and lines[0].width:
            best = None if self._above.endswith(":") else 0
        for number in range(start, len(lines)):
            if (rows := rows + self._takes(lines[number])) > self._free:
                break
            begins = not lines[number].width and number + 1 < len(lines)
            before = lines[number - 1].plain if number else self._above
            if begins and not before.endswith(":"):
                best = number + 1 if self._free - rows <= self.rows // 3 else None
        return best

    @property
    def _free(self) -> int:
        return self.rows - 1 - self._used

    def _takes(self, line: Line) -> int:
        """The rows that a line fills."""
        return max(1, -(-line.width // max(1, self.columns)))

    def _squeezed(self, lines: list[Line]) -> list[Line]:
        """Lines without as many empty ones as are too many, the last ones first; with all of them
        where that is not enough. What was read scrolls away before any is missed."""
        over = sum(map(self._takes, lines)) - self._free - (self._slack if self._behind else 0)
        empty = [number for number, line in enumerate(lines) if not line.width]
        if not 0 < over <= len(empty):
            return lines
        dropped = set(empty[-over:])
        return [line for number, line in enumerate(lines) if number not in dropped]

    def _more(self, words: str = "-- more: Enter") -> None:
        self.prompt(Line(words, "quiet"))
        while (key := self.keyboard.key()) not in GOES_ON:
            self.otherwise(key or "")
        self.end_prompt()
        self.read()

    def read(self) -> None:
        """All that stands here was read: nobody is stopped before it scrolls away, as far as what
        comes needs the room. A little of it stays in view."""
        self._used = min(self._used, 2)
        self._slack = SLACK
        self._behind = True

    def keep_together(self, lines: list[Line]) -> None:
        """Write lines on one screen: on a fresh one if this one has no room for them and that one
        has."""
        needed = sum(self._takes(line) for line in self._squeezed(lines))
        if self._free + self._slack < needed < self.rows:
            self._more("[Enter] go on, on a fresh screen")
            self.clear()
        self.lines(lines)

    def beside(self, lines: list[Line]) -> None:
        """Write lines that are looked at together, unless much of this screen would stay empty."""
        if self._free < self.rows // 3:
            self.keep_together(lines)
        else:
            self.lines(lines)

    def aside(self, lines: list[Line]) -> None:
        """Write lines at once, whatever scrolls away at the top."""
        self.end_prompt()
        self.paper.lines(lines)
        self._used = min(self.rows - 1, self._used + len(lines))

    def prompt(self, line: Line) -> None:
        """What is asked, on the last line; the next prompt takes its place."""
        if not self.prompts(line.plain):
            line = Line(fit(line.plain, self.columns - 2))
        text = line.ansi if self.paper.colour else line.plain
        start = self._blank()
        self.paper.text(f"{start}{text} ")
        self._prompt = line.width + 1

    def prompts(self, words: str) -> bool:
        """Whether a prompt has room for these words."""
        return Line(words).width <= self.columns - 2

    def end_prompt(self) -> None:
        """Take the prompt away."""
        if self._prompt:
            self.paper.text(self._blank())
            self._prompt = 0

    def _blank(self) -> str:
        """What empties the last line."""
        return "\r" + " " * self._prompt + "\r" if self.dumb else CLEAR_LINE

    def key(self, seconds: float | None = None, wakes: tuple[int, ...] = ()) -> str | None:
        return self.keyboard.key(seconds, wakes)
