"""Progress on its way: to a file, back from one, and begun anew. Nothing that was there is lost.

An exported file is JSON for another machine, or for safety:

    {"ws101": "progress", "version": 1, "at": ..., "progress": {...}, "exercises": {...}}

`progress` is what `progress.json` holds, `exercises` what the learner wrote, by the name of the
lesson. Captures stay where they are: they can be large, and hold what was said.

Such a file is a stranger's until it was read: lessons are found by name among ours, so no path of
it is ever followed.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lessons.course.course import Course
from lessons.course.home import Home, write_whole
from lessons.course.model import Lesson
from lessons.course.progress import NewerProgress, Progress, remembered

KIND: Final = "progress"
VERSION: Final = 1
LARGEST: Final = 16 * 1024 * 1024
"""Bytes of a file that is read; nobody writes that much in a course."""
LARGEST_EXERCISE: Final = 256 * 1024


class NotProgress(Exception):
    """What was given is no exported progress; says why."""


@dataclass(slots=True)
class Brought:
    """What an import changed: lines for the learner."""

    lessons: int = 0
    exercises: int = 0
    kept: list[Path] = field(default_factory=list)
    """What was there before, under these names."""
    unknown: list[str] = field(default_factory=list)
    """Lessons that this ws101 does not have; their progress is kept all the same."""
    without_bytes: list[str] = field(default_factory=list)
    """Lessons that begin anew, as their captures did not come along."""


def exported(course: Course, home: Home, progress: Progress) -> bytes:
    """Progress and exercises as a file. Raises OSError."""
    exercises = {}
    for lesson in course.lessons:
        if lesson.has_exercise and (written := home.written(lesson)) is not None:
            exercises[lesson.slug] = written.decode("utf-8", errors="surrogateescape")
    data = {
        "ws101": KIND,
        "version": VERSION,
        "at": round(time.time(), 3),
        "progress": progress.as_data(),
        "exercises": exercises,
    }
    return (json.dumps(data, indent=1) + "\n").encode()


def bring(text: bytes, course: Course, home: Home, progress: Progress) -> Brought:
    """Put an exported file in place of what is there. Raises `NotProgress`, and then nothing has
    changed; `NewerProgress`; OSError."""
    data, exercises = _read(text)
    told = Brought()
    known = {lesson.slug: lesson for lesson in course.lessons}
    theirs = remembered(data)
    told.lessons = len(theirs.lessons)
    told.unknown = sorted(set(theirs.lessons) - set(known))
    for slug, state in theirs.lessons.items():
        here = [name for name in state.captures if _is_capture(home, name)]
        if here != state.captures:
            state.captures = here
            if state.step:
                state.step = 0
                told.without_bytes.append(slug)
    if kept := progress.replace(theirs):
        told.kept.append(kept)
    for slug, source in exercises.items():
        lesson = known.get(slug)
        if lesson is not None and lesson.has_exercise:
            _put(source, lesson, home, told)
    return told


def _read(text: bytes) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        data = json.loads(text)
    except RecursionError:
        raise NotProgress("it is nested too deeply") from None
    except UnicodeDecodeError as fault:
        raise NotProgress(f"byte {fault.start} is not UTF-8") from None
    except ValueError as fault:
        where = str(fault)
        if isinstance(fault, json.JSONDecodeError):
            where = f"line {fault.lineno}: {fault.msg}"
        raise NotProgress(f"it is no JSON ({where})") from None
    if not isinstance(data, dict) or data.get("ws101") != KIND:
        raise NotProgress('it was not written by "ws101 progress export"')
    version = data.get("version")
    if not isinstance(version, int):
        raise NotProgress("it does not say its version")
    if version > VERSION:
        raise NewerProgress(f"it has version {version}, this ws101 knows {VERSION}: update ws101")
    inner, exercises = data.get("progress"), data.get("exercises", {})
    if not isinstance(inner, dict) or not isinstance(exercises, dict):
        raise NotProgress("its progress or its exercises are missing")
    for slug, source in exercises.items():
        if not isinstance(source, str) or len(source) > LARGEST_EXERCISE:
            raise NotProgress(f"the exercise of {slug!r:.40} is no text, or too long")
    return inner, exercises


def _is_capture(home: Home, name: object) -> bool:
    """Is it the name of a capture in the folder of captures, and no way out of it?"""
    plain = isinstance(name, str) and name == os.path.basename(name) and name.endswith(".pcapng")
    return plain and (home.captures / str(name)).is_file()


def _put(source: str, lesson: Lesson, home: Home, told: Brought) -> None:
    """Write an exercise; what is there and differs is kept beside it."""
    content = source.encode("utf-8", errors="surrogateescape")
    home.hand_over(lesson)
    path = home.exercise(lesson)
    if path.read_bytes() == content:
        return
    if kept := home.set_aside(lesson):
        told.kept.append(kept)
    write_whole(path, content)
    told.exercises += 1
