"""The table, row by row: what it says, what the wire says, and whether the two agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from inspector.core.encode import encode_frame
from inspector.core.rfc import PING, PONG, TEXT
from inspector.screen.words import count
from lessons.four_ways.ways import EVENTS, LONG_POLL, POLL, TICKER, Race, Way

from .signatures import Signature

APART = 20.0
"""Milliseconds: who hears so much later than another is late, however busy the machine is."""
MASK = bytes(4)
NEWS_AN_HOUR, PING_SECONDS = 12, 10


class Cell(NamedTuple):
    """What one cell of the table says, what was measured, and whether it stands as it is written:
    `but` is what has to be said beside it."""

    feature: str
    of: str
    says: str
    measured: str
    stands: bool
    but: str = ""

    @property
    def verdict(self) -> str:
        if not self.stands:
            return f"not so: {self.but}"
        return f"holds, but {self.but}" if self.but else "holds"


def over_http(race: Race) -> list[Way]:
    return [race[path] for path in (POLL, LONG_POLL, EVENTS)]


def http_cells(race: Race) -> Iterator[Cell]:
    """The column HTTP."""
    poll, long_poll, socket = race[POLL], race[LONG_POLL], race[TICKER]
    asked = sum(way.requests for way in over_http(race))
    ports = len(set().union(*(way.ports for way in over_http(race))))
    yield Cell(
        "Connection", "HTTP", "New for every request",
        f"{asked} requests, {count(ports, 'connection')}",
        all(len(way.ports) == way.requests for way in (poll, long_poll)),
        "HTTP/1.1 keeps it",
    )  # fmt: skip
    down = sum(len(way.down) for way in over_http(race))
    yield Cell(
        "Direction", "HTTP", "Client → Server only",
        f"{down:,} bytes came down",
        down == 0,
        "only the client begins",
    )  # fmt: skip
    soonest = min(way.late_ms for way in over_http(race))
    yield Cell(
        "Real-time use", "HTTP", "Not suitable",
        f"{soonest:.1f} to {poll.late_ms:.0f} ms late",
        soonest - socket.late_ms > APART,
        "polling alone is late",
    )  # fmt: skip
    cheapest = min(way.further_tick for way in over_http(race))
    yield Cell(
        "Efficiency", "HTTP", "Less efficient",
        f"a tick: {cheapest:.0f} to {poll.further_tick:,.0f} bytes",
        cheapest > socket.further_tick,
        "an event by little",
    )  # fmt: skip
    answers = sum(way.down.count(b"HTTP/1.1 200 ") for way in over_http(race))
    yield Cell(
        "Protocol", "HTTP", "Request/Response",
        f"{asked} requests, {answers} responses",
        0 < answers <= asked,
        "it may go on and on",
    )  # fmt: skip
    yield Cell(
        "Use Cases", "HTTP", "REST APIs, websites",
        f"{poll.requests} polls of an API in JSON",
        bool(poll.heard),
    )  # fmt: skip


def socket_cells(race: Race, seen: dict[str, Signature]) -> Iterator[Cell]:
    """The column WebSocket."""
    socket, events = race[TICKER], race[EVENTS]
    lasted = socket.heard[-1].at - socket.asked[0]
    yield Cell(
        "Connection", "WebSocket", "Persistent",
        f"1 connection, {lasted:.1f} s, {count(len(socket.heard), 'message')}",
        len(socket.ports) == 1 and len(socket.heard) > 1,
        "HTTP's were kept, too",
    )  # fmt: skip
    game = seen["game"]
    yield Cell(
        "Direction", "WebSocket", "Both ways (Full-duplex)",
        f"the game: {len(game.up)} messages up, {len(game.down)} down",
        game.in_a_row("client") > 0 and len(game.down) > 0,
    )  # fmt: skip
    soonest = min(way.late_ms for way in over_http(race))
    yield Cell(
        "Real-time use", "WebSocket", "Perfect for real-time",
        f"{socket.late_ms:.1f} ms late",
        socket.late_ms < race[POLL].late_ms and socket.late_ms - soonest < APART,
        f"events are, too: {events.late_ms:.1f} ms",
    )  # fmt: skip
    yield Cell(
        "Efficiency", "WebSocket", "More efficient",
        f"a tick: {socket.further_tick:.0f} bytes",
        all(socket.further_tick < way.further_tick for way in over_http(race)),
        f"{once(socket):,.0f} to open and close",
    )  # fmt: skip
    yield Cell(
        "Protocol", "WebSocket", "Event-driven",
        f"{len(socket.heard)} messages after {socket.requests} request",
        len(socket.heard) > socket.requests,
    )  # fmt: skip
    yield Cell(
        "Use Cases", "WebSocket", "Chat apps, games, live data",
        "a chat, a game, a ticker, played",
        all(seen[name].said for name in ("chat", "game", "ticker")),
        "news needs none",
    )  # fmt: skip


def once(way: Way) -> float:
    """What a stream costs beside its ticks: opening and closing it."""
    return way.total - way.further_tick * len(way.heard)


def a_request(way: Way) -> float:
    """What asking once costs, up and down."""
    return way.total / way.requests


# Reckoned from what was measured


def input_as_post(race: Race, game: Signature) -> float:
    """How many times the bytes of a frame an input of the game would cost as a request."""
    size = game.bytes_up / len(game.up)
    frame = len(encode_frame(TEXT, bytes(round(size)), masking_key=MASK))
    return (a_request(race[POLL]) - ticks_a_poll(race[POLL]) + size) / frame


def ticks_a_poll(poll: Way) -> float:
    """Bytes of ticks in a poll's answer."""
    return sum(tick.size for tick in poll.heard) / poll.requests


def an_hour_of_news(race: Race, news: Signature) -> dict[str, float]:
    """Bytes of an hour with an item each five minutes, four ways."""
    size = news.bytes_down / len(news.down)
    events, socket = race[EVENTS], race[TICKER]
    question = a_request(race[POLL]) - ticks_a_poll(race[POLL])
    items = NEWS_AN_HOUR * size
    wrapped = NEWS_AN_HOUR * (events.further_tick - race.payload)
    headers = NEWS_AN_HOUR * (len(encode_frame(TEXT, bytes(round(size)))) - round(size))
    return {
        "a poll a minute": 60 * question + items,
        "a poll each five minutes": NEWS_AN_HOUR * question + items,
        "server-sent events": once(events) + wrapped + items,
        "WebSocket": once(socket) + headers + items + pings_an_hour(),
    }


def pings_an_hour() -> int:
    """Bytes of the Pings that this demo sends each ten seconds, with their Pongs."""
    pair = len(encode_frame(PING)) + len(encode_frame(PONG, masking_key=MASK))
    return 3600 // PING_SECONDS * pair
