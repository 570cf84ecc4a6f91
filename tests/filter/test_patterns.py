"""Patterns: as Python's `re` searches, but never for long."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector.filter.errors import Unfit
from inspector.filter.patterns import MAX_REMEMBERED, Pattern

ALPHABET = "abAB_ 1\n-é"
pieces = st.sampled_from(
    [
        *("a", "b", "B", " ", "1", "-", "é", "_", "ab", "{", "}", "]", ","),
        *(".", "^", "$", r"\b", r"\B", r"\A", r"\Z", r"\d", r"\w", r"\s", r"\D", r"\W", r"\S"),
        *("[ab]", "[^a]", "[a-c]", "[^]a]", r"[\d_]", r"[^\w]", "[-a]", "[a-]", r"[\n]", "[1-9a]"),
        *(r"\n", r"\x61", r"\u0062", r"\.", r"\[", r"\-", r"\é", "a{", "a{x}", "a{,x}"),
    ]
)
repeats = st.sampled_from(
    ["", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,}", "{,2}", "{1,3}?"]
)


def quantified(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("({}){}".format, inner, repeats) | st.builds("(?:{}){}".format, inner, repeats)


patterns = st.builds(
    lambda flags, pattern: flags + pattern,
    st.sampled_from(["", "", "(?i)", "(?s)", "(?m)", "(?ims)"]),
    st.recursive(
        pieces | st.builds("{}{}".format, st.sampled_from(["a", ".", "[^b]", r"\w"]), repeats),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map("".join),
            st.lists(inner, min_size=2, max_size=3).map("|".join),
            quantified(inner),
        ),
        max_leaves=10,
    ),
)


def attempt(pattern: str) -> Pattern | Unfit:
    try:
        return Pattern(pattern)
    except Unfit as refused:
        return refused


@given(patterns, st.lists(st.text(ALPHABET, max_size=12), min_size=1, max_size=8))
@example(r"a$", ["a", "a\n", "a\n\n", "\na"])
@example(r"^$", ["", "\n", "a"])
@example(r"(?m)^a$", ["b\na\nb", "ba"])
@example(r"(|a)*b", ["aab", "c"])
@example(r"\b", ["", "a", " "])
@example(r"\B", ["", "a", " ", "ab"])
def test_what_is_found_is_what_re_finds(pattern: str, texts: list[str]) -> None:
    try:
        theirs = re.compile(pattern)
    except re.error:
        with pytest.raises(Unfit):
            Pattern(pattern)
        return
    ours = attempt(pattern)
    if isinstance(ours, Unfit):  # of what they take, that is all that we do not
        assert "a place can't be repeated" in ours.words
        return
    for text in texts:
        if r"\B" in pattern and not text:
            continue  # whether an empty text has a place inside depends on the Python
        assert ours.search(text) is (theirs.search(text) is not None), text


@given(st.text(max_size=30) | st.text(r"()[]{}*+?\|^$.-a1,", max_size=30))
def test_any_pattern_is_read_or_refused_in_words(text: str) -> None:
    read = attempt(text)
    assert read.words if isinstance(read, Unfit) else type(read.search("some (text) 1\n")) is bool


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("a(b", "at character 2: this parenthesis is never closed"),
        ("a)", "at character 2: there is no parenthesis for this one to close"),
        ("[ab", "at character 1: this class is never closed"),
        ("*a", "at character 1: '*' repeats what stands before it, and there is nothing"),
        ("a**", "two repeats in a row"),
        ("a*+", "possessive repeats can't be searched for in one pass"),
        (r"(a)\1", "back-references can't be searched for in one pass"),
        ("(?=a)", "of what begins with (? there is (?:…)"),
        ("(?x)a", "there is no flag 'x'"),
        (r"\q", r"there is no \q"),
        ("a\\", "a backslash at the end"),
        ("[b-a]", "this range has no beginning and end in order"),
        ("a{2,1}", "the most is less than the least"),
        ("a{1001}", "a repeat goes to 1000"),
        ("a{999999999999999999}", "a repeat goes to 1000"),
        ("(a{100}){100}", "this pattern is too large"),
        ("(" * 60 + ")" * 60, "parentheses go 50 deep"),
    ],
)
def test_what_is_wrong_with_a_pattern(pattern: str, words: str) -> None:
    with pytest.raises(Unfit) as caught:
        Pattern(pattern)
    assert words in caught.value.words


class Counted(Pattern):
    """How many steps had to be thought about?"""

    steps = 0

    def _step(self, state, c):  # type: ignore[no-untyped-def]
        self.steps += 1
        return super()._step(state, c)


@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"(a|aa)*c", r"(a|a?)+$b", r"a.*a.*a.*a.*b", r"(.*)*x", r"a{50}b"]
)
def test_what_stops_others_takes_one_pass(pattern: str) -> None:
    """`re` would take longer than anybody waits for the first of these."""
    searching = Counted(pattern)
    assert not searching.search("a" * 100_000 + "!")
    assert searching.steps < 200


@pytest.mark.parametrize(
    ("pattern", "alphabet"), [(r"[^!]\w$", range(0x4E00, 0x9000)), ("a.{300}!", b"ab")]
)
def test_what_is_remembered_is_bounded(pattern: str, alphabet: bytes | range) -> None:
    """Neither many different characters nor many ways at a time fill the memory."""
    chance = Random(1)
    text = "".join(chr(chance.choice(alphabet)) for _ in range(20_000))
    searching = Counted(pattern)
    assert searching.search(text + "!") is bool(re.search(pattern, text + "!"))
    assert searching.steps > 10_000
    assert searching._remembered <= MAX_REMEMBERED + 1_000
    assert sum(len(state.reached) for state in searching._states.values()) <= MAX_REMEMBERED
