"""A child process with a first line that says that it is ready, and last words if it is not."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from inspector.core.safe import safe
from lessons.course.model import Unavailable

KEPT_LINES = 40
ROOT = Path(__file__).resolve().parents[2]


def child_environment() -> dict[str, str]:
    """This environment, in which a child finds our packages wherever they were started from."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


@contextmanager
def frozen(pid: int | None) -> Iterator[None]:
    """A process is stopped meanwhile (SIGSTOP), and goes on afterwards: even if we are killed, or
    else it would never notice that we are gone. Raises `Unavailable`."""
    if not hasattr(signal, "SIGSTOP"):
        raise Unavailable("this system has no SIGSTOP, so no process can be frozen")
    if pid is None:
        raise Unavailable("the server that was to be frozen does not run")
    thaw = ["/bin/sh", "-c", 'read -r _; kill -CONT "$1"', "thaw", str(pid)]
    with subprocess.Popen(
        thaw, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    ):  # fmt: skip  # it reads until its input ends, with the block or with us
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        yield


class StartFailed(Exception):
    """A process of ours did not start; the message is its last words."""


class SessionFailed(Exception):
    """The lesson can't go on; says why in one line."""


@contextmanager
def starting(else_words: str) -> Iterator[None]:
    """What does not start ends the lesson, with these words and its own last ones."""
    try:
        yield
    except StartFailed as fault:
        raise SessionFailed(f"{else_words}: {fault}") from None


class Child:
    """`python -m lessons.course.child ROLE ARGUMENTS`, ended with us (see child.py).

    `trouble` collects lines that it says after it was ready: its complaints.
    """

    def __init__(self, role: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        # -P: what lies in the learner's current folder must not be imported in place of ours.
        command = [sys.executable, "-P", "-m", "lessons.course.child", role, *arguments]
        self.role = role
        self.expected_end = False
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._last: deque[str] = deque(maxlen=KEPT_LINES)
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**child_environment(), **(env or {})}, start_new_session=True,
        )  # fmt: skip  # a session of its own: Ctrl-C is for the runner, which ends us in order
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            text = safe(line.decode("utf-8", "replace").rstrip("\n"), 300)
            self._last.append(text)
            self._lines.put(text)
        self._lines.put(None)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._process.poll()

    @property
    def last_words(self) -> str:
        return next((line.strip() for line in reversed(self._last) if line.strip()), "")

    def ready(self, pattern: str, patience: float = 30.0) -> re.Match[str]:
        """Wait for the line that matches. `StartFailed` if it ends, or takes too long."""
        while True:
            try:
                line = self._lines.get(timeout=patience)
            except queue.Empty:
                self.end(signal.SIGKILL)
                raise StartFailed(f"it said nothing for {patience:.0f} seconds") from None
            if line is None:
                code = self._process.wait()
                raise StartFailed(self.last_words or f"it ended with exit code {code}")
            if found := re.search(pattern, line):
                return found

    def complaints(self, pattern: str) -> list[str]:
        """What matches in the lines said since the last call."""
        found: list[str] = []
        while True:
            try:
                line = self._lines.get_nowait()
            except queue.Empty:
                return found
            if line is None:
                self._lines.put(None)
                return found
            if match := re.search(pattern, line):
                found.append(match[0])

    def end(self, number: signal.Signals = signal.SIGTERM, patience: float = 8.0) -> None:
        """End it and wait for that; the whole of its process group if it takes too long."""
        self.expected_end = True
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._reader.join(patience)
        done = not self._reader.is_alive()  # else a child of its own holds the pipe: don't wait
        for stream in (self._process.stdin, self._process.stdout if done else None):
            if stream:
                with suppress(OSError):
                    stream.close()
