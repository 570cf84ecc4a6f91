"""A verdict, drawn: which check passed, and of the first that did not, where and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len

from inspector.screen.lines import Line
from lessons.course.checks import Check, Verdict
from lessons.course.home import Home
from lessons.course.program import command
from lessons.course.words import TEXT_WIDTH, wrap_whole

SIGNS: Final = {"pass": ("pass", "text"), "fail": ("FAIL", "error"), "not run": ("--  ", "quiet")}
DETAIL_AT: Final = 8
OUTPUT_LINES: Final = 8


def report(verdict: Verdict, home: Home, *, hints: bool = True) -> Iterator[Line]:
    """The whole verdict."""
    lesson = verdict.lesson
    exercise = home.shown(home.exercise(lesson))
    title = Line(str(lesson), "title").add("   ")
    at = title.width
    for number, text in enumerate(wrap_whole(exercise, TEXT_WIDTH + 4 - at)):
        yield (Line().to(at) if number else title).add(text, "quiet")
    yield Line()
    first = verdict.first_failure
    for check in verdict.checks:
        sign, style = SIGNS[check.status]
        for number, text in enumerate(wrap_whole(check.title, TEXT_WIDTH - 8)):
            line = Line("  ").add(sign, style) if not number else Line()
            yield line.to(DETAIL_AT, gap=0).add(text)
        if check is first:
            yield from detail(check)
    if verdict.words:
        yield Line()
        for text in wrap_whole(verdict.words, TEXT_WIDTH - 2):
            yield Line("  ").add(text, "error")
    yield Line()
    yield from tally(verdict, hints)


def detail(check: Check) -> Iterator[Line]:
    """Where, expected, got, the section; and what the learner's code printed."""
    miss = check.miss
    yield Line()
    for text in miss.where.split("\n") if miss.where else ():
        yield from _lines(text)
    for text in miss.picture():
        yield from _lines(f"  {text}")
    if miss.expected or miss.got:
        yield from _lines(miss.expected, "expected  ")
        yield from _lines(miss.got, "got       ", "value")
    for text in filter(None, (miss.words, miss.rule)):
        yield from _lines(text)
    if check.output.strip():
        yield Line()
        yield Line().to(DETAIL_AT).add("your code printed:", "quiet")
        printed = check.output.rstrip("\n").split("\n")
        for text in printed[:OUTPUT_LINES]:
            yield from _lines(f"  {text}")
        if len(printed) > OUTPUT_LINES:
            yield from _lines(f"  ... and {len(printed) - OUTPUT_LINES} lines more")
    yield Line()


def _lines(text: str, label: str = "", style: str = "") -> Iterator[Line]:
    """Detail, indented; what is wrapped stands under its own beginning."""
    at = DETAIL_AT + len(label)
    for number, part in enumerate(wrap_whole(text, TEXT_WIDTH + 4 - at) or [""]):
        line = Line().to(DETAIL_AT, gap=0)
        yield line.add(label if not number else "", "quiet").to(at, gap=0).add(part, style)


def tally(verdict: Verdict, hints: bool) -> Iterator[Line]:
    """How many passed, and what to do next."""
    passed = verdict.right
    number = verdict.lesson.number
    if verdict.passed:
        many = "its one check passes" if passed == 1 else f"all {passed} checks pass"
        solution = f"one solution: {command('check', number, '--solution')}"
        yield from _and_then(f"{many}.", "text", solution)
        return
    told = f"{passed} of {len(verdict.checks)} checks pass."
    hint = f"a hint: {command('check', number, '--hint')}" if hints and verdict.lesson.hints else ""
    yield from _and_then(told, "", hint)


def _and_then(told: str, style: str, more: str) -> Iterator[Line]:
    """What came out, and what to type next: beside it where there is room, else below."""
    line = Line("  ").add(told, style)
    if more and line.width + 3 + cell_len(more) <= TEXT_WIDTH + 4:
        line.add(f"   {more}")
        more = ""
    yield line
    yield from (Line("  ").add(text) for text in wrap_whole(more, TEXT_WIDTH) if more)
