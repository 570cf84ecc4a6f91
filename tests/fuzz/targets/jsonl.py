"""JSON lines, read back: no line raises, and what was read is written the same again."""

from __future__ import annotations

from collections.abc import Iterator

from tests.core.vectors import load
from tests.files.round_trip import json_lines, lawful, lines, opened, streams, whole

LONGEST = 8000


def check(data: bytes) -> None:
    events = list(opened(b'{"type":"none"}\n' + data))
    lawful(events)
    assert sum(map(len, streams(events).values())) <= len(data)
    told = lines(events)
    again = list(opened(json_lines(events)))
    lawful(again)
    assert len(again) >= (len(told) > 0)


def seeds() -> Iterator[bytes]:
    for vector in load():
        data = json_lines(whole(vector))
        if len(data) <= LONGEST:
            yield data
