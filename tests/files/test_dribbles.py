"""A capture that comes in drops is read as one that is there whole, whatever format it has.

The inputs are the seeds of the fuzz targets, as they are and damaged.
"""

from __future__ import annotations

import functools
import io
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.files.capture import Capture, CaptureEvent
from inspector.files.source import Source
from tests.fuzz.corpus import load

FORMATS = ("capture", "jsonl", "har")


@functools.cache
def seeds(name: str) -> list[bytes]:
    return [seed for seed in load(name).seeds() if len(seed) < 3000]


class Drops(io.BytesIO):
    """Gives no more at a time than the next of `sizes`, which repeat."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        super().__init__(data)
        self._sizes = itertools.cycle(sizes)

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(next(self._sizes))

    read1 = read


def read(data: bytes, sizes: list[int]) -> list[CaptureEvent]:
    return list(Capture(Source(Drops(data, sizes))))


@pytest.mark.parametrize("name", FORMATS)
@given(st.data(), st.lists(st.integers(1, 700), min_size=1, max_size=5))
def test_drops_make_no_difference(name: str, draw: st.DataObject, sizes: list[int]) -> None:
    data = bytearray(draw.draw(st.sampled_from(seeds(name))))
    for place, value in draw.draw(
        st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=3)
    ):
        if data:
            data[place % len(data)] = value
    del data[draw.draw(st.integers(1, 2 * len(data) + 1)) :]
    told = read(bytes(data), [1 << 20])
    assert read(bytes(data), sizes) == told
    assert read(bytes(data), [1]) == told
