"""A lesson's words as lines for a terminal: facts filled in, a little Markdown, wrapped.

Markup is read before facts are filled in, so that what a stranger sent can't become markup; and a
`Line` makes all text safe as it enters. Code keeps its backticks: without colour they are what
shows that it is code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from rich.cells import cell_len

from inspector.core.safe import safe
from inspector.screen.lines import Line, wrap
from lessons.course.program import MODULE, NAME

TEXT_WIDTH: Final = 76
"""Wider lines are hard to read, however wide the terminal is."""

_FACT = re.compile(r"\{\{(\w+)\}\}|\{([a-z]\w*)(?::([^{}]*))?\}")
_MARKUP = re.compile(r"(`[^`]+`)|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*")

GLUE: Final = "\xa0"
"""Stands for a blank at which no line is broken, until the line is made."""
_WHOLE = re.compile(
    rf"(?:(?:[^\s(]*/)?{NAME}|\S*python\S* -m {re.escape(MODULE)}) [a-z]+"
    r"(?: (?:\d+|--?[a-z]+|\S*/\S+|\S+\.pcapng))*|RFC \d+(?: §\S+)?"
)
"""What is torn apart by a line's end no more than a word is: commands, citations."""

type Facts = Mapping[str, object]


class UnknownFact(Exception):
    """A `{name}` that nothing was measured for."""

    def __init__(self, name: str) -> None:
        super().__init__(f"nothing was measured for {{{name}}}")
        self.name = name


NOT_MEASURED: Final = "(not measured)"


class Unmeasured(dict[str, object]):
    """Facts in which what is missing reads so; for the learner, whose lesson goes on."""

    def __missing__(self, key: str) -> object:
        return NOT_MEASURED


def fill(template: str, facts: Facts) -> str:
    """`{name}` and `{name:.1f}` filled in; `{{name}}` becomes `{name}`. Raises `UnknownFact`."""

    def value(found: re.Match[str]) -> str:
        if found[1]:
            return f"{{{found[1]}}}"
        try:
            fact = facts[found[2]]
        except KeyError:
            raise UnknownFact(found[2]) from None
        return shown(fact, found[3] or "")

    return _FACT.sub(value, template)


def shown(fact: object, form: str = "") -> str:
    """A fact as words show it: bytes as hex, a float with one digit unless `form` says
    otherwise."""
    if isinstance(fact, bytes | bytearray):
        return fact.hex(" ")
    if form:
        try:
            return format(fact, form)
        except (ValueError, TypeError):
            return str(fact)
    return f"{fact:.1f}" if isinstance(fact, float) else str(fact)


def prose(text: str, facts: Facts | None, width: int = TEXT_WIDTH) -> Iterator[Line]:
    """Paragraphs, lists and code; an empty line between them. Without facts, nothing to fill in."""
    for number, block in enumerate(_blocks(text)):
        if number:
            yield Line()
        if block[0].startswith(("```", "    ")):
            for line in block:
                if not line.startswith("```"):
                    code = line.removeprefix("    ")
                    code = code if facts is None else fill(code, facts)
                    yield from (Line("    ").add(part) for part in wrap(code, width - 4))
        elif block[0].startswith("- "):
            for item in _items(block):
                for index, part in enumerate(_wrapped(item, facts, width - 2)):
                    yield Line("  " if index else "- ").join(part)
        else:
            yield from _wrapped(" ".join(block), facts, width)


def sentence(text: str, width: int = TEXT_WIDTH) -> list[Line]:
    """One paragraph, in which nothing is left to fill in."""
    return list(_wrapped(" ".join(text.split("\n")), None, width))


def glued(text: str, width: int) -> str:
    """Text in which the blanks of commands and citations are no place to break a line, as far as
    they fit on one of their own."""

    def whole(found: re.Match[str]) -> str:
        return found[0].replace(" ", GLUE) if cell_len(found[0]) <= width else found[0]

    return _WHOLE.sub(whole, text)


def wrap_whole(text: str, cells: int) -> list[str]:
    """As `wrap`, with commands and citations in one piece, and no line after the first beginning
    with blanks that stood between two words."""
    parts = wrap(glued(safe(text), cells), cells)
    return [part.replace(GLUE, " ") for part in [*parts[:1], *map(str.lstrip, parts[1:])]]


def has_facts(text: str) -> bool:
    """Does a template name any fact?"""
    return any(found[2] for found in _FACT.finditer(text))


def _blocks(text: str) -> Iterator[list[str]]:
    """The lines of each paragraph, list, or block of code."""
    block: list[str] = []
    kind = ""
    for line in text.split("\n"):
        now = _kind(line)
        if kind == "fence":
            block.append(line)
            kind = "" if now == "fence" else kind
            continue
        if now != kind and not (kind == "list" and now in ("text", "code")):
            if block:
                yield block
            block, kind = [], now
        if now:
            block.append(line)
    if block:
        yield block


def _kind(line: str) -> str:
    if not line.strip():
        return ""
    starts = {"```": "fence", "    ": "code", "- ": "list"}
    return next((kind for start, kind in starts.items() if line.startswith(start)), "text")


def _items(block: list[str]) -> list[str]:
    items: list[str] = []
    for line in block:
        if line.startswith("- "):
            items.append(line[2:])
        else:
            items[-1] += f" {line.strip()}"
    return items


type Word = list[tuple[str, str]]
"""What stands between two blanks: pieces of text, each in its style."""


def _wrapped(text: str, facts: Facts | None, width: int) -> Iterator[Line]:
    """A paragraph, word by word; a word too long for a line is broken."""
    line = Line()
    for word in _words(text, facts, width):
        size = sum(cell_len(piece) for piece, _ in word)
        if line.width and line.width + 1 + size > width:
            yield line
            line = Line()
        if line.width:
            line.add(" ")
        for piece, style in word:
            for part in wrap(piece, width) if size > width else [piece]:
                if line.width and line.width + cell_len(part) > width:
                    yield line
                    line = Line()
                line.add(part.replace(GLUE, " "), style)
    if line.width:
        yield line


def _words(text: str, facts: Facts | None, width: int) -> Iterator[Word]:
    word: Word = []
    for template, style in styled(text):
        run = safe(template if facts is None else fill(template, facts))
        for number, piece in enumerate(glued(run, width).split(" ")):
            if number and word:
                yield word
                word = []
            if piece:
                word.append((piece, style))
    if word:
        yield word


def styled(text: str) -> Iterator[tuple[str, str]]:
    """Pieces of a paragraph and their styles: `code` is a "name", what stands out a "value"."""
    at = 0
    for found in _MARKUP.finditer(text):
        yield text[at : found.start()], ""
        yield (found[1], "name") if found[1] else (found[2] or found[3], "value")
        at = found.end()
    yield text[at:], ""
