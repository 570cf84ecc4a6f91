"""`dump --last N`: what falls out is never drawn, and what is left reads as if all had been."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import pytest

from inspector.commands.ladder import LadderView
from inspector.commands.last import LastFrames
from inspector.commands.selection import Selection
from inspector.commands.views import JsonView, TextView, View
from inspector.core.events import Framed
from inspector.core.frames import encode_close, encode_frame
from inspector.files.capture import open_capture
from inspector.files.dissect import Item, dissect
from inspector.filter import parse
from inspector.screen.paper import Paper
from tests.commands.run import run
from tests.screen.specimens import Scene, masked

Form = Literal["text", "ladder", "jsonl"]
FRAMES = 600


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two connections in turns: texts, fragments, pings all alike and their pongs, closes."""
    path = tmp_path_factory.mktemp("last") / "long.pcapng"
    scene = Scene(path)
    talks = [scene.open(port).handshake() for port in (50312, 50313)]
    for number in range(FRAMES // 6):
        for talk in talks:
            talk.client(masked(9, b"", number.to_bytes(4)))
            talk.server(encode_frame(1, b"%d" % number, fin=number % 3 != 0))
            if number % 3 == 0:
                talk.server(encode_frame(0, b"x" * 200))
            talk.server(encode_frame(10, b""))
    for talk in talks:
        talk.client(masked(8, b"\x03\xe8"))
        talk.server(encode_close(1000))
    scene.writer.close(scene.time)
    return path


def items(path: Path) -> Iterator[Item]:
    with open_capture(str(path)) as capture:
        for item in dissect(capture):
            if isinstance(item, Item):
                yield item


def view_of(form: Form) -> View:
    paper = Paper(SimpleNamespace(encoding="utf-8"))  # type: ignore[arg-type]
    if form == "jsonl":
        return JsonView()
    return TextView(paper, False) if form == "text" else LadderView(paper, in_turn=False)


def last_of(path: Path, form: Form, most: int, most_held: int) -> str:
    kept = LastFrames(view_of(form), most, most_held=most_held)
    for item in items(path):
        kept.take(item)
    return kept.release()


@pytest.mark.parametrize("form", ["text", "ladder", "jsonl"])
@pytest.mark.parametrize("most", [1, 2, 5, 37, FRAMES * 2])
def test_late_is_as_early(long: Path, form: Form, most: int) -> None:
    """Nothing is held (all is drawn at once, in order), a few entries are, all of them are."""
    early = last_of(long, form, most, 0)
    assert last_of(long, form, most, 5_000) == early
    assert last_of(long, form, most, 1 << 30) == early
    assert not early.startswith("\n")


def test_what_falls_out_is_not_drawn(long: Path) -> None:
    drawn: list[Item] = []

    class Watched(JsonView):
        def take(self, item: Item) -> str:
            drawn.append(item)
            return super().take(item)

    kept = LastFrames(Watched(), 7)
    for item in items(long):
        kept.take(item)
    assert sum(isinstance(item.event, Framed) for item in drawn) == 0
    kept.release()
    assert sum(isinstance(item.event, Framed) for item in drawn) == 7
    drawn.clear()
    selection = Selection(Watched(), parse("from server"), 7)
    for item in items(long):
        selection.take(item)
    selection.caught_up()
    assert sum(isinstance(item.event, Framed) for item in drawn) == 7


@pytest.mark.parametrize("drawing", [[], ["--ladder"]])
def test_a_pong_is_paired_with_a_ping_that_fell_out(long: Path, drawing: list[str]) -> None:
    """All Pings look alike: the one that a Pong answers is the latest before it."""
    pongs = r"(\d+) +\d+\.\d{3} .* pong .*answers (?:ping )?(\d+)"
    whole = run("dump", long, "--connection", "2", *drawing).stdout.decode()
    pairs = re.findall(pongs, whole)
    assert len(pairs) == FRAMES // 6
    for wanted in ("opcode == pong", "from server and opcode == pong", "opcode in {pong, text}"):
        text = run(
            "dump", long, "--connection", "2", "--last", "20", "--filter", wanted, *drawing
        ).stdout.decode()
        found = re.findall(pongs, text)
        assert found
        assert found == pairs[-len(found) :]


@pytest.mark.parametrize("wanted", [[], ["--filter", "from server"]])
def test_columns_stand_under_their_names(long: Path, wanted: list[str]) -> None:
    """Of several connections each line says which, and so does the line with the names."""
    text = run("dump", long, "--last", "9", *wanted).stdout.decode()
    (names,) = re.findall(r"^  2│ +# .*", text, re.MULTILINE)
    row = re.findall(r"^  2│ +\d+ +\d+\.\d{3}  .*", text, re.MULTILINE)[-1]
    assert names.index("time s") + len("time s") == re.search(r"\.\d{3}", row).end()  # type: ignore[union-attr]
