"""Standard output that can't be written to: one line that says so, and exit code 2."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.commands.run import PATIENCE, command, environment
from tests.house.tree import ROOT

FULL = Path("/dev/full")
CALLS = [
    ["dump", "CHAT"],
    ["dump", "CHAT", "--format", "jsonl"],
    ["dump", "CHAT", "--frame", "1"],
    ["dump", "CHAT", "--last", "1"],
    ["lint", "CHAT"],
    ["explain", "81", "00"],
    ["explain", "\\x81\\x00", "--format", "json"],
]


def told(redirection: str, chat: Path, arguments: list[str]) -> str:
    """What a command that fails says on standard error, its output redirected by a shell."""
    line = command(*(str(chat) if argument == "CHAT" else argument for argument in arguments))
    answer = subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *line], stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE, cwd=ROOT, timeout=PATIENCE, check=False, env=environment(),
    )  # fmt: skip
    assert answer.returncode == 2
    return answer.stderr.decode()


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("arguments", CALLS, ids=" ".join)
def test_a_full_disk(chat: Path, arguments: list[str]) -> None:
    *_, line = told(f">{FULL}", chat, arguments).splitlines()
    why = "can't write to standard output: No space left on device"
    assert line == f"ws101 {arguments[0]}: {why}"


@pytest.mark.parametrize("arguments", CALLS, ids=" ".join)
def test_an_output_that_is_closed(chat: Path, arguments: list[str]) -> None:
    said = told(">&-", chat, arguments)
    assert said == f"ws101 {arguments[0]}: can't write to standard output: it is closed\n"
