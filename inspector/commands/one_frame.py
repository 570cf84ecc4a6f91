"""`dump --frame N`: one frame of a capture, to the last bit; number 0 is the handshake's heads."""

import sys
from typing import Final

from inspector.commands.alone import MOST_EARLIER
from inspector.commands.mistakes import Mistake
from inspector.commands.reading import Reading, shows_progress
from inspector.core.events import Closed, Framed, Messaged, Opened
from inspector.core.explain import Part, explain, frame_fields, head_part, raw_part
from inspector.core.findings import Finding
from inspector.core.frames import Frame, Raw
from inspector.core.handshake import Agreement
from inspector.core.messages import Message
from inspector.core.pings import echo
from inspector.core.rfc import CONTINUATION, PING, PONG, Side
from inspector.files.dissect import Connection, Item
from inspector.payloads.told import Beside
from inspector.screen.lines import Line
from inspector.screen.paper import Paper, paper_for
from inspector.screen.picture import picture
from inspector.screen.words import count, moment, some

MOST_OF_OPENING: Final = 100
"""Heads and blocks of bytes beside them; a refusal's body may be of any length."""


class Wanted:
    """A frame and what is told of it, picked out of a capture's items."""

    def __init__(self, number: int, connection: int | None) -> None:
        self.number = number
        self.connection_number = connection or 1
        self.connection: Connection | None = None
        self.opened: Opened | None = None
        self.opening: list[Opened | Raw] = []
        """Handshakes, tried again perhaps, and what stood beside their heads."""
        self.framed: Framed | None = None
        self.message: Message | None = None
        self.findings: list[Finding] = []
        self.earlier: dict[Side, bytes] = {}
        """The last text message of each side before this frame's."""
        self.at: dict[Side, int] = {}
        """How far each side has come in its open message's joined payload."""
        self.place = 0
        """Where in its message's this frame's payload begins."""
        self.not_drawn = 0
        """Bytes of the opening beyond what is kept to be drawn."""
        self.found_at: list[int] = []
        """Behind how many of `opening` each of them came."""
        self.frames = 0

    def take(self, item: Item) -> bool:
        """Look at an item; true once there is nothing more to learn."""
        event = item.event
        if item.connection.number != self.connection_number:
            return False
        self.connection = item.connection
        if isinstance(event, Opened):
            self.opened = event
            self.opening.append(event)
        elif isinstance(event, Raw) and self.number == 0:
            if len(self.opening) < MOST_OF_OPENING:
                self.opening.append(event)
            else:
                self.not_drawn += len(event.data)
        elif isinstance(event, Framed):
            self.frames = event.number
            if event.number == self.number:
                self.framed = event
            self._follow(event)
            return self.framed is not event and self._settled(event.frame)
        elif isinstance(event, Finding) and event.frame == (self.number or None):
            self.findings.append(event)
            self.found_at.append(len(self.opening))
        elif isinstance(event, Messaged):
            message = event.message
            if self.number in message.frames:
                self.message = message
            elif message.kind == "text" and self.framed is None:
                self.earlier[message.side] = message.data[:MOST_EARLIER]
        return isinstance(event, Closed)

    def _follow(self, framed: Framed) -> None:
        """Where in their messages the payloads of fragments begin."""
        frame = framed.frame
        if not frame.is_control:
            at = self.at.get(frame.side, 0) if frame.opcode == CONTINUATION else 0
            if framed.number == self.number:
                self.place = at
            self.at[frame.side] = at + len(frame.wire_payload) + frame.spilled

    def beside(self, side: Side) -> Beside:
        """What is known beside the frame, which `side` sent."""
        agreement = self.opened.agreement if self.opened is not None else Agreement()
        request = self.opened.request if self.opened is not None else None
        return Beside(
            self.place,
            (agreement.deflate or {}).get(side),
            agreement.subprotocol or "",
            request.target if request is not None else "",
            self.earlier.get(side, b""),
        )

    def _settled(self, later: Frame) -> bool:
        """Has all been told by the time that this later frame comes?"""
        if self.number == 0:
            return True
        framed = self.framed
        if framed is None:
            return False
        frame = framed.frame
        if frame.opcode == PING and frame.complete:
            # That a Ping stays unanswered is known only at the connection's end.
            answers = later.opcode == PONG and later.side != frame.side
            return answers and later.payload == echo(frame)
        alone = frame.is_control or frame.kind.is_reserved or not frame.complete
        return alone or self.message is not None


def show_frame(file: str, number: int, connection: int | None, keylog: str | None = None) -> int:
    """Find and draw it; the exit code."""
    paper = paper_for(sys.stdout)
    reading = Reading(file, progress=shows_progress(True), keylog=keylog)
    wanted = Wanted(number, connection)
    any(wanted.take(item) for item in reading)
    if number == 0 and wanted.opened is not None:
        _draw_heads(paper, wanted)
    elif wanted.framed is not None:
        _draw_frame(paper, wanted, wanted.framed)
    else:
        reading.complain()
        if wanted.connection is None:
            raise reading.lacks(wanted.connection_number)
        there = f"connection {wanted.connection_number} has {count(wanted.frames, 'frame')}"
        raise Mistake(f"there is no frame {wanted.number}: {there}")
    paper.close()
    return reading.complain()


def _draw_heads(paper: Paper, wanted: Wanted) -> None:
    """Each handshake's heads, and what stands in neither: empty lines, a 103, a refusal's body."""
    place = f"connection {wanted.connection_number}"
    for at, event in enumerate(wanted.opening):
        if isinstance(event, Raw):
            early = event.data.lstrip(b"\r\n").startswith(b"HTTP/")  # such as a 103
            raw = raw_part(event.data, event.why, "9112 §6")
            for part in explain(event.data) if early else [raw]:
                name = f"{place}, {event.side}, {event.why}"
                paper.lines([*picture(part, paper.width, name=name), Line()])
            continue
        later = (n for n, each in enumerate(wanted.opening) if n > at and isinstance(each, Opened))
        until = next(later, len(wanted.opening))
        for head in (event.request, event.response):
            if head is not None:
                part = head_part(head, event.request if head is event.response else None)
                findings = [
                    finding
                    for finding, found in zip(wanted.findings, wanted.found_at, strict=True)
                    if finding.stream == part.kind and at < found <= until
                ]
                name = f"{place}, {part.kind}"
                paper.lines([*picture(part, paper.width, name=name, findings=findings), Line()])
    if wanted.not_drawn:
        words = f"and {count(wanted.not_drawn, 'more byte')} that belong to no head"
        paper.lines([Line(words, "quiet")])


def _draw_frame(paper: Paper, wanted: Wanted, framed: Framed) -> None:
    assert wanted.connection is not None
    frame = framed.frame
    deflate = wanted.opened.agreement.compresses if wanted.opened is not None else None
    part = Part("frame", tuple(frame_fields(frame, deflate)), frame=frame)
    since = framed.time - wanted.connection.opened
    notes = [
        f"connection {wanted.connection_number}, {wanted.connection.url or 'without a URL'}",
        f"byte {frame.offset} of what the {frame.side} sent after the handshake; "
        f"{since:.3f} s after the connection's opening, {moment(framed.time)}",
    ]
    if framed.message is not None:
        numbers = wanted.message.frames if wanted.message is not None else (framed.number,)
        frames = f" (frames {some(numbers)})" if len(numbers) > 1 else ""
        notes.append(f"it carries message {framed.message}{frames}")
    paper.lines(
        picture(
            part,
            paper.width,
            name=f"frame {framed.number}",
            notes=notes,
            message=wanted.message,
            beside=wanted.beside(frame.side),
            findings=wanted.findings,
        )
    )
