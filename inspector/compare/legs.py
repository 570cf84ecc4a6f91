"""Two captures of the same connections: which is which, and both read side by side.

A connection of leg A is found on leg B by the key of its handshake, which proxies pass on and
which no two connections share; else by what it asks for, else by its place in order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from inspector.compare.align import WINDOW, Leg
from inspector.compare.changes import Changes
from inspector.core.events import Opened
from inspector.files.dissect import Item

By = Literal["key", "target", "order", "choice"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A connection by its handshake."""

    number: int
    url: str | None
    key: str | None
    target: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """Connection `a` of leg A is connection `b` of leg B, found by `by`; None: not there."""

    a: Asked | None
    b: Asked | None
    by: By | None = None


def asked(items: Iterable[Item]) -> list[Asked]:
    """All connections of a leg, in order of their numbers."""
    found: dict[int, Asked] = {}
    for item in items:
        if isinstance(item.event, Opened):
            request = item.event.request
            key = request.get("sec-websocket-key") if request else None
            target = request.target if request else None
            connection = item.connection
            number = connection.number or 0
            found.setdefault(number, Asked(number, connection.url, key, target))
    return [found[number] for number in sorted(found)]


def matched(one: list[Asked], other: list[Asked]) -> list[Match]:
    """Every connection of both legs once, those of leg A first and in order."""
    partner: dict[int, tuple[Asked, By]] = {}
    left, there = list(one), list(other)

    def match(by: By, name: str | None) -> None:
        nonlocal left, there
        waiting: dict[str | None, list[Asked]] = {}
        for each in reversed(there):
            value = getattr(each, name) if name else ""
            if value is not None:
                waiting.setdefault(value, []).append(each)
        for each in left:
            row = waiting.get(getattr(each, name) if name else "")
            if row:
                partner[each.number] = row.pop(), by
        taken = {found.number for found, _ in partner.values()}
        left = [each for each in left if each.number not in partner]
        there = [each for each in there if each.number not in taken]

    match("key", "key")
    match("target", "target")
    match("order", None)
    matches = [Match(each, *partner.get(each.number, (None, None))) for each in one]
    return matches + [Match(None, each) for each in there]


def compared(
    one: Iterator[Item], other: Iterator[Item], matches: list[Match], window: int = WINDOW
) -> Iterator[tuple[Match, Changes]]:
    """What became of each connection that is on both legs, as soon as it is known.

    It is read on where fewer units wait, so that neither leg runs far ahead.
    """
    going: tuple[dict[int, tuple[Match, Changes]], ...] = ({}, {})
    for match in matches:
        if match.a is not None and match.b is not None:
            entry = match, Changes(window)
            going[0][match.a.number] = going[1][match.b.number] = entry
    sources = (one, other)
    waiting, pulled, over = [0, 0], [0, 0], [False, False]
    while not all(over):
        leg: Leg = 0 if (waiting[0], pulled[0]) <= (waiting[1], pulled[1]) else 1
        if over[leg]:
            leg = 1 if leg == 0 else 0
        item = next(sources[leg], None)
        if item is None:
            over[leg] = True
            continue
        pulled[leg] += 1
        entry_of = going[leg].get(item.connection.number or 0)
        if entry_of is None:
            continue
        match, changes = entry_of
        before = changes.waiting
        changes.take(leg, item)
        after = changes.waiting
        for each in (0, 1):
            waiting[each] += after[each] - before[each]
        if changes.over:
            _forget(going, match)
            changes.finish()
            yield match, changes
    for match, changes in list(going[0].values()):
        changes.finish()
        yield match, changes


def _forget(going: tuple[dict[int, tuple[Match, Changes]], ...], match: Match) -> None:
    assert match.a is not None
    assert match.b is not None
    del going[0][match.a.number], going[1][match.b.number]
