"""A frame's row in the listing: number, time, direction, kind and bits, sizes, message, content.

       #   time s  direction  frame     header+payload  msg  content
       1    0.012  client ->  text FIN             6+5    1  "Hello"

Where there is no room for columns a row takes two lines or three.
"""

from collections.abc import Iterator
from typing import Final

from inspector.core.events import Framed
from inspector.core.messages import Message
from inspector.core.rfc import BINARY, CLOSE, PING, PONG, TEXT, Side
from inspector.core.safe import safe_bytes
from inspector.screen.content import close_words, cut, flags, message_words, readable
from inspector.screen.lines import Line, fit, sided, width_of, wrap
from inspector.screen.talk import Talk
from inspector.screen.theme import ARROWS, kind_style
from inspector.screen.words import count, hexed, lapse, quoted, seconds, some

FRAME_AT: Final = 26
SIZE_ENDS: Final = 50
CONTENT_AT: Final = 57
BELOW_AT: Final = 15
"""Columns: the frame's kind, the end of its size, its content; what stands below the row."""

LINES_OF_TEXT: Final = 3

ROOM_FOR_COLUMNS: Final = 72
ROOM_FOR_CONTENT: Final = 8
HEADING: Final = "   #   time s  direction  frame     header+payload  msg  content"


def heading(width: int) -> list[Line]:
    """The names of the columns, where there are columns."""
    return [Line(), Line(HEADING, "quiet")] if width >= ROOM_FOR_COLUMNS else [Line()]


def front(talk: Talk, number: str, time: float, side: Side) -> Line:
    """The columns that every row begins with."""
    head, arrow = f"{number:>4} {seconds(time - talk.connection.opened)}  ", ARROWS[side]
    gap = " " * max(1, FRAME_AT - len(head) - len(arrow))
    return Line().own((head, "number"), (arrow, side), (gap, ""))


def frame_row(talk: Talk, framed: Framed, message: Message | None, width: int) -> list[Line]:
    """The row of a frame; `message` is the one that it ends, if it is known to."""
    frame = framed.frame
    kind = frame.kind
    style, bits = kind_style(kind.name), flags(frame, talk.deflate)
    size = f"{len(frame.header)}+{len(frame.wire_payload) + frame.spilled}"
    number = str(framed.message or "?") if kind.number <= BINARY else ""
    line = front(talk, str(framed.number), framed.time, frame.side)
    gap = max(1, SIZE_ENDS - len(size) - line.width - len(kind.name) - len(bits))
    line.own(
        (kind.name, style),
        (f"{bits}{' ' * gap}{size}  ", ""),
        (number.rjust(CONTENT_AT - SIZE_ENDS - 4), "number"),
        ("  ", ""),
    )
    lines = []
    if width < ROOM_FOR_COLUMNS or width - line.width < ROOM_FOR_CONTENT:
        lines.append(front(talk, str(framed.number), framed.time, frame.side))
        words = f"{kind.name}{bits}  {size}" + (f"  msg {number}" if number else "")
        lines += sided(Line("  "), words, "", width, style)
        line = Line("  ")
    room = width - line.width
    text, style = content(talk, framed, message, room)
    below = message is not None and (len(message.frames) > 1 or width_of(text) > room)
    if below and message is not None and len(message.frames) == 1:
        text, style = "below", "quiet"
    line.add(fit(text, room), style)
    if len(lines) == 0 or line.plain:
        lines.append(line)
    if below and message is not None:
        lines += message_lines(message, framed.message, width)
    return lines


def message_lines(
    message: Message, number: int | None, width: int, at: int = BELOW_AT
) -> Iterator[Line]:
    """A message that its frame's row could not show: what it is, and its content, from `at` on."""
    size = "too long to keep" if message.length is None else count(message.length, "byte")
    words = f"message {number}: {message.kind}, {size}"
    if message.compressed:
        words += f" inflated from {len(message.payload):,}"
    if len(message.frames) > 1:
        words += f" in {len(message.frames)} frames ({some(message.frames)})"
    if message.valid is None:
        words = f"message {number}: {message.kind}, too long to keep"
    elif message.utf8_fault is not None:
        words += ", not UTF-8"
    elif message.inflated is not None and not message.valid:
        words += f", can't be inflated: {message.inflated.words}"
    yield from sided(Line().to(at, gap=0), words, "", width, "quiet")
    room = width - at
    if message.kind == "binary" and message.data:
        yield Line().to(at, gap=0).add(hexed(message.data, room), "binary")
    elif message.data:
        text = safe_bytes(message.data[: room * LINES_OF_TEXT * 4])
        for piece in wrap(f'"{text}"', room, LINES_OF_TEXT):
            yield Line().to(at, gap=0).add(piece, "text")


def content(talk: Talk, framed: Framed, message: Message | None, room: int) -> tuple[str, str]:
    """What stands at the end of a row, and its style; wider than `room` where it does not fit."""
    frame = framed.frame
    if message is not None and len(message.frames) == 1 and not frame.spilled:
        return message_words(message, room), ""
    payload = frame.payload
    if not frame.complete:
        return cut(frame), "warning"
    if frame.spilled:
        return f"too long to keep: {len(payload):,} bytes are", "warning"
    if frame.opcode == CLOSE:
        return close_words(frame), ""
    if frame.opcode == PONG and (ping := talk.asked(framed)) is not None:
        return f"answers {ping.number} after {lapse(framed.time - ping.time)}", ""
    if frame.opcode in (PING, PONG):
        return readable(payload, room) if payload else "", ""
    if not payload:
        return "(empty)", "quiet"
    if talk.is_compressed(framed):
        return f"deflated {hexed(payload, room - 9)}", ""
    return (quoted(payload, room) if frame.opcode <= TEXT else hexed(payload, room)), ""
