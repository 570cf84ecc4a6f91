"""The report as one page of HTML: no script, nothing from elsewhere, dark and light, and on paper.

A plot is a table, so that it reads aloud, wraps and prints as one; its bars and life lines are
inline SVG beside the numbers, hidden from those who hear the numbers.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from inspector.screen.words import lapse
from lessons.course.model import Bars, Lanes
from lessons.course.plots import in_words, known_rows, lengths, seen_in, when
from lessons.course.reporting.document import (
    Block,
    Card,
    Cards,
    Document,
    Items,
    Paragraph,
    Picture,
    Section,
    Table,
    Text,
)
from lessons.course.reporting.escape import for_html

SIGNS: Final = {"right": "✓", "wrong": "✗"}
PLACES: Final = 500
"""So many places has a life line; marks that share one are drawn once."""


@cache
def look() -> str:
    return Path(__file__).with_name("report.css").read_text("utf-8")


def as_html(document: Document) -> str:
    """The whole page. Its policy lets in this one style sheet, and nothing else."""
    css = f"\n{look()}"
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = for_html(document.title)
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{title}</title>\n<style>{css}</style>\n</head>\n<body>",
            '<a class="skip" href="#main">To the report</a>',
            f"<header>\n<h1>{title}</h1>\n<p>{written(document.lede)}</p>\n</header>",
            *_contents(document),
            '<main id="main">',
            *(line for n, section in enumerate(document.sections) for line in _section(n, section)),
            f"</main>\n<footer><p>{written(document.foot)}</p></footer>\n</body>\n</html>\n",
        ]
    )


def written(text: Text) -> str:
    """Pieces of text, escaped, in their elements."""
    return "".join(_piece(piece, style) for piece, style in text)


def _piece(piece: str, style: str) -> str:
    told = for_html(piece)
    return f"<{style}>{told}</{style}>" if style else told


def _contents(document: Document) -> Iterator[str]:
    yield '<nav aria-label="Contents"><ul>'
    for number, section in enumerate(document.sections):
        kind = ' class="deeper"' if section.level > 2 else ""
        yield f'<li{kind}><a href="#part-{number}">{written(section.title)}</a></li>'
    yield "</ul></nav>"


def _section(number: int, section: Section) -> Iterator[str]:
    level = section.level
    yield f'<section aria-labelledby="part-{number}">'
    yield f'<h{level} id="part-{number}">{written(section.title)}</h{level}>'
    for block in section.blocks:
        yield from _block(block)
    yield "</section>"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield f"<p>{written(block.text)}</p>"
        case Items():
            yield "<ul>"
            yield from (f"<li>{written(item)}</li>" for item in block.items)
            yield "</ul>"
        case Table():
            yield from _table(block)
        case Cards():
            yield '<ol class="cards">'
            for card in block.cards:
                yield from _card(card)
            yield "</ol>"
        case Picture():
            told = block.told
            yield from _bars(told) if isinstance(told, Bars) else _lanes(told)


def _table(table: Table) -> Iterator[str]:
    yield f'<div class="wide"><table>\n<caption>{for_html(table.caption)}</caption>'
    cells = "".join(f'<th scope="col">{for_html(cell)}</th>' for cell in table.head)
    yield f"<thead><tr>{cells}</tr></thead>\n<tbody>"
    for first, *others in table.rows:
        cells = "".join(f"<td>{written(cell)}</td>" for cell in others)
        yield f'<tr><th scope="row">{written(first)}</th>{cells}</tr>'
    yield "</tbody>\n</table></div>"


def _card(card: Card) -> Iterator[str]:
    known = card.verdict if card.verdict in SIGNS else "open"
    sign = f'<span aria-hidden="true">{SIGNS.get(card.verdict, "·")} </span>'
    yield f'<li class="{known}"><p class="verdict">{sign}{for_html(card.verdict)}</p>'
    yield f'<p class="question">{written(card.question)}</p>\n<dl>'
    for what, text in card.rows:
        yield f"<div><dt>{for_html(what)}</dt><dd>{written(text)}</dd></div>"
    yield "</dl></li>"


# Plots


def _plot(title: str, head: str, rows: Iterator[str], words: str, foot: str = "") -> Iterator[str]:
    yield f'<figure>\n<table class="plot">\n<caption>{for_html(title)}</caption>'
    yield f"<thead>{head}</thead>\n<tbody>"
    yield from rows
    yield f"</tbody>{foot}\n</table>"
    if words:
        yield f"<figcaption>{for_html(words)}</figcaption>"
    yield "</figure>"


def _head(*cells: str) -> str:
    told = "".join(f'<th scope="col">{for_html(cell)}</th>' for cell in cells)
    return f"<tr>{told}</tr>"


def _bars(told: Bars) -> Iterator[str]:
    rows = known_rows(told)
    longs = lengths(told)
    scale = "drawn, each step to the right ten times as much" if told.log else "drawn"

    def lines() -> Iterator[str]:
        for (label, value), long in zip(rows, longs, strict=True):
            drawn = f'<rect width="{max(long * 100, 0.4 if value > 0 else 0):.3f}%" height="100%"/>'
            yield _row(label, f'<svg class="bar" {_HIDDEN}>{drawn}</svg>', told.number(value))

    if not rows:
        yield f"<p>{for_html(told.title)}: nothing was measured.</p>"
        return
    yield from _plot(told.title, _head("what", scale, told.unit), lines(), in_words(told))


_HIDDEN = 'aria-hidden="true" focusable="false"'


def _lanes(told: Lanes) -> Iterator[str]:
    span = max(told.seconds, 1e-9)

    def lines() -> Iterator[str]:
        for label, times in told.rows:
            seen = seen_in(times, told.seconds)
            places = sorted({round(time / span * PLACES) for time in seen})
            line = '<line x1="0" x2="100%" y1="50%" y2="50%"/>'
            dots = "".join(
                f'<circle cx="{at / PLACES * 100:.2f}%" cy="50%" r="4"/>' for at in places
            )
            yield _row(label, f'<svg class="lane" {_HIDDEN}>{line}{dots}</svg>', str(len(seen)))

    foot = f'<tfoot><tr><td></td><td><span>0</span> <span>{lapse(told.seconds)}</span></td><td></td></tr></tfoot>'  # fmt: skip  # noqa: E501
    yield from _plot(told.title, _head("what", "when", "times"), lines(), when(told), foot)


def _row(label: str, svg: str, number: str) -> str:
    return (
        f'<tr><th scope="row">{for_html(label)}</th><td>{svg}</td><td>{for_html(number)}</td></tr>'
    )
