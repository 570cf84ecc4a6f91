"""A filter in any words: read, or refused at a column; then asked of all sorts of entries."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.filter import FIELDS, FilterError, parse
from tests.filter.traffic import all_entries

LONGEST = 300
ENTRIES = all_entries()[::40]


def check(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    try:
        wanted = parse(text)
    except FilterError as error:
        return refused(text, error)
    assert parse(str(wanted)) == wanted
    assert all(isinstance(wanted.matches(entry), bool) for entry in ENTRIES)


def refused(text: str, error: FilterError) -> None:
    """It says where and what, in two lines that a terminal can be shown."""
    assert 1 <= error.column <= len(text) + 1
    assert error.words
    lines = str(error).split("\n")
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


def seeds() -> Iterator[bytes]:
    for text in (
        "from client and opcode == ping",
        "finding.severity == error",
        "length > 64KiB and not compressed",
        'text contains "room"',
        'text matches "^a+(b|c)*[x-z]{2,3}\\\\d$" or (rtt > 1.5s)',
        "opcode in [1, 2, 8..10] and masked",
        "payload contains 0x48656c6c6f",
        'header["host"] == "a"',
    ):
        yield text.encode()
    for name in FIELDS:
        yield f"not {name} or {name} == 1".encode()
