"""A head, line by line: what was sent, and beside it what it says."""

from collections.abc import Iterator

from inspector.core.fields import Field
from inspector.core.heads import Head
from inspector.screen.lines import Line, fit, sided, wrap
from inspector.screen.words import count

MARKS = ("colon", "white_space", "space", "line_end")
"""Fields that need no words of their own on each line, but once at the end."""


PARTS_DRAWN = 32
"""Parts of one value."""


def head_lines(head: Head, fields: tuple[Field, ...], width: int) -> Iterator[Line]:
    """All fields of a head: its lines with their offsets, the words of each, then the marks."""
    digits = max(4, len(str(len(head.raw))))
    base = fields[0].bits[0] if fields else 0
    faults: dict[int, list[str]] = {}
    for fault in head.faults_as("response" if head.is_response else "request"):
        faults.setdefault(fault.offset, []).append(fault.words)
    yield Line("byte".rjust(digits), "quiet").to(digits + 2).add("line", "quiet")
    for line in _by_line(fields):
        offset = (line[0].bits[0] - base) // 8
        yield from _one_line(line, offset, digits, width)
        for words in faults.get(offset, ()):
            for number, text in enumerate(wrap(words, width - digits - 5)):
                yield Line().to(digits + 2).add("   " if number else "!! ", "error").add(text)
    yield from _marks(fields, digits, width)


def _by_line(fields: tuple[Field, ...]) -> Iterator[list[Field]]:
    line: list[Field] = []
    for field in fields:
        line.append(field)
        if field.name in ("line_end", "empty_line"):
            yield line
            line = []
    if line:
        yield line


def _one_line(line: list[Field], offset: int, digits: int, width: int) -> Iterator[Line]:
    indent = digits + 2
    told = [field for field in line if field.name not in MARKS or _unusual(field)]
    if len(told) > 1 and told[0].name == "name" and told[1].words == told[0].words:
        del told[0]
    drawn = _drawn(line, offset, indent, width)
    yield from drawn[:-1]
    last = drawn[-1]
    if len(told) == 1 and (beside := _beside(last, told[0], indent, width)):
        yield beside
        yield from _parts(told[0], indent + 2, width)
        return
    yield last
    for field in told:
        name = str(field.value).strip() if field.name in _START else ""
        yield from _words(name, field, indent + 2, width)
        yield from _parts(field, indent + 2, width)


def _parts(field: Field, indent: int, width: int) -> Iterator[Line]:
    """What a value is made of, piece by piece, the marks between them aside."""
    told = [part for part in field.parts if part.name != "mark"]
    for part in told[:PARTS_DRAWN]:
        line = Line().to(indent, gap=0)
        if part.value != field.value:
            text = fit(str(part.value), max(12, width // 2 - indent))
            line.add(text, "name").to(indent + 12, gap=2)
        yield from sided(line, part.words, part.rfc, width)
    if len(told) > PARTS_DRAWN:
        words = f"… {count(len(told) - PARTS_DRAWN, 'more part')}"
        yield Line().to(indent, gap=0).add(words, "quiet")


def _drawn(line: list[Field], offset: int, indent: int, width: int) -> list[Line]:
    """The line itself, its offset before it; wrapped where it is long."""
    if sum(len(str(field.value)) for field in line) <= width - indent:
        drawn = Line(str(offset).rjust(indent - 2), "number").to(indent)
        for field in line:
            drawn.add(str(field.value), _STYLES.get(field.name, ""))
        if drawn.width <= width:
            return [drawn]
    pieces = wrap("".join(str(field.value) for field in line), width - indent)
    lines = [Line(str(offset).rjust(indent - 2), "number").to(indent).add(pieces[0])]
    return lines + [Line().to(indent).add(piece) for piece in pieces[1:]]


_STYLES = {
    "line_end": "quiet",
    "empty_line": "quiet",
    "name": "name",
    "method": "title",
    "target": "title",
    "version": "title",
    "status": "title",
    "reason": "title",
}


def _beside(line: Line, field: Field, indent: int, width: int) -> Line | None:
    """The words behind the line, where there is room for them."""
    words = Line(field.words)
    needed = words.width + 2 + len(field.rfc)
    column = next(
        (at for at in (indent + 32, line.width + 2) if line.width + 2 <= at <= width - needed), None
    )
    if column is None:
        return None
    return line.to(column).join(words).to(width - len(field.rfc)).add(field.rfc, "quiet")


_START = ("method", "target", "version", "status", "reason")


def _words(name: str, field: Field, indent: int, width: int) -> Iterator[Line]:
    """The words of one field, its section at the right."""
    line = Line().to(indent, gap=0)
    if name:
        line.add(name if Line(name).width < 12 else field.name, "name").to(indent + 12)
    yield from sided(line, field.words, field.rfc, width)


def _unusual(field: Field) -> bool:
    return field.name == "line_end" and field.value != "\r\n"


def _marks(fields: tuple[Field, ...], digits: int, width: int) -> Iterator[Line]:
    """What the marks between the words are, each kind once."""
    told: set[tuple[str, str]] = set()
    for field in fields:
        if field.name not in MARKS or (field.words, field.rfc) in told:
            continue
        told.add((field.words, field.rfc))
        times = sum(each.words == field.words and each.rfc == field.rfc for each in fields)
        line = Line().to(digits + 2).add(str(field.value)[:4].replace(" ", "␣"), "name")
        words = f"{field.words} ({count(times, 'time')})"
        yield from sided(line.to(digits + 10), words, field.rfc, width)
