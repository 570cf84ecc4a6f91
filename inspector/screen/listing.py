"""The listing: a capture as lines, one a frame.

       #   time s  direction  frame     header+payload  msg  content
       1    0.012  client ->  text FIN             6+5    1  "Hello"

What belongs to a frame stands below it: its message, where the line can't show it, then what broke
a rule. Lines come out as items go in; only a frame that ends a message is held back, for the one
moment until that message follows.
"""

from collections.abc import Iterator
from typing import Final

from inspector.core.events import Closed, Ended, Framed, Gap, Messaged, Opened
from inspector.core.findings import Finding
from inspector.core.frames import Raw
from inspector.core.http1 import Exchange
from inspector.core.rfc import PEER, close_code_words
from inspector.files.dissect import Connection, Item
from inspector.screen.findings import finding_lines
from inspector.screen.lines import Line, fit, sided
from inspector.screen.opening import exchange_lines, opening
from inspector.screen.picture import hex_rows
from inspector.screen.rows import BELOW_AT, FRAME_AT, frame_row, front, heading, message_lines
from inspector.screen.talk import Talk
from inspector.screen.theme import ARROWS
from inspector.screen.words import count

FINDING_AT: Final = 2

ROWS_OF_RAW: Final = 2
MAX_REASON: Final = 130
"""Cells; a reason that keeps the rules has at most 123 bytes."""


class Listing:
    """Items in, lines out. `take` each item, then `flush`."""

    def __init__(self, width: int, *, single: bool = False) -> None:
        """`single`: only one connection will be shown, so no line needs to say which."""
        self.full_width = width
        self.single = single
        self.headings = True
        """Do the columns of a connection that begins now get their names?"""
        self._talks: dict[int, Talk] = {}
        self._several = False
        self._begun = False
        self._held: list[Item] = []

    def take(self, item: Item) -> list[Line]:
        """The lines that became known by this item; perhaps none yet."""
        event = item.event
        if self._held:
            first = self._held[0]
            assert isinstance(first.event, Framed)
            if item.connection is first.connection:
                if isinstance(event, Finding):
                    self._held.append(item)
                    return []
                if isinstance(event, Messaged) and event.number == first.event.message:
                    return self._release(event)
            return [*self._release(None), *self.take(item)]
        if isinstance(event, Framed) and _ends_message(event):
            self._held.append(item)
            return []
        return list(self._lines(item))

    def pass_over(self, item: Item) -> None:
        """An item that is not shown, though lines of later ones may point back to it."""
        if isinstance(item.event, Framed):
            talk = self._talk(item.connection)
            shown = talk.latest
            talk.remember(item.event)
            talk.latest = shown
        elif isinstance(item.event, Closed):
            self._talks.pop(item.connection.stream, None)

    def heading(self, connection: Connection) -> list[Line]:
        """The names of the columns, for who shows only a part of a connection."""
        return self._prefixed(self._talk(connection), heading(self.width))

    def flush(self) -> list[Line]:
        """The lines that were held back."""
        return self._release(None) if self._held else []

    def _release(self, messaged: Messaged | None) -> list[Line]:
        (framed, *findings), self._held = self._held, []
        assert isinstance(framed.event, Framed)
        talk = self._talk(framed.connection)
        lines = self._prefixed(talk, self._frame(talk, framed.event, messaged))
        for finding in findings:
            lines += self._lines(finding)
        return lines

    def _talk(self, connection: Connection) -> Talk:
        talk = self._talks.get(connection.stream)
        if talk is None:
            talk = self._talks[connection.stream] = Talk(connection)
        return talk

    @property
    def width(self) -> int:
        return self.full_width - (5 if self._several else 0)

    def _prefixed(self, talk: Talk, lines: list[Line]) -> list[Line]:
        """Each line with its connection's number before it, once there are several."""
        number = talk.connection.number
        if not self._several or number is None:
            return lines
        return [
            Line(f"{number:>3}", "title").add("│ ", "quiet").join(line) if line.width else line
            for line in lines
        ]

    def _lines(self, item: Item) -> Iterator[Line]:
        event, connection = item.event, item.connection
        if isinstance(event, Exchange):
            yield from exchange_lines(connection, event, self.width)
            return
        talk = self._talk(connection)
        if isinstance(event, Opened):
            self._several = self._several or (not self.single and (connection.number or 1) > 1)
            talk.upgraded = event.upgraded
            talk.deflate = event.agreement.deflate is not None
            talk.headed = not self.headings
            if self._begun:
                yield Line()
            self._begun = True
            yield from opening(connection, event, self.full_width)
            return
        yield from self._prefixed(talk, list(self._of_talk(talk, item)))
        if isinstance(event, Closed):
            del self._talks[connection.stream]

    def _of_talk(self, talk: Talk, item: Item) -> Iterator[Line]:
        match item.event:
            case Framed() as framed:
                yield from self._frame(talk, framed, None)
            case Messaged() as messaged:
                yield from message_lines(messaged.message, messaged.number, self.width)
            case Finding() as finding:
                yield from finding_lines(finding, self.width, FINDING_AT, talk.latest)
            case Raw() as raw:
                yield from self._raw(raw)
            case Gap() as gap:
                words = f"not in the capture: {count(gap.size, 'byte')} from byte {gap.offset} on"
                line = front(talk, "", gap.time, gap.side)
                yield from sided(line, words, "", self.width, "warning")
            case Ended() as ended:
                yield from self._end(talk, ended)
            case Closed() as closed:
                yield from self._closed(talk, closed)

    def _frame(self, talk: Talk, framed: Framed, messaged: Messaged | None) -> list[Line]:
        lines = []
        if not talk.headed:
            talk.headed = True
            lines = heading(self.width)
        message = messaged.message if messaged is not None else None
        lines += frame_row(talk, framed, message, self.width)
        talk.remember(framed)
        return lines

    def _raw(self, raw: Raw) -> Iterator[Line]:
        where = f" at byte {raw.offset}" if raw.offset >= 0 else ""  # else `why` tells
        words = f"no frame: {count(len(raw.data), 'byte')}{where}, {raw.why}"
        yield from sided(
            Line().to(BELOW_AT).add(ARROWS[raw.side], raw.side).to(FRAME_AT),
            words, "", self.width, "warning",
        )  # fmt: skip
        for row in hex_rows(raw.data, self.width - FINDING_AT, ROWS_OF_RAW):
            yield Line().to(FINDING_AT).join(row)

    # The end

    def _end(self, talk: Talk, ended: Ended) -> Iterator[Line]:
        how = {"fin": "TCP ends (FIN)", "rst": "TCP is reset (RST)", None: "TCP ends"}[ended.how]
        yield from sided(front(talk, "", ended.time, ended.side), how, "", self.width, "quiet")

    def _closed(self, talk: Talk, closed: Closed) -> Iterator[Line]:
        words, style = ending(talk, closed)
        yield from sided(Line("  end", "quiet").to(BELOW_AT), words, "", self.width, style)


def ending(talk: Talk, closed: Closed) -> tuple[str, str]:
    """How a connection ended, in words, and their style."""
    by = closed.closed_by
    if not talk.upgraded:
        return "no WebSocket began", ""
    if by is None:
        return "still open where the capture ends", ""
    if by not in talk.closes:
        return f"not closed cleanly: the {by} ended first, and sent no Close", "warning"
    said = "no code" if closed.code is None else f"{closed.code} {close_code_words(closed.code)}"
    if closed.reason:
        said += f', "{fit(closed.reason, MAX_REASON)}"'
    if closed.clean:
        return f"closed cleanly by the {by}: {said}", "close"
    return f"closed by the {by}: {said}; not cleanly, the {PEER[by]} sent no Close", "warning"


def _ends_message(framed: Framed) -> bool:
    """Is this frame the last of a message? Then that follows at once."""
    frame = framed.frame
    return framed.message is not None and frame.fin and not frame.is_control and frame.complete
