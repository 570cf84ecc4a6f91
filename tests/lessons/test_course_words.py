"""Words on their way to the screen: facts filled in, wrapped, harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.safe import safe
from lessons.course.model import Action
from lessons.course.show import table
from lessons.course.telling import turn
from lessons.course.words import UnknownFact, Unmeasured, fill, prose, sentence, shown, wrap_whole


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{n} bytes", "5 bytes"),
        ("{ms:.2f} ms", "3.14 ms"),
        ("{ms} ms", "3.1 ms"),
        ("{key}", "37 fa"),
        ('{{n}} and {"json": 1} and {}', '{n} and {"json": 1} and {}'),
        ("{text:.2f}", "a{n}"),
    ],
)
def test_facts_are_filled_in(template: str, text: str) -> None:
    facts = {"n": 5, "ms": 3.14159, "key": b"\x37\xfa", "text": "a{n}"}
    assert fill(template, facts) == text


def test_an_unknown_fact_is_told() -> None:
    with pytest.raises(UnknownFact, match=r"nothing was measured for \{gone\}"):
        fill("{gone}", {})
    assert fill("{gone}", Unmeasured()) == "(not measured)"


def test_markdown_becomes_lines() -> None:
    text = (
        "One `{a}`, **bold** and *lean*, which goes on until it is wrapped.\n\n- item\n  more\n"
        "- two\n\n    code {a}\n\n```\nfence\n\n  kept\n```"
    )
    lines = [line.plain for line in prose(text, {"a": "x"}, 30)]
    assert lines == [
        "One `x`, bold and lean, which",
        "goes on until it is wrapped.",
        "",
        "- item more",
        "- two",
        "",
        "    code x",
        "",
        "    fence",
        "",
        "      kept",
    ]


@pytest.mark.parametrize("start", range(0, 76, 5))
@pytest.mark.parametrize(
    "whole",
    ["RFC 6455 §4.2.2", "ws101 check 1 --hint", "ws101 dump ~/ws101/captures/03_handshake.pcapng",
     ".venv/bin/ws101 learn", "bin/python3 -m lessons.cli check 3 --solution"],
)  # fmt: skip
def test_commands_and_citations_are_not_torn_apart(start: int, whole: str) -> None:
    text = f"{'x ' * (start // 2)}({whole}), and on it goes"
    for lines in (wrap_whole(text, 76), [line.plain for line in sentence(text)]):
        assert sum(whole in line for line in lines) == 1
        assert " ".join(lines) == text


def test_a_command_too_long_for_a_line_is_broken_at_its_blanks() -> None:
    text = f"ws101 dump {'/a' * 20}.pcapng {'/b' * 20}.pcapng"
    assert wrap_whole(text, 60) == [text[:58], text[59:]]


@given(st.text(), st.text(), st.integers(20, 90))
def test_no_fact_can_leave_its_place(fact: str, words: str, width: int) -> None:
    """Whatever strangers sent: no control character, no markup, no line wider than the screen."""
    template = "before {fact} `{fact}` after\n\n    {fact}\n\n- {fact}"
    lines = list(prose(template, {"fact": fact}, width))
    assert all(line.width <= width for line in lines)
    assert all(safe(line.plain) == line.plain for line in lines)
    styles = {style for line in lines for _, style in line.spans}
    assert styles <= {"", "name"}
    assert all(line.width <= width for line in prose(words.replace("{", ""), {}, width))


@given(st.lists(st.lists(st.text(max_size=90), max_size=5), max_size=5), st.integers(40, 100))
def test_a_table_fits(rows: list[list[str]], width: int) -> None:
    assert all(line.width <= width for line in table(rows, width))


def test_a_table_wraps_its_longest_cells() -> None:
    rows = [("way", "what came of it"), ("json", "TypeError: " + "not serializable " * 6)]
    lines = [line.plain for line in table(rows, 50)]
    assert lines[0] == "  way   what came of it"
    assert lines[2].startswith("  json  TypeError: not")
    assert len(lines) > 4


def test_numbers_read_well() -> None:
    assert [shown(x) for x in (1.0, 2, b"", "x", None)] == ["1.0", "2", "", "x", "None"]


def test_whose_turn_it_is_and_by_which_keys() -> None:
    hello = Action(print, bool, waiting="your hello")
    assert turn(hello, " 3 frames so far", 80) == (
        "waiting for your hello ... 3 frames so far   [s] script [b] browser [?] keys"
    )
    assert "so far" not in turn(hello, " 3 frames so far", 70)
    told = turn(Action(print, bool, script_only=True), " 3 frames so far", 80)
    assert "[s] script" in told
    assert "[b]" not in told  # no browser can
