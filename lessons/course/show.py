"""Evidence, drawn: what a lesson's ```show asks for, as lines.

What the inspector draws (a frame to the last bit, a listing) is drawn by the inspector; the two
pictures that only lessons need are here: a handshake's heads with words beside what matters, and
the ladder, two life lines with time running down.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final, NamedTuple

from inspector.core.events import Ended, Framed, Messaged, Opened
from inspector.core.explain import Part, frame_fields
from inspector.core.findings import Finding
from inspector.core.heads import Head
from inspector.core.rfc import CLOSE, Side, close_code_words
from inspector.files.dissect import address_text
from inspector.screen.lines import Line, fit, wrap
from inspector.screen.listing import Listing
from inspector.screen.picture import picture
from inspector.screen.theme import WAYS, kind_style
from inspector.screen.words import count, lapse, quoted
from lessons.course.evidence import Connection, Evidence
from lessons.course.model import Experiment, Missing, Show
from lessons.course.plots import plot
from lessons.course.words import NOT_MEASURED, Facts, fill

PICTURE_WIDTH: Final = 80
WORDS_AT: Final = 55
LADDER_ROWS: Final = 14
GAP: Final = 2

ASKED: Final = {
    "host": "which server is meant",
    "upgrade": "may we change protocol?",
    "connection": "just for this next hop",
    "sec-websocket-key": "16 random bytes, base64",
    "sec-websocket-version": "13 is RFC 6455",
    "sec-websocket-protocol": "what messages will mean",
    "sec-websocket-extensions": "shall we compress?",
    "origin": "the page that asks",
    "cookie": "the browser adds it",
    "via": "who passed it on",
}
ANSWERED: Final = {
    "upgrade": "to this protocol",
    "connection": "just for this next hop",
    "sec-websocket-accept": "proof: the key was read",
    "sec-websocket-protocol": "what messages will mean",
    "sec-websocket-extensions": "we compress",
}
REFUSED: Final = {
    "upgrade": "ask for this protocol",
    "connection": "just for this next hop",
    "sec-websocket-version": "the version we speak",
    "allow": "the methods we take",
    "location": "ask there instead",
    "www-authenticate": "say who you are",
    "retry-after": "not now",
}
"""The field lines that belong to a handshake, and what each says; the others are counted."""


def drawn(
    show: Show, facts: Facts, evidence: Evidence, experiment: Experiment, session: object
) -> Iterator[Line]:
    """The lines of a show block. Raises `Missing` when the capture has no such thing."""
    arguments = [fill(word, facts) for word in show.arguments]
    if show.what == "table":
        yield from table(experiment.TABLES[arguments[0]](evidence, session))  # type: ignore[arg-type]
        return
    if show.what == "plot":
        yield from plot(experiment.PLOTS[arguments[0]](evidence, session))  # type: ignore[arg-type]
        return
    connection = _connection(show, facts, evidence)
    match show.what, arguments:
        case "handshake", _:
            yield from handshake(connection)
        case "frame", [number]:
            yield from frame(connection, _number(number))
        case "frames", [first, last]:
            yield from frames(connection, _number(first), _number(last))
        case "frames", _:
            yield from frames(connection, 1, len(connection.frames))
        case _:
            yield from ladder(connection)


def _connection(show: Show, facts: Facts, evidence: Evidence) -> Connection:
    if show.connection:
        return evidence.numbered(_number(fill(show.connection, facts)))
    if isinstance(number := facts.get("connection"), int):
        return evidence.numbered(number)
    return evidence.connection()


def _number(text: str) -> int:
    if text == NOT_MEASURED:
        raise Missing("what would be shown here was left out")
    if not text.isdecimal():
        raise Missing(f"{text!r} is not the number of anything")
    return int(text)


# A handshake


def handshake(connection: Connection) -> Iterator[Line]:
    """Both heads, with words beside the lines that matter, and the rules that they break."""
    yield from _head(connection.request, "client")
    yield from _broken(connection, "request")
    yield Line()
    yield from _head(connection.response, "server")
    yield from _broken(connection, "response")


def _head(head: Head, side: Side) -> Iterator[Line]:
    yield Line("  ").add(WAYS[side], side)
    told = ASKED
    if not head.is_response:
        words = "an ordinary GET" if head.method == "GET" else "no GET"
    elif head.status == 101:
        words, told = "agreed", ANSWERED
    else:
        words, told = "not agreed", REFUSED
    yield _beside(head.line, words)
    others = 0
    for field in head.fields:
        if words := told.get(field.name.lower(), ""):
            yield _beside(f"{field.name}: {field.value}", words)
        else:
            others += 1
    if others:
        line = "line" if others == 1 else "lines"
        yield Line("  ").add(f"({others} more {line}, such as any HTTP has)", "quiet")


def _broken(connection: Connection, stream: str) -> Iterator[Line]:
    """What the inspector finds wrong with a head; a line that is missing is only seen here."""
    for found in connection.findings:
        if found.stream == stream and found.rule.severity == "error":
            yield (
                Line("  ")
                .add(f"!! {found.rule.id}", "error")
                .add(f"   RFC {found.rule.rfc}", "quiet")
            )


def _beside(text: str, words: str) -> Line:
    """A line of a head, cut where it is long, and what it says."""
    line = Line("  ").add(fit(text, WORDS_AT - 3), "value")
    return line.to(WORDS_AT).add(words, "quiet")


# Frames


def frame(connection: Connection, number: int) -> Iterator[Line]:
    """One frame to the last bit."""
    framed = connection.frame(number)
    fields = frame_fields(framed.frame, connection.agreement.compresses)
    part = Part("frame", tuple(fields), framed.frame)
    message = next((said.message for said in connection.messages if number in said.frames), None)
    findings = [finding for finding in connection.findings if finding.frame == number]
    yield from picture(
        part, PICTURE_WIDTH, name=f"frame {number}", message=message, findings=findings
    )


def frames(connection: Connection, first: int, last: int) -> Iterator[Line]:
    """A line a frame, as `ws101 dump` has them, and what is wrong with it below."""
    listing = Listing(PICTURE_WIDTH, single=True)
    drawn = _listed(connection, listing, first, last)
    yield from itertools.dropwhile(lambda line: not line.width, drawn)


def _listed(connection: Connection, listing: Listing, first: int, last: int) -> Iterator[Line]:
    items = connection.listed()
    for item in items:
        if isinstance(item.event, Opened):
            listing.take(item)
    for item in items:
        event = item.event
        if isinstance(event, Framed):
            wanted = first <= event.number <= last
        elif isinstance(event, Messaged):
            wanted = first <= event.message.frames[-1] <= last
        elif isinstance(event, Finding):
            wanted = event.frame is not None and first <= event.frame <= last
        else:
            wanted = False
        if wanted:
            yield from listing.take(item)
    yield from listing.flush()


# The ladder


def ladder(connection: Connection) -> Iterator[Line]:
    """The two life lines: what crossed, and when after the request."""
    rows: list[Rung | Left] = list(_rungs(connection))
    left, right = 12, 66
    title = Line("  ").add(f"client {address_text(connection.client)}", "client")
    server = f"server {address_text(connection.server)}"
    yield title.to(right - len(server) + 2).add(server, "server")
    if len(rows) > LADDER_ROWS + 1:  # a line that says "1 more" takes the room of that one
        rows = list(_without_keepalive(rows))
    if len(rows) > LADDER_ROWS + 1:
        half = LADDER_ROWS // 2
        between = rows[half:-half]
        skipped = sum(row.rungs if isinstance(row, Left) else 1 for row in between)
        rows = [*rows[:half], Left(skipped, "more"), *rows[-half:]]
    for row in rows:
        if isinstance(row, Left):
            words = f"... {row.rungs} {row.words} ..."
            yield Line().to(left).add("|").add(words.center(right - left - 1), "quiet").add("|")
            continue
        time, side, words, style = row
        yield _rung(left, right, side, words, style).join(
            Line().add(f"  {lapse(time - connection.asked_at):>9}", "number")
        )


type Rung = tuple[float, Side, str, str]


class Left(NamedTuple):
    """Rungs that are left out."""

    rungs: int
    words: str


def _without_keepalive(rows: Iterable[Rung | Left]) -> Iterator[Rung | Left]:
    """A tab left open pings for hours: the messages between the pings are what is to be seen."""
    for quiet, run in groupby(rows, _is_keepalive):
        same = list(run)
        if quiet and len(same) > 1:
            yield Left(len(same), "pings and pongs")
        else:
            yield from same


def _is_keepalive(row: Rung | Left) -> bool:
    return not isinstance(row, Left) and row[2].partition(" ")[0] in ("ping", "pong")


def _rungs(connection: Connection) -> Iterator[Rung]:
    for event in connection.items:
        match event:
            case Opened():
                if event.request:
                    yield connection.asked_at, "client", event.request.line, ""
                if event.response:
                    yield event.time, "server", event.response.line, ""
            case Framed():
                frame = event.frame
                yield (
                    event.time,
                    frame.side,
                    _frame_words(connection, event),
                    kind_style(frame.name),
                )
            case Ended():
                yield event.time, event.side, "end of TCP", "quiet"
            case _:
                pass


def _frame_words(connection: Connection, framed: Framed) -> str:
    frame = framed.frame
    if frame.opcode == CLOSE:
        code = int.from_bytes(frame.payload[:2])
        return f"close {code} {close_code_words(code)}" if frame.payload else "close, no code"
    words = frame.name + (" (compressed)" if frame.rsv1 else "")
    if not frame.fin and not frame.is_control:
        words += " (a fragment)"
    said = next((s for s in connection.messages if s.frames[-1:] == (framed.number,)), None)
    if said is not None and said.kind == "text":
        return f"{words} {quoted(said.data, 46 - len(words))}"
    return f"{words} {count(len(frame.payload), 'byte')}"


def _rung(left: int, right: int, side: Side, words: str, style: str) -> Line:
    room = right - left - 1
    text = f" {fit(words, room - 8)} "
    dashes = room - len(Line(text).plain.strip()) - 2 - 5
    line = Line().to(left, gap=0).add("|")
    if side == "client":
        line.add("---").add(text, style).add("-" * max(0, dashes) + "->")
    else:
        line.add("<--").add(text, style).add("-" * max(0, dashes) + "--")
    return line.add("|")


# Tables


def table(rows: Iterable[Iterable[object]], width: int = PICTURE_WIDTH) -> Iterator[Line]:
    """Rows of cells, the first one a heading; cells wrap so that all fits."""
    cells = [[str(cell) for cell in row] for row in rows]
    if not any(cells):
        return
    columns = max(map(len, cells))
    cells = [row + [""] * (columns - len(row)) for row in cells]
    widths = _widths(cells, width - GAP * columns)
    for number, row in enumerate(cells):
        parts = [wrap(cell, size) for cell, size in zip(row, widths, strict=True)]
        for line_number in range(max(map(len, parts))):
            line = Line("  ")
            at = GAP
            for part, size in zip(parts, widths, strict=True):
                line.to(at, gap=0)
                if line_number < len(part):
                    line.add(part[line_number], "title" if not number else "")
                at += size + GAP
            yield line
        if not number:
            yield Line("  ").add("  ".join("-" * size for size in widths), "quiet")


def _widths(cells: list[list[str]], room: int) -> list[int]:
    """Widths of the columns: as wide as they need; where that is too much, the widest give."""
    widths = [max(1, *(Line(row[at]).width for row in cells)) for at in range(len(cells[0]))]
    while sum(widths) > room and max(widths) > 4:
        widths[widths.index(max(widths))] -= 1
    return widths
