"""The lower edge of a screen: where a reader is stopped, and what is seen on either side of it."""

from __future__ import annotations

import os
import re
import select
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from inspector.screen.lines import Line
from lessons.course.course import Course
from lessons.course.desk import Desk
from lessons.course.home import Home
from lessons.course.keyboard import Keyboard
from lessons.course.progress import Progress
from lessons.course.runner import Run
from lessons.course.session import Session
from lessons.course.terminal import Terminal


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Terminal, StringIO]]:
    """A terminal of 12 rows at which somebody has pressed Enter already."""
    monkeypatch.setenv("LINES", "12")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    reader, writer = os.pipe()
    os.write(writer, b"\r\r\r")
    shown = StringIO()
    yield Terminal(Keyboard(reader), shown), shown
    os.close(reader)
    os.close(writer)


def told(shown: StringIO) -> list[str]:
    """What stands on the screen in the end, prompts aside."""
    return re.sub(r"\r *\r|-- more: Enter ", "", shown.getvalue()).split("\n")


def test_what_stands_apart_still_does_behind_a_pause(typed: tuple[Terminal, StringIO]) -> None:
    terminal, shown = typed
    table = [Line(f"row {number}") for number in range(11)]
    terminal.lines([*table, Line()])
    terminal.lines([Line(f"word {number}") for number in range(5)])
    lines = told(shown)
    assert shown.getvalue().count("-- more") == 1
    at = lines.index("row 10")
    assert lines[at : at + 3] == ["row 10", "", "word 0"]


def test_a_paragraph_that_begins_behind_a_pause_stands_apart(
    typed: tuple[Terminal, StringIO],
) -> None:
    terminal, shown = typed
    above = [Line(f"above {number}") for number in range(11)]
    terminal.lines([*above, Line(), *(Line(f"below {number}") for number in range(5))])
    lines = told(shown)
    assert shown.getvalue().count("-- more") == 1
    at = lines.index("above 10")
    assert lines[at : at + 3] == ["above 10", "", "below 0"]


def paragraph(name: str, lines: int) -> list[Line]:
    return [Line(f"{name} {number}") for number in range(lines)]


def pauses_after(shown: StringIO) -> list[str]:
    """The last line with words before each pause."""
    return [part.strip().splitlines()[-1] for part in shown.getvalue().split("-- more")[:-1]]


def test_a_pause_falls_between_two_paragraphs(typed: tuple[Terminal, StringIO]) -> None:
    terminal, shown = typed
    terminal.lines([*paragraph("one", 8), Line(), *paragraph("two", 6)])
    assert pauses_after(shown) == ["one 7"]


def test_a_pause_that_would_leave_much_of_the_screen_empty_falls_at_its_edge(
    typed: tuple[Terminal, StringIO],
) -> None:
    terminal, shown = typed
    terminal.lines([*paragraph("one", 4), Line(), *paragraph("two", 12)])
    assert pauses_after(shown) == ["two 5"]


def test_what_ends_with_a_colon_stays_with_what_it_announces(
    typed: tuple[Terminal, StringIO],
) -> None:
    terminal, shown = typed
    terminal.lines([*paragraph("one", 6), Line(), Line("like this:"), Line(), *paragraph("two", 6)])
    assert pauses_after(shown) == ["one 5"]


def test_a_paragraph_that_has_no_room_begins_behind_the_pause(
    typed: tuple[Terminal, StringIO],
) -> None:
    terminal, shown = typed
    terminal.lines([*paragraph("one", 8), Line()])
    terminal.lines([*paragraph("two", 6), Line(), *paragraph("three", 2)])
    assert pauses_after(shown) == ["one 7"]


def test_what_is_announced_begins_before_the_pause(typed: tuple[Terminal, StringIO]) -> None:
    terminal, shown = typed
    terminal.lines([*paragraph("one", 7), Line("like this:"), Line()])
    terminal.lines(paragraph("two", 6))
    assert pauses_after(shown) == ["two 1"]


def test_what_is_announced_stays_with_it_though_an_empty_line_comes_on_its_own(
    typed: tuple[Terminal, StringIO],
) -> None:
    terminal, shown = typed
    terminal.lines([*paragraph("one", 7), Line("like this:")])
    terminal.lines([Line(), *paragraph("two", 6)])
    assert pauses_after(shown) == ["two 1"]


def test_nobody_is_stopped_before_what_they_have_read_scrolls_away(
    typed: tuple[Terminal, StringIO],
) -> None:
    terminal, shown = typed
    terminal.lines([*paragraph("one", 10), Line(), Line("a question")])
    terminal.read()
    terminal.keep_together([*paragraph("two", 9), Line()])
    assert "[Enter]" not in shown.getvalue()
    terminal.lines(paragraph("three", 4))
    assert pauses_after(shown) == ["two 8"]


def test_an_empty_line_that_is_owed_comes_behind_a_key(typed: tuple[Terminal, StringIO]) -> None:
    terminal, shown = typed
    terminal.lines([*paragraph("one", 11), Line()])
    terminal.read()
    terminal.lines(paragraph("two", 2))
    lines = told(shown)
    at = lines.index("one 10")
    assert lines[at : at + 3] == ["one 10", "", "two 0"]


def test_nobody_is_stopped_for_an_empty_line(typed: tuple[Terminal, StringIO]) -> None:
    terminal, shown = typed
    terminal.lines([*(Line(f"row {number}") for number in range(11)), Line()])
    assert "-- more" not in shown.getvalue()


def test_a_bell_that_rang_is_heard_whatever_is_waited_for(
    typed: tuple[Terminal, StringIO], tmp_path: Path
) -> None:
    """Or the runner would turn in circles: at the exercise it waits for a saved file, while pings
    go on on the wire."""
    course = Course()
    lesson = course.find("3")
    home = Home(tmp_path / "home")
    terminal, _ = typed
    with Session(lesson, home) as session:
        desk = Desk(Run(course, lesson, session, Progress(home)), terminal)
        os.read(terminal.keyboard.descriptor, 16)  # nobody presses a key
        session.get("/health")
        session.wait_for(lambda evidence: bool(evidence.http and evidence.http[0].body), "it")
        session.recording._follower._ring()  # type: ignore[union-attr]
        looks = iter((False, False, True))
        assert desk.wait("waiting", until=lambda: next(looks)) == ""
        wake = session.wake
        assert wake is not None
        assert select.select([wake], [], [], 0)[0] == []
