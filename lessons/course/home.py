"""The learner's folder: `~/ws101`, or where `WS101_HOME` or `--dir` says.

03_handshake/exercise.py         theirs: written once, never overwritten
03_handshake/test_exercise.py    ours: refreshed
captures/03_handshake.pcapng     what their browser and the demo app said
pytest.ini                       ours: plain `pytest` here is `ws101 check`
progress.json                    see progress.py
"""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import tempfile
import time
from itertools import chain, count
from pathlib import Path
from typing import Final

from lessons.course.model import Lesson

PYTEST_INI: Final = """\
# Written by ws101: plain `pytest` in this folder gives the same verdict as `ws101 check`.
# "No module named 'lessons'"? Take the pytest that came with ws101, in its .venv/bin.
[pytest]
addopts = -p lessons.course.plugin --import-mode=importlib -p no:cacheprovider --no-header
python_files = test_exercise.py
"""


class HomeError(Exception):
    """The learner's folder can't be used; says which file, why, and what to do."""


class Home:
    """One learner's folder. Nothing is written before it has to be."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def find(cls, named: str | None = None) -> Home:
        """The folder named, else `WS101_HOME`, else `~/ws101`."""
        chosen = named or os.environ.get("WS101_HOME") or "~/ws101"
        return cls(Path(os.path.abspath(os.path.expanduser(chosen))))

    @property
    def captures(self) -> Path:
        return self.path / "captures"

    @property
    def progress(self) -> Path:
        return self.path / "progress.json"

    def shown(self, path: Path | None = None) -> str:
        """A path of this folder as people write it: with `~` where it is theirs."""
        path = path or self.path
        try:
            return f"~/{path.relative_to(Path.home())}"
        except (ValueError, RuntimeError):
            return str(path)

    def argument(self, path: Path) -> str:
        """A path as it is typed behind a command."""
        shown = self.shown(path)
        plain = shlex.quote(shown.removeprefix("~")) == shown.removeprefix("~")
        return shown if plain else shlex.quote(str(path))

    def folder(self, lesson: Lesson) -> Path:
        return self.path / lesson.slug

    def exercise(self, lesson: Lesson) -> Path:
        return self.folder(lesson) / "exercise.py"

    def started(self, lesson: Lesson) -> bool:
        """Has the exercise been handed over?"""
        return self.exercise(lesson).exists()

    def prepare(self) -> None:
        """Make the folder and what is ours in it. Raises `HomeError`."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            refresh(self.path / "pytest.ini", PYTEST_INI.encode())
        except OSError as fault:
            raise self.error(fault, self.path) from None

    def hand_over(self, lesson: Lesson) -> bool:
        """Give the learner the exercise's files; True if the exercise itself is new."""
        self.prepare()
        folder = self.folder(lesson)
        try:
            folder.mkdir(exist_ok=True)
            refresh(folder / "test_exercise.py", (lesson.folder / "test_exercise.py").read_bytes())
            if self.started(lesson):
                return False
            write_new(self.exercise(lesson), lesson.stub.read_bytes())
        except OSError as fault:
            raise self.error(fault, folder) from None
        return True

    def written(self, lesson: Lesson) -> bytes | None:
        """What they wrote for the exercise; None if it is not begun, or still as it was given."""
        if not self.started(lesson):
            return None
        written = self.exercise(lesson).read_bytes()
        return written if written != lesson.stub.read_bytes() else None

    def set_aside(self, lesson: Lesson) -> Path | None:
        """Make room for another exercise; what they wrote is kept under the name returned."""
        exercise = self.exercise(lesson)
        try:
            if self.written(lesson) is None:
                return None
            kept = free_name(exercise, "exercise")
            os.replace(exercise, kept)
        except OSError as fault:
            raise self.error(fault, exercise) from None
        return kept

    def reset(self, lesson: Lesson) -> Path | None:
        """Begin the exercise anew; what they wrote is kept under the name returned."""
        kept = self.set_aside(lesson)
        self.hand_over(lesson)
        return kept

    def new_capture(self, lesson: Lesson, *, by_script: bool = False, leg: str = "") -> Path:
        """A name for a capture that is not taken. Raises `HomeError` if none can be written.

        A script's is called so, and takes the place of the one before; so is that of another `leg`.
        """
        name = f"{lesson.slug}{leg and f'-{leg}'}{'-auto' if by_script else ''}"
        path = self.captures / f"{name}.pcapng"
        try:
            self.captures.mkdir(parents=True, exist_ok=True)
            if by_script:
                path.unlink(missing_ok=True)
            with tempfile.TemporaryFile(dir=self.captures) as trial:  # is there room, and may we?
                trial.write(b"ws101")
        except OSError as fault:
            raise self.error(fault, self.captures) from None
        number = 1
        while path.exists():
            number += 1
            path = self.captures / f"{name}-{number}.pcapng"
        return path

    def error(self, fault: OSError, path: Path) -> HomeError:
        where = self.shown(Path(fault.filename)) if isinstance(fault.filename, str) else path
        return HomeError(
            f"{where}: {fault.strerror or fault}; choose another folder with --dir or WS101_HOME"
        )


def free_name(path: Path, stem: str) -> Path:
    """A name beside `path` that is not taken: `exercise-2026-11-28.py`, then `...-2.py`."""
    stamp = time.strftime("%Y-%m-%d")
    tails = chain([""], (f"-{number}" for number in count(2)))
    names = (path.with_name(f"{stem}-{stamp}{tail}{path.suffix}") for tail in tails)
    return next(name for name in names if not name.exists())


def refresh(path: Path, content: bytes) -> None:
    """Write a file of ours where it differs, whole or not at all."""
    try:
        if path.read_bytes() == content:
            return
    except FileNotFoundError:
        pass
    write_whole(path, content)


def write_new(path: Path, content: bytes) -> None:
    """Write a file only where there is none; FileExistsError where there is."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write(temporary, content)
        os.link(temporary, path)
    except OSError as fault:
        if isinstance(fault, FileExistsError) or not _no_links(fault):
            raise
        shutil.move(temporary, path)  # a file system without hard links
    finally:
        temporary.unlink(missing_ok=True)


def _no_links(fault: OSError) -> bool:
    return fault.errno in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file by new content, so that at every moment there is the old or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write(temporary, content)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name last, too, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
