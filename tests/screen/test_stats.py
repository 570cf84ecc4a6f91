"""Statistics: golden, the numbers that the JSON lines of `dump` give, harmless for any traffic."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.commands.stats import show_stats
from inspector.core.frames import encode_frame
from inspector.files.capture import open_capture
from inspector.files.dissect import Item, dissect
from inspector.files.jsonl import to_line
from inspector.screen.bars import bar, percent
from inspector.screen.paper import Paper
from tests.screen.golden import assert_golden
from tests.screen.harm import assert_harmless
from tests.screen.specimens import SPECIMENS, Scene, capture, masked
from tests.screen.traffic import conversations, pairs


def recorded(path: Path) -> list[Item]:
    with open_capture(str(path)) as opened:
        return [item for item in dissect(opened) if isinstance(item, Item)]


def shown(told: list[Item], width: int = 80, encoding: str = "utf-8") -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding)
    paper = Paper(stream, width)
    show_stats(told, paper, "text")
    paper.close()
    stream.seek(0)
    return stream.read()


def counted(told: list[Item]) -> list[dict[str, Any]]:
    stream = io.StringIO()
    show_stats(told, Paper(stream), "jsonl")
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("name", SPECIMENS)
def test_golden(name: str, tmp_path: Path) -> None:
    text = shown(recorded(capture(tmp_path / "x.pcapng", SPECIMENS[name])))
    assert_harmless(text, 80)
    assert_golden(f"stats-{name}", text)


@pytest.mark.parametrize("width", [40, 120])
def test_golden_at_other_widths(width: int, tmp_path: Path) -> None:
    text = shown(recorded(capture(tmp_path / "x.pcapng", SPECIMENS["chat"])), width)
    assert_harmless(text, width)
    assert_golden(f"stats-chat-{width}", text)


def test_where_only_ascii_can_be_said(tmp_path: Path) -> None:
    told = recorded(capture(tmp_path / "x.pcapng", SPECIMENS["chat"]))
    text = shown(told, encoding="ascii")
    assert text.isascii()
    assert "\\u" not in text
    assert "########" in text


@pytest.mark.parametrize("name", SPECIMENS)
def test_the_numbers_are_those_of_the_frames(name: str, tmp_path: Path) -> None:
    """Counted once more, from what `dump --format jsonl` writes."""
    told = recorded(capture(tmp_path / "x.pcapng", SPECIMENS[name]))
    lines = [to_line(item) for item in told]
    *each, total = counted(told)
    assert [line["connection"] for line in each] == sorted(
        {line["connection"] for line in lines if line["type"] == "connection"}
    )
    assert total["connections"] == len(each)
    for stats in (*each, total):
        mine = [
            line
            for line in lines
            if stats["connection"] is None or line.get("connection") == stats["connection"]
        ]
        for side in ("client", "server"):
            of = [line for line in mine if line.get("from") == side]
            frames = [line for line in of if line["type"] == "frame"]
            messages = [line for line in of if line["type"] == "message"]
            raw = [line for line in of if line["type"] == "raw"]
            told_of = stats[side]
            assert told_of["frames"] == Counter(line["name"] for line in frames)
            assert told_of["headers"] == sum(len(line["header"]) // 2 for line in frames)
            assert told_of["payload"] == sum(len(line["payload"]) // 2 for line in frames)
            assert sum(told_of["bytes"].values()) == told_of["headers"] + told_of["payload"]
            assert told_of["masks"] == 4 * sum(line["masking_key"] is not None for line in frames)
            assert told_of["messages"] == Counter(line["kind"] for line in messages)
            assert told_of["content"] == sum(line["length"] for line in messages)
            assert told_of["fragmented"] == sum(len(line["frames"]) > 1 for line in messages)
            assert told_of["compressed"] == sum(line["compressed"] for line in messages)
            assert told_of["raw"] == sum(len(line["bytes"]) // 2 for line in raw)
            for least, most, number in told_of["sizes"]:
                assert number == sum(least <= line["length"] <= most for line in messages)
        assert stats["findings"] == Counter(
            line["rule"] for line in mine if line["type"] == "finding"
        )
        assert sum(stats["rate"]["frames"]) == sum(line["type"] == "frame" for line in mine)


def test_times_of_the_specimen(tmp_path: Path) -> None:
    chat, _ = counted(recorded(capture(tmp_path / "x.pcapng", SPECIMENS["chat"])))
    assert chat["duration"] == pytest.approx(8.216, abs=1e-5)
    trip = chat["client"]["round_trip"]
    assert trip["count"] == 1
    assert trip["median"] == pytest.approx(0.001, abs=1e-5)
    assert chat["silence"]["count"] == 2
    assert chat["silence"]["longest"] == pytest.approx(7.001, abs=1e-5)
    assert chat["silence"]["before"] == [1, 11]
    assert chat["server"]["ratio"] == pytest.approx(335 / 75)


def test_pings_and_their_round_trips(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "pings.pcapng")
    talk = scene.open().handshake()
    for number in range(1, 101):
        talk.client(masked(9, b"%d" % number))
        scene.wait(number / 1000 - 0.001)
        talk.server(encode_frame(10, b"%d" % number))
    talk.client(masked(9, b"lost")).server(encode_frame(10, b"never asked"))
    scene.writer.close(scene.time)
    told = recorded(tmp_path / "pings.pcapng")
    client, server = counted(told)[0]["client"], counted(told)[0]["server"]
    assert (client["pings"], client["answered"], server["unasked_pongs"]) == (101, 100, 1)
    trip = client["round_trip"]
    assert trip["error"] == 0
    expected = {"min": 0.001, "median": 0.050, "p95": 0.095, "max": 0.100}
    assert {name: trip[name] for name in expected} == pytest.approx(expected, abs=1e-5)


@given(conversations(), conversations(), st.integers(40, 140))
def test_any_traffic_is_counted_and_harmless(
    one: list[tuple[bool, bytes]], other: list[tuple[bool, bytes]], width: int
) -> None:
    told = pairs(one, other)
    assert_harmless(shown(told, width), width)
    first, second, total = counted(told)
    for side in ("client", "server"):
        for name in ("headers", "payload", "content", "raw", "heads"):
            assert first[side][name] + second[side][name] == total[side][name]


def test_nothing_to_count() -> None:
    assert shown([]) == "0 connections: there is nothing to count\n"
    assert counted([])[0]["connections"] == 0


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(1, 60))
def test_bars(value: int, most: int, cells: int) -> None:
    drawn = bar(min(value, most), most, cells)
    assert len(drawn) <= cells
    assert bool(drawn) == (value > 0)
    assert drawn == "█" * cells or value < most
    assert percent(0, 0) == "-"
    assert percent(1, 8) == "12.5 %"
