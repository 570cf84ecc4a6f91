"""What holds for any filter, any text and any traffic."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from inspector.filter import Filter, FilterError, parse
from inspector.filter.tree import Node, Not
from tests.filter import strategies as made
from tests.filter.traffic import all_entries, talk
from tests.screen.harm import assert_harmless


@given(made.trees)
def test_a_printed_filter_reads_as_itself(tree: Node) -> None:
    text = str(tree)
    assert parse(text).tree == tree
    assert str(parse(text)) == text


def attempt(text: str) -> Filter | FilterError:
    try:
        return parse(text)
    except FilterError as error:
        return error


@given(made.noise)
@example("}")
@example("length in {}")
@example("(" * 9999)
@example("!" * 9999)
@example('"' * 9999)
@example("header[" * 1400)
@example("fin and " * 1200)
def test_any_text_is_a_filter_or_a_filter_error(text: str) -> None:
    found = attempt(text)
    if isinstance(found, Filter):
        assert parse(str(found)) == found
        return
    assert 1 <= found.column <= len(text) + 1
    assert found.words
    shown, below = str(found).splitlines()
    assert below.lstrip(" ").startswith("^ ")
    assert_harmless(f"{shown}\n{below}\n", 100_000)


@given(made.trees)
def test_no_entry_makes_a_filter_raise(tree: Node) -> None:
    wanted, other = Filter(tree), Filter(Not(tree))
    for entry in all_entries():
        found = wanted.matches(entry)
        assert type(found) is bool
        assert other.matches(entry) is not found


@given(made.trees, st.binary(max_size=80), st.binary(max_size=80))
def test_no_bytes_make_a_filter_raise(tree: Node, ours: bytes, theirs: bytes) -> None:
    wanted = Filter(tree)
    for entry in talk(("client", ours), ("server", theirs)):
        assert type(wanted.matches(entry)) is bool
