"""What every file of the house keeps to."""

from __future__ import annotations

import ast
import re

from tests.house.tree import PACKAGES, ROOT, files, name

LONGEST = 500

# Ways to turn a stranger's text into a page's code. A page sets textContent, and nothing else.
UNSAFE_IN_A_PAGE = re.compile(
    r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|setHTMLUnsafe)\b"
    r"|\bdocument\.write(?:ln)?\b|\beval\(|\bnew Function\b"
)
UNSAFE_IN_A_TEMPLATE = re.compile(r"\|\s*safe\b|autoescape\s+false|\bMarkup\(")


def test_no_file_is_longer_than_a_room() -> None:
    sources = [*files(".py", ".js", ".css", ".html", ".md"), ROOT / "Makefile"]
    lengths = {name(path): len(path.read_text("utf-8").splitlines()) for path in sources}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_every_module_of_the_inspector_says_what_it_is() -> None:
    silent = [
        name(path)
        for path in files(".py", under=("inspector", "addons"))
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def markup_from_a_value(source: str) -> list[int]:
    """Return the lines where rich would read a value's own text as markup.

    `console.print(f"{value}")` and its kin: a `[/x]` in the value raises, a `[link=…]` lies. A
    value is drawn as a `Text`, or printed with `markup=False`.
    """
    lines = []
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = ast.unparse(node.func.value).lower()
        reads_markup = node.func.attr == "from_markup" or (
            "console" in owner and node.func.attr in {"print", "rule", "log", "status", "input"}
        )
        plain = any(
            keyword.arg == "markup" and ast.unparse(keyword.value) == "False"
            for keyword in node.keywords
        )
        woven = any(
            isinstance(part, ast.FormattedValue)
            for value in node.args
            if isinstance(value, ast.JoinedStr)
            for part in value.values
        )
        if reads_markup and woven and not plain:
            lines.append(node.lineno)
    return lines


def test_rich_never_reads_a_value_as_markup() -> None:
    assert markup_from_a_value('console.print(f"[b]{payload}[/b]")') == [1]
    assert markup_from_a_value('console.print(f"{payload}", markup=False)') == []
    offenders = [
        f"{name(path)}:{line}"
        for path in files(".py", under=PACKAGES)
        if "wrong" not in path.parts
        for line in markup_from_a_value(path.read_text("utf-8"))
    ]
    assert offenders == []


def test_pages_never_make_code_of_text() -> None:
    assert UNSAFE_IN_A_PAGE.search("node.innerHTML = text")
    assert UNSAFE_IN_A_TEMPLATE.search("{{ text | safe }}")
    offenders = []
    for path in files(".js", ".html", ".py", under=PACKAGES):
        pattern = UNSAFE_IN_A_TEMPLATE if path.suffix == ".py" else UNSAFE_IN_A_PAGE
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            unsafe = pattern.search(line)
            if path.suffix == ".html":
                unsafe = unsafe or UNSAFE_IN_A_TEMPLATE.search(line)
            if unsafe:
                offenders.append(f"{name(path)}:{number} {unsafe[0]}")
    assert offenders == []


def test_pages_load_nothing_from_elsewhere() -> None:
    """The demo works without the internet, and tells nobody that it is used."""
    elsewhere = re.compile(
        r"""\b(?:src|href|url|import|from|fetch)\s*[=(]?\s*["']?\s*(?:https?:)?//\w"""
    )
    assert elsewhere.search('<script src="https://cdn.example/x.js">')
    links = re.compile(r"""<a\b[^>]*>""")
    offenders = [
        f"{name(path)}:{number}"
        for path in files(".js", ".css", ".html", under=PACKAGES)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if elsewhere.search(links.sub("", line))
    ]
    assert offenders == []
