"""Run the inspector's commands as a user does: a process of its own, in a pipe or a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

from tests.house.tree import ROOT

PATIENCE = 60.0
"""Seconds after which something that should have come is missed."""
LOOKS = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTHONIOENCODING")


def environment(**extra: str) -> dict[str, str]:
    env = {key: value for key, value in os.environ.items() if key not in LOOKS}
    return env | {"TERM": "xterm-256color"} | extra


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "inspector", *map(str, arguments)]


def run(
    *arguments: str | Path, given: bytes = b"", **env: str
) -> subprocess.CompletedProcess[bytes]:
    """Run to the end, in pipes."""
    return subprocess.run(
        command(*arguments), input=given, capture_output=True, cwd=ROOT, timeout=PATIENCE,
        check=False, env=environment(**env),
    )  # fmt: skip


def start(
    *arguments: str | Path, stdin: int = subprocess.DEVNULL, **env: str
) -> subprocess.Popen[bytes]:
    """Start with standard output in a pipe, and by default nothing to read from."""
    return subprocess.Popen(
        command(*arguments), stdin=stdin, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, cwd=ROOT, env=environment(**env),
    )  # fmt: skip


def read_until(descriptor: int, enough: Callable[[bytes], bool] = lambda _: False) -> bytes:
    """Read until it is enough, or ends; AssertionError if neither happens for long."""
    seen = b""
    while not enough(seen):
        ready, _, _ = select.select([descriptor], [], [], PATIENCE)
        assert ready, f"nothing more came after {seen!r}"
        try:
            data = os.read(descriptor, 65536)
        except OSError:  # a terminal whose other side has closed
            break
        if not data:
            break
        seen += data
    return seen


def in_terminal(*arguments: str | Path, columns: int = 80, **env: str) -> tuple[str, int]:
    """Run in a terminal of 24 lines: what it showed, and the exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    with subprocess.Popen(
        command(*arguments), stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT,
        env=environment(**env),
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = read_until(ours)
        code = process.wait(PATIENCE)
    os.close(ours)
    return shown.decode().replace("\r\n", "\n"), code


def wait_for(met: Callable[[], bool]) -> None:
    """Look until a condition is met; AssertionError if it is not for long."""
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)
