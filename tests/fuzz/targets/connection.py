"""A whole connection, gaps and ends among its bytes: heads, frames, messages, rules."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.core.events import Closed, Event, Framed, Opened
from inspector.core.findings import Finding
from inspector.core.frames import Raw
from inspector.core.rfc import SIDES
from tests.core.vectors import Step, bytewise, play
from tests.fuzz.steps import decoded, vectors

SMALL = 300
CAPS = (1 << 26, 0, 5, 200)


def check(data: bytes) -> None:
    cap, steps = CAPS[(data or b"\0")[0] % len(CAPS)], decoded(data[1:])
    told = play(steps, cap)
    if len(data) <= SMALL:
        assert play(bytewise(steps), cap) == told
    findings_point_into_their_streams(steps, told)
    nothing_is_lost(steps, told)
    frames = [event.number for event in told if isinstance(event, Framed)]
    assert frames == list(range(1, len(frames) + 1))
    assert not any(isinstance(event, Closed) for event in told[:-1])


def findings_point_into_their_streams(steps: list[Step], told: list[Event]) -> None:
    size = dict.fromkeys(SIDES, 0)
    for step in steps:
        if step.kind != "end":
            size[step.side] += len(step.value) if step.kind == "bytes" else step.value
    for event in told:
        if isinstance(event, Finding):
            side = {"request": "client", "response": "server"}.get(event.stream, event.stream)
            assert 0 <= event.offset <= size[side]  # type: ignore[index]
            assert event.words
            assert event.words.isprintable(), event.words


def nothing_is_lost(steps: list[Step], told: list[Event]) -> None:
    """After the head, all of a side's bytes stand in frames and raw pieces, each once."""
    opened = [event for event in told if isinstance(event, Opened)]
    if len(opened) != 1 or not opened[0].upgraded or any(step.kind == "gap" for step in steps):
        return
    for side in SIDES:
        sent = b"".join(step.value for step in steps if (step.kind, step.side) == ("bytes", side))
        pieces = [event.frame for event in told if isinstance(event, Framed)]
        spans = [(piece.offset, piece.wire) for piece in pieces if piece.side == side]
        spans += [(e.offset, e.data) for e in told if isinstance(e, Raw) and e.side == side]
        spans = sorted(span for span in spans if span[1] and span[0] >= 0)
        at = 0
        for offset, content in spans:
            assert offset == at, (side, offset, at)
            at += len(content)
        ended = any(step.kind == "end" for step in steps)  # what comes after it is not read
        told_bytes = b"".join(content for _, content in spans)
        assert told_bytes in sent if ended else sent.endswith(told_bytes)


def seeds() -> Iterator[bytes]:
    for data in vectors(3000):
        yield b"\0" + data
        if len(data) < 600:
            yield b"\3" + data
