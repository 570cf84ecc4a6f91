"""Two rows side by side: nothing left out, nothing twice, and no more found missing than is."""

from __future__ import annotations

from itertools import zip_longest

from hypothesis import given
from hypothesis import strategies as st

from inspector.compare.align import Aligner, Leg, Pair, Unit


def unit(number: int, name: str | bytes, kind: str = "text") -> Unit:
    key = name.encode() if isinstance(name, str) else name
    return Unit(kind, key, 0.0, number, number, 1, 0, False, b"", b"", b"", False, b"", (0, False))


def aligned(one: list[Unit], other: list[Unit], window: int, turns: list[Leg]) -> list[Pair]:
    """Both rows, their units coming in turns."""
    aligner = Aligner(window)
    rows = [list(reversed(one)), list(reversed(other))]
    pairs: list[Pair] = []
    for leg in turns:
        if rows[leg]:
            pairs += aligner.add(leg, rows[leg].pop())
            assert max(aligner.waiting) <= max(window, len(one), len(other))
    for a, b in zip_longest(reversed(rows[0]), reversed(rows[1])):
        pairs += [*(aligner.add(0, a) if a else ()), *(aligner.add(1, b) if b else ())]
    pairs += [*aligner.end(0), *aligner.end(1)]
    assert aligner.waiting == (0, 0)
    return pairs


rows = st.lists(st.sampled_from("abcde"), max_size=30)
turns = st.lists(st.sampled_from([0, 1]), max_size=60)


@given(rows, rows, st.integers(1, 8), turns)
def test_each_unit_comes_out_once_and_in_order(
    a: list[str], b: list[str], window: int, order: list[Leg]
) -> None:
    one = [unit(number, name) for number, name in enumerate(a)]
    other = [unit(number, name) for number, name in enumerate(b)]
    pairs = aligned(one, other, window, order)
    assert [left for left, _ in pairs if left is not None] == one
    assert [right for _, right in pairs if right is not None] == other


@given(st.integers(0, 60), st.sets(st.integers(0, 59)), st.sets(st.integers(0, 59)), turns)
def test_what_is_lost_and_invented_is_found(
    size: int, lost: set[int], invented: set[int], order: list[Leg]
) -> None:
    """All contents differ, and no more is missing in a row than the window holds."""
    one = [unit(number, f"{number}") for number in range(size)]
    other: list[Unit] = []
    for each in one:
        if each.first in invented:
            other.append(unit(1000 + each.first, f"new {each.first}", "binary"))
        if each.first not in lost:
            other.append(each)
    pairs = aligned(one, other, 200, order)
    assert [a.first for a, b in pairs if b is None and a is not None] == sorted(
        number for number in lost if number < size
    )
    assert [b.first for a, b in pairs if a is None and b is not None] == sorted(
        1000 + number for number in invented if number < size
    )
    assert all(a is b for a, b in pairs if a is not None and b is not None)


def test_a_content_that_changed_is_a_pair() -> None:
    one = [unit(1, "a"), unit(2, "b"), unit(3, "c")]
    other = [unit(1, "a"), unit(2, "B"), unit(3, "c")]
    assert aligned(one, other, 10, []) == [*zip(one, other, strict=True)]


def test_no_more_waits_than_the_window() -> None:
    aligner = Aligner(100)
    pairs: list[Pair] = []
    for number in range(10_000):
        pairs += aligner.add(0, unit(number, f"{number}"))
        if number != 50:
            pairs += aligner.add(1, unit(number, f"{number}"))
        assert max(aligner.waiting) <= 101
    assert [a.first for a, b in pairs if b is None and a is not None] == [50]
