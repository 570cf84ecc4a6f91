"""What became of the connections that were handed on, read off the wire.

Each process says in its messages which one it is; all else is in the capture: what came on which
connection, in which order, and what did not come.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from inspector.core.findings import Finding
from inspector.core.rfc import CLOSE
from lessons.course.evidence import Connection, Evidence, Said
from lessons.course.model import Missing

from .heir import TEXT, frame
from .holder import FIRST_WORDS, HEIRS_WORDS, MIDDLE

HEIR = "/ws/heir/"
FOR_GOOD = "I pass it on for good"
HEALTH = "/health"


@dataclass(frozen=True)
class Note:
    """A message in which a process of the server's side says who it is."""

    said: Said
    fields: dict[str, Any]

    @property
    def frame(self) -> int:
        return self.said.frames[0]

    @property
    def pid(self) -> int:
        return int(self.fields["pid"])

    def __getattr__(self, name: str) -> Any:
        return self.fields.get(name)


def notes(line: Connection) -> list[Note]:
    found = []
    for said in line.said("server"):
        fields = parsed(said.text or "")
        if isinstance(fields.get("pid"), int):
            found.append(Note(said, fields))
    return found


def parsed(text: str) -> dict[str, Any]:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def lines(evidence: Evidence, case: str) -> Iterator[Connection]:
    """The connections of one case, the newest first."""
    for line in reversed(evidence.connections):
        if line.upgraded and line.path == HEIR + case:
            yield line


def saying(line: Connection, words: str) -> Note | None:
    """The last note that says so."""
    return next((each for each in reversed(notes(line)) if each.says == words), None)


def yours(evidence: Evidence) -> tuple[Connection, Note]:
    """The connection that is kept, and how it was greeted."""
    for line in lines(evidence, "main"):
        if hello := saying(line, "hello"):
            return line, hello
    raise Missing("the page has not been opened yet")


@dataclass(frozen=True)
class Passed:
    """A connection that was lent to two other processes: who said what on it."""

    line: Connection
    rows: list[Note]
    """The first before, the heir, its child, the heir again, the first after."""

    @property
    def same(self) -> bool:
        """One object of the kernel's; where it tells no name, one pair of addresses."""
        known = {(row.kernel, tuple(row.ends)) for row in self.rows}
        return len(known) == 1


def passed(evidence: Evidence) -> Passed:
    for line in lines(evidence, "main"):
        told = notes(line)
        ends = [n for n, each in enumerate(told) if each.says == "so do I, alone again"]
        if ends and ends[-1] >= 4:
            return Passed(line, told[ends[-1] - 4 : ends[-1] + 1])
    raise Missing("the connection has not been passed on yet")


@dataclass(frozen=True)
class Torn:
    """What two writers made of their frames. `at` is where the heir's frame begins."""

    line: Connection
    at: int
    findings: list[Finding]

    @property
    def fault(self) -> Finding:
        """Of the first frame that nobody wrote, what is wrong with its first byte."""
        end = len(FIRST_WORDS) + 2
        found = [each for each in self.findings if each.offset == end]
        return next((each for each in found if "byte 0 is" in each.words), found[0])


def torn(evidence: Evidence) -> Torn:
    for line in lines(evidence, "torn"):
        stream = b"".join(each.frame.wire for each in line.frames_from("server"))
        at = stream.find(frame(TEXT, HEIRS_WORDS.encode()))
        findings = [each for each in line.findings if each.stream == "server"]
        if at >= 0 and any(each.offset == len(FIRST_WORDS) + 2 for each in findings):
            return Torn(line, at, findings)
    raise Missing("no two processes have written at once yet")


@dataclass(frozen=True)
class Answered:
    """A message of the client's, and the note that answers it."""

    said: Said
    answer: Note | None


@dataclass(frozen=True)
class Unread:
    line: Connection
    rows: list[Answered]
    left: int


def unread(evidence: Evidence) -> Unread:
    for line in lines(evidence, "unread"):
        told = notes(line)
        gave = saying(line, "I pass it on")
        heard = {each.heard: each for each in told}
        rows = [Answered(said, heard.get(said.text)) for said in line.said("client")]
        if gave and "four" in heard:
            return Unread(line, rows, gave.left)
    raise Missing("no messages have been left unread yet")


@dataclass(frozen=True)
class Middle:
    """A frame cut by a hand-over: where, and what the heir took for the beginning of one."""

    line: Connection
    said: Said
    octets: int
    pair: bytes
    heir: Note

    @property
    def on_wire(self) -> bytes:
        """The two bytes that lie there in the client's stream."""
        stream = b"".join(each.frame.wire for each in self.line.frames_from("client"))
        return stream[self.octets : self.octets + 2]


def middle(evidence: Evidence) -> Middle:
    for line in lines(evidence, "middle"):
        long = [each for each in line.said("client") if len(each.data) > MIDDLE]
        had = saying(line, "I had read")
        heirs = [each for each in notes(line) if each.who == "the heir"]
        if long and had and heirs:
            return Middle(line, long[0], had.octets, bytes.fromhex(heirs[0].says), heirs[0])
    raise Missing("no frame has been cut by a hand-over yet")


def window(evidence: Evidence) -> tuple[Connection, Note]:
    for line in lines(evidence, "window"):
        if told := saying(line, "it told me"):
            return line, told
    raise Missing("no compressed message has met an heir yet")


def closed(evidence: Evidence) -> tuple[Connection, Note, Note]:
    """close() in one process: its last word, and the heir's after it."""
    for line in lines(evidence, "close"):
        last, after = saying(line, "I call close()"), saying(line, "I have it alone")
        if last and after:
            return line, last, after
    raise Missing("nobody has called close() yet")


def shut(evidence: Evidence) -> tuple[Connection, Note, float]:
    """shutdown() in one process: its last word, and when the server's direction ended. Where a
    Close was sent before that, it would be no wonder that it ended."""
    for line in lines(evidence, "shutdown"):
        last, end = saying(line, "I call shutdown()"), line.ended("server")
        if last and end and saying(line, "I have it, too"):
            closes = [each.time for each in line.frames if each.frame.opcode == CLOSE]
            if not any(at < end.time for at in closes):
                return line, last, end.time
    raise Missing("nobody has called shutdown() yet")


@dataclass(frozen=True)
class Kill:
    """A server that was killed when it had passed a connection on for good. `new` is the process
    that was started in its place, `after` what came on the old connection since."""

    line: Connection
    first: Note
    new: int
    at: float

    @property
    def after(self) -> list[Note]:
        return [each for each in notes(self.line) if each.heard and each.said.time > self.at]


def given(evidence: Evidence) -> tuple[Connection, Note]:
    for line in lines(evidence, "main"):
        if note := saying(line, FOR_GOOD):
            return line, note
    raise Missing("no connection was passed on for good yet")


def killed(evidence: Evidence) -> Kill:
    line, first = given(evidence)
    for each in evidence.http:
        if each.path == HEALTH and each.responded and each.requested > first.said.time:
            new = parsed(each.body.decode(errors="replace")).get("pid")
            if isinstance(new, int) and new != first.pid:
                return Kill(line, first, new, each.responded)
    raise Missing("the server has not been killed yet")
