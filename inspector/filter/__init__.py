"""The filter language: one line that says which entries of a capture are wanted.

    from client and opcode == ping
    length > 64KiB and not compressed

    text -> grammar -> tree -> matching -> one function of an entry
              fields (the table), kinds (of values)

A field that an entry has no value for makes a comparison false, `!=` as well; only `not` turns
that around. docs/filter.md is the reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from inspector.files.dissect import Item
from inspector.files.entries import Entry, entries
from inspector.filter.errors import FilterError
from inspector.filter.fields import FIELDS
from inspector.filter.grammar import tree_of
from inspector.filter.matching import test_of
from inspector.filter.past import Past
from inspector.filter.tree import Node, refs

__all__ = ["FIELDS", "Filter", "FilterError", "filtered", "parse"]


class Filter:
    """A filter that was read. Two are equal if they say the same; as text, one can be read again.

    It remembers what it was shown (`Past`), if it asks for that: show it every entry of a capture,
    in their order, and one filter to a reading.
    """

    __slots__ = ("_past", "_remembers", "_test", "tree")

    def __init__(self, tree: Node) -> None:
        self.tree = tree
        self._past = Past()
        self._remembers = any(ref.field.past for ref in refs(tree))
        self._test = test_of(tree, self._past)

    def matches(self, entry: Entry) -> bool:
        """Is this entry wanted? Never raises, whatever is in it."""
        if not self._remembers:
            return self._test(entry)
        self._past.take(entry)
        found = self._test(entry)
        self._past.leave(entry)
        return found

    def __eq__(self, other: object) -> bool:
        return self.tree == other.tree if isinstance(other, Filter) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.tree)

    def __str__(self) -> str:
        return str(self.tree)

    def __repr__(self) -> str:
        return f"parse({str(self)!r})"


def parse(text: str) -> Filter:
    """Read a filter. Raises `FilterError`, which knows the column."""
    return Filter(tree_of(text))


def filtered(items: Iterable[Item], wanted: Filter) -> Iterator[Item]:
    """The items of those entries that are wanted, in order."""
    for entry in entries(items):
        if wanted.matches(entry):
            yield from entry.items
