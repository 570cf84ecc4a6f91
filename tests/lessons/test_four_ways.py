"""A race counts what was heard in it, as its page does, whatever a server wrote to readers gone."""

from __future__ import annotations

import pytest

from lessons.course.course import Course
from lessons.course.evidence import Evidence
from lessons.four_ways.ways import EVENTS, LONG_POLL, TICKER, over_http, race, ticks_in


@pytest.fixture(scope="module")
def sample() -> Evidence:
    return Evidence.read(Course().find("18").folder / "sample.pcapng")


def test_what_is_written_after_the_race_was_heard_by_nobody(sample: Evidence) -> None:
    (stream,) = (http for http in sample.http if http.path == EVENTS)
    pieces = stream.pieces[:-2]  # as if the last two were written after it
    way = over_http(EVENTS, [stream], pieces[-1].time)
    assert way.heard == tuple(ticks_in(pieces))
    assert len(way.heard) == len(over_http(EVENTS, [stream], float("inf")).heard) - 2
    assert way.down.count(b"\ndata: ") == len(way.heard)
    assert way.up == stream.request.raw


def test_a_question_whose_answer_nobody_waited_for_was_not_in_vain(sample: Evidence) -> None:
    asked = next(http for http in sample.http if http.path == LONG_POLL)
    assert asked.responded
    way = over_http(LONG_POLL, [asked], asked.responded - 0.001)
    assert (way.requests, way.in_vain, way.heard, way.down) == (1, 0, (), b"")


def test_no_way_has_heard_anything_after_the_websocket_closed(sample: Evidence) -> None:
    ways = race(sample)
    ended = sample.connection(TICKER).reads[-1].time
    assert max(tick.at for way in ways.ways.values() for tick in way.heard) <= ended
