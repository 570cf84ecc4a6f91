"""The fields, operators and values of filters, as a page of text: `--filter help`.

The tables of docs/filter.md are made here, too; a test holds the page against them.
"""

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from inspector.filter.fields import FIELDS, Field, Group
from inspector.filter.kinds import BYTES, DURATION, FLAG, NUMBER, PRESENCE, SIZE, TEXT, Kind

WIDTH: Final = 80
NAME_WIDTH: Final = 17
KIND_WIDTH: Final = 10

GROUPS: Final[dict[Group, str]] = {
    "entries": "Of anything",
    "frames": "Of frames",
    "messages": "Of messages (with the last frame of each; some with every frame)",
    "findings": "Of findings: what broke a rule",
    "closing": "Of close frames, and of a connection's end",
    "connections": "Of the connection that it belongs to",
}

KINDS: Final[dict[Kind, str]] = {
    FLAG: "yes/no",
    NUMBER: "number",
    SIZE: "size",
    DURATION: "duration",
    TEXT: "text",
    BYTES: "bytes",
    PRESENCE: "",
}
"""What the kinds are called in a narrow column; a row of words is called `word`."""

BEGINNING: Final = """\
A filter says which entries are wanted: a frame with its message and its
findings, a handshake, an end.

  from client and opcode == ping
  length > 64KiB and not compressed
  text contains "room" or text matches "^[0-9]+$"
  finding.severity >= warning
  close.code in {1000, 3000..4999}
  header.user-agent contains "Firefox" and rtt > 50ms

Compare with  == != < <= > >=  contains  matches  in  not in
Join with     and or not ( )   or   && || !
A field alone is a condition, too: it is yes, or has a value. A comparison with
a field that has no value is false, also with != and not in.

numbers 10 0xff   sizes 10B 64KiB 1MB   durations 50ms 1.5s 2min   yes/no true
text "room" 'room'   bytes 0xdeadbeef hex"de ad" "text"   ranges 1000..1011
"""


def kind_name(kind: Kind) -> str:
    """`size`, `text`, or `word` for those that stand in a row."""
    return KINDS.get(kind, "word")


def details(field: Field) -> str:
    """What a field is, and the words it can be compared with, where they are few."""
    words = field.words
    known = [word for word in field.kind.words if not word.startswith("reserved")]
    if field.kind not in KINDS and len(known) <= 8:
        words += f" ({', '.join(known)})"
    return words


def written(field: Field) -> str:
    """A field's name as it is written: `header.NAME`."""
    return f"{field.name}.NAME" if field.keyed else field.name


def table(group: Group) -> str:
    """The fields of a group as docs/filter.md has them."""
    rows = [
        f"| `{written(field)}` | {kind_name(field.kind)} | {details(field).replace('|', '/')} |\n"
        for field in FIELDS.values()
        if field.group == group
    ]
    return "".join(["| field | kind | what it is |\n|---|---|---|\n", *rows])


def reference() -> str:
    """All of it, in lines of at most 80 characters."""
    return "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    yield from BEGINNING.splitlines()
    for group, title in GROUPS.items():
        yield ""
        yield title
        for field in FIELDS.values():
            if field.group == group:
                yield from _row(field)


def _row(field: Field) -> Iterator[str]:
    name, kind = written(field), kind_name(field.kind)
    front = f"  {name:{NAME_WIDTH}} {kind:{KIND_WIDTH}}"
    room = WIDTH - len(f"  {'':{NAME_WIDTH}} {'':{KIND_WIDTH}}")
    if len(name) > NAME_WIDTH:
        front = f"  {name:{NAME_WIDTH + 4}} {kind:{KIND_WIDTH - 4}}"
    for number, text in enumerate(wrap(details(field), room)):
        yield (front if number == 0 else " " * len(front)) + text
