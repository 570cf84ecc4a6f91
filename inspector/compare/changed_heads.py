"""What became of a head: fields added, removed, changed, put in another order, written anew."""

from collections.abc import Iterator
from typing import Final

from inspector.core.heads import FieldLine, Head
from inspector.core.safe import quoted

TOLD: Final = 60


def head_changes(one: Head | None, other: Head | None) -> Iterator[str]:
    """Each change from one head to the other, in words; nothing where all bytes are the same."""
    if one is None or other is None:
        if one is not other:
            yield "is missing" if other is None else "was added"
        return
    if one.raw == other.raw:
        return
    seen = False
    for words in _changes(one, other):
        seen = True
        yield words
    if not seen:
        yield "white space or line ends changed"


def _changes(one: Head, other: Head) -> Iterator[str]:
    if one.line != other.line:
        yield f"start line {quoted(one.line, TOLD)} became {quoted(other.line, TOLD)}"
    mine, theirs = _by_name(one), _by_name(other)
    for name, lines in mine.items():
        if name not in theirs:
            yield f"{quoted(lines[0].name, TOLD)} removed"
            continue
        yield from _field(one, other, lines, theirs[name])
    for name, lines in theirs.items():
        if name not in mine:
            yield f"{quoted(lines[0].name, TOLD)} added: {quoted(lines[0].value, TOLD)}"
    order = [name for name in mine if name in theirs]
    if order != [name for name in theirs if name in mine]:
        yield "fields are in another order"


def _by_name(head: Head) -> dict[str, list[FieldLine]]:
    found: dict[str, list[FieldLine]] = {}
    for line in head.fields:
        found.setdefault(line.name.lower(), []).append(line)
    return found


def _field(one: Head, other: Head, mine: list[FieldLine], theirs: list[FieldLine]) -> Iterator[str]:
    name = quoted(mine[0].name, TOLD)
    before, after = [line.value for line in mine], [line.value for line in theirs]
    if before != after:
        a, b = ", ".join(before), ", ".join(after)
        if a == b:
            yield f"{name}: {len(before)} lines became {len(after)}"
        else:
            yield f"{name} changed: {quoted(a, TOLD)} became {quoted(b, TOLD)}"
        return
    for a_line, b_line in zip(mine, theirs, strict=True):
        if a_line.name != b_line.name:
            yield f"{name} written {quoted(b_line.name, TOLD)}"
        elif _raw(one, a_line) != _raw(other, b_line):
            yield f"{name}: white space changed"


def _raw(head: Head, line: FieldLine) -> bytes:
    end = head.raw.find(b"\n", line.offset)
    return head.raw[line.offset : end if end >= 0 else None]
