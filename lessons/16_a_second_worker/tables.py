"""What the lesson shows as tables, each from what was captured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from inspector.files.dissect import address_text
from lessons.course.evidence import Evidence
from lessons.course.model import Missing
from lessons.course.session import Session

from .seats import (
    COUNTED,
    Meeting,
    Seat,
    gap,
    killed,
    met,
    notices,
    ordered,
    present,
    returned,
    spoken,
)

type Rows = Iterator[tuple[object, ...]]
SHOWN = 5


def greetings(evidence: Evidence, session: Session) -> Rows:
    """How each of the two was greeted."""
    meeting = met(evidence, bus=False)
    yield "connection", "the server's first message"
    for seat in (meeting.one, meeting.other):
        yield seat.connection.number, seat.heard[0].text


def heard(bus: bool) -> Callable[[Evidence, Session], Rows]:
    def table(evidence: Evidence, session: Session) -> Rows:
        meeting = met(evidence, bus=bus)
        one, other = meeting.one, meeting.other
        seats = (one, other)
        yield "said", *(f"connection {each.connection.number}, {each.nick}" for each in seats)
        for speaker in seats:
            for line in islice(meeting.told(speaker), 3):
                cells = (arrival(speaker, line.text, listener) for listener in seats)
                yield f"{speaker.nick}: {line.text}", *cells

    table.__doc__ = "What was said, and in which frame each of the two got it."
    return table


def arrival(speaker: Seat, text: str, listener: Seat) -> str:
    """`frame 4`, `frames 4, 5`, or nothing."""
    found = [line for line in listener.of(speaker) if line.text == f"{speaker.nick}: {text}"]
    if not found:
        return "nothing"
    return f"frame{'s' * (len(found) > 1)} {', '.join(str(line.frame) for line in found)}"


def order(evidence: Evidence, session: Session) -> Rows:
    """The first lines that each heard, side by side."""
    meeting: Meeting = ordered(evidence)
    one, other = meeting.one, meeting.other
    yield "", f"heard by {one.nick}", f"heard by {other.nick}"
    columns = [each.numbers(one, other) for each in (one, other)]
    rows = list(zip(*columns, strict=False))
    for number, (left, right) in enumerate(rows[:SHOWN], 1):
        yield number, left, right
    same = sum(left == right for left, right in rows)
    yield "...", f"{len(rows)} lines", f"{same} of them the same, line by line"


def spread(evidence: Evidence) -> str:
    """`2 connections on A, 1 on B`."""
    speaker, line = spoken(evidence, COUNTED)
    there = [seat.server for seat in present(evidence, speaker, line)]
    return ", ".join(f"{there.count(name)} on {name}" for name in sorted(set(there)))


def copies(evidence: Evidence, session: Session) -> Rows:
    """The way of one line."""
    speaker, _ = spoken(evidence, COUNTED)
    raw = bytes.fromhex(str(session.notes.get("resp", "")))
    if not raw:
        raise Missing("nothing was heard at Redis")
    yield "where", "what"
    yield "browser to server", f"1 frame: {COUNTED}"
    yield "server to Redis", f"1 PUBLISH, by server {speaker.server}"
    yield "Redis to servers", f"{session.notes.get('subscribers')} copies (and one to our script)"
    yield "servers to browsers", f"connections: {spread(evidence)}"
    yield "bytes of one copy", raw.decode("utf-8", "replace").replace("\r\n", "\\r\\n ").strip()


def missing(evidence: Evidence, session: Session) -> Rows:
    """The gap, as each of the two saw it."""
    speaker, line, deaf = gap(evidence)
    yield "ms", speaker.nick, deaf.nick
    rows = [(line.time, f"says: {line.text}", "")]
    own = [each for each in speaker.of(speaker) if each.time >= line.time][:1]
    rows += [(each.time, f"hears: {each.text}", "") for each in own]
    rows += [(each.time, "", f"hears: {each.text}") for each in notices(deaf, line.time)[:2]]
    late = [each for each in deaf.of(speaker) if each.time >= line.time]
    rows += [(each.time, "", f"hears: {each.text}") for each in late[:1]]
    for time, left, right in sorted(rows):
        yield f"{(time - line.time) * 1000:.0f}", left, right


def end(evidence: Evidence, session: Session) -> Rows:
    """How the connection to the killed server ended."""
    lost = killed(evidence)
    yield "", f"connection {lost.connection.number}"
    yield "its server", f"{lost.server}, process {lost.pid}"
    yield "the server's Close", "none" if lost.cut_off else "there"
    code = lost.connection.closed.code if lost.connection.closed else None
    yield "code on the wire", code if code is not None and lost.close < lost.over else "none"
    yield "the end", "of TCP, in the middle of everything"


def back(evidence: Evidence, session: Session) -> Rows:
    """Before and after."""
    lost, seat = killed(evidence), returned(evidence)
    yield "", "before", "after"
    yield "connection", lost.connection.number, seat.connection.number
    yield "server", lost.server, seat.server
    yield "process", lost.pid, seat.pid
    yield "the browser's end", *(address_text(each.connection.client) for each in (lost, seat))
    yield "nickname", lost.nick, seat.nick
    yield "here at the greeting", lost.here, seat.here


TABLES = {
    "greetings": greetings,
    "lost": heard(bus=False),
    "joined": heard(bus=True),
    "order": order,
    "copies": copies,
    "missing": missing,
    "end": end,
    "back": back,
}
