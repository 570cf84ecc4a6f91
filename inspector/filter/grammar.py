"""From the text of a filter to its tree.

lark cuts the text into words and knows which may follow which; what they mean is decided here, as
soon as each part is whole, so that an error knows its column. Nothing recurses over the text: it
may be nested as deep as it likes, until `MAX_DEPTH` is said in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from inspector.filter.errors import FilterError, Unfit, named, one_of
from inspector.filter.fields import SIDE
from inspector.filter.kinds import ORDER, Value, Written, asked, unquote
from inspector.filter.misread import misplaced, stray
from inspector.filter.names import find
from inspector.filter.patterns import compiled
from inspector.filter.tree import And, Compare, Has, Node, Not, Or, Range, Ref, joined

MAX_LENGTH: Final = 10_000
"""Characters of a filter."""
MAX_DEPTH: Final = 100
"""`not`, and parentheses that matter, inside one another."""

GRAMMAR: Final = r"""
start: either
either: both (_OR both)*
both: denied (_AND denied)*
?denied: "(" either ")"
       | _NOT denied               -> denied
       | field                     -> has
       | field WORD                -> beside
       | field OPERATOR value      -> compare
       | field _IN among           -> among
       | field _NOT _IN among      -> not_among

field: WORD ("[" STRING "]")?
?among: "{" part ("," part)* "}"   -> row
      | range                      -> row
?part: value | range
range: value _TO value
value: WORD | NUMBER | STRING | HEX

_OR.2: /or\b(?![-.\[])/i | "||"
_AND.2: /and\b(?![-.\[])/i | "&&"
_NOT.2: /not\b(?![-.\[])/i | /!(?!=)/
_IN.2: /in\b(?![-.\[])/i
_TO: ".."
OPERATOR.2: "==" | "!=" | "<=" | ">=" | "<" | ">" | /(contains|matches)\b(?![-.\[])/i
WORD: /[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*/
NUMBER: /-?[0-9][0-9A-Za-z_µ]*(\.[0-9][0-9A-Za-z_µ]*)?/
STRING: /"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/s
HEX.2: /hex("[^"]*"|'[^']*')/i

%ignore /[ \t\r\n\f]+/
"""


class Placed(Exception):
    """Something wrong at a column."""

    def __init__(self, column: int, words: str, hint: str = "") -> None:
        super().__init__(words)
        self.column = column
        self.words = words
        self.hint = hint


@dataclass(frozen=True, slots=True)
class _Value:
    written: Written
    column: int


@dataclass(frozen=True, slots=True)
class _Field:
    ref: Ref
    column: int


@dataclass(frozen=True, slots=True)
class _Part:
    """A tree and how deep it is."""

    node: Node
    depth: int = 0


type _Among = list[_Value | tuple[_Value, _Value]]


def column_of(token: Token) -> int:
    return (token.start_pos or 0) + 1


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    """One method a rule of the grammar, called when the rule is read."""

    def start(self, part: _Part) -> Node:
        return part.node

    def either(self, *parts: _Part) -> _Part:
        return self._joined(Or, parts)

    def both(self, *parts: _Part) -> _Part:
        return self._joined(And, parts)

    def _joined(self, kind: type[And] | type[Or], parts: tuple[_Part, ...]) -> _Part:
        if len(parts) == 1:
            return parts[0]
        node = joined(kind, (part.node for part in parts))
        return self._deeper(node, max(part.depth for part in parts))

    def denied(self, part: _Part) -> _Part:
        return self._deeper(Not(part.node), part.depth)

    def _deeper(self, node: Node, depth: int) -> _Part:
        if depth == MAX_DEPTH:
            words = f"it is nested more than {MAX_DEPTH} deep"
            raise Placed(1, words, "join conditions with and / or instead")
        return _Part(node, depth + 1)

    def has(self, field: _Field) -> _Part:
        return _Part(Has(field.ref))

    def beside(self, field: _Field, word: Token) -> _Part:
        if field.ref.field.kind is not SIDE:
            operators = field.ref.field.kind.operators
            hint = f"try {field.ref} {operators[0]} {word}" if operators else "try and / or"
            words = f"an operator is missing between {named(str(field.ref))} and {named(word)}"
            raise Placed(column_of(word), words, hint)
        written = _Value(Written("word", str(word)), column_of(word))
        return _Part(Compare(field.ref, "==", _fit(field, "==", written)))

    def compare(self, field: _Field, operator: Token, value: _Value) -> _Part:
        word = operator.lower()
        _check_operator(field, word, column_of(operator))
        return _Part(Compare(field.ref, word, _fit(field, word, value)))

    def among(self, field: _Field, among: _Among) -> _Part:
        return self._among(field, "in", among)

    def not_among(self, field: _Field, among: _Among) -> _Part:
        return self._among(field, "not in", among)

    def _among(self, field: _Field, operator: str, among: _Among) -> _Part:
        _check_operator(field, operator, field.column)
        several = tuple(
            _fit_range(field, part) if isinstance(part, tuple) else _fit(field, operator, part)
            for part in among
        )
        return _Part(Compare(field.ref, operator, None, several))

    def row(self, *parts: Any) -> _Among:
        return list(parts)

    def range(self, low: _Value, high: _Value) -> tuple[_Value, _Value]:
        return low, high

    def field(self, word: Token, key: Token | None = None) -> _Field:
        column = column_of(word)
        try:
            return _Field(find(str(word), None if key is None else _unquoted(key)), column)
        except Unfit as trouble:
            raise Placed(column, trouble.words, trouble.hint) from None

    def value(self, token: Token) -> _Value:
        column = column_of(token)
        match token.type:
            case "STRING":
                return _Value(Written("string", _unquoted(token)), column)
            case "HEX":
                return _Value(Written("hex", token[4:-1]), column)
            case "NUMBER":
                return _Value(Written("number", str(token)), column)
            case _:
                return _Value(Written("word", str(token)), column)


def _unquoted(token: Token) -> str:
    try:
        return unquote(token)
    except Unfit as trouble:
        raise Placed(column_of(token) + trouble.aside, trouble.words, trouble.hint) from None


def _check_operator(field: _Field, operator: str, column: int) -> None:
    kind = field.ref.field.kind
    if operator in kind.operators:
        return
    if not kind.operators:
        words = f"{named(str(field.ref))} stands alone: it is {kind.name}"
        raise Placed(column, words, f"compare one of its fields: {field.ref}.rule == …")
    words = f"{named(str(field.ref))} is {kind.name}, which has no {operator}"
    raise Placed(column, words, f"there are {one_of(kind.operators, 'and')}")


def _fit(field: _Field, operator: str, value: _Value) -> Value:
    """The value as one of the field's kind."""
    kind = asked(field.ref.field.kind, operator)
    try:
        fitting = kind.read(value.written)
        if operator == "matches":
            compiled(str(fitting))
        return fitting
    except Unfit as trouble:
        raise Placed(value.column, trouble.words, trouble.hint) from None


def _fit_range(field: _Field, part: tuple[_Value, _Value]) -> Range:
    low, high = (_fit(field, "in", end) for end in part)
    kind = field.ref.field.kind
    if not set(ORDER) <= set(kind.operators):
        words = f"{named(str(field.ref))} is {kind.name}, which has no order to make ranges of"
        raise Placed(part[0].column, words, "try in {…, …}")
    if kind.place(low) > kind.place(high):
        raise Placed(part[0].column, "the range ends before it begins", "the lower end comes first")
    return low, high


@cache
def _parser() -> Lark:
    """Made once; the tables for it take a few hundredths of a second."""
    return Lark(GRAMMAR, parser="lalr", transformer=_Builder(), maybe_placeholders=False)


def tree_of(text: str) -> Node:
    """What a filter says. Raises `FilterError`, and nothing else."""
    if len(text) > MAX_LENGTH:
        words = f"a filter has at most {MAX_LENGTH:,} characters, and this has {len(text):,}"
        raise FilterError(text[: MAX_LENGTH + 1], MAX_LENGTH + 1, words)
    if not text.strip():
        raise FilterError(text, 1, "the filter is empty", "try opcode == ping")
    try:
        tree: Node = _parser().parse(text)  # type: ignore[assignment]  # what `start` returned
    except Placed as trouble:
        raise FilterError(text, trouble.column, trouble.words, trouble.hint) from None
    except UnexpectedCharacters as trouble:
        place: Any = trouble.pos_in_stream  # lark: always a number here
        raise FilterError(text, place + 1, *stray(text, place)) from None
    except UnexpectedToken as trouble:
        raise FilterError(
            text, *misplaced(text, trouble.token, set(trouble.accepts or ()))
        ) from None
    return tree
