"""A lesson's plots, drawn: bars to compare amounts, lanes to see when things happened.

Every plot has its twin in words, made from the same values, so it can't be forgotten: the numbers
stand beside the bars, and a sentence below says what the picture shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import isfinite, log10
from typing import Final

from inspector.screen.bars import bar
from inspector.screen.lines import Line, fit
from inspector.screen.words import lapse
from lessons.course.model import Bars, Lanes
from lessons.course.words import sentence

WIDTH: Final = 78
MOST_LABEL: Final = 28
AT: Final = 2
MARK: Final = "●"
MANY: Final = "+"
"""Stands where more than nine marks share a cell; up to nine are counted by a digit."""
FARTHEST: Final = 1e12
"""What is smaller than the largest by more than this has no length on a logarithmic scale."""


def plot(told: Bars | Lanes) -> Iterator[Line]:
    """The plot as lines of at most `WIDTH` cells, its twin in words last."""
    yield from bars(told) if isinstance(told, Bars) else lanes(told)


def _label_width(labels: tuple[str, ...]) -> int:
    return min(MOST_LABEL, max((Line(label).width for label in labels), default=0))


# Amounts


def bars(told: Bars) -> Iterator[Line]:
    """A bar a line, as long as its value is large, the number behind it."""
    scale = ", each step to the right ten times as much" if told.log else ""
    yield Line().to(AT).add(f"{told.title} ({told.unit}{scale})", "title")
    rows = known_rows(told)
    if not rows:
        yield Line().to(AT).add("(nothing was measured)", "quiet")
        return
    numbers = [told.number(value) for _, value in rows]
    wide = _label_width(tuple(label for label, _ in rows))
    room = WIDTH - AT - wide - 2 - max(map(len, numbers)) - 1
    longs = lengths(told)
    for (label, _), length, number in zip(rows, longs, numbers, strict=True):
        line = Line().to(AT).add(fit(label, wide)).to(AT + wide + 2)
        drawn = bar(length, 1.0, room)
        if drawn:
            line.add(drawn, "client").add(" ")
        yield line.add(number, "value")
    yield from _indented(in_words(told))


def known_rows(told: Bars) -> list[tuple[str, float]]:
    """Its rows that have a length at all."""
    return [(label, value) for label, value in told.rows if isfinite(value)]


def lengths(told: Bars) -> list[float]:
    """How long each bar is, the longest that there may be being 1. On a logarithmic scale it begins
    at a tenth of the least value that is not 0."""
    values = [value for _, value in known_rows(told)]
    most = max([*values, told.whole])
    if not told.log:
        return [value / most if most > 0 else 0.0 for value in values]
    least = max(min((value for value in values if value > 0), default=1.0), most / FARTHEST)
    decades = log10(most / least) + 1 if most > 0 else 1.0
    tall = [max(0.0, log10(value / least) + 1) if value > 0 else 0.0 for value in values]
    return [length / decades for length in tall]


def in_words(told: Bars) -> str:
    """What the bars show: the least, the most, and how far they are apart."""
    rows = [(value, label) for label, value in known_rows(told)]
    if len(rows) < 2:
        return ""
    least, most = min(rows, key=lambda row: row[0]), max(rows, key=lambda row: row[0])
    if least[0] == most[0]:
        return f"In words: all the same, {told.number(least[0])}."
    words = f"In words: least {least[1]}, {told.number(least[0])}; "
    words += f"most {most[1]}, {told.number(most[0])}"
    if least[0] > 0 and (times := most[0] / least[0]) >= 1.05:
        words += f", {times:,.1f} times as much" if times < 10 else f", {times:,.0f} times as much"
    return f"{words}."


# Times


def lanes(told: Lanes) -> Iterator[Line]:
    """A life line a row, from left to right, a mark wherever something happened."""
    yield Line().to(AT).add(told.title, "title")
    wide = _label_width(tuple(label for label, _ in told.rows))
    at = AT + wide + 2
    room = WIDTH - at
    for label, times in told.rows:
        line = Line().to(AT).add(fit(label, wide)).to(at)
        for mark in marks(times, told.seconds, room):
            line.add(mark, "quiet" if mark == "-" else "value")
        yield line
    end = lapse(told.seconds)
    yield Line().to(at).add("0", "quiet").to(at + room - len(end)).add(end, "quiet")
    yield from _indented(when(told))


def marks(times: Iterable[float], seconds: float, room: int) -> list[str]:
    """A life line of so many cells, each with its mark."""
    span = max(seconds, 1e-9)
    cells = [0] * room
    for time in seen_in(times, seconds):
        cells[min(room - 1, int(time / span * room))] += 1
    return [_mark(many) for many in cells]


def seen_in(times: Iterable[float], seconds: float) -> list[float]:
    """Those of the times that the picture shows, in order."""
    return sorted(time for time in times if 0 <= time <= max(seconds, 1e-9))


def _mark(many: int) -> str:
    if many <= 1:
        return MARK if many else "-"
    return str(many) if many <= 9 else MANY


def when(told: Lanes) -> str:
    """What the lanes show: how often, from when to when, and the longest silence between."""
    parts = []
    for label, times in told.rows:
        seen = seen_in(times, told.seconds)
        if not seen:
            parts.append(f"{label} never")
            continue
        words = f"{label} {len(seen)}"
        if len(seen) > 1:
            longest = max(later - sooner for sooner, later in pairwise(seen))
            words += f", {lapse(longest)}"
        parts.append(words)
    return f"In words, how often and the longest pause: {'; '.join(parts)}." if parts else ""


def _indented(words: str) -> Iterator[Line]:
    for line in sentence(words, WIDTH - AT) if words else ():
        yield Line().to(AT).join(Line().add(line.plain, "quiet"))
