"""The report in Markdown (GitHub's, for its tables): for a wiki, an issue, a mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from inspector.screen.bars import bar
from inspector.screen.words import lapse
from lessons.course.model import Bars, Lanes
from lessons.course.plots import in_words, known_rows, lengths, marks, seen_in, when
from lessons.course.reporting.document import (
    Block,
    Cards,
    Document,
    Items,
    Paragraph,
    Picture,
    Section,
    Table,
    Text,
)
from lessons.course.reporting.escape import code_for_markdown, for_markdown, paragraph_for_markdown

BAR: Final = 24
LANE: Final = 48


def as_markdown(document: Document) -> str:
    """All of it, one paragraph a line."""
    lines = [f"# {for_markdown(document.title)}", "", written(document.lede), ""]
    for section in document.sections:
        lines += _section(section)
    return "\n".join([*lines, "---", "", written(document.foot)]) + "\n"


def written(text: Text) -> str:
    """Pieces of text, escaped, on one line."""
    forms = {"code": code_for_markdown, "strong": _strong}
    return paragraph_for_markdown(
        "".join(forms.get(style, for_markdown)(piece) for piece, style in text)
    )


def _strong(piece: str) -> str:
    return f"**{for_markdown(piece.strip())}**" if piece.strip() else piece


def _section(section: Section) -> Iterator[str]:
    yield f"{'#' * section.level} {written(section.title)}"
    yield ""
    for block in section.blocks:
        yield from _block(block)
        yield ""


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield written(block.text)
        case Items():
            yield from (f"- {written(item)}" for item in block.items)
        case Table():
            yield from _table(block.head, [[written(each) for each in row] for row in block.rows])
        case Cards():
            for card in block.cards:
                yield f"- **{card.verdict}:** {written(card.question)}"
                yield from (f"  - {what}: {written(text)}" for what, text in card.rows)
        case Picture():
            yield from _picture(block.told)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(map(for_markdown, head))} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _picture(told: Bars | Lanes) -> Iterator[str]:
    yield f"**{for_markdown(told.title)}**"
    yield ""
    yield from _bars(told) if isinstance(told, Bars) else _lanes(told)


def _bars(told: Bars) -> Iterator[str]:
    rows = known_rows(told)
    if not rows:
        yield "Nothing was measured."
        return
    scale = " (logarithmic)" if told.log else ""
    longs = lengths(told)
    yield from _table(
        ("", told.unit, f"drawn{scale}"),
        [
            [for_markdown(label), for_markdown(told.number(value)), bar(long, 1.0, BAR)]
            for (label, value), long in zip(rows, longs, strict=True)
        ],
    )
    yield from _twin(in_words(told))


def _lanes(told: Lanes) -> Iterator[str]:
    head = ("", f"0 to {lapse(told.seconds)}", "times")
    yield from _table(
        head,
        [
            [
                for_markdown(label),
                code_for_markdown("".join(marks(times, told.seconds, LANE))),
                str(len(seen_in(times, told.seconds))),
            ]
            for label, times in told.rows
        ],
    )
    yield from _twin(when(told))


def _twin(words: str) -> Iterator[str]:
    if words:
        yield ""
        yield for_markdown(words)
