"""The pages and the program tell the same story: no option without words, no words without one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from lessons.cli import main
from tests.house.tree import ROOT, files, name

PAGES = [*sorted(ROOT.glob("*.md")), *files(".md", under=("docs",))]
WHERE_COMMANDS_ARE = [ROOT / "docs" / "commands.md", ROOT / "README.md"]
FENCE = re.compile(r"^(```+|~~~+).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)


def walk(command: click.Command, path: str = "ws101") -> Iterator[tuple[str, click.Command]]:
    """Yield every command of the program with the words that call it: "ws101 course verify"."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for word in command.list_commands(context):
            inner = command.get_command(context, word)
            assert inner is not None
            if not inner.hidden:
                yield from walk(inner, f"{path} {word}")


COMMANDS = dict(walk(main))


def options(command: click.Command) -> set[str]:
    """Return a command's options as typed, short forms left out where there is a long one."""
    found = set()
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            names = [*parameter.opts, *parameter.secondary_opts]
            found |= {word for word in names if word.startswith("--")} or set(names)
    return found


def section(words: str) -> str | None:
    """Return what the pages say under the heading of a command, deeper headings included."""
    for page in WHERE_COMMANDS_ARE:
        if not page.exists():
            continue
        text = page.read_text("utf-8")
        prose = FENCE.sub(blank, text)  # a comment in a code block is no heading
        heading = rf"^(#+) [^\n]*{re.escape(words)}(?![\w-]| [a-z])[^\n]*\n"
        if found := re.search(heading, prose, re.MULTILINE):
            next_heading = re.compile(rf"^#{{1,{len(found[1])}}} ", re.MULTILINE)
            end = next_heading.search(prose, found.end())
            return text[found.end() : end.start() if end else None]
    return None


def blank(match: re.Match[str]) -> str:
    """Replace a match by as many characters and lines of nothing."""
    return re.sub(r"[^\n]", " ", match[0])


@pytest.mark.parametrize("words", [words for words in COMMANDS if words != "ws101"])
def test_every_command_and_option_is_documented(words: str) -> None:
    text = section(words)
    assert text is not None, f"docs/commands.md needs a heading that names `{words}`"
    missing = {
        option for option in options(COMMANDS[words]) if not re.search(rf"{option}(?![\w-])", text)
    }
    assert missing == set(), f"under `{words}`"


def code(page: Path) -> Iterator[str]:
    """Yield the lines of code blocks and the code spans of a page."""
    text = page.read_text("utf-8")
    for fence in FENCE.finditer(text):
        yield from fence[0].replace("\\\n", " ").splitlines()[1:-1]
    rest = FENCE.sub("", text)
    yield from re.findall(r"^ {4}(\S.*)$", rest, re.MULTILINE)
    yield from re.findall(r"`([^`\n]+)`", rest)


def call(line: str) -> tuple[str, str] | None:
    """Find a call of ws101 in a line: its command ("ws101 dump") and the rest of it."""
    found = re.match(r"(?:\$ |.*[|;&] )?(?:\.venv/bin/)?(ws101(?: [a-z]\S*)*)(.*)", line)
    if not found:
        return None
    known, *words = found[1].split()
    for word in words:
        if f"{known} {word}" not in COMMANDS:
            break
        known += f" {word}"
    return known, line[line.index(known) + len(known) :]


# The changelog tells of the past too; what it names may be gone.
@pytest.mark.parametrize("page", [p for p in PAGES if p.name != "CHANGELOG.md"], ids=name)
def test_every_command_on_a_page_exists(page: Path) -> None:
    wrong = []
    for line in code(page):
        if (found := call(line)) is None:
            continue
        words, rest = found
        if isinstance(COMMANDS[words], click.Group) and re.match(r" [a-z]", rest):
            wrong.append(f"{line}: no such command")
        rest = re.split(r" [|;&#>] | -- ", rest)[0]
        unknown = set(re.findall(r"(?<!\S)--[a-z][a-z-]*", rest)) - options(COMMANDS[words])
        wrong += [f"{line}: no option {option}" for option in unknown - {"--help", "--version"}]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_target_on_a_page_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {word for line in code(page) for word in re.findall(r"(?:^|\$ |& )make ([a-z]+)", line)}
    assert named - targets == set()


def slug(heading: str) -> str:
    """Return the anchor that a heading gets where the pages are shown."""
    words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


@pytest.mark.parametrize("page", [*PAGES, *files(".md", under=("lessons",))], ids=name)
def test_every_local_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text("utf-8")))
    dead = []
    for target in re.findall(r"\]\(<?([^)>\s]+)>?(?: \"[^\"]*\")?\)", text):
        if re.match(r"[a-z]+:|.*[{}]", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        if not place.exists() or not place.is_relative_to(ROOT):
            dead.append(target)
        elif anchor and place.suffix == ".md":
            prose = FENCE.sub("", place.read_text("utf-8"))
            headings = re.findall(r"^#+ +(.*)$", prose, re.MULTILINE)
            if anchor not in {slug(heading) for heading in headings}:
                dead.append(target)
    assert dead == []


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", text) for text in headings[1:])
