"""What each use of the gallery looks like on the wire: how much, which way, how evenly."""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from statistics import median
from typing import Final

from lessons.course.evidence import Connection, Evidence, Said
from lessons.course.model import Missing

from .cases import BY_NAME, CASES, PREFIX, SECONDS, Case, cues

ROUNDS: Final = (
    ("chat", "game", "editing"),
    ("ticker", "sport", "social"),
    ("news", "support", "webinar"),
)
"""Which of them are to be told apart from each other."""
TENTHS: Final = 10


@dataclass(frozen=True)
class Signature:
    """One case, as it was played."""

    case: Case
    connection: Connection

    @cached_property
    def up(self) -> list[Said]:
        return self.connection.said("client")

    @cached_property
    def down(self) -> list[Said]:
        return self.connection.said("server")

    @cached_property
    def said(self) -> list[Said]:
        """The messages of both sides, in order."""
        return list(self.connection.messages)

    @property
    def bytes_up(self) -> int:
        return sum(len(said.data) for said in self.up)

    @property
    def bytes_down(self) -> int:
        return sum(len(said.data) for said in self.down)

    @property
    def binary(self) -> bool:
        return any(said.kind == "binary" for said in self.said)

    def times(self, said: list[Said]) -> tuple[float, ...]:
        """When they passed, in seconds since the connection was open."""
        return tuple(max(0.0, each.time - self.connection.answered_at) for each in said)

    @property
    def gap(self) -> float:
        """The median silence between two messages, in seconds of life."""
        gaps = [later - sooner for sooner, later in pairwise(self.times(self.said))]
        return median(gaps) * self.case.scale if gaps else 0.0

    @property
    def busiest(self) -> float:
        """Which part of all messages fell into the busiest tenth of the time, wherever it lies."""
        times = self.times(self.said)
        tenth = SECONDS / TENTHS
        within = [bisect_right(times, at + tenth) - number for number, at in enumerate(times)]
        return max(within, default=0) / max(1, len(times))

    @property
    def spread(self) -> int:
        """In how many tenths of the time anything was said."""
        return len({int(at / SECONDS * TENTHS) for at in self.times(self.said) if at < SECONDS})

    def in_a_row(self, side: str) -> int:
        """How often `side` spoke again, the other one having said nothing since."""
        return sum(one.side == other.side == side for one, other in pairwise(self.said))

    @property
    def whole(self) -> bool:
        """Was it played to its end?"""
        mine = len(cues(self.case, self.case.up))
        come = len(cues(self.case, self.case.down)) + mine * bool(self.case.answers)
        return (
            len(self.up) >= mine and len(self.down) >= come and self.connection.closed is not None
        )


def played(evidence: Evidence) -> dict[str, Signature]:
    """The newest whole play of each case."""
    found: dict[str, Signature] = {}
    for connection in evidence.connections:
        if not connection.upgraded or not connection.path.startswith(PREFIX):
            continue
        case = BY_NAME.get(connection.path.removeprefix(PREFIX))
        if case and (seen := Signature(case, connection)).whole:
            found[case.name] = seen
    for case in CASES:
        if case.name not in found:
            raise Missing(f"the {case.title} has not been played to its end yet")
    return {case.name: found[case.name] for case in CASES}


def lettered(seen: dict[str, Signature], number: int | None = None) -> dict[str, Signature]:
    """The nine behind letters, drawn by lot; those of one round, if it is given. The lot is the key
    of a handshake, so that it is the same each time it is drawn."""
    dice = random.Random(seen["chat"].connection.proof.key)
    names = [dice.sample(each, len(each)) for each in ROUNDS]
    behind = zip("ABCDEFGHI", chain.from_iterable(names), strict=True)
    return {
        letter: seen[name] for letter, name in behind if number is None or name in ROUNDS[number]
    }
