"""Entries: a frame and all that belongs to it, as one thing."""

from __future__ import annotations

import pytest

from inspector.core.events import Framed, Messaged, Opened
from inspector.core.findings import Finding
from inspector.files.dissect import Connection, Item
from inspector.files.entries import Entries, entries
from tests.core import vectors
from tests.core.vectors import Vector, play

VECTORS = vectors.load()
CONNECTION = Connection(1, ("127.0.0.1", 50000), ("127.0.0.1", 80), 0.0)


def items_of(vector: Vector) -> list[Item]:
    told = play([*vector.handshake, *vector.steps], vector.max_payload)
    return [Item(CONNECTION, event) for event in told]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_entries_hold_every_item_once_and_in_order(vector: Vector) -> None:
    items = items_of(vector)
    whole = list(entries(items))
    assert [item for entry in whole for item in entry.items] == items
    for entry in whole:
        assert entry.event is entry.items[0].event
        assert not isinstance(entry.event, Messaged)
        assert entry.findings == [e.event for e in entry.items if isinstance(e.event, Finding)]
        if isinstance(entry.event, Framed):
            numbers = {entry.event.number, *(entry.message.frames[:1] if entry.message else ())}
            assert {finding.frame for finding in entry.findings} <= numbers


def test_a_findings_connection_has_to_be_that_of_its_frame() -> None:
    vector = next(each for each in VECTORS if each.breaks == {"frame-rsv2-set"})
    other = Connection(2, ("127.0.0.1", 50001), ("127.0.0.1", 80), 0.0)
    items = [
        Item(other, item.event) if isinstance(item.event, Finding) else item
        for item in items_of(vector)
    ]
    alone = [entry for entry in entries(items) if isinstance(entry.event, Finding)]
    assert [entry.connection for entry in alone] == [other]
    assert alone[0].findings == [alone[0].event]


def test_an_entry_is_told_when_it_is_whole_or_flushed() -> None:
    vector = next(each for each in VECTORS if each.breaks == {"frame-rsv2-set"})
    items = items_of(vector)
    gathering = Entries()
    assert list(gathering.take(items[0])) == []
    assert [type(entry.event) for entry in gathering.take(items[1])] == [Opened]
    assert [type(entry.event) for entry in gathering.flush()] == [Framed]
    assert list(gathering.flush()) == []
