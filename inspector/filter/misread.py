"""Words for what can't be read: the place is lark's, the advice is ours."""

from __future__ import annotations

import re
from typing import Final

from lark import Token

from inspector.filter.errors import named, odd_space, one_of
from inspector.filter.kinds import DURATIONS, OPERATORS, SIZES

STRAY: Final = {
    "=": ("= alone is no operator", "write == to compare"),
    "&": ("& alone is no operator", "write and, or &&"),
    "|": ("| alone is no operator", "write or, or ||"),
    "~": ("~ is no operator", 'write matches "pattern"'),
    "/": ("a pattern stands in quotes", 'write matches "pattern"'),
    ".": ("a point has no place here", 'texts, such as addresses, stand in quotes: "127.0.0.1"'),
    '"': ("the text that begins here has no closing quote", 'end it with "'),
    "'": ("the text that begins here has no closing quote", "end it with '"),
}
UNITS: Final = {unit.lower() for unit in (*SIZES, *DURATIONS)}
VALUES: Final = {"NUMBER", "STRING", "HEX"}


def stray(text: str, place: int) -> tuple[str, str]:
    """A character that begins nothing: words and a hint."""
    character = text[place]
    if character in STRAY:
        return STRAY[character]
    if odd_space(character):
        return f"{named(character)} has no place here: it only looks like a space", "type a space"
    return f"{named(character)} has no place here", "texts stand in quotes"


def misplaced(text: str, token: Token, accepted: set[str]) -> tuple[int, str, str]:
    """A word where it can't be, or the end where more must come: column, words, hint."""
    column = (token.start_pos or 0) + 1
    if token.type == "$END":
        column = len(text.rstrip()) + 1
        if "RPAR" in accepted and (opened := _open_bracket(text, "(", ")")):
            return opened, "this parenthesis is never closed", "end it with )"
        if "RBRACE" in accepted or "COMMA" in accepted:
            return (
                _open_bracket(text, "{", "}") or column,
                "this row is never closed",
                "end it with }",
            )
        what, hint = _wanted(accepted)
        return column, f"the filter ends here, and {what} is expected", hint
    if token == ")" and "RPAR" not in accepted and "WORD" not in accepted:
        return column, "there is no parenthesis for this one to close", "leave it out"
    before = text[: column - 1].rstrip()
    last = re.search(r"(?:^|[\s(])([^\s(\"']+)$", before)
    if token.type in VALUES and "_AND" in accepted and last and "." not in last[1]:
        place = last.start(1) + 1
        words = f"{named(last[1])} is no operator"
        if last[1].lower() == "icontains":
            return place, words, 'try matches "(?i)…", which does not mind the case'
        return place, words, f"there are {one_of(OPERATORS, 'and')}"
    if last and token.lower() in UNITS and last[1][-1:].isdigit():
        return column, "between a number and its unit is no space", f"write {last[1]}{token}"
    if token.type in VALUES and "WORD" in accepted and "_NOT" in accepted:
        if token.type == "STRING":
            return column, "a field is expected, not a text", f"did you mean text contains {token}?"
        return column, f"a field is expected, not {named(token)}", "a value comes after an operator"
    what, hint = _wanted(accepted)
    return column, f"{named(token)} has no place here: {what} is expected", hint


def _wanted(accepted: set[str]) -> tuple[str, str]:
    """What may stand there, said in words."""
    if accepted & VALUES == {"STRING"}:
        return "a name in quotes", 'try header["user-agent"]'
    if accepted & VALUES:
        return "a value", "a number, a word, or a text in quotes"
    if "WORD" in accepted and "_NOT" in accepted and "OPERATOR" not in accepted:
        return "a condition", "try opcode == ping; --filter help lists the fields"
    if "LBRACE" in accepted:
        return "a row or a range", "try {1000, 1001} or 1000..1011"
    if "_TO" in accepted or "COMMA" in accepted:
        return ", or }", "values of a row are parted by commas"
    if "OPERATOR" in accepted:
        return "an operator, and, or", f"operators are {one_of(OPERATORS, 'and')}"
    if "RSQB" in accepted:
        return "]", 'try header["user-agent"]'
    if "_IN" in accepted:
        return "in", "try not in {1000, 1001}"
    return "and, or or the end", "join conditions with and / or"


def _open_bracket(text: str, opening: str, closing: str) -> int | None:
    """Column of the last bracket that is not closed; those in quotes don't count."""
    waiting: list[int] = []
    for found in re.finditer(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[(){}]', text, re.DOTALL):
        if found[0] == opening:
            waiting.append(found.start() + 1)
        elif found[0] == closing and waiting:
            waiting.pop()
    return waiting[-1] if waiting else None
