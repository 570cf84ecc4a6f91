"""`--filter`: what is kept, what is shown with it, and what is said of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from inspector.core.frames import encode_frame
from inspector.filter.reference import reference
from tests.commands.run import run, start
from tests.commands.test_follow import finish, shown
from tests.screen.harm import assert_harmless
from tests.screen.specimens import Scene, masked


def dump(file: Path, wanted: str, *more: str) -> str:
    answer = run("dump", file, "--filter", wanted, *more)
    assert (answer.returncode, answer.stderr) == (0, b"")
    return answer.stdout.decode()


def frames(text: str) -> list[int]:
    """The numbers in the rows of frames."""
    return [int(n) for n in re.findall(r"^(?: *\d+│)? +(\d+) +\d+\.\d{3} ", text, re.MULTILINE)]


def test_what_is_kept_stands_below_the_opening_of_its_connection(chat: Path) -> None:
    text = dump(chat, "from client and opcode in {ping, pong}")
    assert_harmless(text, 80)
    assert frames(text) == [4, 7]
    whole = run("dump", chat).stdout.decode()
    opening = whole[: whole.index("   1    0.0")]
    assert text.startswith(opening)  # with the names of the columns
    # A line says the same as it would among all the others: the ping itself is not shown.
    row = next(line for line in text.splitlines() if "  client ->  pong" in line)
    assert row in whole.splitlines()
    assert "answers 3 after" in row
    # What is counted is the whole capture.
    assert text.endswith("note: the filter keeps 2 of 12 frames\n")
    assert "1 connection, 12 frames" in text


def test_how_it_ended_is_told_of_what_was_not_shown(chat: Path) -> None:
    text = dump(chat, "closed_by client")
    assert 'closed cleanly by the client: 1000 normal closure, "bye"' in text
    assert "header+payload" not in text
    assert text.endswith("the filter keeps 0 of 12 frames and 1 of 4 other entries\n")
    assert dump(chat, "type == connection").count("connection 1  ws://") == 1


def test_a_frame_is_kept_with_its_message_and_its_findings(faults: Path) -> None:
    answer = run("dump", faults, "--filter", "finding.rule == frame-opcode-reserved-data")
    text = answer.stdout.decode()
    assert frames(text) == [5]
    assert "frame-opcode-reserved-data" in text.split("header+payload")[1]
    text = run("dump", faults, "--filter", 'message.length == 8 and data contains "mask"').stdout
    assert frames(text.decode()) == [1]


def test_several_connections(several: Path) -> None:
    text = dump(several, 'path == "/ticker" and frame')
    assert "connection 2  ws://127.0.0.1:8101/ticker" in text
    assert "/chat" not in text
    assert frames(text) == [1, 2]
    assert "the filter keeps 2 of" in text
    text = dump(several, "frame == 1")
    assert frames(text) == [1] * text.count("header+payload")
    assert "connection 1" in text
    assert "connection 2" in text
    alone = dump(several, "frame", "--connection", "1")
    assert "connection 2" not in alone
    assert "the filter keeps 2 of 2 frames" in alone


def test_plain_http_is_filtered_where_it_is_shown(several: Path) -> None:
    assert "GET /" in dump(several, "type == http", "--http")
    assert "keeps 0 of" in dump(several, "type == http")
    assert "GET" not in dump(several, 'type == http and method == "POST"', "--http")


def test_json_lines(chat: Path) -> None:
    answer = run("dump", chat, "--filter", "kind == text and fin", "--format", "jsonl")
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    whole = [
        json.loads(line) for line in run("dump", chat, "--format", "jsonl").stdout.splitlines()
    ]
    assert lines[0] == whole[0]
    assert {line["type"] for line in lines[1:]} == {"frame", "message"}
    assert [line for line in lines if line["type"] == "message"] == [
        line for line in whole if line["type"] == "message" and line["kind"] == "text"
    ]
    assert (answer.returncode, answer.stderr) == (0, b"")


def test_the_last_that_are_wanted(chat: Path) -> None:
    text = dump(chat, "control", "--last", "2")
    assert frames(text) == [11, 12]
    assert text.startswith("connection 1")
    assert text.count("header+payload") == 1
    assert "keeps 6 of 12 frames" in text
    assert dump(chat, "control", "--last", "100") == dump(chat, "control")
    assert frames(dump(chat, "frame or type == close", "--last", "1")) == []
    lines = run("dump", chat, "--filter", "frame", "--last", "1", "--format", "jsonl").stdout
    types = [json.loads(line)["type"] for line in lines.splitlines()]
    assert types == ["connection", "frame"]


def test_a_capture_that_grows(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "live.pcapng")
    talk = scene.open().handshake()
    talk.client(*(masked(1, b"old %d" % number) for number in range(10)))
    process = start(
        "dump", "--follow", "--last", "2", "--filter", 'text matches "[13579]$"',
        tmp_path / "live.pcapng",
    )  # fmt: skip
    old = shown(process, '"old 9"\n')
    assert frames(old) == [8, 10]
    assert old.startswith("connection 1")
    assert "header+payload" in old
    talk.client(masked(1, b"new 2")).server(encode_frame(1, b"new 3"))
    assert frames(shown(process, '"new 3"\n')) == [12]
    scene.writer.close(scene.time)
    out, err, code = finish(process)
    assert "the filter keeps 6 of 12 frames" in out
    assert (err, code) == ("", 0)


def test_lint_looks_at_each_finding_alone(faults: Path) -> None:
    def lint(wanted: str) -> tuple[list[dict[str, object]], int]:
        answer = run("lint", faults, "--format", "jsonl", "--filter", wanted)
        assert answer.stderr == b""
        return [json.loads(line) for line in answer.stdout.splitlines()], answer.returncode

    everything, code = lint("finding")
    assert code == 1
    assert lint("finding and frame")[0] != everything
    errors, code = lint("finding.severity == error")
    assert (errors, code) == ([f for f in everything if f["severity"] == "error"], 1)
    others, code = lint("not finding.severity == error")
    assert (others, code) == ([f for f in everything if f["severity"] != "error"], 0)
    assert others
    one, code = lint("finding.rule == frame-masked-server and frame == 2")
    assert ([finding["rule"] for finding in one], code) == (["frame-masked-server"], 1)
    assert lint("not finding") == ([], 0)
    text = run("lint", faults, "--filter", "finding.severity == warning").stdout.decode()
    assert "error" not in text
    assert re.search(r"^findings: \d+ warnings?$", text, re.MULTILINE)


@pytest.mark.parametrize("name", ["dump", "lint"])
def test_a_filter_that_is_none(chat: Path, name: str) -> None:
    for wanted, words in (
        ("opcode = ping", "column 8: = alone is no operator; write == to compare"),
        ("\x1b[2J", "column 1: '␛' has no place here"),
        ("", "column 1: the filter is empty"),
    ):
        answer = run(name, chat, "--filter", wanted)
        assert (answer.returncode, answer.stdout) == (2, b"")
        (line,) = answer.stderr.decode().splitlines()
        assert line.startswith(f"ws101 {name}: ")
        assert words in line
    assert b"--filter" in run("dump", chat, "--filter", "fin", "--frame", "1").stderr


@pytest.mark.parametrize("name", ["dump", "lint"])
def test_what_can_be_asked_for_is_listed(name: str) -> None:
    answer = run(name, "--filter", "help")
    assert (answer.returncode, answer.stderr) == (0, b"")
    assert answer.stdout.decode() == reference()
    assert_harmless(reference(), 80)


@pytest.mark.parametrize("wanted", ["finding", "from client and masked", "control or time > 9s"])
def test_what_is_not_kept_is_kept_by_not(faults: Path, wanted: str) -> None:
    """Every line is in one of both listings, and only openings are in both."""

    def lines(*filter: str) -> list[str]:
        return run("dump", faults, "--format", "jsonl", *filter).stdout.decode().splitlines()

    kept, others = lines("--filter", wanted), lines("--filter", f"not ({wanted})")
    both = [line for line in kept if line in others]
    assert {json.loads(line).get("stream", "opening") for line in both} <= {
        "opening", "request", "response",
    }  # fmt: skip
    assert sorted(kept + others) == sorted(lines() + both)
