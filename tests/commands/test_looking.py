"""`dump --ladder` and `dump --stats`: with the other options of `dump`, on captures in files."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.commands.ladder import LadderView
from inspector.commands.stats import show_stats
from inspector.core.events import Framed
from inspector.core.frames import Frame, FrameDecoder
from inspector.files.dissect import Connection, Item
from inspector.screen.paper import Paper
from tests.commands.run import in_terminal, run
from tests.screen.harm import assert_harmless
from tests.screen.specimens import masked

GOLDEN = Path(__file__).parents[1] / "screen" / "golden"


def golden(name: str) -> str:
    return (GOLDEN / f"{name}.txt").read_text("utf-8")


def test_a_ladder(chat: Path, several: Path) -> None:
    text = run("dump", chat, "--ladder").stdout.decode()
    assert text.startswith(golden("ladder-chat"))
    assert text.endswith("findings: 2 info\n")
    ladders = run("dump", several, "--ladder", "--http").stdout.decode()
    assert ladders.startswith(golden("ladder-several"))
    assert "plain HTTP" not in run("dump", several, "--ladder").stdout.decode()


def test_a_ladder_of_one_connection(several: Path) -> None:
    text = run("dump", several, "--ladder", "--connection", "2").stdout.decode()
    assert text.startswith("connection 2  ws://127.0.0.1:8101/ticker\n  2026-")
    assert "connection 1" not in text
    assert "1 connection, 2 frames" in text


def test_the_last_rungs(chat: Path) -> None:
    text = run("dump", chat, "--ladder", "--last", "2").stdout.decode()
    whole = run("dump", chat, "--ladder").stdout.decode()
    assert "  11    8.213 +7.00 s   ├═ close 1000" in text
    assert "text FIN" not in text
    assert text.splitlines()[-7:] == whole.splitlines()[-7:]


def test_rungs_that_a_filter_wants(chat: Path) -> None:
    text = run("dump", chat, "--ladder", "--filter", "opcode == pong").stdout.decode()
    assert "GET /chat" in text
    assert text.count("─►│") + text.count("│◄─") == 4
    assert "answers ping 3, round trip 1.0 ms" in text
    assert "silence" not in text, "what was not shown was no silence"


def test_a_ladder_in_a_terminal(hostile: Path, chat: Path) -> None:
    coloured, code = in_terminal("dump", hostile, "--ladder")
    assert code == 0
    assert_harmless(coloured, 80, colour=True)
    wide, _ = in_terminal("dump", chat, "--ladder", columns=120, NO_COLOR="1")
    assert wide.startswith(golden("ladder-chat-120"))
    told = run("dump", chat, "--ladder", PYTHONIOENCODING="ascii").stdout
    assert told.decode("ascii").startswith(golden("ladder-chat-ascii"))


def test_statistics(chat: Path, several: Path) -> None:
    text = run("dump", chat, "--stats").stdout.decode()
    assert text.startswith(golden("stats-chat"))
    assert "all 3 connections" in run("dump", several, "--stats").stdout.decode()
    lines = run("dump", several, "--stats", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["connection"] for line in lines] == [1, 2, 3, None]
    one = run("dump", several, "--stats", "--connection", "2", "--format", "jsonl").stdout
    assert [json.loads(line)["connection"] for line in one.splitlines()] == [2, None]


def test_statistics_of_what_a_filter_wants(several: Path) -> None:
    arguments = ("dump", several, "--stats", "--format", "jsonl", "--filter", "opcode == text")
    lines = [json.loads(line) for line in run(*arguments).stdout.splitlines()]
    assert [line["connection"] for line in lines] == [2, 1, None], "as they are first wanted"
    assert lines[-1]["client"]["frames"] == {"text": 1}
    assert lines[-1]["server"]["frames"] == {"text": 2}


@pytest.mark.parametrize(
    "options",
    [
        ["--stats", "--follow"],
        ["--stats", "--last", "3"],
        ["--stats", "--ladder"],
        ["--stats", "--frame", "1"],
        ["--ladder", "--frame", "1"],
        ["--ladder", "--format", "jsonl"],
    ],
)
def test_what_does_not_go_together(chat: Path, options: list[str]) -> None:
    answer = run("dump", chat, *options)
    assert (answer.returncode, answer.stdout) == (2, b"")
    assert len(answer.stderr.splitlines()) == 1
    assert b"go with" in answer.stderr or b"goes with" in answer.stderr


def endless(frames: int) -> Iterator[Item]:
    """A connection that goes on and on."""
    connection = Connection(1, ("127.0.0.1", 1), ("127.0.0.1", 8101), 0.0, number=1)
    decoder = FrameDecoder("client")
    for number in range(1, frames + 1):
        decoder.feed(masked(9, b"%d" % number))
        frame = decoder.next_piece()
        assert isinstance(frame, Frame)
        yield Item(connection, Framed(number, frame, number / 1000))


@pytest.mark.slow
@pytest.mark.parametrize("what", ["ladder", "stats"])
def test_a_long_connection_is_not_held_in_memory(what: str, tmp_path: Path) -> None:
    peaks = []
    for frames in (3_000, 12_000):
        with (tmp_path / "out.txt").open("w", encoding="utf-8") as stream:
            paper = Paper(stream, 80)
            tracemalloc.start()
            if what == "stats":
                show_stats(endless(frames), paper, "text")
            else:
                view = LadderView(paper)
                for item in endless(frames):
                    view.take(item)
                view.flush()
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.25
