"""A report as values: what is said, not yet how it is written down.

`markdown.py` and `html.py` write it. Text is a row of pieces, each plain or `code`, so that nothing
a stranger sent can become markup: a piece is escaped when it is written, whatever it holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lessons.course.model import Bars, Lanes
from lessons.course.words import styled

type Text = tuple[tuple[str, str], ...]
"""Pieces and their styles: "" plain, "code", "strong"."""


def plain(text: object) -> Text:
    """Text in which nothing is markup."""
    return ((str(text), ""),)


def code(text: object) -> Text:
    """What is to be typed, or stood in a program."""
    return ((str(text), "code"),)


def strong(text: object) -> Text:
    return ((str(text), "strong"),)


def worded(text: str) -> Text:
    """Words of a lesson, with their little Markdown; lines are joined."""
    pieces = styled(" ".join(text.split()))
    kinds = {"name": "code", "value": "strong"}
    return tuple(
        (piece.strip("`") if style == "name" else piece, kinds.get(style, ""))
        for piece, style in pieces
        if piece
    )


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: Text


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, all of one length, under a heading; the first cell names its row."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A question: how it came out, in a word, and rows of (what, text)."""

    question: Text
    verdict: str
    rows: tuple[tuple[str, Text], ...]


@dataclass(frozen=True, slots=True)
class Cards:
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A plot of the learner's own numbers."""

    told: Bars | Lanes


type Block = Paragraph | Items | Table | Cards | Picture


@dataclass(slots=True)
class Section:
    """A heading and what stands under it; `level` 2 is a chapter, 3 a lesson in it."""

    title: Text
    blocks: list[Block] = field(default_factory=list)
    level: int = 2


@dataclass(frozen=True, slots=True)
class Document:
    title: str
    lede: Text
    sections: tuple[Section, ...]
    foot: Text
