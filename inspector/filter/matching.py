"""From a tree to one function that answers for an entry.

Each node becomes a closure, made once; what an entry costs is calls, and no decisions about the
filter. The parts of an `and` are asked in order of their cost, and no more of them than needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from inspector.files.entries import Entry
from inspector.filter.kinds import BYTES, FLAG, Kind, Value
from inspector.filter.past import Past
from inspector.filter.patterns import compiled
from inspector.filter.tree import And, Compare, Has, Node, Not, Or, Ref, children

type Test = Callable[[Entry], bool]
type Check = Callable[[Any], bool]

SEARCH_COST: Final = {"contains": 1, "matches": 2}


def test_of(node: Node, past: Past) -> Test:
    """The function of a tree; it never raises, and asks `past` of what came before."""
    match node:
        case And():
            return _all([test_of(part, past) for part in sorted(node.parts, key=cost)])
        case Or():
            return _any([test_of(part, past) for part in sorted(node.parts, key=cost)])
        case Not():
            inner = test_of(node.part, past)
            return lambda entry: not inner(entry)
        case Has():
            return _has(node.ref, past)
        case Compare():
            return _compare(node, past)


def cost(node: Node) -> int:
    """What asking takes, roughly: the dearest of its parts."""
    match node:
        case Has():
            return node.ref.field.cost
        case Compare():
            return node.ref.field.cost + SEARCH_COST.get(node.operator, 0)
        case _:
            return max(map(cost, children(node)))


def _all(tests: list[Test]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda entry: first(entry) and second(entry)
    return lambda entry: all(test(entry) for test in tests)


def _any(tests: list[Test]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda entry: first(entry) or second(entry)
    return lambda entry: any(test(entry) for test in tests)


def _reader(ref: Ref, past: Past) -> Callable[[Entry], Any]:
    """What reads the field."""
    read, key = ref.field.read, ref.key
    if key is None:
        return lambda entry: read(entry, past)
    return lambda entry: read(entry, past, key)


def _has(ref: Ref, past: Past) -> Test:
    read, field = ref.field.read, ref.field
    if field.many:
        reader = _reader(ref, past)
        return lambda entry: bool(reader(entry))
    if field.kind is FLAG:
        return lambda entry: read(entry, past) is True
    return lambda entry: read(entry, past) is not None


def _compare(node: Compare, past: Past) -> Test:
    field = node.ref.field
    denied = node.operator in ("!=", "not in")
    check = _check(node, field.kind)
    read = field.read
    if field.many:
        reader = _reader(node.ref, past)
        if denied:

            def none(entry: Entry) -> bool:
                values = reader(entry)
                return bool(values) and not any(map(check, values))

            return none
        return lambda entry: any(map(check, reader(entry)))

    if denied:

        def other(entry: Entry) -> bool:
            value = read(entry, past)
            return value is not None and not check(value)

        return other

    if node.operator == "==":
        wanted = node.value
        return lambda entry: bool(read(entry, past) == wanted)

    def one(entry: Entry) -> bool:
        value = read(entry, past)
        return value is not None and check(value)

    return one


def _check(node: Compare, kind: Kind) -> Check:
    """Whether one value is as wanted; for `!=` and `not in`, whether it is one of those denied."""
    operator = node.operator
    if operator in ("in", "not in"):
        return _among(node, kind)
    wanted: Any = node.value
    if operator == "matches":
        search = compiled(wanted).search
        if kind is BYTES:
            return lambda value: search(value.decode("iso-8859-1"))
        return search
    if operator == "contains":
        return lambda value: wanted in value
    if operator in ("==", "!="):
        return lambda value: bool(value == wanted)
    if kind.rank:
        place, least = kind.place, kind.place(wanted)
        ordered = _ORDERED[operator](least)
        return lambda value: ordered(place(value))
    return _ORDERED[operator](wanted)


_ORDERED: Final[dict[str, Callable[[Any], Check]]] = {
    "<": lambda wanted: lambda value: value < wanted,
    "<=": lambda wanted: lambda value: value <= wanted,
    ">": lambda wanted: lambda value: value > wanted,
    ">=": lambda wanted: lambda value: value >= wanted,
}


def _among(node: Compare, kind: Kind) -> Check:
    singles: frozenset[Value] = frozenset(
        part for part in node.several if not isinstance(part, tuple)
    )
    ranges = [
        (kind.place(part[0]), kind.place(part[1]))
        for part in node.several
        if isinstance(part, tuple)
    ]
    if not ranges:
        return lambda value: value in singles
    place = kind.place

    def within(value: Any) -> bool:
        at = place(value)
        return value in singles or any(low <= at <= high for low, high in ranges)

    return within
