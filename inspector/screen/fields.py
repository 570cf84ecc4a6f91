"""The table below the boxes: every field with its bits, its value, what that says, and where it is
written. Where there is no room for columns, each field gets lines of its own.
"""

from collections.abc import Iterator
from typing import Final

from inspector.core.fields import Field
from inspector.core.frames import Frame
from inspector.screen.boxes import label
from inspector.screen.lines import Line, sided, wrap

ROOM_FOR_COLUMNS: Final = 64
HOME: Final = "6455 "
"""The RFC that the sections belong to where no other is named."""


def section(rfc: str) -> str:
    """`§5.4` for RFC 6455's own, `7692 §6` for another's."""
    return rfc.removeprefix(HOME)


def table(fields: tuple[Field, ...], width: int) -> Iterator[Line]:
    """All fields of a frame, in order."""
    rows = [(_bits(field), label(field.name), _value(field), field) for field in fields]
    if width < ROOM_FOR_COLUMNS:
        yield from _stacked(rows, width)
        return
    at_name = 2 + max(len("bits"), *(len(bits) for bits, *_ in rows))
    at_value = at_name + 2 + max(len("field"), *(len(name) for _, name, *_ in rows))
    at_words = at_value + 2 + max(len("value"), *(len(value) for _, _, value, _ in rows))
    rfc_width = max(len("RFC 6455"), *(len(section(field.rfc)) for *_, field in rows))
    head = Line().add("bits").to(at_name).add("field").to(at_value).add("value").to(at_words)
    head.add("in words").to(width - len("RFC 6455")).add("RFC 6455")
    yield Line(head.plain, "quiet")
    for bits, name, value, field in rows:
        line = Line(bits, "number").to(at_name).add(name, field.name).to(at_value)
        line.add(value.rjust(at_words - 2 - at_value), field.name).to(at_words)
        rfc = section(field.rfc)
        yield from sided(line, _words(field), rfc.rjust(rfc_width), width)


def _stacked(rows: list[tuple[str, str, str, Field]], width: int) -> Iterator[Line]:
    for bits, name, value, field in rows:
        line = Line("bit " if "-" not in bits else "bits ", "quiet").add(bits, "number")
        line.add(f"  {name}  {value}".rstrip(), field.name)
        rfc = field.rfc if not field.rfc.startswith(HOME) else section(field.rfc)
        if line.width + 2 + len(rfc) <= width:
            line.to(width - len(rfc)).add(rfc, "quiet")
        yield line
        for words in wrap(_words(field), width - 4):
            yield Line().to(4).add(words)


def _bits(field: Field) -> str:
    start, end = field.bits
    return str(start) if end - start == 1 else f"{start}-{end - 1}"


def _value(field: Field) -> str:
    """Numbers, unless they are so long that only the words have room for them."""
    return str(field.value) if isinstance(field.value, int) and field.value < 10**9 else ""


def _words(field: Field) -> str:
    """The words; a value of bytes stands before them, as it is wider than numbers are."""
    if field.name == "payload" or not isinstance(field.value, str):
        return field.words
    return f"{bytes.fromhex(field.value).hex(' ')}: {field.words}"


def length_form(frame: Frame, width: int) -> Iterator[Line]:
    """Which of the three forms of the length this frame uses, and how it is read (§5.2)."""
    code = frame.length_code
    if code is None:
        return
    if code < 126:
        words = f"{code} is at most 125: these 7 bits are the whole length"
    else:
        end = 4 if code == 126 else 10
        least, most = ("126", "65,535") if code == 126 else ("65,536", "2^63 - 1")
        words = f"{code}: the next {end - 2} bytes hold it, {least} to {most}: "
        if len(frame.header) < end:
            words += "they did not all come"
        else:
            words += f"{frame.header[2:end].hex(' ')} = {frame.length:,}"
    yield from _titled("length", words, "length", width)


def _titled(title: str, words: str, style: str, width: int) -> Iterator[Line]:
    """A word in front, sentences behind it, wrapped."""
    indent = len(title) + 2
    for number, text in enumerate(wrap(words, width - indent)):
        yield (Line().to(indent) if number else Line(title, style).add("  ")).add(text)
