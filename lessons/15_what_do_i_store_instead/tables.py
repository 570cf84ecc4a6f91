"""What the lesson shows as tables and plots, from what was captured; one from the file on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from inspector.files.dissect import address_text
from lessons.course.evidence import Evidence
from lessons.course.model import Lanes, Missing
from lessons.course.session import Session

from .hall import ROOM, WAYS
from .log import FILE
from .seam import HOWS
from .sightings import at_first, back, busy, inwords, seams

TITLES = {
    "live": "live only",
    "all": "everything again",
    "sent": "the server keeps count",
    "yours": "the client keeps count",
}

SHORT = {
    "live": "live only",
    "all": "everything",
    "sent": "server counts",
    "yours": "client counts",
}

type Rows = Iterator[tuple[object, ...]]


def held_table(evidence: Evidence, session: Session) -> Rows:
    """The entries that the server's dict has for the client's four connections."""
    yield "entry", "way", "its other end", "Sec-WebSocket-Key"
    for stay in at_first(evidence).values():
        client, key = address_text(stay.connection.client), stay.connection.proof.key
        yield stay.about["entry"], TITLES[stay.way], client, key


def stored_table(evidence: Evidence, session: Session) -> Rows:
    """What is in the file, read by this process: the first of its members, the last events."""
    path = session.folder / FILE
    if not path.exists():
        raise Missing("nothing was stored yet")
    yield "table", "a row of it", "what that is for"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        who = at_first(evidence)["yours"].about["who"]
        for row in database.execute("SELECT who, room FROM members WHERE who = ?", (who,)):
            yield "members", f"{row[0]} | {row[1]}", "who hears what"
        newest = "SELECT room, number, text FROM events WHERE room = ? ORDER BY number DESC LIMIT 3"
        for row in reversed(database.execute(newest, (ROOM,)).fetchall()):
            yield "events", " | ".join(map(str, row)), "what was said, numbered"


def ways_table(evidence: Evidence, session: Session) -> Rows:
    """Each way's numbers on the wire, before the kill and after it."""
    yield "way", "numbers before", "after", "lost", "twice"
    for way, told in back(evidence).items():
        before, after = inwords(told.before.numbers), inwords(n for n, _ in told.came)
        yield TITLES[way], before, after, inwords(told.lost), inwords(told.twice)


def busy_table(evidence: Evidence, session: Session) -> Rows:
    """The client that was busy: what was on the wire, on each of its connections."""
    yield "its connection", "it said", "frames brought"
    one, two, other = busy(evidence)
    yield "first, then it ended", ", ".join(one.said), inwords(one.numbers)
    yield "again: server keeps count", ", ".join(two.said), inwords(two.numbers)
    yield "again: client keeps count", ", ".join(other.said), inwords(other.numbers)


def seam_table(evidence: Evidence, session: Session) -> Rows:
    """The numbers in the order in which they came."""
    words = {"read": "read, then join", "join": "join, then read", "lock": "both under one lock"}
    yield "how", "numbers as they came", "lost", "twice"
    for how in HOWS:
        came = seams(evidence)[how].numbers
        lost = sorted(set(range(1, max(came) + 1)) - set(came))
        twice = sorted({number for number in came if came.count(number) > 1})
        yield words[how], ", ".join(map(str, came)), inwords(lost), inwords(twice)


def kill_plot(evidence: Evidence, session: Session) -> Lanes:
    """When each way's events came, around the kill."""
    found = back(evidence)
    ends = [end.time for told in found.values() for end in told.before.connection.ends]
    start = min(ends) - 0.3
    until = max(told.came[-1][1].time for told in found.values())
    rows = []
    for way in WAYS:
        heard = found[way].before.heard + found[way].came
        rows.append((SHORT[way], tuple(said.time - start for _, said in heard)))
    killed = ("SIGKILL", (min(ends) - start,))
    return Lanes("events on the wire", until - start + 0.1, (killed, *rows))


TABLES = {
    "held": held_table,
    "stored": stored_table,
    "ways": ways_table,
    "busy": busy_table,
    "seam": seam_table,
}
PLOTS = {"kill": kill_plot}
