"""Filters that hypothesis makes: trees of every field, and texts of words a filter is made of."""

from __future__ import annotations

from hypothesis import strategies as st

from inspector.filter.fields import FIELDS, Field
from inspector.filter.kinds import (
    AMONG,
    BYTES,
    DURATION,
    FLAG,
    NUMBER,
    ORDER,
    SIZE,
    TEXT,
    Kind,
    Value,
    Written,
    asked,
)
from inspector.filter.tree import And, Compare, Has, Node, Not, Or, Ref, joined

KEYS = st.sampled_from(["origin", "user-agent", "x.y", "a b", 'quo"te\\', "", "ä", "\x00"])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
patterns = st.sampled_from(["", "a", "a+b", "^a|b$", r"\d{2,}", "[a-z]*", r"\x81", "(?i)room"])
literals: dict[int, st.SearchStrategy[Value]] = {
    id(FLAG): st.booleans(),
    id(NUMBER): st.integers(-10, 10**6) | st.sampled_from([0.5, 0.125, 1e-7]),
    id(SIZE): st.integers(-1, 2**63) | st.sampled_from([1024, 2**20, 3 * 2**40]),
    id(DURATION): st.floats(-1e6, 1e6).map(lambda t: round(t, 9) + 0.0)
    | st.sampled_from([0.0, 0.05, 60.0, 1e-9]),
    id(TEXT): texts,
    id(BYTES): st.binary(max_size=6),
}


def values(kind: Kind) -> st.SearchStrategy[Value]:
    if id(kind) in literals:
        return literals[id(kind)]
    return st.sampled_from([kind.read(Written("word", word)) for word in kind.words])


@st.composite
def comparisons(draw: st.DrawFn) -> Node:
    field = draw(st.sampled_from(list(FIELDS.values())))
    ref = draw(references(field))
    if not field.kind.operators or draw(st.integers(0, 4)) == 0:
        return Has(ref)
    operator = draw(st.sampled_from(field.kind.operators))
    if operator in AMONG:
        one = values(field.kind)
        several = draw(st.lists(one, min_size=1, max_size=3))
        ranges = []
        if set(ORDER) <= set(field.kind.operators):
            pairs = draw(st.lists(st.tuples(one, one), max_size=2))
            ranges = [tuple(sorted(pair, key=field.kind.place)) for pair in pairs]
        return Compare(ref, operator, None, (*several, *ranges))
    if operator == "matches":
        return Compare(ref, operator, draw(patterns))
    return Compare(ref, operator, draw(values(asked(field.kind, operator))))


def references(field: Field) -> st.SearchStrategy[Ref]:
    keys = KEYS.filter(bool) if field.keyed else st.none()
    return keys.map(lambda key: Ref(field, key))


trees: st.SearchStrategy[Node] = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        inner.map(Not),
        st.builds(lambda parts: joined(And, parts), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda parts: joined(Or, parts), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=8,
)

WORDS = [
    *("and", "or", "not", "in", "==", "!=", "<", ">=", "contains", "matches", "(", ")", "{", "}"),
    *("&&", "||", "!", ",", "..", "[", "]", '"a"', "'b'", '"', "\\", "hex", "0xff", 'hex"00"'),
    *("64KiB", "50ms", "10", "-1", "1.5", "ping", "client", "error", "true", "header", "header.x"),
    *("from", "length", "text", "opcode", "finding", "finding.severity", "masked", "payload", "."),
]
noise = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=25).map("".join),
)
