"""What this lesson shows: the race as the table's rows, the gallery's signatures, the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lessons.course.evidence import Evidence
from lessons.course.model import Bars, Lanes
from lessons.course.session import Session
from lessons.four_ways.ways import race

from .cases import SECONDS
from .rows import Cell, an_hour_of_news, http_cells, socket_cells
from .signatures import ROUNDS, Signature, lettered, played

type Rows = Iterator[tuple[object, ...]]


def measured_table(evidence: Evidence, session: Session) -> Rows:
    """The four ways, a column each."""
    ways = list(race(evidence).ways.values())
    yield "", *(way.name for way in ways)
    yield "requests", *(way.requests for way in ways)
    yield "TCP connections", *(len(way.ports) for way in ways)
    yield "bytes up", *(f"{len(way.up):,}" for way in ways)
    yield "bytes down", *(f"{len(way.down):,}" for way in ways)
    yield "ticks heard", *(len(way.heard) for way in ways)
    yield "ms late, typically", *(f"{way.late_ms:.1f}" for way in ways)
    yield "bytes, one more tick", *(f"{way.further_tick:,.0f}" for way in ways)


def mystery_plot(number: int) -> Callable[[Evidence, Session], Lanes]:
    """Three uses without their names: when each side spoke."""

    def lanes(evidence: Evidence, session: Session) -> Lanes:
        rows = [
            (f"{letter} {way}", seen.times(said))
            for letter, seen in lettered(played(evidence), number).items()
            for way, said in (("up", seen.up), ("down", seen.down))
        ]
        title = f"{', '.join(ROUNDS[number])}: who spoke when, in two seconds".capitalize()
        return Lanes(title, SECONDS + 0.1, tuple(rows))

    return lanes


def numbers(seen: Signature) -> tuple[object, ...]:
    """A signature as cells."""
    kind = "binary" if seen.binary else "text"
    amounts = (len(seen.up), len(seen.down), f"{seen.bytes_up:,}", f"{seen.bytes_down:,}")
    return (*amounts, in_life(seen.gap), f"{seen.busiest:.0%}", kind)


HEADING = ("up", "down", "bytes up", "bytes down", "gap", "busiest", "kind")


def in_life(seconds: float) -> str:
    """A time of life as it is said."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def numbers_table(evidence: Evidence, session: Session) -> Rows:
    """Three uses without their names, in numbers."""
    yield "", *HEADING
    for letter, seen in lettered(played(evidence), 2).items():
        yield letter, *numbers(seen)


def names_table(number: int) -> Callable[[Evidence, Session], Rows]:
    """What was behind the letters of a round."""

    def rows(evidence: Evidence, session: Session) -> Rows:
        yield "", "use", "what gives it away"
        for letter, seen in lettered(played(evidence), number).items():
            yield letter, seen.case.title, seen.case.why

    return rows


def hour_plot(evidence: Evidence, session: Session) -> Bars:
    """An hour of news, four ways."""
    rows = an_hour_of_news(race(evidence), played(evidence)["news"])
    return Bars("An hour of news, twelve items: reckoned", tuple(rows.items()), unit="bytes")


def http_table(evidence: Evidence, session: Session) -> Rows:
    """The column HTTP, each cell beside the wire."""
    yield from judged(http_cells(race(evidence)))


def socket_table(evidence: Evidence, session: Session) -> Rows:
    """The column WebSocket, likewise."""
    yield from judged(socket_cells(race(evidence), played(evidence)))


def judged(cells: Iterable[Cell]) -> Rows:
    yield "row", "it says", "your wire says", "it"
    for cell in cells:
        yield cell.feature, cell.says, cell.measured, cell.verdict


TABLES = {
    "measured": measured_table,
    "numbers": numbers_table,
    "names_1": names_table(0),
    "names_2": names_table(1),
    "names_3": names_table(2),
    "http": http_table,
    "socket": socket_table,
}
PLOTS = {"round_1": mystery_plot(0), "round_2": mystery_plot(1), "hour": hour_plot}
