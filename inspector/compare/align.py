"""Two rows of units put side by side: which is which, which is missing, which was put in.

Both rows come piece by piece, and are the same but for what an intermediary did. Units are equal
when their keys are (a digest of their content). While the first two that wait are equal they are a
pair; where they differ, a window of units is waited for before it is decided which one has no
partner. So a million units take the memory of a window, and time in proportion to their number.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

WINDOW: Final = 1_024
"""Units that wait before a difference is decided: a unit that comes later is not found again."""

Leg = Literal[0, 1]


@dataclass(frozen=True, slots=True)
class Unit:
    """A whole message or another frame on one leg, in what can be compared.

    `shape`, `masks` and `headers` are digests over its frames: of their lengths, of their masking
    keys, of what else stands in their headers. `place` is how many messages of its direction had
    ended before it, and whether it stands amid one; `after` is the key of the last of those.
    """

    kind: str
    key: bytes
    time: float
    first: int
    last: int
    frames: int
    size: int
    compressed: bool
    wire: bytes
    shape: bytes
    masks: bytes
    masked: bool
    headers: bytes
    place: tuple[int, bool]
    after: bytes = b""
    told: str = ""
    """What to say of it where it is changed, lost or invented."""
    answers: bytes = b""
    """A Ping's or Pong's payload, by which one finds the other."""


@dataclass(slots=True)
class _Row:
    units: deque[Unit] = field(default_factory=deque)
    at: int = 0
    """Serial number of the first that waits."""
    where: dict[bytes, deque[int]] = field(default_factory=dict)
    """Serial numbers of those that wait, by key."""
    over: bool = False

    def add(self, unit: Unit) -> None:
        self.where.setdefault(unit.key, deque()).append(self.at + len(self.units))
        self.units.append(unit)

    def pop(self) -> Unit:
        unit = self.units.popleft()
        self.at += 1
        serials = self.where[unit.key]
        serials.popleft()
        if not serials:
            del self.where[unit.key]
        return unit

    def ahead(self, key: bytes) -> int | None:
        """How many stand before the first with this key."""
        return self.where[key][0] - self.at if key in self.where else None


Pair = tuple[Unit | None, Unit | None]


class Aligner:
    """`add` units of either leg, `end` a leg, and take the pairs that become known."""

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._rows = (_Row(), _Row())

    @property
    def waiting(self) -> tuple[int, int]:
        """Units of each leg that have no partner yet."""
        return len(self._rows[0].units), len(self._rows[1].units)

    def add(self, leg: Leg, unit: Unit) -> Iterator[Pair]:
        self._rows[leg].add(unit)
        yield from self._decide()

    def end(self, leg: Leg) -> Iterator[Pair]:
        """No more comes of this leg."""
        self._rows[leg].over = True
        yield from self._decide()

    def _decide(self) -> Iterator[Pair]:
        one, other = self._rows
        while one.units and other.units:
            a, b = one.units[0], other.units[0]
            if a.key == b.key:
                yield one.pop(), other.pop()
                continue
            full = max(len(one.units), len(other.units)) > self._window
            if not full and not (one.over and other.over):
                return
            before_a, before_b = other.ahead(a.key), one.ahead(b.key)
            if before_a is None and before_b is None and a.kind == b.kind:
                yield one.pop(), other.pop()
            elif before_a is not None and (before_b is None or before_a <= before_b):
                yield None, other.pop()
            else:
                yield one.pop(), None
        while one.units and other.over:
            yield one.pop(), None
        while other.units and one.over:
            yield None, other.pop()
