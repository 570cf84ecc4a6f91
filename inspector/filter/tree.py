"""A filter as a tree: what it says, whatever it is made into.

Printed, a tree is a filter again, and reading that gives an equal tree. So there is one form of
each: `and` and `or` hold two parts or more, none of them of their own kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from inspector.filter.fields import Field
from inspector.filter.kinds import Value, asked, quote

type Node = Or | And | Not | Has | Compare
type Range = tuple[Value, Value]

PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
"""Keys that can stand after a point; others take brackets and quotes."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A field of the table; `key` says which one of those that are many, as header fields are."""

    field: Field
    key: str | None = None

    def __str__(self) -> str:
        if self.key is None:
            return self.field.name
        if PLAIN_KEY.fullmatch(self.key):
            return f"{self.field.name}.{self.key}"
        return f"{self.field.name}[{quote(self.key)}]"


@dataclass(frozen=True, slots=True)
class Has:
    """A field alone: a yes-or-no field that is yes, any other that has a value."""

    ref: Ref

    def __str__(self) -> str:
        return str(self.ref)


@dataclass(frozen=True, slots=True)
class Compare:
    """A field against a value. Only `in` and `not in` hold more, as values and ranges."""

    ref: Ref
    operator: str
    value: Value | None
    several: tuple[Value | Range, ...] = ()

    def __str__(self) -> str:
        show = asked(self.ref.field.kind, self.operator).show
        if self.operator not in ("in", "not in"):
            assert self.value is not None
            return f"{self.ref} {self.operator} {show(self.value)}"
        parts = [
            f"{show(part[0])}..{show(part[1])}" if isinstance(part, tuple) else show(part)
            for part in self.several
        ]
        if len(parts) == 1 and isinstance(self.several[0], tuple):
            return f"{self.ref} {self.operator} {parts[0]}"
        return f"{self.ref} {self.operator} {{{', '.join(parts)}}}"


@dataclass(frozen=True, slots=True)
class Not:
    part: Node

    def __str__(self) -> str:
        return f"not {_inner(self.part, (And, Or))}"


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " and ".join(_inner(part, (Or,)) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " or ".join(map(str, self.parts))


def joined(kind: type[And] | type[Or], parts: Iterable[Node]) -> Node:
    """The parts under one `and` or `or`; those of parts that are such themselves among them."""
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else (part,)
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case And() | Or():
            return node.parts
        case Not():
            return (node.part,)
        case _:
            return ()


def refs(node: Node) -> Iterator[Ref]:
    """Every mention of a field."""
    if isinstance(node, Has | Compare):
        yield node.ref
    for child in children(node):
        yield from refs(child)


def _inner(node: Node, weaker: tuple[type, ...]) -> str:
    return f"({node})" if isinstance(node, weaker) else str(node)
