"""A HAR: any document is read without raising, and what was read is written and read the same."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

from inspector.core.events import Messaged
from inspector.files.dissect import Item, dissect
from inspector.files.events import CaptureEvent, Counts
from inspector.files.har import read_har
from inspector.files.har_writer import HarWriter
from tests.core.vectors import load
from tests.files.round_trip import lawful, source, whole
from tests.files.test_har import SAID, entry, har

LONGEST = 6000


def check(data: bytes) -> None:
    events = list(read_har(source(data), Counts()))
    lawful(events)
    if contents(events):
        again = list(read_har(source(written(events)), Counts()))
        lawful(again)
        assert contents(again) == contents(events)


def contents(events: list[CaptureEvent]) -> list[tuple[str, str, bytes]]:
    """What a HAR holds of messages, whatever else is lost."""
    return sorted(
        (item.event.message.side, item.event.message.kind, item.event.message.data)
        for item in dissect(events)
        if isinstance(item, Item) and isinstance(item.event, Messaged) and item.event.message.valid
    )


def written(events: list[CaptureEvent]) -> bytes:
    with tempfile.TemporaryFile() as file:
        writer = HarWriter(os.dup(file.fileno()))
        for item in dissect(events):
            if isinstance(item, Item):
                writer.take(item)
        writer.close()
        file.seek(0)
        return file.read()


def seeds() -> Iterator[bytes]:
    for indent in (None, 2):
        yield har(entry(), indent=indent)
        yield har(entry(_webSocketMessages=SAID[:1]), entry(_webSocketMessages=[]), indent=indent)
    for vector in load():
        data = written(whole(vector))
        if 200 < len(data) <= LONGEST // 2:
            yield data
