"""A copy of a capture as pcapng says what the capture said, whatever was in it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from inspector.files import events as tcp
from inspector.files.capture import open_capture
from inspector.files.copier import MAX_GAP, PcapngCopy
from inspector.files.events import CaptureEvent
from tests.core.vectors import Step, Vector, handshake, load
from tests.files.round_trip import lines, told, whole


def copied(events: Iterable[CaptureEvent], path: Path) -> tuple[list[CaptureEvent], PcapngCopy]:
    copy = PcapngCopy(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    for event in events:
        copy.take(event)
    copy.close()
    with open_capture(path) as capture:
        return list(capture), copy


def as_captures_are(vector: Vector) -> bool:
    """TCP shows that bytes are missing by what comes behind them, so that comes next."""
    steps = vector.steps
    return all(
        step.kind != "gap" or steps[at : at + 1][0].side == step.side
        for at, step in enumerate(steps[:-1], 1)
    ) and (not steps or steps[-1].kind != "gap")


VECTORS = [vector for vector in load() if as_captures_are(vector)]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_every_vector_comes_back_as_it_was(vector: Vector, tmp_path: Path) -> None:
    events = whole(vector)
    back, copy = copied(events, tmp_path / "copy.pcapng")
    assert lines(back) == lines(events)
    assert not copy.left_out


def test_beginnings_ends_and_notes(tmp_path: Path) -> None:
    events: list[CaptureEvent] = [
        tcp.Opened(1, ("::1", 5), ("::2", 80), 0.0, {"url": "x", "more": [1]}, True),
        tcp.Noted(1, False, {"later": None}, 0.5),
        tcp.Data(1, False, b"x", 1.0),
        tcp.Gap(1, True, 70_000, 2.0),
        tcp.Data(1, True, b"y" * 70_000, 2.0),
        tcp.Ended(1, True, "fin", 3.0),
        tcp.Ended(1, False, None, 3.0, True),
        tcp.Opened(2, ("1.2.3.4", 5), ("1.2.3.4", 80), 4.0, {}, False),
        tcp.Ended(2, False, "rst", 5.0),
        tcp.Opened(3, ("1.2.3.4", 6), ("1.2.3.4", 80), 6.0, {}, False),
        tcp.Ended(3, False, None, 6.0),
    ]
    back, _ = copied(events, tmp_path / "copy.pcapng")
    joined: list[CaptureEvent] = []
    for event in back[:-1]:  # the last one is the recorder's own
        last = joined[-1] if joined else None
        if isinstance(event, tcp.Data) and isinstance(last, tcp.Data):
            joined[-1] = last._replace(data=last.data + event.data)
        else:
            joined.append(event)
    assert joined == events
    assert isinstance(back[-1], tcp.Finished)


def test_what_no_comment_can_hold_is_counted(tmp_path: Path) -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for facts in ({"x": float("nan")}, {"deep": deep}, {"long": "y" * 100_000}):
        opened = tcp.Opened(1, ("1.2.3.4", 5), ("1.2.3.4", 80), 0.0, facts, False)
        back, copy = copied([opened], tmp_path / "copy.pcapng")
        (tmp_path / "copy.pcapng").unlink()
        assert back[0] == tcp.Opened(1, ("1.2.3.4", 5), ("1.2.3.4", 80), 0.0, {}, False)
        assert copy.left_out == {"notes that no comment can hold": 1}


def test_a_hole_wider_than_numbers_reach(tmp_path: Path) -> None:
    steps = [*handshake(), Step("gap", "server", 1 << 40, 1.0), Step("bytes", "server", b"x", 2.0)]
    back, copy = copied(told(steps), tmp_path / "copy.pcapng")
    assert [event.size for event in back if isinstance(event, tcp.Gap)] == [MAX_GAP]
    assert copy.left_out == {"gaps longer than 1 GiB": 1}
