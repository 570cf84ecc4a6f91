"""The ladder: golden for each specimen, whole, straight and harmless for any traffic."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from inspector.commands.ladder import LadderView
from inspector.core.events import Closed, Framed
from inspector.core.findings import Finding
from inspector.core.frames import encode_frame
from inspector.files.capture import open_capture
from inspector.files.dissect import Item, dissect
from inspector.screen.in_turn import InTurn
from inspector.screen.ladder import Ladder
from inspector.screen.lines import Line
from inspector.screen.paper import Paper
from inspector.screen.rungs import Rails
from inspector.screen.words import stretch, stride
from tests.screen.golden import assert_golden
from tests.screen.harm import assert_harmless
from tests.screen.specimens import SPECIMENS, Scene, capture, masked
from tests.screen.traffic import conversations, items, pairs


def drawn(told: list[Item], width: int = 80, *, single: bool = True) -> list[Line]:
    ladder = Ladder(width, single=single)
    lines = [line for item in told for line in ladder.take(item)]
    return lines + ladder.flush()


def viewed(told: list[Item], width: int = 80, encoding: str = "utf-8") -> str:
    """What the view of `dump` writes: ladder by ladder."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding)
    paper = Paper(stream, width)
    view = LadderView(paper)
    assert [text for item in told if (text := view.take(item))] == []
    assert view.flush() == ""
    stream.flush()
    stream.seek(0)
    return stream.read()


def recorded(path: Path, name: str) -> list[Item]:
    return read(capture(path / f"{name}.pcapng", SPECIMENS[name]))


def read(path: Path) -> list[Item]:
    with open_capture(str(path)) as opened:
        return [item for item in dissect(opened) if isinstance(item, Item)]


def plain(lines: list[Line]) -> str:
    return "".join(f"{line.plain}\n" for line in lines)


@pytest.mark.parametrize("name", SPECIMENS)
def test_golden(name: str, tmp_path: Path) -> None:
    told = recorded(tmp_path, name)
    text = viewed(told)
    assert_harmless(text, 80)
    assert_golden(f"ladder-{name}", text)
    coloured = "".join(f"{line.ansi}\n" for line in drawn(told, single=False))
    assert_harmless(coloured, 80, colour=True)
    # Colour adds nothing and takes nothing away.
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain(drawn(told, single=False))


def test_golden_in_colour(tmp_path: Path) -> None:
    lines = drawn(recorded(tmp_path, "chat"))
    assert_golden("ladder-chat-colour", "".join(f"{line.ansi}\n" for line in lines))


def test_golden_of_several_at_once(tmp_path: Path) -> None:
    assert_golden("ladder-several-mixed", plain(drawn(recorded(tmp_path, "several"), single=False)))


@pytest.mark.parametrize("width", [40, 56, 120])
def test_golden_at_other_widths(width: int, tmp_path: Path) -> None:
    text = viewed(recorded(tmp_path, "chat"), width)
    assert_harmless(text, width)
    assert_golden(f"ladder-chat-{width}", text)


def test_golden_where_only_ascii_can_be_said(tmp_path: Path) -> None:
    text = viewed(recorded(tmp_path, "chat"), encoding="ascii")
    assert text.isascii()
    assert_golden("ladder-chat-ascii", text)
    ends = {len(line) for line in text.splitlines() if line.endswith("|") and line[0] == " "}
    assert ends == {78}, "the server's life line is straight"


@given(conversations(), st.integers(40, 140), st.booleans())
def test_any_traffic_is_drawn_whole_straight_and_harmless(
    said: list[tuple[bool, bytes]], width: int, ends: bool
) -> None:
    told = items(said, ends)
    lines = drawn(told, width)
    text = plain(lines)
    assert_harmless(text, width)
    assert_harmless("".join(f"{line.ansi}\n" for line in lines), width, colour=True)
    numbers = [item.event.number for item in told if isinstance(item.event, Framed)]
    if width >= 80:
        shown = re.findall(r"^ {0,3}(\d+) +\d+\.\d{3} ", text, re.MULTILINE)
        assert [*map(int, shown)] == numbers
    found = [item.event for item in told if isinstance(item.event, Finding)]
    signs = re.findall(r"(?:!!|! |i ) (error|warning|info)\b", text)
    assert len(signs) >= len(found)
    at = Rails(width).line_at
    for line in lines:
        if _at(line, at["client"]) in RAIL and line.plain[0] in " 0123456789":
            assert _at(line, at["server"]) in RAIL, "the server's life line is straight"


RAIL = set("│├┤┊·")


def _at(line: Line, column: int) -> str:
    """What stands in a column of a line."""
    cell = 0
    for character in line.plain:
        if cell == column:
            return character
        cell += cell_len(character)
    return ""


@given(conversations(), conversations(), st.integers(40, 140))
def test_ladders_stand_one_after_another(
    one: list[tuple[bool, bytes]], other: list[tuple[bool, bytes]], width: int
) -> None:
    told = pairs(one, other)
    apart = [
        drawn([item for item in told if item.connection.number == number], width)
        for number in (1, 2)
    ]
    first = next(item.connection.number for item in told)
    if first == 2:
        apart.reverse()
    assert viewed(told, width) == plain(apart[0]) + "\n" + plain(apart[1])


pieces = st.lists(st.tuples(st.integers(0, 4), st.text(max_size=9), st.booleans()), max_size=60)


@given(pieces, st.integers(0, 30))
def test_pieces_are_written_block_by_block(said: list[tuple[int, str, bool]], most: int) -> None:
    """Whatever goes through the temporary file, and a number may come again for another block."""
    blocks: list[list[str]] = []
    current: dict[int, list[str]] = {}
    written: list[str] = []
    with InTurn(written.append, most) as turns:
        for number, text, over in said:
            if number not in current:
                current[number] = []
                blocks.append(current[number])
            current[number].append(text)
            turns.take(number, text, over=over)
            if over:
                del current[number]
        turns.finish()
    assert "".join(written) == "".join(text for block in blocks for text in block)


def test_what_is_not_first_waits_in_a_file_not_in_memory() -> None:
    written: list[str] = []
    with InTurn(written.append, most=1000) as turns:
        turns.take(1, "first ")
        for _ in range(5000):
            turns.take(2, "x" * 99)
            assert turns._waiting <= 1000
        assert written == ["first "]
        turns.take(1, "last ", over=True)
    assert "".join(written) == "first last " + "x" * 99 * 5000


def test_nothing_is_kept_of_what_is_over(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "many.pcapng")
    for number in range(50):
        scene.open(50_000 + number).handshake().client(masked(1, b"hi")).end()
    ladder = Ladder(80)
    told = read(tmp_path / "many.pcapng")
    for item in told:
        ladder.take(item)
    assert sum(isinstance(item.event, Closed) for item in told) == 50
    assert ladder._climbs == {}


def test_silence_is_said_in_steps(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "slow.pcapng")
    talk = scene.open().handshake()
    for wait in (0.5, 2, 75):
        scene.wait(wait)
        talk.server(encode_frame(1, b"tick"))
    scene.writer.close(scene.time)
    lines = plain(drawn(read(tmp_path / "slow.pcapng"))).splitlines()
    dotted = [line.strip(" ┊") for line in lines if "┊" in line]
    assert dotted == ["2.0 s of silence", "", "1 min 15 s of silence", ""]


@pytest.mark.parametrize(
    ("time", "words"),
    [(1.04, "1.0 s"), (59, "59 s"), (60, "1 min 0 s"), (3_725, "1 h 2 min"), (2e5, "2 d 7 h")],
)
def test_long_times(time: float, words: str) -> None:
    assert stretch(time) == words


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_stride_has_seven_cells(time: float) -> None:
    assert len(stride(time)) == 7
