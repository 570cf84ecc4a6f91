"""What a capture can be written as: each format with its extensions and what it can't hold.

A target takes the row of a capture's events, or that of the items found in them, and writes to a
descriptor. What it has to leave out it counts, in words: nothing is dropped in silence.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import NamedTuple, Protocol

from inspector.core.http1 import Exchange
from inspector.files.copier import PcapngCopy
from inspector.files.dissect import Item
from inspector.files.events import CaptureEvent
from inspector.files.flow import FlowWriter
from inspector.files.har_writer import HarWriter
from inspector.files.jsonl import dumps, to_line
from inspector.files.pcap_copy import PcapCopy

type LeftOut = Counter[str]
"""How many of what were left out."""


class EventTarget(Protocol):
    """Writes a capture from its bytes."""

    @property
    def left_out(self) -> LeftOut: ...

    def take(self, event: CaptureEvent) -> None: ...

    def close(self) -> None: ...


class ItemTarget(Protocol):
    """Writes a capture from what was found in it."""

    @property
    def left_out(self) -> LeftOut: ...

    def take(self, item: Item) -> None: ...

    def close(self) -> None: ...


class JsonLines:
    """One line an item (`jsonl`)."""

    def __init__(self, fd: int) -> None:
        self.left_out: LeftOut = Counter()
        self._file = os.fdopen(fd, "w", encoding="ascii", newline="\n")

    def take(self, item: Item) -> None:
        if isinstance(item.event, Exchange):
            self.left_out["bodies of plain HTTP exchanges"] += 1
        self._file.write(dumps(to_line(item)) + "\n")

    def close(self) -> None:
        self._file.close()


class Target(NamedTuple):
    """A format that can be written."""

    name: str
    extensions: tuple[str, ...]
    binary: bool = False
    from_events: Callable[[int], EventTarget] | None = None
    from_items: Callable[[int], ItemTarget] | None = None


TARGETS = (
    Target("pcapng", (".pcapng",), binary=True, from_events=PcapngCopy),
    Target("pcap", (".pcap",), binary=True, from_events=PcapCopy),
    Target("har", (".har",), from_items=HarWriter),
    Target("flow", (".flow", ".flows", ".mitm"), binary=True, from_items=FlowWriter),
    Target("jsonl", (".jsonl", ".ndjson"), from_items=JsonLines),
)


def target_for(path: str) -> Target | None:
    """The format that a file's name asks for."""
    extension = PurePath(path).suffix.lower()
    return next((target for target in TARGETS if extension in target.extensions), None)


def extensions(targets: Iterable[Target] = TARGETS) -> str:
    """All of them, for a message."""
    *most, last = [target.extensions[0] for target in targets]
    return f"{', '.join(most)} or {last}"
