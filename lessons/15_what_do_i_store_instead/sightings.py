"""What each way delivered, read off the wire: nobody's word counts, the server's neither.

A page (or a script) names itself in the query, `?tab=3f9a01c2`, on all of its connections. So what
one client got before and after the server was killed is found again, whatever else is in a capture.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from inspector.core.rfc import CLOSE
from lessons.course.evidence import Connection, Evidence, Said
from lessons.course.model import Missing

from .hall import SEAM, SOCKETS, WAYS
from .identity import name_in, token_of
from .seam import AFTERWARDS, HOWS

BUSY, LATE = "busy", "late"
_EVENT = re.compile(r"([0-9]{1,9}) ")
_RESUME = re.compile(r"resume ([0-9]{1,9})")


@dataclass(frozen=True)
class Stay:
    """One connection of a client, and the numbers that its frames brought, in their order."""

    connection: Connection
    tab: str
    way: str
    about: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def heard(self) -> list[tuple[int, Said]]:
        told = [(_EVENT.match(said.text or ""), said) for said in self.connection.said("server")]
        return [(int(found[1]), said) for found, said in told if found]

    @property
    def numbers(self) -> list[int]:
        return [number for number, _ in self.heard]

    @property
    def said(self) -> list[str]:
        return [said.text or "" for said in self.connection.said("client")]

    @property
    def resumed(self) -> int | None:
        """The number that the client said it had processed."""
        found = (_RESUME.fullmatch(text) for text in self.said)
        return next((int(each[1]) for each in found if each), None)

    @property
    def is_over(self) -> bool:
        return bool(self.connection.ends or self.connection.closed)

    @property
    def was_killed(self) -> bool:
        """Did it end without a Close from either side?"""
        frames = (framed.frame for framed in self.connection.frames)
        return self.is_over and all(frame.opcode != CLOSE for frame in frames)


def asked_path(connection: Connection) -> str:
    handshake = connection.handshake if connection.items else None
    return connection.path if handshake and handshake.request else ""


def stays(evidence: Evidence) -> Iterator[Stay]:
    """All connections to the room that were greeted, in order."""
    for connection in evidence.connections:
        try:
            path, _, way = asked_path(connection).rpartition("/")
        except Missing:
            continue
        if path != SOCKETS or not connection.upgraded:
            continue
        first = next(iter(connection.said("server")), None)
        if first and (first.text or "").startswith("* "):
            tab = connection.request.target.partition("tab=")[2]
            yield Stay(connection, tab, way, json.loads((first.text or "")[2:]))


def by_tab(evidence: Evidence) -> dict[str, dict[str, list[Stay]]]:
    """For each client, the newest last, its connections by way."""
    found: dict[str, dict[str, list[Stay]]] = {}
    for stay in stays(evidence):
        mine = found.pop(stay.tab, {})
        mine.setdefault(stay.way, []).append(stay)
        found[stay.tab] = mine
    return found


def present(evidence: Evidence) -> dict[str, Stay]:
    """The newest client that has heard something on all four ways, and its newest connections."""
    for ways in reversed(by_tab(evidence).values()):
        if all(any(stay.numbers for stay in ways.get(way, ())) for way in WAYS):
            return {way: ways[way][-1] for way in WAYS}
    raise Missing("no page has heard an event on all four ways yet")


# Back after the server was killed


@dataclass(frozen=True)
class Back:
    """A client's connection that the kill ended, and the one with which it came back."""

    before: Stay
    after: Stay
    until: int
    """The first number that was said when all were back: what came later is another story."""

    @property
    def came(self) -> list[tuple[int, Said]]:
        return [each for each in self.after.heard if each[0] <= self.until]

    @property
    def numbers(self) -> list[int]:
        return self.before.numbers + [number for number, _ in self.came]

    @property
    def lost(self) -> list[int]:
        """From the first number that it had to the last, those that no frame brought."""
        numbers = self.numbers
        return sorted(set(range(min(numbers), max(numbers) + 1)) - set(numbers))

    @property
    def twice(self) -> list[int]:
        return sorted(number for number, times in Counter(self.numbers).items() if times > 1)


def back(evidence: Evidence) -> dict[str, Back]:
    """The newest client that came back on all four ways."""
    for ways in reversed(by_tab(evidence).values()):
        found: dict[str, tuple[Stay, Stay]] = {}
        for way in WAYS:
            mine = ways.get(way, [])
            for before, after in pairwise(mine):
                new = before.about["pid"] != after.about["pid"]
                if new and before.was_killed and before.numbers and after.numbers:
                    found[way] = before, after
        if len(found) == len(WAYS) and (until := found["live"][1].numbers[0]):
            return {way: Back(*found[way], until) for way in WAYS}
    raise Missing("no page has come back yet")


def at_first(evidence: Evidence) -> dict[str, Stay]:
    """The client's connections from before the kill, be it to come or over."""
    try:
        return {way: told.before for way, told in back(evidence).items()}
    except Missing:
        return present(evidence)


# A client that was busy; one that noted too late


def once_more(evidence: Evidence, kind: str, way: str) -> tuple[Stay, Stay]:
    """The newest client of that kind: its two connections on that way."""
    for tab, ways in reversed(by_tab(evidence).items()):
        if tab.startswith(kind) and len(mine := ways.get(way, [])) > 1 and mine[-1].numbers:
            return mine[0], mine[-1]
    raise Missing(f"no client of the kind {kind!r} was there yet")


def busy(evidence: Evidence) -> tuple[Stay, Stay, Stay]:
    """Its connection on `sent` with events that it left unread, the next, the one on `yours`."""
    first, second = once_more(evidence, BUSY, "sent")
    yours = by_tab(evidence)[first.tab].get("yours", [])
    if not yours or max(yours[-1].numbers, default=0) < second.numbers[-1]:
        raise Missing("the busy client has not come back on the other way yet")
    return first, second, yours[-1]


# Joining while somebody speaks


def seams(evidence: Evidence) -> dict[str, Stay]:
    found = {}
    for connection in evidence.connections:
        try:
            path, _, how = asked_path(connection).rpartition("/")
        except Missing:
            continue
        if path == SEAM and connection.upgraded:
            found[how] = Stay(connection, "", how)
    done = {
        how
        for how, stay in found.items()
        if stay.heard and stay.heard[-1][1].text.endswith(AFTERWARDS)
    }
    if lacking := [how for how in HOWS if how not in done]:
        raise Missing(f"nobody has joined in this way yet: {', '.join(lacking)}")
    return found


# Names that were not signed


def forged(evidence: Evidence, key: bytes) -> Connection:
    """The newest handshake that brought a token which this key has not signed."""
    for connection in reversed(evidence.connections):
        try:
            token = token_of(connection.request.get("cookie"))
        except Missing:
            continue
        if token and connection.path.startswith(SOCKETS) and name_in(key, token) is None:
            return connection
    raise Missing("nobody has tried a token of their own making yet")


def inwords(numbers: Iterable[int]) -> str:
    """`4 to 6, 9`, or none."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    told = [f"{first}" if first == last else f"{first} to {last}" for first, last in runs]
    return ", ".join(told) or "none"
