"""The map of the course, small and large."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lessons.course.course import Course
from lessons.course.home import Home
from lessons.course.map import ago, drawn_map, following, next_words
from lessons.course.progress import LessonState, Progress


def course_of(tmp_path: Path, count: int) -> Course:
    for number in range(count):
        folder = tmp_path / f"{number:02}_lesson"
        folder.mkdir()
        title = f"Lesson with quite a long title {number}"
        (folder / "en.md").write_text(f"# {title}\n\nQ?\n\n## S\n\nw\n", "utf-8")
        (folder / "exercise.py").touch()
    return Course(tmp_path)


def done(state: LessonState) -> None:
    state.done = True
    state.exercise.passed = True


@pytest.mark.parametrize("count", [1, 4, 10, 11, 19, 20])
def test_it_fits_80x24_however_many_lessons(tmp_path: Path, count: int) -> None:
    course = course_of(tmp_path, count)
    progress = Progress(Home(tmp_path / "home"))
    for lesson in course.lessons[::2]:
        progress.change(lesson.slug, done)
    lines = [line.plain for line in drawn_map(course, progress, course.lessons[0])]
    assert len(lines) <= 24 - 8
    assert max(map(len, lines)) <= 80
    numbers = [word for line in lines for word in line.split() if word.isdecimal()]
    assert {str(lesson.number) for lesson in course.lessons} <= set(numbers)
    finished = -(-count // 2)
    assert f"done {finished} of {count} · exercises {finished} of {count}" in lines[-1]
    assert "last here: today" in lines[-1]


def test_where_to_go_on(tmp_path: Path) -> None:
    course = course_of(tmp_path, 4)
    progress = Progress(Home(tmp_path / "home"))
    zero, one, two, three = course.lessons
    assert following(course, progress) == zero
    progress.change(two.slug, lambda state: None)
    assert following(course, progress) == two  # not done yet
    progress.change(two.slug, done)
    assert following(course, progress) == three
    progress.change(three.slug, done)
    assert following(course, progress) == zero  # what was passed over
    for lesson in (zero, one):
        progress.change(lesson.slug, done)
    assert following(course, progress) == one  # all done: where we were
    assert next_words(one, progress[one.slug]).startswith("nothing is left")
    progress.change(two.slug, lambda state: setattr(state.exercise, "passed", False))
    assert following(course, progress) == two  # but for its exercise
    words = next_words(two, progress[two.slug])
    assert words.startswith(f"the exercise of lesson {two}: ")
    assert words.endswith("check 2")


def test_a_step_is_told_where_one_was_taken(tmp_path: Path) -> None:
    course = course_of(tmp_path, 2)
    progress = Progress(Home(tmp_path / "home"))
    zero, one = course.lessons
    progress.change(zero.slug, lambda state: setattr(state.exercise, "tries", 1))
    progress.change(one.slug, lambda state: setattr(state, "captures", ["x.pcapng"]))
    lines = [line.plain for line in drawn_map(course, progress, zero)]
    first, second = (next(line for line in lines if f" {n} Lesson" in line) for n in (0, 1))
    assert first.endswith("exercise open")
    assert "step" not in first
    assert second.endswith("step 1")


def test_when_that_was() -> None:
    noon = time.mktime((2026, 3, 30, 12, 0, 0, 0, 0, -1))
    for hours, words in ((0, "today"), (11, "today"), (13, "yesterday"), (35, "yesterday"),
                         (37, "2 days ago"), (24 * 30, "30 days ago")):  # fmt: skip
        assert ago(noon - hours * 3600, noon) == words
