"""The kinds of values that fields have: how one is written, read, and what can be asked of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

from inspector.filter.errors import Unfit, meant, named, one_of

type Value = bool | int | float | str | bytes
type Shape = Literal["number", "string", "hex", "word"]

SAME: Final = ("==", "!=")
ORDER: Final = ("<", "<=", ">", ">=")
AMONG: Final = ("in", "not in")
SEARCH: Final = ("contains", "matches")
OPERATORS: Final = (*SAME, *ORDER, *AMONG, *SEARCH)

SIZES: Final = {
    "B": 1,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
    "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
}  # fmt: skip
DURATIONS: Final = {"ns": "1e-9", "us": "1e-6", "ms": "1e-3", "s": "1", "min": "60", "h": "3600"}
_UNITS: Final = {unit.lower(): Decimal(factor) for unit, factor in SIZES.items()}
_LAPSES: Final = {unit: Decimal(factor) for unit, factor in DURATIONS.items()} | {
    "µs": Decimal("1e-6"),
    "m": Decimal(60),
}
_NUMBER: Final = re.compile(r"(-?[0-9][0-9_]*(?:\.[0-9]+)?)([A-Za-zµ]*)")
_HEX_NUMBER: Final = re.compile(r"-?0[xX][0-9A-Fa-f_]+")
MAX_DIGITS: Final = 24
MAX_SIZE: Final = 2**64
MAX_LAPSE: Final = 1000 * 366 * 86400
"""Seconds; what is shorter than a nanosecond is rounded to one."""


@dataclass(frozen=True, slots=True)
class Written:
    """A value as it stands in a filter: a number with its unit, a text (already unquoted), bytes
    as hex digits, or a bare word."""

    shape: Shape
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind of values. `name` is what an error calls it, `example` a value to try.

    `read` makes a value of what is written, or raises `Unfit`; `show` writes one so that `read`
    gives it back. `words` are those that can be compared with, where there is a fixed row of them.
    """

    name: str
    example: str
    operators: tuple[str, ...]
    read: Callable[[Written], Value]
    show: Callable[[Value], str]
    words: tuple[str, ...] = ()
    rank: tuple[str, ...] = ()
    """Words in their order, for those that have one."""

    def place(self, value: Any) -> Any:
        """What puts a value in order: itself, or the place of its word."""
        return self.rank.index(value) if self.rank else value


def _unfit(written: Written, what: str, example: str) -> Unfit:
    are = {
        "number": "a number",
        "string": "a text",
        "hex": "bytes",
        "word": "a word",
    }[written.shape]
    verb = "are" if what == "bytes" else "is"
    return Unfit(f"{named(written.text)} is {are}, and {what} {verb} expected", f"try {example}")


# Numbers


def _number(written: Written, what: str, example: str) -> tuple[Decimal, str]:
    """A number and its unit."""
    text = written.text
    if written.shape != "number":
        raise _unfit(written, what, example)
    if _HEX_NUMBER.fullmatch(text) and len(text) <= MAX_DIGITS:
        return Decimal(int(text.replace("_", ""), 16)), ""
    found = _NUMBER.fullmatch(text)
    if found is None or len(text) > MAX_DIGITS:
        raise Unfit(f"{named(text)} is no number", f"{what} is expected: try {example}")
    try:
        return Decimal(found[1].replace("_", "")), found[2]
    except InvalidOperation:
        raise Unfit(f"{named(text)} is no number", f"try {example}") from None


def _read_number(written: Written) -> Value:
    number, unit = _number(written, "a number", "10")
    if unit:
        raise Unfit(f"a number without a unit is expected, not {named(written.text)}", "try 10")
    return int(number) if number == int(number) else float(number)


def _show_number(value: Value) -> str:
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


NUMBER: Final = Kind("a number", "10", (*SAME, *ORDER, *AMONG), _read_number, _show_number)


def _read_size(written: Written) -> Value:
    number, unit = _number(written, "a number of bytes", "64KiB")
    factor = _UNITS.get(unit.lower(), None) if unit else Decimal(1)
    if factor is None:
        units = one_of(SIZES)
        raise Unfit(f"{named(unit)} is no unit of sizes", f"there are {units}: try 64KiB")
    size = round(number * factor)
    if abs(size) > MAX_SIZE:
        raise Unfit(f"{named(written.text)} is more than a length can be", "try 64KiB")
    return size


def _show_size(value: Value) -> str:
    assert isinstance(value, int)
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        if value and value % SIZES[unit] == 0:
            return f"{value // SIZES[unit]}{unit}"
    return str(value)


SIZE: Final = Kind("a number of bytes", "64KiB", (*SAME, *ORDER, *AMONG), _read_size, _show_size)


def _read_duration(written: Written) -> Value:
    number, unit = _number(written, "a duration", "1.5s")
    if not unit and number == 0:
        return 0.0
    factor = _LAPSES.get(unit.lower(), None)
    if factor is None:
        units = one_of(DURATIONS)
        words = f"{named(unit)} is no unit of time" if unit else "a duration has a unit"
        raise Unfit(words, f"there are {units}: try {named(written.text)[1:-1]}s or 50ms")
    lapse = number * factor
    if abs(lapse) > MAX_LAPSE:
        raise Unfit(f"{named(written.text)} is longer than a thousand years", "try 1.5s or 50ms")
    return float(round(lapse, 9)) + 0.0  # no -0.0


def _show_duration(value: Value) -> str:
    """Milliseconds below a second, seconds above."""
    number = Decimal(repr(value))
    if number and abs(number) < 1:
        return f"{_plain(number * 1000)}ms"
    return f"{_plain(number)}s"


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


DURATION: Final = Kind(
    "a duration", "1.5s", (*SAME, *ORDER, *AMONG), _read_duration, _show_duration
)


# Yes or no


def _read_flag(written: Written) -> Value:
    if written.shape != "word" or written.text.lower() not in ("true", "false"):
        raise _unfit(written, "true or false", "true, or the field alone")
    return written.text.lower() == "true"


FLAG: Final = Kind(
    "true or false", "true", SAME, _read_flag, lambda value: str(value).lower(), ("true", "false")
)


# Text and bytes

_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([nrt\\\"']))"
)


def unquote(text: str) -> str:
    r"""What stands between the quotes, its escapes resolved.

    A backslash before anything else is kept, so that a pattern can be written as usual: `"\d+"`.
    """

    def character(found: re.Match[str]) -> str:
        if found[4]:
            return _ESCAPES[found[4]]
        code = int(found[1] or found[2] or found[3], 16)
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise Unfit(f"{named(found[0])} is no character", "", found.start() + 1)
        return chr(code)

    return _ESCAPE.sub(character, text[1:-1])


def quote(text: str) -> str:
    """A text in quotes, in characters that can be printed."""

    def escaped(c: str) -> str:
        if c in '"\\':
            return f"\\{c}"
        if c.isprintable():
            return c
        code = ord(c)
        return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else (
            f"\\U{code:08x}"
        )  # fmt: skip

    return f'"{"".join(map(escaped, text))}"'


def _read_text(written: Written) -> Value:
    if written.shape == "string":
        return written.text
    raise Unfit(
        f"a text is expected, not {named(written.text)}", f"put it in quotes: {quote(written.text)}"
    )


def _show_text(value: Value) -> str:
    assert isinstance(value, str)
    return quote(value)


TEXT: Final = Kind("a text", '"room"', (*SAME, *SEARCH, *AMONG), _read_text, _show_text)


def _read_bytes(written: Written) -> Value:
    if written.shape == "string":
        return written.text.encode()
    digits = written.text
    if written.shape == "number" and _HEX_NUMBER.fullmatch(digits) and digits[0] == "0":
        digits = digits[2:]
    elif written.shape != "hex":
        raise _unfit(written, "bytes", '0xdeadbeef, hex"de ad" or "text"')
    digits = re.sub(r"[\s:_]", "", digits)
    if len(digits) % 2 or not re.fullmatch("[0-9A-Fa-f]*", digits):
        raise Unfit(f"{named(written.text)} are no whole bytes", "two hex digits make one")
    return bytes.fromhex(digits)


def _show_bytes(value: Value) -> str:
    assert isinstance(value, bytes)
    return f"0x{value.hex()}" if value else 'hex""'


BYTES: Final = Kind("bytes", "0xdeadbeef", (*SAME, *SEARCH, *AMONG), _read_bytes, _show_bytes)


# Words of a fixed row


def words_of(name: str, words: Iterable[str], *, ordered: bool = False) -> Kind:
    """A kind whose values are these words; `ordered`: the first is the least."""
    bare = name.partition(" ")[2]
    known = tuple(words)
    # A fixed row that is no text to be searched offers neither `contains` nor `matches`.
    operators = (*SAME, *ORDER, *AMONG) if ordered else (*SAME, *AMONG, *SEARCH)

    def read(written: Written) -> Value:
        word = written.text.lower()
        if written.shape in ("word", "string") and word in known:
            return word
        hint = meant(written.text, known) or (
            f"there are {one_of(known, 'and')}" if len(known) <= 8 else f"try {known[0]}"
        )
        raise Unfit(f"{named(written.text)} is no {bare}", hint)

    def show(value: Value) -> str:
        word = str(value)
        return word if word in known else quote(word)

    return Kind(name, known[-1], operators, read, show, known, known if ordered else ())


def numbers_of(name: str, names: dict[str, int]) -> Kind:
    """A kind of small numbers that have names, and may be written as either."""
    bare = name.partition(" ")[2]
    by_number = {number: word for word, number in names.items()}

    def read(written: Written) -> Value:
        if written.shape == "number":
            value = _read_number(written)
            if value not in by_number:
                least, most = min(by_number), max(by_number)
                hint = f"they go from {least} to {most}"
                raise Unfit(f"{named(written.text)} is no {bare}", hint)
            return value
        if written.shape != "word" or (number := names.get(written.text.lower())) is None:
            common = [word for word in names if not word.startswith("reserved")]
            hint = meant(written.text, names) or f"there are {one_of(common, 'and')}, and numbers"
            raise Unfit(f"{named(written.text)} is no {bare}", hint)
        return number

    def show(value: Value) -> str:
        assert isinstance(value, int)
        return by_number[value]

    example = next(iter(names))
    return Kind(name, example, (*SAME, *ORDER, *AMONG), read, show, tuple(names))


def _read_nothing(written: Written) -> Value:
    raise Unfit("it is compared with nothing", "")


PRESENCE: Final = Kind("there, or not", "", (), _read_nothing, str)
"""Of fields that only say that something is there."""


def asked(kind: Kind, operator: str) -> Kind:
    """The kind of value that an operator takes: what is searched for is a text, or bytes."""
    if operator == "matches" or (operator == "contains" and kind is not BYTES):
        return TEXT
    return kind
