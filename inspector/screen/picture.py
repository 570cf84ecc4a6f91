"""The annotated picture: one frame, or one head, to the last bit.

    title      who sent it, what it is, how many bytes
    wire       the bytes as they came
    boxes      which bits of which byte are what
    table      every field: bits, value, words, section
    length     which of the three forms, and how it is read
    payload    unmasked byte by byte; a Close's code and reason
    chain      from the wire to what is read: joined, inflated, text, and what a view makes of it
    findings   what broke a rule

What is told of the bits comes from the fields of `inspector.core.explain`, and from nowhere else.
`python -m inspector.screen.picture` shows some.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from inspector.core.explain import Part
from inspector.core.fields import Field
from inspector.core.findings import Finding
from inspector.core.frames import Frame, header_length
from inspector.core.messages import Message
from inspector.core.rfc import Side
from inspector.payloads.told import Beside, tell
from inspector.screen.boxes import Missing, boxes, missing_words
from inspector.screen.fields import length_form, table
from inspector.screen.findings import finding_lines
from inspector.screen.heads import head_lines
from inspector.screen.lines import Line, wrap
from inspector.screen.payload import closing, content, is_text, unmasking
from inspector.screen.steps import steps_lines, view_lines
from inspector.screen.theme import WAYS, kind_style
from inspector.screen.words import count, hexed

WIDEST: Final = 100
"""Longer lines are hard to read, however wide the terminal is."""

ROWS_OF_RAW: Final = 8
INDENT: Final = 2


def picture(
    part: Part,
    width: int,
    *,
    name: str = "",
    notes: Iterable[str] = (),
    message: Message | None = None,
    beside: Beside | None = None,
    findings: Iterable[Finding] = (),
) -> Iterator[Line]:
    """The picture of a part in lines of at most `width` cells.

    `name` says which one it is (`frame 4`), `notes` stand below the title, `message` is the whole
    message that the frame belongs to, where that is known, and `beside` what else is.
    """
    width = min(width, WIDEST)
    fields = _from_zero(part.fields)
    if part.frame is not None:
        yield from _frame_title(part.frame, name, width)
        body = _frame(part.frame, fields, message, beside, width - INDENT)
    elif part.head is not None:
        side: Side = "server" if part.kind == "response" else "client"
        yield from _title(name or part.kind, side, count(len(part.wire), "byte"), width)
        body = head_lines(part.head, fields, width - INDENT)
    else:
        yield Line(name or "raw", "title").add(f"   {count(len(part.raw), 'byte')}")
        body = _raw(part, width - INDENT)
    for note in notes:
        yield from (Line().to(INDENT).add(text, "quiet") for text in wrap(note, width - INDENT))
    yield Line()
    for line in body:
        yield Line().to(INDENT, gap=0).join(line) if line.width else line
    found = list(findings)
    if found:
        yield Line()
        for finding in found:
            yield from finding_lines(finding, width, INDENT)


def _from_zero(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """The fields with their bits counted from the part's own first byte."""
    start = fields[0].bits[0] if fields else 0
    return tuple(field.moved(-start) for field in fields) if start else fields


def _title(name: str, side: Side, words: str, width: int, kind: str = "") -> Iterator[Line]:
    line = Line(name, "title")
    for text, style in [(WAYS[side], side), *([(kind, kind_style(kind))] if kind else [])]:
        if line.width + 3 + len(text) <= width:
            line.add("   ")
        else:
            yield line
            line = Line()
        line.add(text, style)
    if line.width + 3 + len(words) > width:
        yield line
        line = Line()
    else:
        line.add("   ")
    for number, text in enumerate(wrap(words, width - line.width)):
        yield line.add(text) if not number else Line(text)


def _frame_title(frame: Frame, name: str, width: int) -> Iterator[Line]:
    head, body = len(frame.header), len(frame.wire_payload)
    words = f"{count(head + body, 'byte')}: {head} of header, {body:,} of payload"
    if not frame.complete:
        words += ", cut short"
    yield from _title(name or "frame", frame.side, words, width, frame.name)


def _frame(
    frame: Frame,
    fields: tuple[Field, ...],
    message: Message | None,
    beside: Beside | None,
    width: int,
) -> Iterator[Line]:
    missing = tuple(_missing(frame))
    yield _wire(frame, fields, width)
    yield Line()
    yield from boxes(fields, frame.header + frame.wire_payload, missing, width)
    if missing:
        for number, text in enumerate(wrap(f"missing: {missing_words(missing)}", width - 3)):
            yield Line("   " if number else "!! ", "missing").add(text)
    if frame.spilled:
        words = f"{count(frame.spilled, 'byte')} more of the payload came and were not kept"
        yield from (Line(text, "missing") for text in wrap(words, width))
    yield Line()
    yield from table(fields, width)
    yield Line()
    yield from length_form(frame, width)
    sections = [
        unmasking(frame, width, as_text=is_text(frame, message)),
        closing(frame, fields, width),
    ]
    if message is not None:
        told = tell(frame, message, beside)
        sections += [steps_lines(told.steps, width), content(message, width)]
        sections.append(view_lines(told.answer, width))
    for section in sections:
        lines = list(section)
        if lines:
            yield Line()
            yield from lines


def _missing(frame: Frame) -> Iterator[Missing]:
    """What a cut frame's own first bytes announce and never sent."""
    if frame.complete:
        return
    here = len(frame.header)
    if here < 2:
        yield Missing("mask", (8, 9))
        yield Missing("length", (9, 16))
        return
    whole = header_length(frame.header)
    key_at = whole - 4 if frame.masked else whole
    for name, start, end in (("extended_length", 2, key_at), ("masking_key", key_at, whole)):
        if max(start, here) < end:
            yield Missing(name, (max(start, here) * 8, end * 8))
    came = len(frame.wire_payload) + frame.spilled
    if frame.length is not None and came < frame.length:
        yield Missing("payload", ((whole + came) * 8, (whole + frame.length) * 8))


def _wire(frame: Frame, fields: tuple[Field, ...], width: int) -> Line:
    """The bytes in a row, a wider gap between fields."""
    line = Line("wire", "quiet").add("  ")
    styles = {field.bits[0]: field.name for field in fields}
    pieces = [(frame.header[:2], "title")]
    at = 2
    for end in (*(field.bits[0] // 8 for field in fields if field.bits[0] > 16), None):
        piece = (frame.header + frame.wire_payload[:width])[at:end]
        if piece:
            pieces.append((piece, styles.get(at * 8, "")))
        at = end or at
    for number, (piece, style) in enumerate(pieces):
        line.add("  " if number else "")
        text = hexed(piece, max(2, width - line.width))
        line.add(text, style)
        if text.endswith("…") or line.width + 4 > width:
            break
    return line


def _raw(part: Part, width: int) -> Iterator[Line]:
    for field in part.fields:
        yield from (Line(text, "warning") for text in wrap(field.words, width))
    yield from hex_rows(part.raw, width, ROWS_OF_RAW)


def hex_rows(data: bytes, width: int, most: int) -> Iterator[Line]:
    """Bytes as rows of offset, hex and characters; at most so many rows."""
    across = 16 if width >= 74 else 8 if width >= 42 else 4
    for start in range(0, min(len(data), most * across), across):
        piece = data[start : start + across]
        line = Line(f"{start:6d}  ", "number").add(piece.hex(" ")).to(8 + across * 3 + 1)
        yield line.add("".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece), "quiet")
    if len(data) > most * across:
        left = len(data) - most * across
        yield Line(f"      … {count(left, 'more byte', 'more bytes')}", "quiet")


def _sample() -> None:
    """Frames of RFC 6455 §5.7 and some that are less well."""
    import sys

    from inspector.core.explain import explain
    from inspector.core.frames import encode_close, encode_frame
    from inspector.screen.paper import paper_for

    paper = paper_for(sys.stdout)
    key = bytes.fromhex("37fa213d")
    samples = [
        encode_frame(1, b"Hello", masking_key=key),
        encode_frame(2, bytes(range(200))),
        encode_close(1000, "bye", masking_key=key),
        encode_frame(1, b"cut short", masking_key=key)[:9],
        b"GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n",
    ]
    for data in samples:
        for part in explain(data):
            paper.lines([*picture(part, paper.width), Line()])


if __name__ == "__main__":
    _sample()
