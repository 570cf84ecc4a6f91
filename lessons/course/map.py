"""The map of the course: every lesson, how far it is, what comes next."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final

from inspector.screen.lines import Line, fit
from lessons.course.course import Course
from lessons.course.model import Lesson
from lessons.course.program import command
from lessons.course.progress import LessonState, Progress

ONE_COLUMN: Final = 9
"""Up to so many lessons stand in one column."""
DAY: Final = 24 * 3600


def following(course: Course, progress: Progress) -> Lesson:
    """Where to go on: the lesson last seen if it isn't done, else the first that isn't, else the
    first whose exercise is open."""
    lessons = course.lessons
    last = next((lesson for lesson in lessons if lesson.slug == progress.last), None)
    if last and not progress[last.slug].done:
        return last
    later = [lesson for lesson in lessons if not last or lesson.number > last.number]
    undone = [lesson for lesson in (*later, *lessons) if not progress[lesson.slug].done]
    is_open = [each for each in lessons if exercise_open(each, progress[each.slug])]
    return next(iter((*undone, *is_open)), last or lessons[0])


def exercise_open(lesson: Lesson, state: LessonState) -> bool:
    """Is there an exercise that does not pass yet?"""
    return lesson.has_exercise and not state.exercise.passed


def next_words(lesson: Lesson, state: LessonState) -> str:
    """What comes next: `step 2 of 6 of lesson 3 The handshake`."""
    if not state.done or state.step:
        at = f"step {state.step + 1} of {len(lesson.steps)} of " if state.step else ""
        return f"{at}lesson {lesson}"
    if exercise_open(lesson, state):
        return f"the exercise of lesson {lesson}: {command('check', lesson.number)}"
    return "nothing is left. All lessons are done, all exercises pass"


def drawn_map(course: Course, progress: Progress, here: Lesson) -> Iterator[Line]:
    """The map, `>` before the lesson that comes next."""
    yield Line("ws101: the course of WebSocket, read off your own wire", "title")
    yield Line()
    lessons = course.lessons
    if len(lessons) <= ONE_COLUMN:
        for lesson in lessons:
            yield _entry(lesson, progress[lesson.slug], lesson == here, 34, in_full=True)
    else:
        rows = -(-len(lessons) // 2)
        for left, right in zip(lessons[:rows], [*lessons[rows:], None], strict=False):
            line = _entry(left, progress[left.slug], left == here, 28)
            if right:
                entry = _entry(right, progress[right.slug], right == here, 28)
                line.to(40, gap=0).join(entry)
            yield line
    yield Line()
    sign = "*" if len(lessons) > ONE_COLUMN else ""
    yield Line("  ").add(summary(lessons, progress, sign), "quiet")


def _entry(
    lesson: Lesson, state: LessonState, here: bool, width: int, *, in_full: bool = False
) -> Line:
    line = Line("> " if here else "  ", "title").add(f"{lesson.number:>2} ")
    line.add(fit(lesson.title, width - 1), "title" if here else "").to(5 + width, gap=0)
    return line.add(state_words(lesson, state, in_full), "quiet")


def state_words(lesson: Lesson, state: LessonState, in_full: bool) -> str:
    """`done`, `step 2`, and what of the exercise: in words, or `*` where it passes."""
    words = "done" if state.done else f"step {state.step + 1}" if state.captures else ""
    if lesson.has_exercise and (state.done or state.exercise.tries):
        passed = state.exercise.passed
        if in_full:
            words += ", exercise passes" if passed else ", exercise open"
        elif state.done:
            words += " *" if passed else ""
    return words.removeprefix(", ").strip()


def summary(lessons: Sequence[Lesson], progress: Progress, sign: str = "") -> str:
    """`done 3 of 19 · exercises 1 of 16 (*) · last here: yesterday`; `sign` marks exercises."""
    states = [progress[lesson.slug] for lesson in lessons]
    exercises = [lesson for lesson in lessons if lesson.has_exercise]
    passed = sum(progress[lesson.slug].exercise.passed for lesson in exercises)
    done = sum(state.done for state in states)
    words = f"done {done} of {len(lessons)} · exercises {passed} of {len(exercises)}"
    words += f" ({sign})" if sign else ""
    last = max((state.at for state in states), default=0.0)
    return f"{words} · last here: {ago(last)}" if last else words


def ago(then: float, now: float | None = None) -> str:
    """When that was, by the calendar: `today`, `yesterday`, `5 days ago`."""
    now = time.time() if now is None else now
    midnight = time.mktime((*time.localtime(now)[:3], 0, 0, 0, 0, 0, -1))
    if then >= midnight:
        return "today"
    days = int((midnight - then) // DAY) + 1
    return "yesterday" if days == 1 else f"{days} days ago"
