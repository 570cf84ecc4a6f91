"""The plots of a lesson, drawn again from what the learner captured when they took it."""

from __future__ import annotations

from pathlib import Path

from lessons.course.course import Course
from lessons.course.home import Home
from lessons.course.model import Bars, Lanes, Lesson, LessonError, Missing, Show
from lessons.course.progress import Progress
from lessons.course.runner import Run, blocks
from lessons.course.session import Session
from lessons.course.words import UnknownFact, fill


def plots(lesson: Lesson, course: Course, home: Home, progress: Progress) -> list[Bars | Lanes]:
    """Those that its captures still hold. Raises `Missing` where they hold none, and says why."""
    shows = [each for each in blocks(lesson) if isinstance(each, Show) and each.what == "plot"]
    if not shows:
        return []
    state = progress[lesson.slug]
    here = [path for name in state.captures if (path := _capture(home, name)).is_file()]
    if not here:
        raise Missing("its captures are not in this folder any more")
    # Nothing is started: an experiment asks a session for what it knows, not for what runs.
    session = Session(lesson, home, earlier=tuple(here), notes=dict(state.notes))
    try:
        run = Run(course, lesson, session, progress)
        facts = run.facts()
        return [told for show in shows if (told := _plot(run, show, facts)) is not None]
    except LessonError as fault:
        raise Missing(f"they can't be drawn again ({fault.words})") from None


def _capture(home: Home, name: str) -> Path:
    """A capture by its name; the folder of captures is never left."""
    return home.captures / Path(name).name


def _plot(run: Run, show: Show, facts: dict[str, object]) -> Bars | Lanes | None:
    try:
        return run.experiment.PLOTS[fill(show.arguments[0], facts)](run.evidence(), run.session)
    except (Missing, UnknownFact):
        return None
    except Exception as fault:  # a capture that no lesson has seen before
        words = f"{type(fault).__name__}: {fault}"
        raise LessonError(run.lesson.slug, words) from fault
