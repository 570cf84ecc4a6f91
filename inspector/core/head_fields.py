"""The bytes of a handshake's heads in words: the fields that tile a request or a response.

Start line: its words and the spaces between them. Field lines: `name`, `colon`, `value`. Every line
ends in a `line_end`, the head in an `empty_line`. A value that is made of parts (the parameters of
an extension, the pairs of a cookie) has them as `parts`; what each means is in `head_values.py`.
"""

import re
from collections.abc import Iterator
from typing import Final

from inspector.core.fields import Field, moved
from inspector.core.head_values import STATUS_WORDS, Asked, meaning_of, target_parts, tiled
from inspector.core.heads import Head

_LINES: Final = re.compile(rb"[^\n]*\n|[^\n]+")
_BLANKS: Final = b" \t\v\f\r"
_WORD: Final = re.compile(rb"[^ \t\v\f\r]*")
_START_WORDS: Final = {
    "method": ("a WebSocket's request is a GET", "6455 §4.1(2)"),
    "target": ("which resource is asked for", "6455 §4.1(3)"),
    "version": ("the HTTP version: an upgrade needs at least 1.1", "6455 §4.1(2)"),
    "status": ("101 agrees to change the protocol; all else does not", "6455 §4.2.2(5.1)"),
    "reason": ("the status in words, for people", "9112 §4"),
}

_Piece = tuple[str, bytes, str, str, tuple[Field, ...]]
"""A field without its place: name, bytes, words, section, and its parts from bit 0 on."""


def head_fields(head: Head, request: Head | None = None) -> list[Field]:
    """The fields of a request's or response's head, bits counted from its first byte.

    `request` is what a response answers, where that is known: its key, what it offered.
    """
    asked = Asked(head, request)
    fields: list[Field] = []
    at = 0
    for number, line in enumerate(_LINES.findall(head.raw)):
        body = line.rstrip(b"\r\n") if line.endswith(b"\n") else line
        for name, piece, words, rfc, parts in _line(number, body, line[len(body) :], asked):
            if piece:
                bits = (at * 8, (at + len(piece)) * 8)
                value = piece.decode("iso-8859-1")
                fields.append(Field(name, bits, value, words, rfc, moved(parts, at * 8)))
                at += len(piece)
    return fields


def _line(number: int, body: bytes, ending: bytes, asked: Asked) -> Iterator[_Piece]:
    if number == 0:
        yield from _start_line(body, asked.head)
    elif body:
        yield from _field_line(body, asked)
    else:
        words = "an empty line ends the head: from the next byte on, what was agreed"
        if asked.head.is_response and not asked.head.upgrades:
            words = "an empty line ends the head: what follows is its body, if it has one"
        yield "empty_line", ending, words, "9112 §2.1", ()
        return
    yield "line_end", ending, "CR LF" if ending == b"\r\n" else "not CR LF", "9112 §2.2", ()


def _start_line(body: bytes, head: Head) -> Iterator[_Piece]:
    names = ("version", "status", "reason") if head.is_response else ("method", "target", "version")
    rfc = "9112 §4" if head.is_response else "9112 §3"
    rest = body
    for name in names:
        if name != names[0]:
            # A reason may begin with blanks of its own.
            bare = rest.removeprefix(b" ") if name == "reason" else rest.lstrip(_BLANKS)
            gap, rest = rest[: len(rest) - len(bare)], bare
            yield "space", gap, "one space" if gap == b" " else "has to be one space", rfc, ()
        word = rest if name == names[-1] else _WORD.match(rest)[0]  # type: ignore[index]
        words, section = _START_WORDS[name]
        parts: tuple[Field, ...] = ()
        if name == "status":
            words, section = STATUS_WORDS.get(head.status or 0, (words, section))
        elif name == "target":
            parts = tiled(word.decode("iso-8859-1"), target_parts)
        yield name, word, words, section, parts
        rest = rest[len(word) :]


def _field_line(body: bytes, asked: Asked) -> Iterator[_Piece]:
    name, colon, value = body.partition(b":")
    if not colon:
        folded = body[:1] in b" \t"
        words = "goes on with the line before it: a fold, which a head must not have"
        if not folded:
            words = "no field: a name, a colon and a value are needed"
        yield "no_field", body, words, "9112 §5.2" if folded else "9112 §5", ()
        return
    meaning = meaning_of(name.strip().lower().decode("iso-8859-1"), asked)
    yield "name", name, meaning.words, meaning.rfc, ()
    yield "colon", colon, "ends the name", "9112 §5", ()
    rest = value.lstrip(b" \t")
    bare = rest.rstrip(b" \t")
    text = bare.decode("iso-8859-1")
    space = "optional white space", "9112 §5.1", ()
    yield "white_space", value[: len(value) - len(rest)], *space
    words = meaning.value(text, asked) if meaning.value is not None else meaning.words
    parts = tiled(text, meaning.parts, asked) if meaning.parts is not None else ()
    yield "value", bare, words, meaning.rfc, parts
    yield "white_space", rest[len(bare) :], *space
