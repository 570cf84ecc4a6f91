"""Is a pattern in a text? In one pass over it, whatever the pattern and whoever wrote the text.

Python's `re` tries one way after the other, and for some patterns the ways double with every
character: a stranger's message of 40 letters could stop a filter for good. Here all ways are gone
at the same time (Thompson, 1968): a text of n characters takes n steps. A step was mostly taken
before, from the same set of ways by the same character, and is remembered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from inspector.filter.errors import Unfit
from inspector.filter.pattern import (
    At,
    Either,
    Fits,
    One,
    Place,
    Repeat,
    Row,
    Tree,
    is_word,
    read_pattern,
)

MAX_PROGRAM: Final = 1_000
"""Instructions of a pattern; repeats are written out."""
MAX_REMEMBERED: Final = 200_000
"""Places in the steps that are remembered; then they are all forgotten."""

type Before = Literal["begin", "newline", "word", "other"]
"""What a place in the text comes after."""
END: Final = ""
LAST_NEWLINE: Final = "\n$"
"""Instead of a next character: there is none; it is a newline, and the last character."""


@dataclass(slots=True)
class _Fork:
    """Go on at several places."""

    ways: tuple[int, ...]


type _Instruction = Fits | _Fork | Place | None
"""A character that fits; a fork; a place that has to be here; None: found."""


@dataclass(slots=True)
class _State:
    """The places in the program that have been reached, and what was before."""

    reached: frozenset[int]
    before: Before
    steps: dict[str, _State] = field(default_factory=dict)


_FOUND: Final = _State(frozenset(), "other")


class Pattern:
    """A pattern to search for. Raises `Unfit` for one that is wrong or too large."""

    def __init__(self, text: str) -> None:
        tree = read_pattern(text)
        self._program: list[_Instruction] = []
        self._add(tree)
        self._emit(None)
        self._needed = _needed(tree)
        self._is_literal = isinstance(tree, Row) and 0 < len(self._needed) == len(tree.parts)
        self._states: dict[tuple[frozenset[int], Before], _State] = {}
        self._remembered = 0
        self._first = _State(frozenset({0}), "begin")

    def search(self, text: str) -> bool:
        """Is it anywhere in this text?"""
        if self._needed and self._needed not in text:
            return False
        if self._is_literal:
            return True
        last = text.endswith("\n")
        state = self._first
        for c in text[:-1] if last else text:
            state = state.steps.get(c) or self._step(state, c)
            if state is _FOUND:
                return True
        if last:
            state = self._step(state, LAST_NEWLINE)
        return state is _FOUND or self._step(state, END) is _FOUND

    # The program

    def _emit(self, instruction: _Instruction) -> int:
        if len(self._program) >= MAX_PROGRAM:
            raise Unfit("this pattern is too large", "repeat less, or search for a part of it")
        self._program.append(instruction)
        return len(self._program) - 1

    def _add(self, tree: Tree) -> None:
        match tree:
            case One():
                self._emit(tree.fits)
            case At():
                self._emit(tree.place)
            case Row():
                for part in tree.parts:
                    self._add(part)
            case Either():
                self._either(tree.parts)
            case Repeat():
                self._repeat(tree)

    def _either(self, parts: tuple[Tree, ...]) -> None:
        fork = _Fork(())
        self._emit(fork)
        leaving: list[_Fork] = []
        for part in parts:
            fork.ways += (len(self._program),)
            self._add(part)
            leaving.append(_Fork(()))
            self._emit(leaving[-1])
        for leave in leaving:
            leave.ways = (len(self._program),)

    def _repeat(self, tree: Repeat) -> None:
        for _ in range(tree.least):
            self._add(tree.part)
        forks: list[_Fork] = []
        for _ in range(1 if tree.most is None else tree.most - tree.least):
            forks.append(_Fork((len(self._program) + 1,)))
            again = self._emit(forks[-1])
            self._add(tree.part)
            if tree.most is None:
                self._emit(_Fork((again,)))
        for fork in forks:
            fork.ways += (len(self._program),)

    # Its run

    def _step(self, state: _State, c: str) -> _State:
        """From a state by the next character."""
        after: set[int] = set()
        for place in self._open(state, c):
            instruction = self._program[place]
            if instruction is None:
                state.steps[c] = _FOUND
                return _FOUND
            if callable(instruction) and c and instruction(c[0]):
                after.add(place + 1)
        after.add(0)  # it may also begin here
        before: Before = "newline" if c[:1] == "\n" else "word" if is_word(c) else "other"
        key = (frozenset(after), before)
        if self._remembered > MAX_REMEMBERED:
            self._forget()
        known = self._states.get(key)
        if known is None:
            known = self._states[key] = _State(*key)
        state.steps[c] = known
        self._remembered += 8 + len(after)  # a step takes room, too
        return known

    def _forget(self) -> None:
        for state in (self._first, *self._states.values()):
            state.steps.clear()  # they hold one another
        self._states.clear()
        self._remembered = 0

    def _open(self, state: _State, c: str) -> Iterator[int]:
        """Every place that is reached before the next character is taken."""
        waiting = list(state.reached)
        seen = set(waiting)
        while waiting:
            place = waiting.pop()
            instruction = self._program[place]
            ways: tuple[int, ...] = ()
            if isinstance(instruction, _Fork):
                ways = instruction.ways
            elif isinstance(instruction, str):
                ways = (place + 1,) if _is_at(instruction, state.before, c) else ()
            else:
                yield place
            for way in ways:
                if way not in seen:
                    seen.add(way)
                    waiting.append(way)


def _is_at(place: Place, before: Before, c: str) -> bool:
    match place:
        case "begin":
            return before == "begin"
        case "line begin":
            return before in ("begin", "newline")
        case "end":
            return c in (END, LAST_NEWLINE)
        case "line end":
            return c[:1] in ("", "\n")
        case "very end":
            return c == END
        case "bound" | "no bound":
            bound = (before == "word") != is_word(c[:1])
            return bound if place == "bound" else not bound


def _needed(tree: Tree) -> str:
    """The longest text that has to be there; empty where none has to."""
    if not isinstance(tree, Row):
        return ""
    runs, run = [""], ""
    for part in tree.parts:
        if isinstance(part, One) and part.literal is not None:
            run += part.literal
            runs.append(run)
        else:
            run = ""
    return max(runs, key=len)


@lru_cache(32)
def compiled(pattern: str) -> Pattern:
    """A pattern, made once. Raises `Unfit`."""
    return Pattern(pattern)
