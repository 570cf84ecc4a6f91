"""`lint`: findings and exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.commands.run import run
from tests.screen.harm import assert_harmless
from tests.screen.specimens import Scene, request, response


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


COMMAND = re.compile(r"::(error|warning|notice) file=([^,:]*),title=([^,:]*)::([^\n]*)")


def undone(text: str) -> str:
    """What GitHub's runner makes of an escaped text."""
    for escape, character in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r")):
        text = text.replace(escape, character)
    return text.replace("%25", "%")


def test_annotations_for_a_workflow(faults: Path, tmp_path: Path) -> None:
    odd = tmp_path / "50%, or: more.pcapng"
    odd.write_bytes(faults.read_bytes())
    answer = run("lint", odd, "--format", "github")
    assert answer.returncode == 1
    lines = run("lint", odd, "--format", "jsonl").stdout.splitlines()
    findings = [json.loads(line) for line in lines]
    text = answer.stdout.decode()
    commands = [COMMAND.fullmatch(line) for line in text.splitlines() if line.startswith("::")]
    assert len(commands) == len(findings)
    kinds = {"error": "error", "warning": "warning", "info": "notice"}
    for command, finding in zip(commands, findings, strict=True):
        assert command is not None
        assert command[1] == kinds[finding["severity"]]
        assert undone(command[2]) == str(odd)
        assert command[3] == finding["rule"]
        assert undone(command[4]).startswith(f"connection {finding['connection']}, ")
        assert undone(command[4]).endswith(finding["words"])
    assert text.splitlines()[-1].startswith("findings: 9 errors")


def test_nobody_slips_a_command_into_a_workflow(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "slip.pcapng")
    scene.open().client(request("/", "X Y: \r::error::owned 100%\r\n")).server(response())
    scene.writer.close(scene.time)
    text = run("lint", tmp_path / "slip.pcapng", "--format", "github").stdout.decode()
    assert "req-header-malformed" in text
    assert "\r" not in text
    assert all(COMMAND.fullmatch(line) for line in text.splitlines() if line.startswith("::"))
    piped = run("lint", "-", "--format", "github", given=(tmp_path / "slip.pcapng").read_bytes())
    assert b"::error title=req-header-malformed::connection 1, " in piped.stdout
