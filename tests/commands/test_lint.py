"""`lint`: findings and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.commands.run import run
from tests.screen.harm import assert_harmless


def test_what_is_well(several: Path) -> None:
    answer = run("lint", several)
    assert answer.returncode == 0
    text = answer.stdout.decode()
    assert_harmless(text, 80)
    assert "i  info  resp-status-not-101" in text
    assert text.endswith("findings: 1 info\n")
    assert "connection 3" in text
    assert "connection 1" not in text


def test_what_is_not(faults: Path, hostile: Path) -> None:
    answer = run("lint", faults)
    assert answer.returncode == 1
    text = answer.stdout.decode()
    assert "!! error  frame-masked-server  frame 2, byte 0 of server" in text
    assert "!  warning  http-response-after-close" in text
    assert_harmless(run("lint", hostile).stdout.decode(), 80)


def test_json_lines_are_those_of_dump(faults: Path) -> None:
    answer = run("lint", faults, "--format", "jsonl")
    assert answer.returncode == 1
    dumped = run("dump", faults, "--format", "jsonl").stdout.splitlines()
    findings = [line for line in dumped if json.loads(line)["type"] == "finding"]
    assert answer.stdout.splitlines() == findings
    assert len(findings) > 10


def test_what_can_not_be_read(tmp_path: Path) -> None:
    answer = run("lint", tmp_path / "missing.pcapng")
    assert (answer.returncode, answer.stdout) == (2, b"")
    assert answer.stderr.startswith(b"ws101 lint: ")
    words = tmp_path / "words.txt"
    words.write_text("hello")
    assert (run("lint", words).returncode, run("lint", words).stdout) == (2, b"")
