"""A million frames: every command reads them within flat memory.

The captures are made by our recorder and read by the real commands, each in a process of its own,
whose largest size the system tells. What walks over each frame anyway (`--last`, `lint`) is shown
the million; what also writes a line or more for each is shown less, since lines take longer than
reading and leave nothing behind: if they did, a tenth would show it as well.

`make verify` runs this with the million (WS101_SCALE); by itself it takes a tenth, to be quick.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.bench.streams import capture_frames
from tests.commands.run import command, environment, in_terminal
from tests.house.tree import ROOT

pytestmark = pytest.mark.slow

MILLION = int(os.environ.get("WS101_SCALE", "100000"))
"""Frames of the largest capture."""
PEAK = 200 * 2**20
"""Bytes that no command may pass, Python and all libraries included."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scale")


@pytest.fixture(scope="module")
def million(folder: Path) -> Path:
    return capture_frames(folder / "million.pcapng", MILLION)


class Ran(NamedTuple):
    code: int
    peak: int
    """Bytes of memory, at most."""
    lines: int
    tail: str


MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""
"""A process counts the memory of the one that started it: so a small one has to do that."""


def measured(folder: Path, *arguments: str | Path) -> Ran:
    """Run a command to its end, its output in a file."""
    with (folder / "out").open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, *command(*arguments)],
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, cwd=ROOT,
            env=environment(), check=True,
        )  # fmt: skip
    lines, tail = 0, b""
    with (folder / "out").open("rb") as told:
        for line in told:
            lines, tail = lines + 1, (tail + line)[-2000:]
    code, peak = map(int, done.stderr.split()[-2:])
    unit = 1 if sys.platform == "darwin" else 1024
    return Ran(code, peak * unit, lines, tail.decode())


def test_the_last_hundred_of_a_million(folder: Path, million: Path) -> None:
    ran = measured(folder, "dump", million, "--last", "100")
    assert ran.code == 0
    assert f"{MILLION + 2:,} frames" in ran.tail
    assert ran.lines < 400
    assert ran.peak < PEAK


def test_lint_of_a_million(folder: Path, million: Path) -> None:
    ran = measured(folder, "lint", million)
    assert f"{MILLION + 2:,} frames" in ran.tail
    assert "findings: none" in ran.tail
    assert ran.code == 0
    assert ran.peak < PEAK


def test_a_finding_on_each_frame(folder: Path) -> None:
    path = capture_frames(folder / "faulty.pcapng", MILLION // 10, "faulty")
    ran = measured(folder, "lint", path, "--format", "jsonl")
    assert ran.code == 1
    assert ran.lines >= MILLION // 10
    assert ran.peak < PEAK


@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_a_whole_dump(folder: Path, form: str) -> None:
    path = capture_frames(folder / f"dump-{form}.pcapng", MILLION // 10)
    ran = measured(folder, "dump", path, "--format", form)
    assert ran.code == 0
    assert ran.lines > MILLION // 10
    assert ran.peak < PEAK


def test_a_filter(folder: Path) -> None:
    path = capture_frames(folder / "filtered.pcapng", MILLION // 10)
    ran = measured(folder, "dump", path, "--filter", "length == 20")
    assert ran.code == 0
    assert "the filter keeps" in ran.tail
    assert ran.peak < PEAK


def test_many_connections_at_once(folder: Path) -> None:
    """A hundred that are open until the end, each with keys to remember."""
    path = capture_frames(folder / "many.pcapng", MILLION // 4, connections=100)
    ran = measured(folder, "lint", path)
    assert f"100 connections, {MILLION // 4 + 200:,} frames" in ran.tail
    assert ran.peak < PEAK


def test_a_long_reading_is_seen_in_a_terminal_and_leaves_no_trace(folder: Path) -> None:
    text, code = in_terminal("lint", capture_frames(folder / "long.pcapng", 150_000))
    assert "\r\x1b[Kreading long.pcapng " in text
    assert code == 0
    # It is wiped away before anything else is written.
    after = text[text.rindex("\x1b[Kreading") :]
    assert "\n" not in after.partition("\r\x1b[K")[0]
    assert "findings: none" in after.partition("\r\x1b[K")[2]
