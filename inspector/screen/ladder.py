"""The ladder: one connection as a sequence diagram, its client left, its server right, time down.

       #   time s   lapse  client                                         server
       1    0.012 +1.0 ms   ├─ text FIN  6+5  "Hello" ─────────────────────►│

It says what the listing says, drawn so that one sees who waits for whom. Each frame is an arrow; a
bracket holds the fragments of a message together; a Pong's arrow names its Ping and the round trip;
the closing handshake has double strokes; where nobody speaks for long, the life lines are dotted.
The listing is its twin in words. Items in, lines out: nothing is held but a frame that ends a
message, until that message follows.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from inspector.core.events import Closed, Ended, Framed, Gap, Messaged, Opened
from inspector.core.findings import Finding
from inspector.core.frames import Raw
from inspector.core.heads import Head
from inspector.core.http1 import Exchange
from inspector.core.messages import Message
from inspector.core.rfc import CLOSE, PONG, SIDES, Side
from inspector.core.safe import safe
from inspector.files.dissect import Connection, Item, address_text
from inspector.screen.content import flags
from inspector.screen.findings import finding_lines
from inspector.screen.lines import Line, fit, wrap
from inspector.screen.listing import ending
from inspector.screen.opening import MOST_LINES, agreed, notes, title
from inspector.screen.picture import hex_rows
from inspector.screen.rows import content, message_lines
from inspector.screen.rungs import SILENT, Fill, Rails
from inspector.screen.talk import Talk
from inspector.screen.theme import kind_style
from inspector.screen.words import count, lapse, moment, seconds, stretch, stride

MAX_START_LINE: Final = 1_000
"""Characters of a start line that are looked at."""
SILENCE: Final = 1.0
"""Seconds without a word from which on the life lines are dotted."""
LONG_SILENCE: Final = 10.0
"""Seconds from which on a silence takes three lines."""
ROWS_OF_RAW: Final = 2
LEAST_CONTENT: Final = 12
"""Cells that content needs, to be readable on an arrow; with fewer it stands below."""
NAMES: Final = 12
"""Cells of the names of what was agreed."""
ROOM_FOR_NAMES: Final = 40
PREFIX: Final = 5
"""Cells of a connection's number before its lines."""


@dataclass(slots=True)
class Climb:
    """How far one connection's ladder has come."""

    talk: Talk
    rails: Rails
    time: float | None = None
    """When something was last said."""
    first_close: Framed | None = None
    began: set[Side] = field(default_factory=set)
    """Sides that have sent a Close."""
    latest: Side = "client"

    def close(self, framed: Framed) -> None:
        """A Close came."""
        self.began.add(framed.frame.side)
        self.first_close = self.first_close or framed

    def end(self, ended: Ended) -> None:
        """A direction ended, or with a reset both did."""
        for side in SIDES if ended.how == "rst" else (ended.side,):
            self.rails.end(side)


class Ladder:
    """Items in, lines out. `take` each item, then `flush`."""

    def __init__(self, width: int, *, single: bool = True, say: Callable[[str], str] = str) -> None:
        """Not `single`: connections may come in turns; once there are several, lines say of which.

        `say` is what the paper makes of a text that it has no letters for: it is asked before
        anything is drawn, so that the life lines stay straight.
        """
        self.width = width
        self.single = single
        self._several = False
        self._say = say
        self._climbs: dict[int, Climb] = {}
        self._begun = False
        self._held: list[Item] = []

    def take(self, item: Item) -> list[Line]:
        """The lines that became known by this item; perhaps none yet."""
        event = item.event
        if self._held:
            first = self._held[0]
            if item.connection is first.connection:
                if isinstance(event, Finding):
                    self._held.append(item)
                    return []
                if isinstance(event, Messaged) and event.number == _ends(first):
                    return self._release(event)
            return [*self._release(None), *self.take(item)]
        if _ends(item) is not None:
            self._held.append(item)
            return []
        return list(self._lines(item, None))

    def pass_over(self, item: Item) -> None:
        """An item that is not shown, though lines of later ones may point back to it."""
        climb = self._climbs.get(item.connection.stream)
        if climb is None:
            return
        match item.event:
            case Framed(frame=frame, time=time) as framed:
                shown = climb.talk.latest
                climb.talk.remember(framed)
                climb.talk.latest = shown
                climb.time = time
                climb.rails.part(frame.side, self._part(climb.rails, framed))
                if frame.opcode == CLOSE:
                    climb.close(framed)
            case Ended(time=time) as ended:
                climb.time = time
                climb.end(ended)
            case Closed():
                del self._climbs[item.connection.stream]

    def flush(self) -> list[Line]:
        """The lines that were held back."""
        return self._release(None) if self._held else []

    def _release(self, messaged: Messaged | None) -> list[Line]:
        (framed, *findings), self._held = self._held, []
        lines = list(self._lines(framed, messaged.message if messaged is not None else None))
        for finding in findings:
            lines += self._lines(finding, None)
        return lines

    def _lines(self, item: Item, message: Message | None) -> Iterator[Line]:
        stream = item.connection.stream
        climb = self._climbs.get(stream)
        if climb is None:
            if self._begun and not self.single and not self._several:
                self._several = True
                for other in self._climbs.values():
                    other.rails.fit(self.width - PREFIX)
            rails = Rails(self.width - (PREFIX if self._several else 0))
            climb = self._climbs[stream] = Climb(Talk(item.connection), rails)
            if self._begun:
                yield Line()
            self._begun = True
            yield from _head(item.connection, self.width)
            yield from self._marked(item.connection, _names(item.connection, climb.rails))
        yield from self._marked(item.connection, self._event(climb, item, message))
        if isinstance(item.event, Closed) or item.connection.number is None:
            del self._climbs[stream]

    def _marked(self, connection: Connection, lines: Iterator[Line]) -> Iterator[Line]:
        for line in lines:
            if self._several:
                number = f"{connection.number or '':>3}"
                yield Line(number, "title").add("│ ", "quiet").join(line)
            else:
                yield line

    def _event(self, climb: Climb, item: Item, message: Message | None) -> Iterator[Line]:
        match item.event:
            case Opened() as opened:
                yield from self._opened(climb, opened)
            case Framed() as framed:
                yield from self._silence(climb, framed.time)
                yield from self._frame(climb, framed, message)
                climb.talk.remember(framed)
            case Messaged() as messaged:
                lines = message_lines(messaged.message, messaged.number, climb.rails.room, 0)
                yield from self._below(climb, lines, messaged.message.side)
            case Finding() as finding:
                below = climb.talk.latest
                lines = finding_lines(finding, climb.rails.room, 0, below)
                yield from self._below(climb, lines)
            case Raw() as raw:
                yield from self._raw(climb, raw)
            case Gap() as gap:
                words = f"not in the capture: {count(gap.size, 'byte')} of the {gap.side}"
                yield climb.rails.between(words, style="warning")
            case Exchange() as exchange:
                yield from self._exchange(climb, exchange)
            case Ended() as ended:
                yield from self._silence(climb, ended.time)
                yield from _tcp_end(climb, ended)
            case Closed() as closed:
                words, style = ending(climb.talk, closed)
                for number, text in enumerate(wrap(words, self.width - 6 - PREFIX)):
                    line = Line("  end " if not number else "      ", "quiet")
                    yield line.add(text, style)

    # Time

    def _silence(self, climb: Climb, time: float) -> Iterator[Line]:
        """What nobody said since the last rung."""
        since = time - climb.time if climb.time is not None else 0.0
        if since < SILENCE:
            return
        around = [climb.rails.between("", SILENT)] if since >= LONG_SILENCE else []
        yield from around
        yield climb.rails.between(f"{stretch(since)} of silence", SILENT)
        yield from around

    # The handshake

    def _opened(self, climb: Climb, opened: Opened) -> Iterator[Line]:
        talk, rails = climb.talk, climb.rails
        talk.upgraded, talk.deflate = opened.upgraded, opened.agreement.deflate is not None
        if opened.request is None:
            yield rails.between("no request was seen before this answer", style="warning")
        else:
            asked = opened.requested if opened.requested is not None else opened.time
            yield from self._silence(climb, asked)
            yield self._start_line(climb, "client", opened.request, asked)
        if opened.response is None:
            yield rails.between("no response came", style="warning")
            return
        yield from self._silence(climb, opened.time)
        yield self._start_line(climb, "server", opened.response, opened.time)
        if not opened.upgraded:
            lines = [Line("refused: no WebSocket begins", "warning")]
            yield from self._below(climb, lines, "server")
            return
        for name, words, style in agreed(opened):
            yield from self._below(climb, _told(name, words, style, rails.room))

    def _exchange(self, climb: Climb, exchange: Exchange) -> Iterator[Line]:
        yield self._start_line(climb, "client", exchange.request, exchange.requested)
        if exchange.response is not None:
            time = exchange.responded or exchange.requested
            yield self._start_line(climb, "server", exchange.response, time)

    def _start_line(self, climb: Climb, side: Side, head: Head, time: float) -> Line:
        label = Line(
            fit(self._say(safe(head.line, MAX_START_LINE)), climb.rails.label_room), "title"
        )
        return climb.rails.arrow(side, label, gutter=_gutter(climb, time))

    # Frames

    def _frame(self, climb: Climb, framed: Framed, message: Message | None) -> Iterator[Line]:
        talk, rails, frame = climb.talk, climb.rails, framed.frame
        size = f"{len(frame.header)}+{len(frame.wire_payload) + frame.spilled}"
        style = kind_style(frame.name)
        pieces = [(frame.name + flags(frame, talk.deflate), style), (size, "")]
        if rails.narrow:
            pieces.insert(0, (str(framed.number), "number"))
        label, left_over = _label(pieces, rails.label_room)
        room = 0 if left_over else rails.label_room - label.width - 2
        text, style = self._content(
            climb, framed, message, room if room >= LEAST_CONTENT else rails.room
        )
        fits = Line(text).width <= room
        several = message is not None and len(message.frames) > 1
        if text and fits and not several:
            label.add("  ").add(text, style)
        part = self._part(rails, framed)
        fill: Fill = "═" if frame.opcode == CLOSE else "─"
        yield rails.arrow(
            frame.side, label, gutter=_gutter(climb, framed.time, framed.number),
            fill=fill, part=part, reach="whole" if frame.complete else "cut",
        )  # fmt: skip
        if frame.opcode == CLOSE:
            climb.close(framed)
        below = [Line(words, kind) for words, kind in left_over]
        if message is not None and (several or not fits):
            below += message_lines(message, framed.message, rails.room, 0)
        elif text and not fits:
            below += (Line(piece, style) for piece in wrap(text, rails.room, MOST_LINES))
        yield from self._below(climb, below, frame.side)

    def _part(self, rails: Rails, framed: Framed) -> str:
        frame = framed.frame
        if frame.is_control or frame.kind.is_reserved:
            return ""
        if frame.opcode:
            return "" if frame.fin else "first"
        if not rails.amid[frame.side]:
            return ""
        return "last" if frame.fin else "middle"

    def _content(
        self, climb: Climb, framed: Framed, message: Message | None, room: int
    ) -> tuple[str, str]:
        """What a frame says, and what it answers."""
        frame = framed.frame
        if frame.opcode == PONG and frame.complete and (ping := climb.talk.asked(framed)):
            return f"answers ping {ping.number}, round trip {lapse(framed.time - ping.time)}", ""
        text, style = content(climb.talk, framed, message, room)
        if frame.opcode == CLOSE and frame.complete:
            text += f" ({_role(climb, framed)})"
        elif frame.opcode == PONG and frame.complete:
            text = f"{text} (answers no ping)".strip()
        return self._say(text), style

    def _below(self, climb: Climb, lines: Iterable[Line], side: Side = "client") -> Iterator[Line]:
        """Lines between the rails, in the letters that there are."""
        room = climb.rails.room
        fitting: list[Line] = []
        for line in lines:
            text = line.plain
            said = self._say(text)
            if said == text and line.width <= room:
                fitting.append(line)
            else:
                style = line.spans[-1][1]
                fitting += (Line(piece, style) for piece in wrap(said, room))
        yield from climb.rails.words(fitting, side)

    def _raw(self, climb: Climb, raw: Raw) -> Iterator[Line]:
        rails = climb.rails
        where = f" at byte {raw.offset}" if raw.offset >= 0 else ""
        label = Line(fit(f"no frame: {count(len(raw.data), 'byte')}", rails.label_room), "warning")
        yield rails.arrow(raw.side, label, fill="~")
        told = [Line(text, "warning") for text in wrap(f"{raw.why}{where}", rails.room)]
        yield from self._below(
            climb, [*told, *hex_rows(raw.data, rails.room, ROWS_OF_RAW)], raw.side
        )


def _ends(item: Item) -> int | None:
    """The number of the message that this item's frame ends: it follows at once."""
    event = item.event
    if not isinstance(event, Framed) or event.frame.is_control or not event.frame.fin:
        return None
    return event.message if event.frame.complete else None


def _head(connection: Connection, width: int) -> Iterator[Line]:
    """What stands above a ladder."""
    if connection.number is not None:
        yield from title(connection, width)
    else:
        yield Line("plain HTTP", "title")
    yield Line("  ").add(moment(connection.opened), "quiet")
    for words in notes(connection):
        yield from (Line("  ").add(text, "quiet") for text in wrap(f"note: {words}", width - 2))


def _names(connection: Connection, rails: Rails) -> Iterator[Line]:
    """The names of the columns and of both sides, and where the life lines begin."""
    yield Line()
    names = "   #   time s   lapse" if not rails.narrow else "  time s"
    ends: tuple[tuple[Side, str], ...] = (
        ("client", address_text(connection.client)),
        ("server", address_text(connection.server)),
    )
    left, right = rails.line_at["client"], rails.line_at["server"] + 1
    line = Line(names, "quiet").to(left).add("client", "client")
    legend = "kind and flags, header+payload bytes"
    if rails.within - 14 >= len(legend):
        line.to(left + (rails.within - len(legend)) // 2).add(legend, "quiet")
    yield line.to(right - len("server")).add("server", "server")
    half = rails.within // 2
    line = Line().to(left).add(fit(ends[0][1], half), "quiet")
    there = fit(ends[1][1], half)
    yield line.to(right - len(there)).add(there, "quiet")
    yield rails.between("")


def _gutter(climb: Climb, time: float, number: int | None = None) -> Line:
    """What stands before a rung: a frame's number, the time, and how long after the last rung."""
    since = seconds(time - climb.talk.connection.opened)
    last, climb.time = climb.time, time
    if climb.rails.narrow:
        return Line(since, "number")
    line = Line(f"{number or '':>4} {since}", "number")
    return line.add(f" {stride(time - last)}" if last is not None else "", "quiet")


def _label(pieces: list[tuple[str, str]], room: int) -> tuple[Line, list[tuple[str, str]]]:
    """As many pieces as fit on an arrow, and those that do not; of the first at least a part."""
    label = Line()
    for number, (text, style) in enumerate(pieces):
        gap = "  " if number else ""
        if number and label.width + len(gap) + len(text) > room:
            return label, pieces[number:]
        label.add(gap).add(fit(text, room), style)
    return label, []


def _told(name: str, words: str, style: str, room: int) -> Iterator[Line]:
    """`accept  verified: ...`, wrapped behind its name."""
    if room < ROOM_FOR_NAMES:
        yield from (Line(text, style) for text in wrap(f"{name}: {words}", room, MOST_LINES))
        return
    for number, text in enumerate(wrap(words, room - NAMES, MOST_LINES)):
        yield Line(name if not number else "", "quiet").to(NAMES, gap=0).add(text, style)


def _role(climb: Climb, framed: Framed) -> str:
    """A Close's part in the closing handshake."""
    first = climb.first_close
    if first is None:
        return "closes"
    if framed.frame.side in climb.began:
        return "once more"
    return f"answers {first.number}"


def _tcp_end(climb: Climb, ended: Ended) -> Iterator[Line]:
    how = {"fin": "TCP ends (FIN)", "rst": "TCP is reset (RST)", None: "TCP ends"}[ended.how]
    gutter = _gutter(climb, ended.time)
    yield climb.rails.arrow(ended.side, Line(how, "quiet"), gutter=gutter, fill="╌")
    climb.end(ended)
