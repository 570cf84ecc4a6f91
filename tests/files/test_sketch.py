"""Spreads and paces against the plain way of doing it, with everything in memory."""

from __future__ import annotations

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from inspector.files.sketch import ERROR, MOST_EXACT, SLICES, Pace, Spread

values = st.floats(0, 1e9).filter(lambda value: value == 0 or value > 1e-6)


def nearest(rows: list[float], share: float) -> float:
    return sorted(rows)[max(1, ceil(share * len(rows))) - 1]


@given(st.lists(values, min_size=1), st.floats(0, 1), st.booleans())
def test_quantiles_are_as_near_as_is_said(rows: list[float], share: float, many: bool) -> None:
    if many:
        rows = rows * (MOST_EXACT // len(rows) + 1)
    spread = Spread()
    for row in rows:
        spread.add(row)
    truth = nearest(rows, share)
    assert abs(spread.quantile(share) - truth) <= spread.error * truth * (1 + 1e-9) + 1e-9
    assert spread.error == (ERROR if len(rows) > MOST_EXACT else 0)
    assert (spread.count, spread.least, spread.greatest) == (len(rows), min(rows), max(rows))


def test_a_spread_of_many_is_small() -> None:
    spread = Spread()
    for number in range(200_000):
        spread.add(1e-9 * 1.0003**number)
    assert spread._all is None
    assert len(spread._buckets) < 4_000
    spread.add(-5)
    assert spread.least == 0
    assert Spread().quantile(0.5) == 0


@given(st.lists(st.tuples(st.floats(-1e4, 1e12), st.integers(0, 1000))), st.integers(1, SLICES))
def test_a_pace_loses_nothing(rows: list[tuple[float, int]], most: int) -> None:
    pace = Pace(100.0)
    for time, size in rows:
        pace.add(time, size)
    assert sum(pace.frames) == len(rows)
    assert sum(pace.bytes) == sum(size for _, size in rows)
    assert len(pace.frames) == len(pace.bytes) == SLICES
    assert not any(pace.frames[pace.used :])
    last = max((time - 100.0 for time, _ in rows), default=0.0)
    assert last < pace.width * SLICES
    width, frames, sizes = pace.folded(most)
    assert len(frames) <= most
    assert (sum(frames), sum(sizes)) == (sum(pace.frames), sum(pace.bytes))
    assert width * len(frames) >= pace.width * pace.used


def test_a_pace_that_goes_on_for_ever_stands_still() -> None:
    pace = Pace(0.0)
    pace.add(1e300, 1)
    pace.add(0.0, 2)
    assert pace.frames[-1] == 1
    assert pace.frames[0] == 1
