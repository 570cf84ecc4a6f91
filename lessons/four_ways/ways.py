"""Four ways to follow one ticker, measured on the wire: what each cost, and how late it heard.

A race is the time in which all four ran at once. It ends when its WebSocket does, so that what is
measured no longer changes while the learner reads on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from lessons.course.evidence import Connection, Evidence, Http
from lessons.course.model import Missing

POLL, LONG_POLL, EVENTS, TICKER = "/feed/poll", "/feed/long-poll", "/feed/events", "/ws/ticker"
NAMES = {
    POLL: "polling",
    LONG_POLL: "long polling",
    EVENTS: "server-sent events",
    TICKER: "WebSocket",
}
TICK_SECONDS, POLL_SECONDS = 0.4, 0.14
"""No halves: with 2.5 questions a tick, each second tick would fall on the same spot between two
questions, and half of a pause would not be what is typical in a short run."""
ENOUGH_TICKS = 6
PAGE_TICKS = 15
RACE_CONFIG = {
    "WS101_KEEP_ALIVE": True,
    "WS101_TICK_SECONDS": TICK_SECONDS,
    "WS101_POLL_SECONDS": POLL_SECONDS,
    "WS101_FEED_TICKS": PAGE_TICKS,
}
"""What the demo app of a lesson with a race is told."""

TICK = re.compile(rb'\{"seq": ([0-9]{1,15}), "value": [-0-9.]{1,20}, "time": ([0-9.]{1,20})\}')
"""A tick as JSON, the same on every way."""


class Heard(NamedTuple):
    """A tick: its number, when it happened by its own account, when its last byte passed."""

    seq: int
    happened: float
    at: float
    size: int

    @property
    def late(self) -> float:
        """The ticker rounds to a millisecond: it may seem to be ahead of itself."""
        return max(0.0, self.at - self.happened)


@dataclass(frozen=True)
class Way:
    """One way, in one race. `up` and `down` are its bytes on the wire, in order; `asked` is when
    its requests passed."""

    path: str
    asked: tuple[float, ...]
    up: bytes
    down: bytes
    heard: tuple[Heard, ...]
    ports: frozenset[int]
    in_vain: int
    """Answers without a tick."""

    @property
    def name(self) -> str:
        return NAMES[self.path]

    @property
    def requests(self) -> int:
        return len(self.asked)

    @property
    def total(self) -> int:
        return len(self.up) + len(self.down)

    @property
    def streams(self) -> bool:
        """Does one request bring all ticks?"""
        return self.path in (EVENTS, TICKER)

    @cached_property
    def late(self) -> list[float]:
        """How late each tick was heard that happened while this way was followed."""
        fresh = [tick.late for tick in self.heard if tick.happened > self.asked[0]]
        if not fresh:
            raise Missing(f"{self.name} has heard no tick yet")
        return fresh

    @property
    def late_ms(self) -> float:
        """The median: one hiccup of a busy machine says nothing of the way."""
        return median(self.late) * 1000

    @property
    def bytes_a_tick(self) -> float:
        """All told, opening and closing included."""
        return self.total / len(self.heard)

    @cached_property
    def further_tick(self) -> float:
        """What one more tick costs, once the way is open: on a stream, the bytes from the end of
        the first tick to the end of the last. Where each is asked for, all bytes count."""
        ends = [found.end() for found in TICK.finditer(self.down)]
        if not self.streams or len(ends) < 2:
            return self.bytes_a_tick
        return (ends[-1] - ends[0]) / (len(ends) - 1)

    @property
    def gap(self) -> float:
        """Seconds from request to request."""
        if len(self.asked) < 2:
            raise Missing(f"{self.name} has asked once only")
        return median(later - sooner for sooner, later in pairwise(self.asked))


@dataclass(frozen=True, slots=True)
class Race:
    """The four ways at once."""

    ways: dict[str, Way]

    def __getitem__(self, path: str) -> Way:
        return self.ways[path]

    @property
    def ticks(self) -> list[float]:
        """When the ticks happened that the WebSocket heard."""
        return [tick.happened for tick in self[TICKER].heard]

    @property
    def payload(self) -> int:
        """Bytes of a tick itself, at most."""
        return max(tick.size for way in self.ways.values() for tick in way.heard)


def ticks_in(pieces: Iterable[tuple[float, bytes]]) -> Iterator[Heard]:
    """The ticks in a body, each with the time of the piece that brought its end."""
    data, at = bytearray(), 0
    for time, piece in pieces:
        data += piece
        for found in TICK.finditer(data, at):
            yield Heard(int(found[1]), float(found[2]), time, len(found[0]))
            at = found.end()


def raw(http: Http, ended: float) -> tuple[bytes, bytes]:
    """Both directions of one exchange as they were on the wire by then."""
    up, down = (
        b"".join(read.data for read in http.tcp.reads if read.side == side and read.time <= ended)
        for side in ("client", "server")
    )
    before = http.tcp.traffic()[: http.place]
    asked, told = sum(each.up for each in before), sum(each.down for each in before)
    return up[asked : asked + http.up], down[told : told + http.down]


def over_http(path: str, exchanges: list[Http], ended: float) -> Way:
    """A way that asks. The race ended then, and its readers had left: a server learns of that only
    when it writes, so what it wrote later was heard by nobody."""
    both = [raw(http, ended) for http in exchanges]
    brought = [
        tuple(ticks_in(piece for piece in http.pieces if piece.time <= ended)) for http in exchanges
    ]
    answered = [http.responded is not None and http.responded <= ended for http in exchanges]
    answers = zip(exchanges, answered, brought, strict=True)
    return Way(
        path=path,
        asked=tuple(http.requested for http in exchanges),
        up=b"".join(up for up, _ in both),
        down=b"".join(down for _, down in both),
        heard=once(tick for ticks in brought for tick in ticks),
        ports=frozenset(http.client[1] for http in exchanges),
        in_vain=sum(told and http.status == 200 and not ticks for http, told, ticks in answers),
    )


def over_websocket(ticker: Connection) -> Way:
    """The way that asks once, and then leaves HTTP."""
    streams = [
        b"".join(read.data for read in ticker.reads if read.side == side)
        for side in ("client", "server")
    ]
    pieces = ((said.time, said.data) for said in ticker.said("server"))
    return Way(
        path=TICKER,
        asked=(ticker.asked_at,),
        up=streams[0],
        down=streams[1],
        heard=once(ticks_in(pieces)),
        ports=frozenset({ticker.client[1]}),
        in_vain=0,
    )


def once(heard: Iterable[Heard]) -> tuple[Heard, ...]:
    """A tick that was brought twice was news once."""
    first: dict[int, Heard] = {}
    for tick in heard:
        first.setdefault(tick.seq, tick)
    return tuple(first.values())


def race(evidence: Evidence) -> Race:
    """The newest race that is over, in which all four ways heard enough."""
    over = [
        each
        for each in evidence.connections
        if each.upgraded and each.path == TICKER and each.closed is not None
    ]
    ends = [float("-inf"), *(each.reads[-1].time for each in over)]
    for begun, ended, ticker in reversed(list(zip(ends, ends[1:], over, strict=False))):
        ways = {TICKER: over_websocket(ticker)}
        for path in (POLL, LONG_POLL, EVENTS):
            asked = [h for h in evidence.http if h.path == path and begun < h.requested <= ended]
            ways[path] = over_http(path, asked, ended)
        if all(len(way.heard) >= ENOUGH_TICKS for way in ways.values()):
            return Race({path: ways[path] for path in NAMES})
    raise Missing("the four ways have not all come to their end yet")
