"""Lines of text from a source, however long the file is; one line is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from inspector.core.frames import MAX_PAYLOAD
from inspector.files.events import Fault
from inspector.files.source import CHUNK, Source

MAX_LINE: Final = 2 * MAX_PAYLOAD + (8 << 20)
"""Bytes. A frame's payload of 64 MiB in hex fits, and its other keys."""


class TextLine(NamedTuple):
    """A line without its end; `number` counts from 1, `offset` is that of its first byte.

    `ended` is false for a last line that has no line feed.
    """

    number: int
    offset: int
    data: bytes
    ended: bool


def text_lines(source: Source, most: int = MAX_LINE) -> Iterator[TextLine | Fault]:
    """All lines, up to one that is longer than `most`: that is a fault, and the last thing told."""
    number, at, need = 0, 0, 1
    while True:
        window = source.advance(at, need)
        at = 0
        while (end := window.find(b"\n", at)) >= 0:
            number += 1
            yield TextLine(number, source.offset + at, window[at:end], True)
            at = end + 1
        left = len(window) - at
        if source.ended:
            break
        if left > most:
            yield Fault(source.offset + at, f"line {number + 1} is longer than {most} bytes")
            return
        # Of a long line twice as much each time, so that it is not looked through a hundred times.
        need = left + (left if left > CHUNK else 1)
    if left:
        yield TextLine(number + 1, source.offset + at, window[at:], False)
    if source.trouble:
        yield Fault(source.offset + len(window), source.trouble)
