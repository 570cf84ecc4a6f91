"""JSON (RFC 8259), laid out for people and not altered.

Most programs read JSON into values and write them anew, and so hide what matters to whoever looks
for a fault: which of two equal keys came first, a number too large for JavaScript, a NaN that is no
JSON at all. Here the text is only cut into tokens and laid out: each stands as it was written. It
needs no recursion either, so a million brackets are as good as any other text.
"""

import json
import re
from typing import Final, NamedTuple

from inspector.payloads.view import Guess, Hints, Shown, View, shown, text_of

COMPACT: Final = 64
"""Characters up to which an object or an array stays on one line."""
DEEPEST: Final = 20
"""Levels that are indented."""
MAX_NOTES: Final = 5
MAX_TOKENS: Final = 100_000
"""Brackets, commas and values of one text; of more nobody reads a layout."""
SAFE_INTEGER: Final = 2**53

_TOKEN: Final = re.compile(
    r"[ \t\n\r]*+(?:"
    r'(?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+")'
    r"|(?P<number>-?(?:0|[1-9][0-9]*+)(?P<real>(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?))(?![\w.])"
    r"|(?P<word>true|false|null|NaN|-?Infinity)(?!\w)"
    r"|(?P<mark>[\[\]{},:]))"
)
_BLANK_END: Final = re.compile(r"[ \t\n\r]*+\Z")


class Layout(NamedTuple):
    """JSON laid out: its lines, and where readers may disagree about it."""

    lines: list[str]
    notes: list[str]
    kind: str
    """`object`, `array`, `string`, `number` or a word."""


def lay_out(text: str) -> Layout | None:
    """JSON in lines; None where it is none. NaN and Infinity pass, with a note."""
    reader = _Reader()
    at = 0
    while token := _TOKEN.match(text, at):
        if not reader.take(token) or len(reader.tokens) > MAX_TOKENS:
            return None
        at = token.end()
    if not reader.done or not _BLANK_END.match(text, at):
        return None
    return Layout(lines_of(reader.tokens), reader.notes, reader.kind)


def parsed(text: str) -> object | None:
    """The value that Python makes of it; None where there is none, or none that it would make."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


class _Reader:
    """Checks the grammar of tokens one by one."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.notes: list[str] = []
        self.kind = ""
        self._open: list[set[str] | None] = []
        """Of each object that is open its keys, of each array None."""
        self._next = "value"
        """What has to come: a value, a key, a colon, what follows a value; with `end`: or an end"""

    @property
    def done(self) -> bool:
        return bool(self.tokens) and not self._open and self._next == "follow"

    def take(self, token: re.Match[str]) -> bool:
        """Is this the token's place?"""
        role = token.lastgroup if token.lastgroup != "real" else "number"
        said = token[role or 0]
        self.tokens.append(said)
        if role == "mark":
            return self._mark(said)
        if role == "string" and self._next in ("key", "key or end"):
            self._key(said)
            self._next = "colon"
            return True
        if self._next not in ("value", "value or end"):
            return False
        if role == "number":
            self._number(said, bool(token["real"]))
        elif role == "word" and said[-1] in "Ny":
            self._note(f"{said} is no JSON: strict readers refuse it")
        self._value(role or "")
        return True

    def _value(self, kind: str) -> None:
        self.kind = self.kind or kind
        self._next = "follow"

    def _mark(self, said: str) -> bool:
        wanted = self._next
        if said in "[{":
            if wanted not in ("value", "value or end"):
                return False
            self.kind = self.kind or ("array" if said == "[" else "object")
            self._open.append(None if said == "[" else set())
            self._next = "value or end" if said == "[" else "key or end"
            return True
        if said == ":":
            self._next = "value"
            return wanted == "colon"
        if not self._open:
            return False
        in_object = self._open[-1] is not None
        if said == ",":
            self._next = "key" if in_object else "value"
            return wanted == "follow"
        self._open.pop()
        self._next = "follow"
        fits = said == ("}" if in_object else "]")
        return fits and wanted in ("follow", "key or end" if in_object else "value or end")

    def _key(self, said: str) -> None:
        keys = self._open[-1]
        assert keys is not None
        key = str(json.loads(said)) if "\\" in said else said[1:-1]
        if key in keys:
            self._note(
                f"the key {said[:40]} stands twice in one object: most readers keep the last"
            )
        keys.add(key)

    def _number(self, said: str, real: bool) -> None:
        digits = len(said)
        if not real and digits > 15 and (digits > 20 or abs(int(said)) > SAFE_INTEGER):
            self._note(f"{said[:40]} is beyond 2^53: JavaScript rounds it")
        elif real and float(said) in (float("inf"), float("-inf")):
            self._note(f"{said[:40]} is more than a double can hold")

    def _note(self, words: str) -> None:
        if words not in self.notes and len(self.notes) < MAX_NOTES:
            self.notes.append(words)


def lines_of(tokens: list[str]) -> list[str]:
    """Tokens of JSON, or of something like it, in indented lines."""
    ends, sizes = _measured(tokens)
    lines, line, depth, at = [], "", 0, 0
    while at < len(tokens):
        token = tokens[at]
        if token in ("[", "{") and (sizes[at] <= COMPACT or ends[at] == at + 1):
            line += _compact(tokens[at : ends[at] + 1])
            at = ends[at]
        elif token in ("[", "{"):
            depth += 1
            lines.append(line + token)
            line = "  " * min(depth, DEEPEST)
        elif token in ("]", "}"):
            depth -= 1
            lines.append(line)
            line = "  " * min(depth, DEEPEST) + token
        elif token == ",":
            lines.append(line + token)
            line = "  " * min(depth, DEEPEST)
        else:
            line += ": " if token == ":" else token
        at += 1
    return [*lines, line]


def _measured(tokens: list[str]) -> tuple[dict[int, int], dict[int, int]]:
    """Of each opening bracket: where it is closed, and how long it is on one line."""
    ends, sizes, open_at, size, before = {}, {}, [], 0, []
    for at, token in enumerate(tokens):
        if token in ("[", "{"):
            open_at.append(at)
            before.append(size)
        size += len(token) + (token in (",", ":"))
        if token in ("]", "}"):
            start = open_at.pop()
            ends[start], sizes[start] = at, size - before.pop()
    return ends, sizes


def _compact(tokens: list[str]) -> str:
    return "".join(f"{token} " if token in (",", ":") else token for token in tokens)


def _guess(data: bytes, hints: Hints) -> Guess | None:
    start = data.lstrip(b" \t\r\n")[:1]
    if start in (b"{", b"["):
        return Guess(50 if hints.kind == "text" else 40, f"begins with {start.decode()}")
    if start == b'"' and data.rstrip()[-1:] == b'"':
        return Guess(40, "stands in quotes")
    if "json" in hints.subprotocol.lower():
        return Guess(40, f"the subprotocol is {hints.subprotocol}")
    return None


def _view(data: bytes, hints: Hints) -> Shown | None:
    text = text_of(data)
    layout = lay_out(text) if text is not None else None
    if layout is None:
        return None
    return shown(f"JSON, {_article(layout.kind)}", lines=layout.lines, notes=layout.notes)


def _article(kind: str) -> str:
    return f"an {kind}" if kind[:1] in "ao" else f"a {kind}"


JSON: Final = View("JSON", _guess, _view)
