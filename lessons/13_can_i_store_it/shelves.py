"""What became of each attempt, read off the wire.

The lab's server and its page tell of their attempts in JSON, on the connection itself. Only one
thing is not taken from what they say: whether a message arrived. That is so if a frame carried it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from inspector.core.rfc import CLOSE
from inspector.core.rules.closing import close_code
from lessons.course.evidence import Connection, Evidence
from lessons.course.model import Missing
from lessons.course.wire import AGENT

PAGE_KINDS = frozenset({"browser", "browser-read", "browser-done"})
LAB, PIPE = "/ws/lab", "/ws/lab/pipe"
LOUD, SILENT, WORKS = "loud", "silent", "works"
TITLES = {LOUD: "failed loudly", SILENT: "failed silently", WORKS: "works, but"}
DURING = {"store": "on storing", "restore": "on reading back", "send": "on sending"}
BROWSERS_OWN = re.compile(r"Failed to execute '[^']*' on '[^']*': ")
"""What Chromium puts before each exception's reason: which call it was stands beside it."""
SHOWN = 22  # characters of a kept value in a table


@dataclass(frozen=True, slots=True)
class Trial:
    """One attempt. `size` counts bytes kept, `frame` is the number of the frame that carried
    its probe on `connection`, None if none did."""

    name: str
    code: str
    kept: str | None
    size: int
    raised: str | None
    step: str | None
    back: str | None
    frame: int | None
    connection: int
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def shelf(self) -> str:
        """Loud is what storing or reading back says. What sending says comes too late to help."""
        if self.raised and self.step != "send":
            return LOUD
        return SILENT if self.frame is None else WORKS

    @property
    def words(self) -> str:
        """What happened, for one cell of a table."""
        if self.shelf == LOUD:
            raised = BROWSERS_OWN.sub("", self.raised or "")
            return f"{DURING.get(self.step or '', 'on the way')}, {raised}"
        if self.shelf == WORKS:
            return f"frame {self.frame} brought its message"
        kept = f" as {shortened(self.kept)}" if self.kept else ""
        fault = (self.raised or "").partition(":")[0]
        sent = f"later, on sending, {fault}" if self.raised else "sent into the void"
        return f"stored without a word{kept}; {sent}"

    @property
    def measured(self) -> str:
        """The same in a few words."""
        if self.shelf == LOUD:
            return f"{self.code}: an exception {DURING.get(self.step or '', 'on the way')}"
        if self.shelf == WORKS:
            return f"{self.code}: frame {self.frame} brought its message"
        return f"{self.code}: stored and read back without a word, and no frame came"


def shortened(kept: str | None) -> str:
    text = str(kept)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


@dataclass(frozen=True, slots=True)
class Told:
    """One JSON note of the lab, and the connection on which it was told."""

    connection: Connection
    side: str
    note: dict[str, Any]


def lab_connections(evidence: Evidence) -> Iterator[Connection]:
    for connection in evidence.connections:
        if connection.upgraded and connection.path in (LAB, PIPE):
            yield connection


def notes(evidence: Evidence, *kinds: str) -> Iterator[Told]:
    """The lab's notes of these kinds, oldest first, each from the side whose it is to write them.
    What is no such note is passed over."""
    for connection in lab_connections(evidence):
        for said in connection.messages:
            note = parsed(said.text)
            kind = note.get("lab")
            side = "client" if kind in PAGE_KINDS else "server"
            if kind in kinds and said.side == side:
                yield Told(connection, side, note)


def parsed(text: str | None) -> dict[str, Any]:
    """A message as a note; empty if it is none."""
    try:
        note = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return note if isinstance(note, dict) else {}


def last(evidence: Evidence, *kinds: str) -> Told:
    """The newest note of these kinds."""
    found = list(notes(evidence, *kinds))
    if not found:
        raise Missing(f"the lab has told nothing of the kind {' or '.join(kinds)} yet")
    return found[-1]


def trial_of(evidence: Evidence, told: Told, note: dict[str, Any]) -> Trial:
    """A trial as it was told, with the frame that carried its probe, looked for on the wire."""
    size = note.get("size")
    return Trial(
        name=text(note, "attempt") or "?",
        code=text(note, "code") or "?",
        kept=text(note, "kept"),
        size=size if isinstance(size, int) else 0,
        raised=text(note, "raised"),
        step=text(note, "step"),
        back=text(note, "back"),
        frame=carrier(evidence, text(note, "probe"), told.side),
        connection=told.connection.number,
        more=note,
    )


def text(note: dict[str, Any], key: str) -> str | None:
    """A text of a note; None if it says no text there."""
    value = note.get(key)
    return value if isinstance(value, str) else None


def carrier(evidence: Evidence, probe: str | None, side: str) -> int | None:
    """The number of the frame that carried this text, None if there was none."""
    for connection in lab_connections(evidence):
        for said in connection.messages:
            if probe is not None and said.side == side and said.text == probe:
                return said.frames[0]
    return None


def trials(evidence: Evidence, *kinds: str) -> dict[str, Trial]:
    """The newest trial of each attempt, by name; `tried` in the server, `browser` in the page."""
    told = (trial_of(evidence, each, each.note) for each in notes(evidence, *kinds))
    return {trial.name: trial for trial in told}


def read_back(evidence: Evidence) -> dict[str, Trial]:
    """What the server found kept when it was last asked, and tried again; then what the page found
    in the browser's storage while that same process served it."""
    told = last(evidence, "read")
    listed = told.note.get("trials")
    found = [note for note in listed if isinstance(note, dict)] if isinstance(listed, list) else []
    at_server = {text(note, "attempt") or "?": trial_of(evidence, told, note) for note in found}
    pid = told.note.get("pid")
    held_by_it = {each.connection for each in greetings(evidence) if each.note.get("pid") == pid}
    in_page = [
        trial_of(evidence, each, each.note)
        for each in notes(evidence, "browser-read")
        if each.connection in held_by_it
    ]
    return at_server | {trial.name: trial for trial in in_page}


class Row(NamedTuple):
    """An entry of the kernel's table, as the lab told it."""

    number: int
    name: str | None
    what: str


def kernel_table(evidence: Evidence) -> tuple[Told, dict[int, Row]]:
    """The newest note of the kernel's table, and the table, by number."""
    told = last(evidence, "descriptors")
    listed = told.note.get("table")
    rows = {}
    for row in listed if isinstance(listed, list) else []:
        match row:
            case [int(number), str() | None as name, str(what)]:
                rows[number] = Row(number, name, what)
    return told, rows


def greetings(evidence: Evidence) -> list[Told]:
    """How the lab greeted each of its connections."""
    found = list(notes(evidence, "hello"))
    if not found:
        raise Missing("the lab has not been opened yet")
    return found


def yours(evidence: Evidence) -> Told:
    """The connection that the lesson is about, the one of its first step.

    Others come and go (the script's where the learner pressed s, one after the restart), so it is
    the first that was held open in this sitting.
    """
    found = greetings(evidence)
    try:
        return lives(evidence)[0]
    except Missing:
        file = found[-1].connection.file
        return _held([each for each in found if each.connection.file == file])


def lives(evidence: Evidence) -> tuple[Told, Told]:
    """The greetings of two connections: `yours`, which an older process held, and that of now."""
    found = greetings(evidence)
    pid, file = found[-1].note.get("pid"), found[-1].connection.file
    older = [each for each in found if each.note.get("pid") != pid]
    now = next(e for e in found if e not in older and e.connection.file == file)
    here = [each for each in older if each.connection.file == file]
    ended = [each for each in older if by_server(each.connection)]
    if not (here or ended):
        raise Missing("the server has not been restarted since the lab was opened")
    return _held(here or ended), now


def _held(found: list[Told]) -> Told:
    """The first that its client did not leave; if it left them all, the last."""
    for told in found:
        end = ending(told.connection)
        if end is None or end[0] != "client":
            return told
    return found[-1]


def opener(connection: Connection) -> str:
    """Who opened it, as its request says."""
    agent = connection.request.get("user-agent") or ""
    return "the script" if agent == AGENT or "HeadlessChrome" in agent else "your browser"


def by_server(connection: Connection) -> bool:
    """Did the server end it?"""
    end = ending(connection)
    return end is not None and end[0] == "server"


def ending(connection: Connection) -> tuple[str, int | None] | None:
    """Who ended this connection, and the close code; None while the server's end is open."""
    if connection.closed and connection.closed.closed_by:
        return connection.closed.closed_by, connection.closed.code
    if connection.ended("server") is None:
        return None
    closes = [each.frame for each in connection.frames_from("server") if each.frame.opcode == CLOSE]
    return "server", close_code(closes[0]) if closes else None
