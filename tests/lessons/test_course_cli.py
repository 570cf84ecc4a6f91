"""`ws101` itself: its list of commands, and that none waits for what it does not need."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from inspector import __version__
from lessons.cli import COMMANDS, main
from tests.lessons.course_tools import ROOT, environment, ws101


def test_help_lists_every_command_under_its_heading() -> None:
    done = ws101("--help")
    assert done.returncode == 0
    for name, entry in COMMANDS.items():
        assert f"  {name} " in done.stdout
        assert entry.words in done.stdout
    assert [line for line in done.stdout.splitlines() if line in ("Learn:", "Look:", "Capture:")]
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_alone_it_shows_the_help() -> None:
    assert "Begin with:  ws101 learn" in ws101().stdout + ws101().stderr


def test_the_version() -> None:
    assert __version__ in ws101("--version").stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_where_the_table_says(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name


@pytest.mark.parametrize("words", [["learn"], ["check"], ["course"], ["course", "verify"]])
def test_help_fits_80_columns_and_teaches(words: list[str]) -> None:
    text = ws101(*words, "--help").stdout
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) > 5


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--help"], ["flask", "mitmproxy", "pytest", "rich", "lessons.course.session"]),
        (["explain", "8105"], ["flask", "mitmproxy", "pytest"]),
        (["check", "--help"], ["flask", "mitmproxy"]),
        (["learn", "--help"], ["flask", "mitmproxy"]),
    ],
)
def test_a_command_imports_only_what_it_needs(arguments: list[str], unneeded: list[str]) -> None:
    code = (
        "import sys\nfrom lessons.cli import main\n"
        f"try:\n    main({arguments!r}, prog_name='ws101')\n"
        "except SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    loaded = set(done.stderr.split())
    assert not loaded & set(unneeded)
