"""Lesson 17: its crowd and its fleet, and what its server says to whom it does not want."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from lessons.course.client import Client
from lessons.course.course import Course, load
from lessons.course.evidence import Evidence
from lessons.demo.app import create_app
from lessons.demo.live import live_of
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import until

LESSON = Course().find("17")
CROWD = load(LESSON, "crowd")
EXPERIMENT = load(LESSON, "experiment")
FLEET = load(LESSON, "fleet")
PACE = load(LESSON, "pace")
RUNS = load(LESSON, "runs")
SERVER = load(LESSON, "server")
SOLUTION = load(LESSON, "solution")


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(create_app(SERVER.CONFIG, blueprints=[SERVER.bp])) as running:
        yield running


def test_each_kind_of_end_is_what_it_says(server: DemoServer) -> None:
    for kind in PACE.KINDS:
        with Client.open("127.0.0.1", server.port, f"{PACE.ENDS}{kind}") as line:
            if kind < 1000:
                assert line.status == kind
            else:
                assert line.wait_closed().code == kind
    with Client.open("127.0.0.1", server.port, f"{PACE.ENDS}{PACE.BUSY}") as line:
        assert line.response.get("retry-after") == str(PACE.RETRY_AFTER)


def test_a_crowd_leaves_nothing_behind(server: DemoServer) -> None:
    told: list[int] = []

    def never(attempt: int, end: object) -> tuple[int, None]:
        told.append(end.code)  # type: ignore[attr-defined]
        return attempt, None

    callers = [CROWD.Caller(f"{PACE.CROWD}jitter?n={n}", never) for n in range(8)]
    address = ("127.0.0.1", server.port)
    with CROWD.Crowd(address, [*callers, CROWD.Caller(f"{PACE.ENDS}1012", never)]) as crowd:
        crowd.wait(lambda caller: caller.opens == 1, "all of them")
        until(lambda: told == [1012], "the one that is ended")
    assert all(caller.sock is None for caller in callers)
    until(lambda: not live_of(server.app).connections, "the end of them all")


def test_the_busiest_moment() -> None:
    assert RUNS.peak([]) == 0
    assert RUNS.peak([3.0]) == 1
    assert RUNS.peak([0.0, 0.05, 0.1, 0.101, 5.0]) == 3
    times = [random.random() for _ in range(200)]
    slow = max(sum(0 <= time - at <= PACE.WINDOW for time in times) for at in times)
    assert RUNS.peak(times) == slow


def test_a_fleet_tells_polite_from_rude() -> None:
    polite = FLEET.play(SOLUTION.next_delay)
    assert (polite.early, polite.missing) == (0, 0)
    assert max(polite.gone_peak, polite.after_peak) <= 30
    rude = FLEET.play(lambda *_: 8)
    assert rude.gone_peak >= FLEET.CLIENTS
    assert rude.early > 0
    assert FLEET.play(lambda *_: 0).missing == FLEET.CLIENTS  # it is stopped
    assert FLEET.play(lambda *_: None).missing == FLEET.CLIENTS


def test_the_sample_shows_every_trial() -> None:
    sample = Evidence.read(LESSON.folder / "sample.pcapng")
    assert [claim for claim in EXPERIMENT.claims(sample, None) if not claim.held] == []
