"""Lines: safe as text enters them, and as wide as they say."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from inspector.core.safe import safe
from inspector.screen.lines import LONGEST, Line, as_rich, fit, sided, wrap
from inspector.screen.theme import SGR, STYLES
from tests.screen.harm import assert_harmless
from tests.screen.traffic import texts


def test_every_code_point_is_harmless_in_a_line() -> None:
    step = 512
    for start in range(0, sys.maxunicode + 1, step):
        line = Line()
        for code in range(start, start + step):
            line.add(chr(code), "error")
        assert_harmless(line.plain, sys.maxsize)
        assert_harmless(line.ansi, sys.maxsize, colour=True)


@given(texts, st.integers(0, 50))
def test_fit_fits_and_keeps_what_does(text: str, cells: int) -> None:
    fitted = fit(text, cells)
    assert cell_len(fitted) <= cells
    if fitted != safe(text):
        assert fitted == "" or fitted.endswith("…")
        assert safe(text).startswith(fitted.removesuffix("…"))


@given(texts, st.integers(2, 50))
def test_wrap_fits_and_loses_nothing_but_blanks_at_breaks(text: str, cells: int) -> None:
    pieces = wrap(text, cells)
    assert all(cell_len(piece) <= cells for piece in pieces)
    assert "".join(pieces).replace(" ", "") == safe(text).replace(" ", "")


def test_wrap_breaks_at_blanks_and_counts_wide_characters() -> None:
    assert wrap("one two three", 8) == ["one two", "three"]
    assert wrap("漢字漢字", 5) == ["漢字", "漢字"]
    assert wrap("unbreakable", 5) == ["unbre", "akabl", "e"]
    assert wrap("one two three", 8, most=1) == ["one two…"]


def test_a_long_text_is_wrapped_in_time_that_grows_with_its_length() -> None:
    text = "word " * 3_000_000
    lines = wrap(text, 78, most=1_000_000)  # copying the rest for every line takes many minutes
    assert len(lines) == 200_000
    assert set(lines[:-1]) == {" ".join(["word"] * 15)}


def test_of_a_long_text_the_beginning_is_wrapped_and_the_rest_counted() -> None:
    whole = "a" * LONGEST
    assert "".join(wrap(whole, 80)) == whole
    assert "".join(wrap(whole + "b" * 1234, 80)) == f"{whole}… 1,234 more characters"
    lines = list(sided(Line(), whole * 1000, "§5.2", 80))
    assert len(lines) < LONGEST // 70
    assert lines[-1].plain.endswith("… 3,996,000 more characters")
    # Who asks for so many lines gets them.
    assert len(wrap(whole * 2, 80, most=1000)) == LONGEST * 2 // 80


def test_a_cell_holds_no_endless_pile_of_marks() -> None:
    pile = "e" + "\u0301" * 1_000_000
    assert len(fit(pile, 10)) <= 50


def test_fit_cuts_by_cells_not_characters() -> None:
    assert fit("漢字漢字", 5) == "漢字…"
    assert fit("e\u0301" * 5, 5) == "e\u0301" * 5


def test_text_that_hides_is_shown() -> None:
    hidden = "a" + "".join(chr(0xE0100 + byte) for byte in b"pay") + "\u3164\u034fb"
    assert Line(hidden).plain == "a\\U000e0170\\U000e0161\\U000e0179\\u3164\\u034fb"
    assert Line("\u2764\ufe0f").plain == "\u2764\ufe0f"


def test_markup_is_text() -> None:
    text = "[/x] [link=file:///etc]y[/link] :skull: [bold]b[/bold]"
    line = Line("he said ", "title").add(text)
    assert line.plain == "he said " + text
    console = Console(file=io.StringIO(), force_terminal=True, width=100, color_system="standard")
    console.print(as_rich([line, Line("second")]))
    assert isinstance(console.file, io.StringIO)
    written = console.file.getvalue()
    assert text in written
    assert "\x1b]" not in written
    assert written.endswith("second\n")


def test_styles_are_known_to_rich_and_plain_without() -> None:
    for style, words in STYLES.items():
        assert Console().get_style(words or "none") is not None
        assert (SGR[style] == "") == (words == "")
    line = Line("a", "error").add("b").add("c", "client")
    assert line.plain == "abc"
    assert line.ansi == "\x1b[1;31ma\x1b[0mb\x1b[36mc\x1b[0m"


@pytest.mark.parametrize(("column", "gap", "width"), [(5, 1, 5), (2, 1, 4), (3, 0, 3)])
def test_columns(column: int, gap: int, width: int) -> None:
    assert Line("abc").to(column, gap).width == width
