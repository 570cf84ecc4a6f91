"""Numbers of a long row in little memory: a spread with its quantiles, and a pace over time.

A `Spread` keeps all values while they are few, and then only how many fell into each of its
buckets, whose borders grow by a constant factor: so a quantile is never off by more than `ERROR` of
itself, however many values there were (as in DDSketch, Masson, Rim and Lee 2019). A `Pace` counts
into a fixed number of equal slices of time, and doubles their width whenever time goes past the
last. Counts, sums, least and greatest are exact in both.
"""

from collections import Counter
from math import ceil, log
from typing import Final

ERROR: Final = 0.01
MOST_EXACT: Final = 1_000
"""Values of which all are kept."""
LEAST: Final = 1e-9
"""Smaller values share a bucket with this one."""
SLICES: Final = 64
FIRST_WIDTH: Final = 0.001
"""Seconds of a slice before it ever had to be doubled."""
MOST_DOUBLINGS: Final = 64
"""Beyond these (some hundred million years) time stands still in the last slice."""

_FACTOR: Final = (1 + ERROR) / (1 - ERROR)
_LOG: Final = log(_FACTOR)


class Spread:
    """How values of 0 or more are spread."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.least = 0.0
        self.greatest = 0.0
        self._all: list[float] | None = []
        self._buckets: Counter[int] = Counter()

    def add(self, value: float) -> None:
        """One more value; what is below 0 counts as 0."""
        value = max(value, 0.0)
        self.least = min(value, self.least) if self.count else value
        self.greatest = max(value, self.greatest)
        self.count += 1
        self.total += value
        if self._all is not None:
            self._all.append(value)
            if len(self._all) <= MOST_EXACT:
                return
            rest, self._all = self._all, None
        else:
            rest = [value]
        for each in rest:
            self._buckets[ceil(log(max(each, LEAST)) / _LOG)] += 1

    @property
    def error(self) -> float:
        """By how much of itself a quantile may be off: 0 while all values are kept."""
        return 0.0 if self._all is not None else ERROR

    def quantile(self, share: float) -> float:
        """The value that this share of all does not exceed (nearest rank); 0 if there is none."""
        if not self.count:
            return 0.0
        rank = max(1, ceil(share * self.count))
        if self._all is not None:
            return sorted(self._all)[rank - 1]
        for bucket in sorted(self._buckets):
            rank -= self._buckets[bucket]
            if rank <= 0:
                break
        middle = 2 * _FACTOR**bucket / (_FACTOR + 1)
        return float(min(max(middle, self.least), self.greatest))


class Pace:
    """Frames and bytes over time, from `start` (seconds since the epoch) on."""

    def __init__(self, start: float) -> None:
        self.start = start
        self.width = FIRST_WIDTH
        """Seconds of a slice."""
        self.frames = [0] * SLICES
        self.bytes = [0] * SLICES
        self.used = 0
        """Slices up to the last in which something happened."""
        self._doublings = 0

    def add(self, time: float, size: int) -> None:
        """A frame of `size` bytes; one from before the start counts as at the start."""
        at = max(0.0, time - self.start)
        while at >= self.width * SLICES and self._doublings < MOST_DOUBLINGS:
            self._double()
        index = min(int(at / self.width), SLICES - 1)
        self.frames[index] += 1
        self.bytes[index] += size
        self.used = max(self.used, index + 1)

    def _double(self) -> None:
        for row in (self.frames, self.bytes):
            row[:] = [*map(sum, zip(row[::2], row[1::2], strict=True)), *[0] * (SLICES // 2)]
        self.width *= 2
        self.used = (self.used + 1) // 2
        self._doublings += 1

    def folded(self, most: int) -> tuple[float, list[int], list[int]]:
        """The used slices, joined by twos until there are at most `most`: width, frames, bytes."""
        width, frames, sizes = self.width, self.frames[: self.used], self.bytes[: self.used]
        while len(frames) > most:
            width *= 2
            frames = [sum(frames[at : at + 2]) for at in range(0, len(frames), 2)]
            sizes = [sum(sizes[at : at + 2]) for at in range(0, len(sizes), 2)]
        return width, frames, sizes
