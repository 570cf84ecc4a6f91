"""The learner's exercise, checked: pytest in a process of its own, with a time limit.

The verdict is what the process wrote down while it ran (plugin.py). Only a run that came to its end
and in which every test passed is a pass: a process that ends itself half-way has passed nothing.
"""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from lessons.course.expect import Miss
from lessons.course.home import Home
from lessons.course.model import Lesson
from lessons.course.plugin import LESSON, REPORT
from lessons.course.process import child_environment
from lessons.course.progress import LessonState, Progress

SECONDS: Final = 60.0
"""For all tests of a lesson together."""
TELL_SECONDS: Final = 0.1
GRACE: Final = 2.0
"""Seconds for the process to end, once its checks are over: a thread may go on for ever."""
SWEEPS: Final = 5
"""How often to look for processes that were set free: one may start another meanwhile."""

type Waiting = Callable[[str], object]
"""Called ten times a second while we wait, with words on how far it is. What it raises ends the
check."""
type Status = Literal["pass", "fail", "not run"]


def in_silence(told: str) -> None:
    """Wait without a word."""


@dataclass(frozen=True, slots=True)
class Check:
    """One test: its title, and what was wrong."""

    name: str
    title: str
    status: Status
    miss: Miss = field(default_factory=Miss)
    output: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All tests of a lesson. `words` says what went wrong beside them."""

    lesson: Lesson
    checks: tuple[Check, ...]
    words: str = ""

    @property
    def passed(self) -> bool:
        done = bool(self.checks) and all(check.status == "pass" for check in self.checks)
        return done and not self.words

    @property
    def right(self) -> int:
        """How many of its checks pass."""
        return sum(check.status == "pass" for check in self.checks)

    @property
    def first_failure(self) -> Check | None:
        return next((check for check in self.checks if check.status == "fail"), None)

    def as_json(self) -> dict[str, Any]:
        return {
            "lesson": self.lesson.slug,
            "number": self.lesson.number,
            "status": "pass" if self.passed else "fail",
            "words": self.words,
            "checks": [asdict(check) for check in self.checks],
        }


def check_and_keep(
    lesson: Lesson, home: Home, progress: Progress, waiting: Waiting = in_silence
) -> Verdict:
    """Check the exercise in the learner's folder, and remember how it went."""
    home.hand_over(lesson)
    ini = home.path / "pytest.ini"
    verdict = run_tests(lesson, home.folder(lesson), ini, waiting=waiting)
    failure = verdict.first_failure

    def note(state: LessonState) -> None:
        exercise = state.exercise
        exercise.tries += 1
        exercise.passed = verdict.passed
        exercise.right, exercise.checks = verdict.right, len(verdict.checks)
        exercise.mistake = failure.miss.tag if failure else ""

    progress.change(lesson.slug, note)
    return verdict


def run_tests(
    lesson: Lesson,
    folder: Path,
    ini: Path,
    seconds: float = SECONDS,
    waiting: Waiting = in_silence,
    *,
    to_first_failure: bool = False,
) -> Verdict:
    """Run the tests in `folder`; those behind the first that fails only if they are wanted."""
    names = _names(folder / "test_exercise.py")
    with tempfile.TemporaryDirectory(prefix="ws101-check-") as scratch:
        report = Path(scratch) / "report.jsonl"
        command = [
            sys.executable, "-P", "-B", "-m", "pytest", "-q", "-c", str(ini),
            "--rootdir", str(ini.parent), "--basetemp", f"{scratch}/tmp",
            str(folder / "test_exercise.py"), *(["--exitfirst"] if to_first_failure else []),
        ]  # fmt: skip
        env = {
            **child_environment(),
            REPORT: str(report),
            LESSON: str(lesson.folder),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "",
        }
        begun = time.monotonic()

        def over() -> bool:
            entries = _entries(report)
            done = sum(entry["event"] == "begin" for entry in entries)
            took = f", {took:.0f} s" if (took := time.monotonic() - begun) >= 1 else ""
            waiting(f"checking {lesson.number}: {max(1, done)} of {len(names)}{took} ...")
            return any(entry["event"] == "end" for entry in entries)

        try:
            run = _run(command, folder, env, seconds, over)
        finally:
            _sweep(str(report))
        entries = _entries(report)
    return _verdict(lesson, entries, names, run, seconds)


@dataclass(frozen=True, slots=True)
class _Run:
    """What the process printed, how it ended (None: not in time)."""

    output: str
    code: int | None


def _run(
    command: list[str], folder: Path, env: dict[str, str], seconds: float, over: Callable[[], bool]
) -> _Run:
    """Run the checks. Once they are `over`, whatever still runs in there is not waited for long."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + seconds
        done = False
        try:
            while process.poll() is None and time.monotonic() < deadline:
                if not done and over():
                    done, deadline = True, min(deadline, time.monotonic() + GRACE)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(TELL_SECONDS)
            code = process.poll()
        finally:
            with suppress(ProcessLookupError, PermissionError):  # what it started goes with it
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        out.seek(0)
        return _Run(
            out.read(20_000).decode("utf-8", "replace"), 0 if done and code is None else code
        )


def _sweep(mark: str) -> None:
    """End what the checked code started and set free: processes with our mark in their environment,
    where the system shows that (Linux)."""
    for _ in range(SWEEPS):
        found = [
            int(place.parent.name)
            for place in Path("/proc").glob("[0-9]*/environ")
            if _environ(place).find(f"{REPORT}={mark}".encode()) >= 0
        ]
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return


def _environ(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError:  # gone, or somebody else's
        return b""


def _entries(report: Path) -> list[dict[str, Any]]:
    entries = []
    with suppress(FileNotFoundError):
        for line in report.read_text("utf-8", "replace").splitlines():
            with suppress(ValueError):
                entries.append(json.loads(line))
    return entries


def _names(test: Path) -> list[tuple[str, str]]:
    """The tests in a file, and their titles."""
    tree = ast.parse(test.read_bytes())
    return [
        (node.name, (ast.get_docstring(node) or node.name).splitlines()[0])
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def _verdict(
    lesson: Lesson,
    entries: list[dict[str, Any]],
    names: list[tuple[str, str]],
    run: _Run,
    seconds: float,
) -> Verdict:
    checks: dict[str, Check] = {}
    running = ""
    ended = broken = ""
    for entry in entries:
        match entry["event"]:
            case "begin":
                running = entry["test"]
            case "result":
                done = checks.get(entry["test"])
                if done is None or done.status == "pass":  # a failing teardown counts
                    checks[entry["test"]] = _check(entry)
                running = ""
            case "broken":
                broken = entry["words"]
            case "end":
                ended = "yes"
    words = ""
    if run.code is None:
        words = f"stopped after {seconds:.0f} seconds"
        words += f", in the check {running}: is there a loop that never ends?" if running else ""
    elif broken:
        words = f"the checks could not be read: {broken}"
    elif not ended:
        during = f" during {running}" if running else ""
        words = f"the process ended{during} before the checks were done: {_ending(run)}"
    for name, title in names:
        if not any(known == name or known.startswith(f"{name}[") for known in checks):
            checks[name] = Check(name, title, "not run")
    return Verdict(lesson, tuple(checks.values()), words)


def _ending(run: _Run) -> str:
    """How it ended, and at which line of the learner's, if it left a trace of a crash."""
    code = run.code or 0
    how = f"it left with exit code {code}"
    if code < 0:
        with suppress(ValueError):
            how = f"ended by {signal.Signals(-code).name}"
    if line := re.search(r'exercise\.py", line (\d+) in (\w+)', run.output):
        how += f" (exercise.py, line {line[1]}, in {line[2]})"
    return how


def _check(entry: dict[str, Any]) -> Check:
    miss = Miss(**{**entry["miss"], "mark": tuple(entry["miss"]["mark"])})
    status: Status = "pass" if entry["outcome"] == "passed" else "fail"
    return Check(entry["test"], entry["title"], status, miss, entry["output"])
