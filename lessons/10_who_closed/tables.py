"""The tables of lesson 10: both columns of the wire, and what was told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from inspector.core.events import Framed
from inspector.core.frames import Raw
from inspector.core.rfc import CLOSE
from inspector.screen.words import count, quoted
from lessons.course.evidence import Evidence
from lessons.course.model import Missing
from lessons.course.session import Session

from .seen import End, Told, carries, close_words, killed, newest, silent, terminated
from .ways import CALLS, REFUSED, SERVER, WAYS

type Row = tuple[object, ...]
HEADING = ("what was done", "client's Close", "server's Close", "close event")


def row(end: End, said: Told, words: str = "") -> Row:
    return words or WAYS[end.way], *map(end.on_the_wire, ("client", "server")), said.words


def rows(*names: str) -> Callable[[Evidence, Session], Iterator[Row]]:
    def table(evidence: Evidence, session: Session) -> Iterator[Row]:
        yield HEADING
        for name in names:
            yield row(*newest(evidence, name))

    return table


def refused(evidence: Evidence, session: Session) -> Iterator[Row]:
    """What was called, what became of it, and what the wire says."""
    yield "the page calls", "the browser", "on the wire"
    for name in REFUSED:
        end, said = newest(evidence, name)
        threw = said.thrown and not carries(end, 1001)
        wire = "no frame because of it" if threw else end.on_the_wire("client")
        yield WAYS[name], f"throws {said.thrown}" if said.thrown else "sends it", wire


def twice(evidence: Evidence, session: Session) -> Iterator[Row]:
    """The server, ended in two ways."""
    yield HEADING
    yield row(*terminated(evidence), "kill (SIGTERM)")
    yield row(*killed(evidence), "kill -9")


def specimen(evidence: Evidence, session: Session) -> Iterator[Row]:
    """All that was on the wire of the specimen, with what is no frame."""
    end, said = newest(evidence, "specimen")
    yield "from", "the bytes begin", "what they are"
    for event in end.line.items:
        if isinstance(event, Framed):
            frame = event.frame
            words = close_words(frame.payload) if frame.opcode == CLOSE else frame.name
            yield frame.side, frame.wire[:4].hex(" "), words
        elif isinstance(event, Raw):
            line = event.data.partition(b"\r\n")[0]
            words = f"{quoted(line, 30)} and more, {count(len(event.data), 'byte')}: no frame"
            yield event.side, event.data[:4].hex(" "), words
    yield "", "", f"and the close event said {said.words}"


LAST = {
    "server-close": "the server closes",
    "server-fault": "its handler raises",
    "close": "close()",
    "close-4000": "close(4000)",
    "cross": "both at once",
    "hangs-up": "close(1000), and it hangs up",
    "specimen": "flask-sock closes",
}


def everything(evidence: Evidence, session: Session) -> Iterator[Row]:
    """All that one was told of, in one table; the reasons are left out."""
    yield HEADING
    finds: list[tuple[str, Callable[[Evidence], tuple[End, Told]]]] = [
        ("kill (SIGTERM)", terminated),
        ("kill -9", killed),
        *((words, partial(newest, way=name)) for name, words in LAST.items()),
    ]
    for words, find in finds:
        with suppress(Missing):  # a step may have been left out
            end, said = find(evidence)
            closes = [end.on_the_wire(side).partition(' "')[0] for side in ("client", "server")]
            yield words, *closes, f"{said.code}, {'clean' if said.clean else 'not clean'}"
    with suppress(Missing):
        silent(evidence)
        yield "frozen for a while", "nothing", "nothing", "no event"


TABLES = {
    "calls": rows(*CALLS),
    "refused": refused,
    "server": rows(*SERVER),
    "cross": rows("cross"),
    "rude": rows("close-1000", "hangs-up"),
    "twice": twice,
    "specimen": specimen,
    "everything": everything,
}
