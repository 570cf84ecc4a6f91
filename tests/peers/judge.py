"""A capture of two peers, judged: what it says must be what they said, and nobody is blamed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from inspector.core.events import Closed, Framed, Messaged, Opened
from inspector.core.findings import Finding
from inspector.core.frames import Raw
from inspector.core.rfc import SIDES, Side
from inspector.files.capture import open_capture
from inspector.files.dissect import Item, dissect
from inspector.files.events import Fault
from tests.peers.script import Content


@dataclass(slots=True)
class Told:
    """One connection, as the capture tells it."""

    opened: Opened | None = None
    closed: Closed | None = None
    messages: dict[Side, list[Content]] = field(default_factory=lambda: {s: [] for s in SIDES})
    compressed: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(SIDES, 0))
    control: dict[Side, list[tuple[int, bytes]]] = field(
        default_factory=lambda: {s: [] for s in SIDES}
    )
    fragmented: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(SIDES, 0))
    findings: list[Finding] = field(default_factory=list)
    raw: list[Raw] = field(default_factory=list)


def tell(path: Path) -> Told:
    """The one connection of a capture."""
    told = Told()
    with open_capture(path) as capture:
        for item in dissect(capture):
            assert not isinstance(item, Fault), item
            if isinstance(item, Item):
                assert item.connection.number == 1
                _take(told, item)
    return told


def _take(told: Told, item: Item) -> None:
    match item.event:
        case Opened() as opened:
            told.opened = opened
        case Closed() as closed:
            told.closed = closed
        case Messaged(message=message):
            told.messages[message.side].append((message.kind, message.data))
            told.compressed[message.side] += message.compressed
            told.fragmented[message.side] += len(message.frames) > 1
        case Framed(frame=frame) if frame.is_control:
            told.control[frame.side].append((frame.opcode, frame.payload))
        case Finding() as finding:
            told.findings.append(finding)
        case Raw() as raw:
            told.raw.append(raw)
