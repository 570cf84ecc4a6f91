"""What is remembered of a learner: one JSON file, `progress.json`, in their folder.

It is replaced whole (written beside, synced, renamed), so a crash, a kill or a full disk leaves the
old one; each change reads the file anew under a lock, so two terminals don't undo each other. A
file that can't be read is never thrown away: it is kept aside, and that is said.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

from lessons.course.home import Home, HomeError, free_name, write_whole

VERSION = 1


class NewerProgress(Exception):
    """The file was written by a later ws101; the message says what to do."""


@dataclass(slots=True)
class Guess:
    """A prediction, locked. `answer` is what was measured, once it was; `again` are the keys chosen
    when it was asked again. Words are kept as they were on the screen: `question`, what was `said`,
    what it `was`, how that was `measured`."""

    choice: str
    at: float
    question: str = ""
    answer: str | None = None
    again: list[str] = field(default_factory=list)
    said: str = ""
    was: str = ""
    measured: str = ""

    @property
    def right(self) -> bool | None:
        return None if self.answer is None else self.choice == self.answer


@dataclass(slots=True)
class ExerciseState:
    """How far the exercise is. Of the last try, `right` of its `checks` passed (0 of 0: not known,
    it was tried before that was kept); `hints` counts the stages shown; `mistake` is the tag of the
    last one seen, `told` are those that a hint has spoken to."""

    passed: bool = False
    tries: int = 0
    right: int = 0
    checks: int = 0
    hints: int = 0
    mistake: str = ""
    told: list[str] = field(default_factory=list)


@dataclass(slots=True)
class LessonState:
    """How far a lesson is. `captures` are names in the folder of captures, of this run of it; `at`
    is when something of it was last changed, `finished` when its end was last reached."""

    step: int = 0
    done: bool = False
    at: float = 0.0
    finished: float = 0.0
    captures: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    predictions: dict[str, Guess] = field(default_factory=dict)
    exercise: ExerciseState = field(default_factory=ExerciseState)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def begun(self) -> bool:
        """Something of it was done in it: to be asked its questions in another lesson is not."""
        elsewhere = self.predictions and not any(each.choice for each in self.predictions.values())
        here = self.step or self.done or self.captures or self.exercise.tries
        return bool(self.at and (here or not elsewhere))


class Remembered(NamedTuple):
    """All of it: how far each lesson is, by its slug, and which one was the last."""

    lessons: dict[str, LessonState]
    last: str | None = None


class Progress:
    """The file, read; `change` it with a function. `note` is a line the learner should see."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.note = ""
        self.trouble = ""
        """Why the last change could not be kept; empty if it was."""
        self.lessons: dict[str, LessonState] = {}
        self.last: str | None = None
        self._unreadable = False
        self._load()

    def __getitem__(self, slug: str) -> LessonState:
        """How far a lesson is; a fresh state for one that was not begun."""
        return self.lessons.get(slug) or LessonState()

    def reread(self) -> None:
        """Take in what another terminal has changed meanwhile."""
        if not (self._unreadable or self.trouble):
            self._load()

    def change(self, slug: str, how: Callable[[LessonState], object]) -> LessonState:
        """Apply `how` to a lesson's state and keep that. Where it can't be kept (`trouble`), it
        still counts for as long as we live."""
        if self._unreadable:  # what can't be read must not be replaced
            return self._apply(slug, how)
        state = None
        try:
            self.home.prepare()
            with _locked(self.home.path / ".progress.lock"):
                for left in self.home.path.glob(f".{self.home.progress.name}.*"):
                    left.unlink()  # of one that was killed while it wrote
                if not self.trouble:
                    self._load()
                state = self._apply(slug, how)
                write_whole(self.home.progress, self._dump())
                self.trouble = ""
        except (OSError, HomeError) as fault:
            state = state or self._apply(slug, how)
            self.trouble = f"progress is not kept: {getattr(fault, 'strerror', None) or fault}"
        return state

    def _apply(self, slug: str, how: Callable[[LessonState], object]) -> LessonState:
        state = self.lessons.setdefault(slug, LessonState())
        how(state)
        state.at = time.time()
        self.last = slug
        return state

    def _load(self) -> None:
        path = self.home.progress
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as fault:
            self.trouble = f"progress is not kept: {path.name} can't be read ({fault.strerror})"
            self._unreadable = True
            return
        try:
            self.lessons, self.last = remembered(json.loads(text))
        except (ValueError, TypeError, KeyError, RecursionError):
            self._keep_aside(path)

    def _keep_aside(self, path: Path) -> None:
        kept = free_name(path, "progress-broken")
        try:
            os.replace(path, kept)
        except OSError as problem:
            self.trouble = f"progress is not kept: {problem.strerror or problem}"
            return
        self.note = f"{path.name} was not readable: it is kept as {kept.name}, and begun anew"

    def replace(self, new: Remembered) -> Path | None:
        """Put something else in the place of this; what was there is kept under the name returned.
        Raises OSError or `HomeError`, and then nothing has changed."""
        return self._exchange(lambda: new)

    def forget(self, slug: str) -> Path | None:
        """As `replace`, with all that is remembered but for one lesson."""

        def others() -> Remembered:
            self.reread()
            rest = {name: state for name, state in self.lessons.items() if name != slug}
            return Remembered(rest, self.last if self.last != slug else None)

        return self._exchange(others)

    def _exchange(self, new: Callable[[], Remembered]) -> Path | None:
        path, kept = self.home.progress, None
        self.home.prepare()
        with _locked(self.home.path / ".progress.lock"):
            if path.exists():
                kept = free_name(path, "progress")
                write_whole(kept, path.read_bytes())
            self.lessons, self.last = new()
            write_whole(path, self._dump())
        self._unreadable, self.trouble = False, ""
        return kept

    def as_data(self) -> dict[str, Any]:
        """What the file holds, for JSON."""
        lessons = {slug: asdict(state) for slug, state in sorted(self.lessons.items())}
        return {"version": VERSION, "last": self.last, "lessons": lessons}

    def _dump(self) -> bytes:
        return (json.dumps(self.as_data(), indent=1) + "\n").encode()


def remembered(data: Any) -> Remembered:
    """What such data holds. Raises ValueError or TypeError if it is not as `as_data` gives it,
    `NewerProgress`."""
    if not isinstance(data, dict) or not isinstance(data.get("version"), int):
        raise ValueError("it has no version")
    if data["version"] > VERSION:
        raise NewerProgress(
            f"progress.json has version {data['version']}, this ws101 knows {VERSION}: "
            "update ws101, or choose another folder with --dir"
        )
    states = {slug: _lesson(each) for slug, each in _typed(data["lessons"], dict).items()}
    last = data.get("last")
    return Remembered(states, last if isinstance(last, str) else None)


def _lesson(data: object) -> LessonState:
    known = _known(LessonState, data)
    guesses = _typed(known.get("predictions", {}), dict)
    known["predictions"] = {name: Guess(**_known(Guess, each)) for name, each in guesses.items()}
    known["exercise"] = ExerciseState(**_known(ExerciseState, known.get("exercise", {})))
    return LessonState(**known)


_KINDS: dict[str, type | tuple[type, ...]] = {
    "bool": bool, "int": int, "float": (int, float), "str": str, "str | None": (str, type(None)),
    "list[str]": list, "dict[str, Any]": dict, "dict[str, Guess]": dict, "ExerciseState": dict,
}  # fmt: skip


def _known(kind: type, data: object) -> dict[str, Any]:
    """The fields that we know, each of its type; others were a later version's, and are passed
    over."""
    found = _typed(data, dict)
    known = {}
    for each in fields(kind):
        if each.name in found:
            known[each.name] = _typed(found[each.name], _KINDS[str(each.type)])
            if each.type == "list[str]":
                known[each.name] = [_typed(item, str) for item in known[each.name]]
    return known


def _typed(value: Any, kind: type | tuple[type, ...]) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{value!r:.40} is no {getattr(kind, '__name__', 'number or text')}")
    return value


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the file's lock, where the system has such locks."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with open(path, "ab") as file:
        with suppress(OSError):  # some network file systems have none
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
