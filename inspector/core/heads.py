"""HTTP/1.1 heads (RFC 9112 §2 to §5): start line and field lines, read from bytes.

A head that breaks the grammar is still read as far as it can be; what is wrong with it is listed
as `faults`, each with its offset, because an inspector that refuses a faulty head hides the fault.
Text is ISO-8859-1, one character a byte, so offsets in text and bytes agree.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from inspector.core.safe import quoted

MAX_HEAD: Final = 64 * 1024
"""Bytes after which a head that did not end is taken for no head."""

_HEAD_END: Final = re.compile(rb"\n\r?\n")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VERSION: Final = re.compile(r"HTTP/([0-9])\.([0-9])")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_WORD: Final = re.compile(r"[^ \t\v\f\r]+")
"""A start line's words, as RFC 9112 §3 and §4 let a lenient reader part them."""
_START_LINES: Final = {
    # HTTP/0.9 had no version; that it is too low is another rule's to say.
    "request": re.compile(rf"{_TOKEN.pattern} {_WORD.pattern}( {_VERSION.pattern})?"),
    # The space before a reason that is not there is often left out, and nobody minds.
    "response": re.compile(rf"{_VERSION.pattern} [0-9]{{3}}( .*)?"),
}
_START_WORDS: Final = {
    "request": "no request line (method, target, version, with one space between)",
    "response": "no status line (version, three digits, reason, with one space between)",
}
_TOLD: Final = 3
"""So many faults of one head are told in words."""


@dataclass(frozen=True, slots=True)
class HeadFault:
    """Something the grammar forbids; `offset` is the first byte of the line it stands on.

    `line` is that line's number, from 1 on; 0 for a fault of no one line.
    """

    offset: int
    words: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One `name: value` line. `value` has the optional white space around it taken off."""

    name: str
    value: str
    offset: int


@dataclass(frozen=True, slots=True)
class Head:
    """A request's or response's head. `raw` is all of it, the empty line at its end included."""

    raw: bytes
    line: str
    fields: tuple[FieldLine, ...]
    faults: tuple[HeadFault, ...]

    def all(self, name: str) -> list[FieldLine]:
        """Every field line of this name, in order; names are case-insensitive."""
        wanted = name.lower()
        return [field for field in self.fields if field.name.lower() == wanted]

    def get(self, name: str) -> str | None:
        """The first value of this name."""
        lines = self.all(name)
        return lines[0].value if lines else None

    def elements(self, name: str) -> list[str]:
        """The comma-separated elements over all lines of this name (RFC 9110 §5.6.1)."""
        values = ",".join(field.value for field in self.all(name))
        return [part.strip(" \t") for part in values.split(",")] if values else []

    def has_token(self, name: str, token: str) -> bool:
        """Is `token` (lower case) an element of the field? Compared without regard to case."""
        return any(element.lower() == token for element in self.elements(name))

    def offset_of(self, name: str) -> int:
        """Offset of the first line of this name; 0 where it is missing."""
        lines = self.all(name)
        return lines[0].offset if lines else 0

    def faults_as(self, kind: Literal["request", "response"]) -> list[HeadFault]:
        """All that is wrong with it as a request or a response: beside its `faults`, is its start
        line one? Of a start line cut short nobody knows.
        """
        faults = list(self.faults)
        if b"\n" in self.raw and not _START_LINES[kind].fullmatch(self.line):
            words = f"{quoted(self.line)} is {_START_WORDS[kind]}"
            faults.insert(0, HeadFault(0, words, 1))
        return faults

    @property
    def complete(self) -> bool:
        """Did the empty line that ends it come?"""
        return self.raw.endswith((b"\n\r\n", b"\n\n"))

    @property
    def is_response(self) -> bool:
        return self._word(0).startswith("HTTP/")

    @property
    def method(self) -> str:
        return self._word(0)

    @property
    def target(self) -> str:
        return self._word(1)

    @property
    def version(self) -> str:
        """`HTTP/1.1` of either start line, as written."""
        return self._word(0 if self.is_response else 2)

    @property
    def is_before_http_1_1(self) -> bool:
        """Is the version lower than HTTP/1.1, or not there at all (HTTP/0.9 had none)?"""
        numbers = _VERSION.fullmatch(self.version)
        return (int(numbers[1]), int(numbers[2])) < (1, 1) if numbers else not self.version

    @property
    def status(self) -> int | None:
        """A response's status code."""
        word = self._word(1)
        return int(word) if self.is_response and re.fullmatch("[0-9]{3}", word) else None

    @property
    def upgrades(self) -> bool:
        """Is it a whole 101: from its end on, are there frames?"""
        return self.status == 101 and self.complete

    @property
    def is_websocket(self) -> bool:
        """Does a request ask for a WebSocket, or look as if it meant to (`Sec-WebSocket-*`)?"""
        return self.has_token("upgrade", "websocket") or any(
            field.name.lower().startswith("sec-websocket-") for field in self.fields
        )

    def _word(self, index: int) -> str:
        words = _WORD.findall(self.line)
        return words[index] if index < len(words) else ""


def head_length(data: bytes | bytearray, searched: int = 0) -> int | None:
    """Bytes of the head that `data` begins with, its empty line included; None if it goes on.

    `searched` bytes are known to hold no end, so that a head fed bytewise is not searched anew.
    """
    end = _HEAD_END.search(data, max(0, searched - 2))
    return end.end() if end else None


def parse_head(raw: bytes) -> Head:
    """Read a head, whole or cut short. Never raises."""
    faults: list[HeadFault] = []
    fields: list[FieldLine] = []
    line = ""
    offset = 0
    ended = False
    for number, piece in enumerate(raw.split(b"\n"), 1):
        text = piece.decode("iso-8859-1")
        at, offset = offset, offset + len(piece) + 1
        terminated = offset <= len(raw)
        if not piece and not terminated:
            break  # what follows the last line feed is no line
        text, bare = (text[:-1], False) if text.endswith("\r") else (text, terminated)
        found = ["the line ends in a bare LF, not in CR LF"] if bare else []
        if number == 1:
            line = text
            _check_text(text, found)
        elif not text and terminated:
            ended = True
        else:
            field = _field_line(text, at, found if terminated else [])
            if field is not None:
                fields.append(field)
        faults += [HeadFault(at, words, number) for words in found]
        if ended:
            break
    if not ended:
        faults.append(HeadFault(0, "the head never ends in an empty line"))
    return Head(raw, line, tuple(fields), tuple(faults))


def found_in(faults: Sequence[HeadFault]) -> tuple[int, str] | None:
    """A finding for all faults of a head: the offset of the first, and words with their lines."""
    if not faults:
        return None
    told = [f"line {each.line}: {each.words}" if each.line else each.words for each in faults]
    if len(told) > _TOLD:
        told[_TOLD:] = [f"and {len(told) - _TOLD} more"]
    return faults[0].offset, "; ".join(told)


def is_token(text: str) -> bool:
    """Is it a token of RFC 9110 §5.6.2?"""
    return _TOKEN.fullmatch(text) is not None


def _check_text(text: str, faults: list[str]) -> None:
    found = _CONTROL.search(text)
    if found:
        faults.append(f"control byte 0x{ord(found[0]):02x} in the line")


def _field_line(text: str, at: int, faults: list[str]) -> FieldLine | None:
    _check_text(text, faults)
    if text[:1] in (" ", "\t"):
        faults.append("the line is folded (begins with white space)")
        return None
    name, colon, value = text.partition(":")
    if not colon:
        faults.append("a field line without a colon")
        return None
    if name != name.rstrip(" \t"):
        faults.append("white space between the field name and its colon")
    elif not is_token(name):
        faults.append("the field name is not a token")
    return FieldLine(name.rstrip(" \t"), value.strip(" \t"), at)
