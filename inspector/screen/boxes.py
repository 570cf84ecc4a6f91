"""The map of a frame: which bits of which byte, drawn as boxes.

Fields that share a byte stand in one box of bits, as in the picture of RFC 6455 §5.2; fields of
whole bytes get a box with a cell a byte. Boxes stand side by side as far as the width goes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from inspector.core.fields import Field
from inspector.screen.lines import Line, fit
from inspector.screen.words import count

LABELS = {
    "fin": "FIN",
    "rsv1": "RSV1",
    "rsv2": "RSV2",
    "rsv3": "RSV3",
    "mask": "MASK",
    "extended_length": "extended length",
    "masking_key": "masking key",
}
"""How the picture writes the names of fields; others are written as they are."""

GAP = 2
Box = tuple[Line, Line, Line, Line, Line]
"""Title, top border, values, names, bottom border: all of the same width."""

Cell = tuple[str, str, str]
"""What stands in it, what stands below, and the style."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Bits announced by a cut frame's own first bytes that did not come."""

    name: str
    bits: tuple[int, int]


def label(name: str) -> str:
    return LABELS.get(name, name)


def boxes(
    fields: tuple[Field, ...], wire: bytes, missing: tuple[Missing, ...], width: int
) -> Iterator[Line]:
    """The boxes of a frame's fields, whose bits count from the first byte of `wire`."""
    blocks = []
    for shared in _by_byte(fields, missing):
        first = shared[0].bits[0] // 8
        if len(shared) > 1:
            blocks.append(_bit_box(first, shared, wire))
        else:
            lost = next((each for each in missing if each.name == shared[0].name), None)
            blocks.append(_byte_box(shared[0], wire, lost, width))
    yield from _side_by_side(blocks, width)


def _by_byte(
    fields: tuple[Field, ...], missing: tuple[Missing, ...]
) -> Iterator[list[Field | Missing]]:
    """Fields that lie in the same byte together, a wider field alone; what is missing last."""
    told = {field.name for field in fields}
    rest = [each for each in missing if each.name not in told]
    group: list[Field | Missing] = []
    everything: list[Field | Missing] = [*fields, *rest]
    for field in everything:
        if group and field.bits[0] % 8 == 0:
            yield group
            group = []
        group.append(field)
    if group:
        yield group


def _bit_box(byte: int, fields: list[Field | Missing], wire: bytes) -> Box:
    cells: list[Cell] = []
    for field in fields:
        start, end = field.bits
        if isinstance(field, Field):
            bits = f"{wire[start // 8]:08b}"[start % 8 : start % 8 + end - start]
            cells.append((" ".join(bits), label(field.name), field.name))
        else:
            cells.append((" ".join("?" * (end - start)), label(field.name), "missing"))
    there = f"{wire[byte]:02x}" if byte < len(wire) else "did not come"
    return _box(f"byte {byte}: {there}", cells)


def _byte_box(field: Field | Missing, wire: bytes, lost: Missing | None, width: int) -> Box:
    start = field.bits[0] // 8
    here = wire[start : field.bits[1] // 8] if isinstance(field, Field) else b""
    gone = (lost.bits[1] - lost.bits[0]) // 8 if lost is not None else 0
    cells: list[Cell] = [(f"{byte:02x}", "", field.name) for byte in here[:width]]
    absent: list[Cell] = [("??", "", "missing")] * min(gone, width)
    if _cells_width(cells + absent) > width and gone > 1:
        absent = [(f"?? {gone:,}", "", "missing")]
    if _cells_width(cells + absent) > width:
        room = width - _cells_width(absent) - len(f"… {len(here):,} more") - 3
        cells = cells[: room // 5]
        cells.append((f"… {len(here) - len(cells):,} more", "", "quiet"))
    cells += absent
    last = start + len(here) + gone - 1
    place = f"byte {start}" if last == start else f"bytes {start}-{last}"
    title = f"{place}: {label(field.name)}"
    if gone:
        title += f", {len(here)} of {len(here) + gone} came"
    return _box(fit(title, width), cells)


def _cells_width(cells: list[Cell]) -> int:
    return 1 + sum(len(value) + 3 for value, _, _ in cells)


def _box(title: str, cells: list[Cell]) -> Box:
    """Draw cells; a title longer than they are makes the box no wider, only its place."""
    named = any(name for _, name, _ in cells)
    top, values, names, bottom = Line("┌"), Line("│"), Line("│"), Line("└")
    for number, (value, name, style) in enumerate(cells):
        inner = max(len(value), len(name)) + 2
        joint, foot = ("┬", "┴") if number < len(cells) - 1 else ("┐", "┘")
        top.add("─" * inner + joint)
        values.add(f"{value:^{inner}}", style).add("│")
        names.add(f"{name:^{inner}}", style).add("│")
        bottom.add("─" * inner + foot)
    if not named:
        names = Line()
    width = max(len(title), top.width)
    lines = (Line(title, "quiet"), top, values, names, bottom)
    for line in lines:
        if line.width or named:
            line.to(width, gap=0)
    return lines


def _side_by_side(blocks: list[Box], width: int) -> Iterator[Line]:
    """Rows of boxes. Boxes of bits are a line higher, so they don't share a row with others."""
    row: list[Box] = []
    for block in blocks:
        wide = sum(each[0].width + GAP for each in row) + block[0].width
        if row and (wide > width or bool(row[0][3].width) != bool(block[3].width)):
            yield from _row(row)
            row = []
        row.append(block)
    yield from _row(row)


def _row(blocks: list[Box]) -> Iterator[Line]:
    for parts in zip(*blocks, strict=True):
        line = Line()
        for number, part in enumerate(parts):
            if number and part.width:
                line.add(" " * GAP)
            line.join(part)
        if line.width:
            yield line


def missing_words(missing: tuple[Missing, ...]) -> str:
    """What did not come, in words: `2 bytes of masking key, 5 bytes of payload`."""
    return ", ".join(
        f"{count((each.bits[1] - each.bits[0]) // 8, 'byte')} of {label(each.name)}"
        if (each.bits[1] - each.bits[0]) >= 8
        else label(each.name)
        for each in missing
    )
