"""docs/seed.md, read: which lesson and claim show which sentence of the text the course began with.

An entry of that page is a quoted sentence, a verdict, and where it is shown and talked about:

    > Stateless (doesn't remember old connections).

    **Holds, but** a cookie ...

    - lesson 2 claims: By HTTP alone the server can't tell who asked before
    - lesson 2 says so: Does it know you?
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.house.tree import ROOT

PAGE = ROOT / "docs" / "seed.md"
VERDICTS = ("Holds.", "Holds, but", "Not as said:")
SIMPLIFIES = VERDICTS[1:]
_POINTER = re.compile(r"- lesson (\d+) (claims|says so): (.+)")
_TEXT = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """One sentence. `claims` and `steps` are pairs of a lesson's number and a claim's words, or a
    step's title."""

    sentence: str
    verdict: str
    claims: tuple[tuple[int, str], ...]
    steps: tuple[tuple[int, str], ...]


def entries() -> list[Entry]:
    """What the page says, in its order."""
    before = PAGE.read_text("utf-8").partition("```text\n")[0]
    return [_entry(part) for part in re.split(r"^(?=> )", before, flags=re.MULTILINE)[1:]]


def _entry(part: str) -> Entry:
    part = part.partition("\n## ")[0]
    quoted = [line.removeprefix("> ") for line in part.splitlines() if line.startswith("> ")]
    items = re.sub(r"\n  +", " ", part)  # a long item goes on, indented, on the next line
    pointers = [match.groups() for match in map(_POINTER.fullmatch, items.splitlines()) if match]
    verdict = re.search(r"^\*\*(.+?)\*\*", part, re.MULTILINE)
    return Entry(
        " ".join(quoted),
        verdict[1] if verdict else "",
        tuple((int(number), words) for number, what, words in pointers if what == "claims"),
        tuple((int(number), words) for number, what, words in pointers if what == "says so"),
    )


def sentences() -> list[str]:
    """The text's sentences, rows and bullets, one by one; headings and lead-ins say nothing yet."""
    found = _TEXT.search(PAGE.read_text("utf-8"))
    assert found, "the text stands at the end of docs/seed.md"
    return list(_told(found[1].splitlines()))


def _told(lines: list[str]) -> Iterator[str]:
    for line in lines:
        text = line.strip().removeprefix("- ")
        if text.startswith("|"):
            cells = [cell.strip() for cell in text.strip("|").split("|")]
            if set("".join(cells)) != {"-"} and cells[0] != "Feature":
                yield " | ".join(cells)
        elif text and not text.startswith("#") and not text.endswith(":"):
            yield text


def claims_of(number: int) -> set[str]:
    """The claims of this lesson that the page relies on."""
    return {words for each in entries() for lesson, words in each.claims if lesson == number}


def texts_of(folder: Path) -> set[str]:
    """Every text that a lesson's own code is written with."""
    trees = [ast.parse(path.read_bytes()) for path in folder.glob("*.py")]
    return {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
