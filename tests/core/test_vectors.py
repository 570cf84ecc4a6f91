"""Every vector, fed whole, byte by byte, and with a tail."""

from __future__ import annotations

import pytest

from inspector.core.events import Closed, Event, Opened
from inspector.core.findings import Finding
from tests.core import vectors
from tests.core.vectors import Vector, bytewise, play, transcript, whole, with_tail

VECTORS = vectors.load()


def params() -> list[object]:
    return [pytest.param(vector, id=vector.name) for vector in VECTORS]


def is_info(event: Event) -> bool:
    return isinstance(event, Finding) and event.rule.severity == "info"


def test_names_are_unique() -> None:
    names = [vector.name for vector in VECTORS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("vector", params())
def test_vector(vector: Vector) -> None:
    before = play(vector.handshake, finish=False)
    told = [event for event in before if not is_info(event)]
    assert [type(event) for event in told] == [Opened] * bool(vector.handshake)
    steps = [*vector.handshake, *vector.steps]

    told = play(whole(steps), vector.max_payload, until=vector.until)
    assert transcript(told)[len(before) :] == vector.expect
    assert play(bytewise(steps), vector.max_payload, until=vector.until) == told

    tailed = with_tail(steps)
    if vector.tail and tailed:
        untailed = play(with_tail(steps, b""), vector.max_payload, finish=False)
        assert play(tailed, vector.max_payload, finish=False) == untailed


@pytest.mark.parametrize("vector", params())
def test_its_findings_are_those_it_names(vector: Vector) -> None:
    steps = [*vector.handshake, *vector.steps]
    events = play(steps, vector.max_payload, until=vector.until)
    assert {finding.rule.id for finding in vectors.findings(events)} == vector.breaks
    assert not vector.keeps & vector.breaks
    assert [type(event) for event in events].count(Closed) <= 1
