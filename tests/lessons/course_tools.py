"""What tests of the course share: the program as a process, and which processes it left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lessons.course.course import Course

ROOT = Path(__file__).resolve().parents[2]
LESSON = Course().find("handshake")
SOLUTION = (LESSON.folder / "solution.py").read_text("utf-8")
PATIENCE = 60.0  # seconds, for what must happen anyway


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def ws101(*arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `ws101 ARGUMENTS` without a terminal, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "lessons.cli", *map(str, arguments)], cwd=ROOT, text=True,
        env=environment(**env), stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
        check=False,
    )  # fmt: skip


def until(true: Callable[[], object], what: str) -> None:
    """Wait, bounded, for something that happens elsewhere."""
    give_up = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < give_up, f"never happened: {what}"
        time.sleep(0.01)


def children_of(pid: int) -> list[int]:
    """The processes whose parent this is, as /proc or ps tells."""
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    pairs = (line.split() for line in listed.stdout.splitlines())
    return [int(child) for child, parent in pairs if int(parent) == pid]


def alive(pid: int) -> bool:
    """Is there such a process, and is it not just waiting to be buried?"""
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(listed.stdout.strip()) and not listed.stdout.strip().startswith("Z")
