"""Which lessons there are, and the code that belongs to one.

A lesson's folder is found by its name and nothing else lists lessons. Its modules are loaded as a
package of their own, so that `from .shelves import ...` works although no package may be named
`03_...`.
"""

from __future__ import annotations

import importlib
import sys
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Final, cast

from lessons.course.markdown import lesson_number, read_lesson
from lessons.course.model import Experiment, Lesson, LessonError

LESSONS: Final = Path(__file__).resolve().parents[1]


class NoSuchLesson(Exception):
    """There is no lesson of that name; the message says which there are."""


class Course:
    """The lessons in a folder, read when first asked for."""

    def __init__(self, root: Path = LESSONS) -> None:
        self.root = root

    @cached_property
    def lessons(self) -> tuple[Lesson, ...]:
        """All of them, by number. Raises `LessonError`."""
        folders = sorted(
            path
            for path in self.root.iterdir()
            if path.is_dir() and lesson_number(path) is not None and any(path.glob("*.md"))
        )
        lessons = tuple(read_lesson(folder) for folder in folders)
        for one, other in pairwise(lessons):
            if one.number == other.number:
                raise LessonError(other.slug, f"the number is taken by {one.slug}")
        return lessons

    def find(self, name: str) -> Lesson:
        """The lesson called `3`, `03`, `handshake`, `03_handshake`, or a part of it: `store`."""
        wanted = name.strip().lower()
        for lesson in self.lessons:
            number, _, slug = lesson.slug.partition("_")
            if wanted in (str(lesson.number), number, slug, lesson.slug):
                return lesson
        parts = [lesson for lesson in self.lessons if wanted and wanted in lesson.slug]
        if len(parts) == 1 and not wanted.isdecimal():
            return parts[0]
        known = ", ".join(str(lesson.number) for lesson in self.lessons)
        raise NoSuchLesson(f"there is no lesson {name!r}; there are {known}")

    def after(self, lesson: Lesson) -> Lesson | None:
        """The lesson that comes next."""
        later = (other for other in self.lessons if other.number > lesson.number)
        return next(later, None)


def load(lesson: Lesson, name: str) -> ModuleType:
    """The lesson's own module, such as `experiment`. Raises `LessonError` if it can't be loaded."""
    package = f"ws101_lesson_{lesson.slug}_{abs(hash(lesson.folder)):x}"
    if package not in sys.modules:
        made = ModuleType(package)
        made.__path__ = [str(lesson.folder)]
        sys.modules[package] = made
    try:
        return importlib.import_module(f"{package}.{name}")
    except Exception as fault:
        where = f"{lesson.slug}/{name}.py"
        raise LessonError(where, f"{type(fault).__name__}: {fault}") from fault


def experiment_of(lesson: Lesson) -> Experiment:
    """The lesson's experiment; `TABLES` and `PLOTS` are there even where it left them out."""
    module = load(lesson, "experiment")
    for name in ("ACTIONS", "facts", "claims"):
        if not hasattr(module, name):
            raise LessonError(f"{lesson.slug}/experiment.py", f"it has no {name}")
    for name in ("TABLES", "PLOTS"):
        if not hasattr(module, name):
            setattr(module, name, {})
    return cast(Experiment, module)
