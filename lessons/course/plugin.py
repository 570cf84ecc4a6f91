"""The pytest plugin of the learner's folder: what `pytest` needs to speak like `ws101 check`.

`pytest.ini` there loads it. It gives the tests their fixtures (`exercise`, `own`, `expect`), ends a
loop that never ends, and turns a failure into a few lines about the task: the learner's own lines
of code where they raised, never ours. Run by `ws101 check`, it also writes down what happened, line
by line, so that even a process that is killed has told how far it came.
"""

from __future__ import annotations

import ast
import errno
import importlib.util
import itertools
import json
import linecache
import os
import signal
import sys
import time
import traceback
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Final

import pytest

from inspector.core.safe import safe
from lessons.course.course import Course, experiment_of
from lessons.course.evidence import Evidence, clock
from lessons.course.expect import Expect, Mismatch, Miss, Unanswered
from lessons.course.home import Home
from lessons.course.imports import by_hand
from lessons.course.markdown import read_lesson
from lessons.course.model import Lesson, LessonError, Missing
from lessons.course.program import command
from lessons.course.progress import Progress
from lessons.course.session import is_seen

REPORT: Final = "WS101_REPORT"
"""Environment variable: the file to write results to, as JSON lines."""
LESSON: Final = "WS101_LESSON"
"""Environment variable: the lesson's folder, where it is not found by its name."""
SECONDS: Final = float(os.environ.get("WS101_CHECK_SECONDS") or 5)
"""For one test. Learner code that takes longer does not end."""
WAITING: Final = 3
"""So many times as long may it wait for something."""
MEMORY: Final = 4 << 30
"""Bytes of address space: a loop that collects without end fails instead of the machine."""
FILE: Final = 64 << 20
"""Bytes of one file, be it what it prints: likewise, for the disk."""
MAX_OUTPUT: Final = 2000
ENDLESS: Final = "endless"
CODE_WIDTH: Final = 72
"""Where a caret stands under a line of code, the two are not to be wrapped."""

_count = itertools.count()


class OutOfTime(BaseException):
    """A test took too long. No `except Exception` in an exercise swallows it."""


class Broken(Exception):
    """The exercise can't be used; says why."""


class Exercise:
    """The learner's module. What it lacks is told as what is missing from the task."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self._module, name)
        except AttributeError:
            raise Broken(f"exercise.py has no {name}: the check looks for that name") from None


@pytest.fixture
def exercise(request: pytest.FixtureRequest) -> Exercise:
    """The `exercise.py` beside the test, loaded freshly for each test."""
    path = request.path.parent / "exercise.py"
    if not path.exists():
        raise Broken(f"there is no {path.name} beside {request.path.name}")
    name = f"exercise_{next(_count)}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look themselves up
    if (folder := str(path.parent)) not in sys.path:
        sys.path.append(folder)  # last: a learner's json.py is not everybody's json
    spec.loader.exec_module(module)
    by_hand(path, getattr(request.module, "MAY_IMPORT", ()))
    return Exercise(module)


@pytest.fixture
def own(request: pytest.FixtureRequest) -> Evidence:
    """What the learner's own browser said in this lesson, else the sample that came with it."""
    folder = request.path.parent
    lesson = _lesson(folder)
    home = Home(folder.parent)
    names = Progress(home)[lesson.slug].captures
    paths = [path for name in names if (path := home.captures / Path(name).name).exists()]
    evidence = Evidence.read(*paths)
    actions = experiment_of(lesson).ACTIONS.values()
    asked = [action.seen for action in actions if not action.needs]  # those may be left out
    if evidence.connections and all(is_seen(seen, evidence) for seen in asked):
        evidence.whose = f"your capture of {clock(evidence.connections[-1].opened)}"
        return evidence
    sample = lesson.folder / "sample.pcapng"
    if not sample.exists():
        raise Missing("nothing was captured in this lesson yet")
    return Evidence.read(sample, whose="the sample that came with the lesson")


@pytest.fixture
def expect(request: pytest.FixtureRequest) -> Expect:
    """Compare, and tell the difference."""
    theirs = request.path.with_name("exercise.py")
    try:
        stub = _lesson(theirs.parent).stub
    except LessonError:  # a folder of their own making
        return Expect()
    return Expect(untouched=_code(theirs) == _code(stub))


def _lesson(folder: Path) -> Lesson:
    """The lesson that this learner's folder belongs to."""
    named = os.environ.get(LESSON)
    return read_lesson(Path(named)) if named else Course().find(folder.name)


def _code(path: Path) -> str | None:
    """The code of a file, without comments and docstrings; None if it can't be read."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)


# How a test is run


def pytest_configure(config: pytest.Config) -> None:
    sys.dont_write_bytecode = True
    for name, most in (("RLIMIT_AS", MEMORY), ("RLIMIT_FSIZE", FILE), ("RLIMIT_CORE", 0)):
        with suppress(ImportError, AttributeError, ValueError, OSError):  # not on this system
            import resource

            limit = getattr(resource, name)
            resource.setrlimit(limit, (most, resource.getrlimit(limit)[1]))
    config.addinivalue_line("markers", "ws101: a self-check of the course")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _write({"event": "begin", "test": item.name, "title": title(item)})
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with Limit(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with Limit(item):
        return (yield)


class Limit:
    """Raise `OutOfTime` in the middle of what runs too long; where even that is swallowed, end.

    Too long is `SECONDS` of computing, or thrice that for whoever waits: on a busy machine a right
    answer may wait for its turn.
    """

    def __init__(self, item: pytest.Item) -> None:
        self.item = item
        self.fired = 0
        self.begun = self.computed = 0.0

    def __enter__(self) -> None:
        self.begun, self.computed = time.monotonic(), time.process_time()
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, self._fire)
            signal.setitimer(signal.ITIMER_REAL, SECONDS, 1.0)

    def __exit__(self, *_: object) -> None:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _fire(self, _: int, frame: FrameType | None) -> None:
        computed, took = time.process_time() - self.computed, time.monotonic() - self.begun
        if computed < SECONDS - 0.1 and took < SECONDS * WAITING:
            return
        self.fired += 1
        if self.fired > 2:
            miss = _out_of_time(traceback.walk_stack(frame))
            _write_result(self.item, "failed", miss)
            print("\n".join(miss.lines()), file=sys.__stderr__, flush=True)
            os._exit(1)
        raise OutOfTime


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.excinfo is not None and report.outcome == "failed":
        miss = told(call.excinfo.value)
        if miss.tag == ENDLESS:  # it would not end in the next test, either
            item.session.shouldstop = "a loop never ends"
        report.longrepr = "\n".join(miss.lines())
        _write_result(item, "failed", miss, report.capstdout)
    elif report.when == "call":
        _write_result(item, report.outcome, Miss(), report.capstdout)
    return report


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        _write({"event": "broken", "words": safe(str(report.longrepr), 2000)})


def pytest_sessionfinish() -> None:
    _write({"event": "end"})


def title(item: pytest.Item) -> str:
    """What a test is called on the learner's screen: the first line of its docstring."""
    words = getattr(getattr(item, "function", None), "__doc__", None) or item.name
    return safe(str(words).strip().splitlines()[0])


# What a failure means


def told(fault: BaseException) -> Miss:
    """A failure in words for the learner."""
    frames = list(traceback.walk_tb(fault.__traceback__))
    place = _place(frames)
    match fault:
        case Mismatch():
            return fault.miss
        case Unanswered(__cause__=BaseException() as raised):
            return _unanswered(fault.asked, raised)
        case OutOfTime():
            return _out_of_time(iter(reversed(frames)))
        case Broken():
            return Miss(words=safe(str(fault)), tag="broken")
        case Missing():
            words = f"{fault}: take the lesson's steps first ({command('learn')}), then check again"
            return Miss(words=safe(words), tag="not-captured")
        case SyntaxError() if fault.filename and fault.filename.endswith("exercise.py"):
            return _syntax(fault)
        case NotImplementedError() if place:
            return Miss(place, words=safe(f"not written yet: {fault}"), tag="not-written")
        case _ if place:
            return Miss(place, words=_exception(fault), tag=type(fault).__name__)
        case AssertionError():
            return Miss(words=safe(str(fault) or "the check failed", 600))
        case _:
            last = frames[-1][0].f_code.co_filename if frames else "?"
            words = f"{_exception(fault)} (in {Path(last).name}, line {frames[-1][1]})"
            return Miss(words=words, tag=type(fault).__name__)


def _unanswered(asked: Miss, raised: BaseException) -> Miss:
    """What was asked, and what was raised instead of an answer; `where` in their code, in words."""
    alone = told(raised)
    match raised:
        case Mismatch() | Broken() | Missing() | NotImplementedError():
            return alone  # not theirs, or not written yet: that says what there is to say
    return replace(asked, got=f"raised {_exception(raised)}", words=alone.where, tag=alone.tag)


def _exception(fault: BaseException) -> str:
    if isinstance(fault, OSError) and "reading from stdin" in str(fault):  # pytest's own words
        return "OSError: there is nobody to type anything: all that you need is in the arguments"
    if isinstance(fault, OSError) and fault.errno == errno.EFBIG:
        return f"OSError: more than {FILE >> 20} MB were written"
    return safe(f"{type(fault).__name__}: {fault}", 300).removesuffix(": ")


def _place(frames: list[tuple[FrameType, int]]) -> str:
    """The last line of the learner's own code in a traceback."""
    return next((p for f, line in reversed(frames) if (p := _line_of_theirs(f, line))), "")


def _line_of_theirs(frame: FrameType, line: int) -> str:
    path = frame.f_code.co_filename
    if Path(path).name != "exercise.py":
        return ""
    code = linecache.getline(path, line).strip()
    inside = frame.f_code.co_name
    where = f"exercise.py, line {line}" + ("" if inside == "<module>" else f", in {inside}")
    return safe(f"{where}:  {code}", 300)


def _out_of_time(frames: Iterator[tuple[FrameType, int]]) -> Miss:
    place = next((p for frame, line in frames if (p := _line_of_theirs(frame, line))), "")
    words = f"it did not end within {SECONDS:.0f} seconds: is there a loop that never ends?"
    return Miss(place, words=words, tag=ENDLESS)


def _syntax(fault: SyntaxError) -> Miss:
    code = (fault.text or "").rstrip()
    before = safe(code[: max(0, (fault.offset or 1) - 1)].lstrip())
    where = f"exercise.py, line {fault.lineno}:  "
    shown, at = around(safe(code.strip()), len(before), CODE_WIDTH - len(where))
    words = f"Python can't read it: {fault.msg}"
    return Miss(f"{where}{shown}\n{' ' * (len(where) + at)}^", words=safe(words), tag="syntax")


def around(code: str, at: int, room: int) -> tuple[str, int]:
    """A line of code in at most `room` characters around the one at `at`, and where that is now."""
    if len(code) < room:
        return code, at
    start = max(0, min(at - room // 2, len(code) + 1 - room))
    end = start + room
    head, tail = ("…" if start else ""), ("…" if end < len(code) else "")
    return head + code[start + len(head) : end - len(tail)] + tail, at - start


# Writing it down


def _write(entry: dict[str, object]) -> None:
    if path := os.environ.get(REPORT):
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def _write_result(item: pytest.Item, outcome: str, miss: Miss, output: str = "") -> None:
    _write(
        {
            "event": "result", "test": item.name, "title": title(item), "outcome": outcome,
            "miss": miss.as_json(), "output": output[:MAX_OUTPUT],
        }
    )  # fmt: skip
