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
        self._prompt = 0

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

    def lines(self, lines: Iterable[Line]) -> None:
        """Write lines; stop at the lower edge of the screen until a key is pressed."""
        self.end_prompt()
        for line in lines:
            takes = max(1, -(-line.width // max(1, self.columns)))
            if self._used and self.rows >= SMALLEST and self._used + takes > self.rows - 1:
                self._more()
            self.paper.lines([line])
            self._used += takes

    def _more(self) -> None:
        self.prompt(Line("-- more: Enter", "quiet"))
        while (key := self.keyboard.key()) not in GOES_ON:
            self.otherwise(key or "")
        self.end_prompt()
        self._used = 2  # a little of what was there stays in view

    def keep_together(self, lines: list[Line]) -> None:
        """Write lines on one screen, on a fresh one if this one has no room for them."""
        if self._used and self._used + len(lines) > self.rows - 1:
            self._more()
            self.clear()
        self.lines(lines)

    def aside(self, lines: list[Line]) -> None:
        """Write lines at once, whatever scrolls away at the top."""
        self.end_prompt()
        self.paper.lines(lines)
        self._used = min(self.rows - 1, self._used + len(lines))

    def prompt(self, line: Line) -> None:
        """What is asked, on the last line; the next prompt takes its place."""
        if line.width > self.columns - 2:
            line = Line(fit(line.plain, self.columns - 2))
        text = line.ansi if self.paper.colour else line.plain
        start = self._blank()
        self.paper.text(f"{start}{text} ")
        self._prompt = line.width + 1

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
