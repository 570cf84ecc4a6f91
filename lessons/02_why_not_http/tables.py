"""What lesson 2 shows: the four ways in plots and tables, and who was taken for whom."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.files.dissect import address_text
from lessons.course.evidence import Evidence
from lessons.course.model import Bars, Lanes
from lessons.course.session import Session
from lessons.four_ways.ways import POLL, TICK_SECONDS, race

from .strangers import COOKIE, PLAIN, cookie_named, strangers

type Rows = Iterator[tuple[object, ...]]


def heard_plot(evidence: Evidence, session: Session) -> Lanes:
    """When ticks happened, when polling asked, when each way heard."""
    seen = race(evidence)
    begun = max(way.asked[0] for way in seen.ways.values())
    first = next((tick for tick in seen.ticks if tick > begun), begun)
    left = first - TICK_SECONDS / 8
    rows = [("the ticker ticks", seen.ticks), ("polling asks", seen[POLL].asked)]
    rows += [(f"{way.name} hears", [tick.at for tick in way.heard]) for way in seen.ways.values()]
    return Lanes(
        "When it ticked, and when each way heard of it",
        TICK_SECONDS * 4,
        tuple((label, tuple(time - left for time in times)) for label, times in rows),
    )


def late_plot(evidence: Evidence, session: Session) -> Bars:
    """How late each way hears."""
    seen = race(evidence)
    rows = tuple((way.name, way.late_ms) for way in seen.ways.values())
    return Bars(
        "How late a tick was heard: half of them sooner, half later", rows, unit="ms", form=",.1f"
    )


def cost_plot(evidence: Evidence, session: Session) -> Bars:
    """What one more tick costs."""
    seen = race(evidence)
    rows = [("the tick itself", float(seen.payload))]
    rows += [(way.name, way.further_tick) for way in seen.ways.values()]
    return Bars("One more tick cost", tuple(rows), unit="bytes", log=True)


def ways_table(evidence: Evidence, session: Session) -> Rows:
    """Each way in numbers."""
    yield "way", "requests", "in vain", "bytes up", "bytes down", "ticks", "bytes a tick"
    for way in race(evidence).ways.values():
        cells = (way.requests, way.in_vain, f"{len(way.up):,}", f"{len(way.down):,}")
        yield way.name, *cells, len(way.heard), f"{way.bytes_a_tick:,.0f}"


def ports_table(evidence: Evidence, session: Session) -> Rows:
    """Requests and TCP connections."""
    yield "way", "requests", "TCP connections", "bytes up a request", "bytes down an answer"
    for way in race(evidence).ways.values():
        down = f"{len(way.down) // way.requests:,}" if not way.streams else "(a stream)"
        yield way.name, way.requests, len(way.ports), f"{len(way.up) // way.requests:,}", down


def strangers_table(path: str) -> object:
    def rows(evidence: Evidence, session: Session) -> Rows:
        yield "your side", "your request names you by", "stranger", "how often met"
        for http, stranger, times in strangers(evidence, path):
            named = cookie_named(http.request) or "(nothing)"
            yield address_text(http.client), named, stranger, times

    return rows


def verdict_table(evidence: Evidence, session: Session) -> Rows:
    """What is said of HTTP, and what was measured on each way."""
    seen = race(evidence)
    ways = list(seen.ways.values())
    yield "", *(way.name for way in ways)
    yield "slow?", *(f"{way.late_ms:.1f} ms late" for way in ways)
    yield "overhead?", *(f"{way.further_tick:,.0f} bytes" for way in ways)
    asked = (f"{way.requests / len(way.heard):.1f} a tick" for way in ways)
    yield (
        "one-way?",
        *("asked once" if way.streams else each for way, each in zip(ways, asked, strict=True)),
    )
    yield "connections?", *(f"{len(way.ports)} for {way.requests}" for way in ways)


TABLES = {
    "ways": ways_table,
    "ports": ports_table,
    "plain": strangers_table(PLAIN),
    "cookie": strangers_table(COOKIE),
    "verdict": verdict_table,
}
PLOTS = {"heard": heard_plot, "late": late_plot, "cost": cost_plot}
