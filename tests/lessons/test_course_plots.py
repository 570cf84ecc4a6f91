"""Plots: what is larger is longer, what is there is counted, and the words say the same."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.course.model import Bars, Lanes
from lessons.course.plots import WIDTH, in_words, plot, when


def drawn(told: Bars | Lanes) -> list[str]:
    return [line.plain for line in plot(told)]


def test_bars_are_as_long_as_their_values_and_say_so() -> None:
    told = Bars("A tick costs", (("polling", 1200.0), ("events", 300.0), ("none", 0.0)), "bytes")
    title, polling, events, none, words = drawn(told)
    assert title == "  A tick costs (bytes)"
    assert polling.startswith("  polling  █")
    assert polling.endswith("█ 1,200")
    assert events.endswith(" 300")
    assert 3.8 < polling.count("█") / events.count("█") < 4.2
    assert none == "  none     0"
    assert words == "  In words: least none, 0; most polling, 1,200."


def test_a_logarithmic_scale_is_said_and_gives_each_decade_the_same_room() -> None:
    rows = (("one", 1.0), ("hundred", 100.0), ("ten thousand", 10_000.0))
    title, *lines, words = drawn(Bars("Sizes", rows, "bytes", log=True))
    assert "each step to the right ten times as much" in title
    one, hundred, most = (line.count("█") for line in lines)
    assert one > 0
    assert most - hundred == pytest.approx(hundred - one, abs=2)
    assert "10,000 times as much" in words


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((), ""),
        ((("a", 1.0),), ""),
        ((("a", 2.0), ("b", 2.0)), "In words: all the same, 2."),
        ((("a", 2.0), ("b", 5.0)), "In words: least a, 2; most b, 5, 2.5 times as much."),
    ],
)
def test_bars_in_words(rows: tuple[tuple[str, float], ...], words: str) -> None:
    assert in_words(Bars("T", rows, "u")) == words


def test_lanes_have_a_mark_where_it_happened() -> None:
    told = Lanes(
        "Who heard when", 2.0, (("ticks", (0.0, 1.0, 2.0)), ("polling", ()), ("all", (1.0,) * 12))
    )
    title, ticks, polling, everything, axis, *words = drawn(told)
    assert title == "  Who heard when"
    line = ticks.removeprefix("  ticks    ")
    assert (line[0], line[-1]) == ("●", "●")
    assert line.count("●") == 3
    assert line[len(line) // 2] == "●"
    assert set(polling.removeprefix("  polling  ")) == {"-"}
    assert everything.count("+") == 1
    assert axis.split() == ["0", "2.00", "s"]
    assert " ".join(each.strip() for each in words) == (
        "In words, how often and the longest pause: ticks 3, 1.00 s; polling never; all 12, 0.0 ms."
    )


def test_what_lies_outside_of_the_picture_is_not_told() -> None:
    assert (
        when(Lanes("T", 1.0, (("a", (-0.1, 0.5, 1.5)),)))
        == "In words, how often and the longest pause: a 1."
    )


LABELS = st.text(max_size=60)


@given(st.lists(st.tuples(LABELS, st.floats()), max_size=6), st.booleans())
def test_any_bars_fit(rows: list[tuple[str, float]], log: bool) -> None:
    rows = [(label, abs(value)) for label, value in rows]
    rows = [(label, min(value, 1e12) if math.isfinite(value) else value) for label, value in rows]
    for line in plot(Bars("T", tuple(rows), "bytes", log=log)):
        assert line.width <= WIDTH


@given(
    st.floats(0, 1e6),
    st.lists(st.tuples(LABELS, st.lists(st.floats(-1e6, 1e6), max_size=30)), max_size=5),
)
def test_any_lanes_fit(seconds: float, rows: list[tuple[str, list[float]]]) -> None:
    told = Lanes("T", seconds, tuple((label, tuple(times)) for label, times in rows))
    for line in plot(told):
        assert line.width <= WIDTH
