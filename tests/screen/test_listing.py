"""The listing: golden for each specimen, whole and harmless for any traffic."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.events import Framed, Opened
from inspector.core.findings import Finding
from inspector.files.capture import open_capture
from inspector.files.dissect import Item, dissect
from inspector.screen.findings import finding_lines
from inspector.screen.lines import Line
from inspector.screen.listing import Listing
from inspector.screen.tally import Tally
from tests.screen.golden import assert_golden
from tests.screen.harm import assert_harmless
from tests.screen.specimens import LONG, LONG_DEFLATED, SPECIMENS, capture
from tests.screen.traffic import conversations, items, pairs


def listed(items: list[Item], width: int = 80) -> list[Line]:
    """What a listing shows of items, and the summary below it."""
    listing, tally = Listing(width), Tally()
    lines: list[Line] = []
    for item in items:
        tally.take(item)
        lines += listing.take(item)
    return [*lines, *listing.flush(), *tally.summary(width, ["a note"])]


def recorded(path: Path, name: str) -> list[Item]:
    with open_capture(str(capture(path / f"{name}.pcapng", SPECIMENS[name]))) as opened:
        return [item for item in dissect(opened) if isinstance(item, Item)]


@pytest.mark.parametrize("name", SPECIMENS)
def test_golden(name: str, tmp_path: Path) -> None:
    lines = listed(recorded(tmp_path, name))
    plain = "".join(f"{line.plain}\n" for line in lines)
    coloured = "".join(f"{line.ansi}\n" for line in lines)
    assert_harmless(plain, 80)
    assert_harmless(coloured, 80, colour=True)
    assert_golden(f"dump-{name}", plain)
    assert_golden(f"dump-{name}-colour", coloured)
    # Colour adds nothing and takes nothing away.
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


@pytest.mark.parametrize("width", [40, 120])
def test_golden_at_other_widths(width: int, tmp_path: Path) -> None:
    text = "".join(f"{line.plain}\n" for line in listed(recorded(tmp_path, "chat"), width))
    assert_harmless(text, width)
    assert_golden(f"dump-chat-{width}", text)


@given(conversations(), st.integers(40, 140), st.booleans())
def test_any_traffic_is_listed_whole_and_harmless(
    said: list[tuple[bool, bytes]], width: int, ends: bool
) -> None:
    told = items(said, ends)
    lines = listed(told, width)
    text = "".join(f"{line.plain}\n" for line in lines)
    assert_harmless(text, width)
    assert_harmless("".join(f"{line.ansi}\n" for line in lines), width, colour=True)
    shown = re.findall(r"^ {0,3}(\d+) +\d+\.\d{3} ", text, re.MULTILINE)
    assert [*map(int, shown)] == [
        item.event.number for item in told if isinstance(item.event, Framed)
    ]
    found = [item.event for item in told if isinstance(item.event, Finding)]
    signs = re.findall(r"^  (?:!!|! |i ) (error|warning|info)\b", text, re.MULTILINE)
    assert sorted(signs) == sorted(finding.rule.severity for finding in found)
    assert text.count("connection 1") == sum(isinstance(item.event, Opened) for item in told)


@given(conversations(), conversations(), st.integers(40, 140))
def test_two_connections_are_told_apart(
    one: list[tuple[bool, bytes]], other: list[tuple[bool, bytes]], width: int
) -> None:
    told = pairs(one, other)
    text = "".join(f"{line.plain}\n" for line in listed(told, width))
    assert_harmless(text, width)
    for number in (1, 2):
        last = text.rindex(f"{number}│   end")
        assert f"{number}│" not in text[last + 10 :].replace(f"\n  {number}│      ", "")


@given(conversations())
def test_findings_are_harmless_alone(said: list[tuple[bool, bytes]]) -> None:
    for item in items(said):
        if isinstance(item.event, Finding):
            lines = list(finding_lines(item.event, 60, 2))
            assert_harmless("\n".join(line.plain for line in lines), 60)
            assert item.event.rule.id in "".join(line.plain.strip() for line in lines)


def test_nothing_is_held_back_when_the_message_never_comes(tmp_path: Path) -> None:
    """A frame waits for its message, but for nothing else."""
    told = recorded(tmp_path, "chat")
    listing = Listing(80)
    first = next(n for n, item in enumerate(told) if isinstance(item.event, Framed))
    assert listing.take(told[first]) == []
    lines = [line.plain for line in listing.flush()]
    assert lines[-1].startswith("   1    0.003  client ->  text FIN")
    assert listing.flush() == []


def test_the_compressed_specimen_is_what_it_says() -> None:
    inflated = zlib.decompress(LONG_DEFLATED + b"\x00\x00\xff\xff\x03\x00", wbits=-15)
    assert inflated.decode() == LONG
