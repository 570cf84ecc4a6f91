"""What a capture says, to be compared after a way through another format."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from inspector.files import events as tcp
from inspector.files.capture import Capture
from inspector.files.dissect import Item, dissect
from inspector.files.events import CaptureEvent
from inspector.files.jsonl import dumps, to_line
from inspector.files.source import Source
from tests.core.vectors import Step, Vector

CLIENT, SERVER = ("10.0.0.1", 50_000), ("10.0.0.2", 80)


def told(steps: Iterable[Step], number: int = 1) -> Iterator[CaptureEvent]:
    """A vector's steps as a capture's events."""
    client = (CLIENT[0], CLIENT[1] + number)
    yield tcp.Opened(number, client, SERVER, 0.5, {"url": "ws://here/"}, False)
    steps = list(steps)
    for step, following in zip(steps, [*steps[1:], *steps[-1:]], strict=True):
        from_client = step.side == "client"
        if step.kind == "bytes":
            yield tcp.Data(number, from_client, step.value, step.time)
        elif step.kind == "end":
            yield tcp.Ended(number, from_client, step.value, step.time)
        else:
            # Packets show that bytes are missing by the next one that comes.
            yield tcp.Gap(number, from_client, step.value, following.time)


def whole(vector: Vector) -> list[CaptureEvent]:
    return list(told([*vector.handshake, *vector.steps]))


def json_lines(events: Iterable[CaptureEvent]) -> bytes:
    told = (item for item in dissect(events) if isinstance(item, Item))
    return "".join(f"{dumps(to_line(item))}\n" for item in told).encode()


def opened(data: bytes) -> Capture:
    """A capture of these bytes, whatever they are."""
    return Capture(Source(io.BytesIO(data)))


def lines(events: Iterable[CaptureEvent]) -> list[dict[str, Any]]:
    """Everything that is told of a capture, as JSON lines say it.

    But for the numbers of TCP connections, which plain exchanges don't keep.
    """
    told = [json.loads(line) for line in json_lines(events).splitlines()]
    return [
        line | {"tcp": None, "connection": None} if line["type"] == "http" else line
        for line in told
    ]


def streams(events: Iterable[CaptureEvent]) -> dict[tuple[int, bool], bytes]:
    """Each side's bytes."""
    sides: dict[tuple[int, bool], bytes] = {}
    for event in events:
        if isinstance(event, tcp.Data):
            key = event.connection_id, event.from_client
            sides[key] = sides.get(key, b"") + event.data
    return sides


def source(data: bytes) -> Source:
    return Source(io.BytesIO(data))


def lawful(events: list[CaptureEvent]) -> None:
    """What holds whatever the bytes: a fault is last, connections open before they speak."""
    known: set[int] = set()
    for event in events:
        if isinstance(event, tcp.Opened):
            assert event.connection_id == len(known) + 1
            known.add(event.connection_id)
        elif not isinstance(event, tcp.Fault | tcp.Finished):
            assert event.connection_id in known
    assert not any(isinstance(event, tcp.Fault) for event in events[:-1])
