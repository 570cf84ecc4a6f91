"""Nothing that a stranger wrote is obeyed by a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector.core.safe import quoted, safe, safe_bytes

any_text = st.text()
surrogates = st.text(st.characters(min_codepoint=0xD7F0, max_codepoint=0xE010), max_size=5)
controls = st.text(
    st.sampled_from(
        "\x00\x1b\x07\n\r\t\x7f\x80\x9b\x9d\xad\u200b\u202e\u2028\u2066\ufeff\U000e0041"
    ),
    max_size=9,
)
hostile = st.lists(any_text | surrogates | controls, max_size=4).map("".join)

OBEYED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def assert_harmless(shown: str) -> None:
    assert not {unicodedata.category(character) for character in shown} & OBEYED
    assert len(shown.splitlines()) <= 1
    shown.encode()


@given(hostile)
def test_any_text_is_made_harmless(text: str) -> None:
    shown = safe(text)
    assert_harmless(shown)
    assert safe(shown) == shown
    assert len(shown) >= len(text)


@given(hostile, st.integers(0, 30))
@example("\x9b" * 10, 5)
@example("abc", 0)
def test_at_most_so_many_characters(text: str, limit: int) -> None:
    shown = safe(text, limit)
    assert_harmless(shown)
    assert len(shown) <= limit
    if len(safe(text)) <= limit:
        assert shown == safe(text)
    elif limit:
        assert shown.endswith("…")


@given(st.binary(max_size=60), st.integers(0, 20))
def test_any_bytes_are_made_harmless(data: bytes, limit: int) -> None:
    assert_harmless(safe_bytes(data))
    shown = safe_bytes(data, limit)
    assert_harmless(shown)
    assert len(shown) <= limit
    if len(safe_bytes(data)) <= limit:
        assert shown == safe_bytes(data)
    elif limit:
        assert shown.endswith("…")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("Grüße, 世界 🌊", "Grüße, 世界 🌊"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x1b[2J", "␛[2J"),
        ("a\r\nb\tc\x00\x7f", "a␍␊b␉c␀␡"),
        ("\x9b31m", "\\u009b31m"),
        ("user\u202etxt.exe", "user\\u202etxt.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("\u2028", "\\u2028"),
        ("[bold]not markup[/x]", "[bold]not markup[/x]"),
    ],
)
def test_what_becomes_of_it(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_bytes_that_are_no_text() -> None:
    assert safe_bytes(b"ok \xff\xc3") == "ok \\xff\\xc3"
    assert safe_bytes("🌊🌊🌊🌊".encode(), 4) == "🌊🌊🌊🌊"
    assert safe_bytes("🌊🌊🌊🌊🌊".encode(), 4) == "🌊🌊🌊…"


@given(hostile)
def test_quoted_is_short_and_in_quotes(text: str) -> None:
    shown = quoted(text, 10)
    assert shown.removesuffix("…")[0] in "'\""
    assert shown.isprintable()
    assert shown.endswith("…") == (len(text) > 10)
