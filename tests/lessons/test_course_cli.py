"""`ws101` itself: its list of commands, and that none waits for what it does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from inspector import __version__
from lessons.cli import COMMANDS, main
from lessons.course.program import command
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
    assert f"Begin with:  {command('learn')}" in ws101().stdout + ws101().stderr


def test_the_version() -> None:
    assert __version__ in ws101("--version").stdout


def test_what_it_tells_to_type_works_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "my env" / "bin"
    place.mkdir(parents=True)
    ours = place / "ws101"
    ours.write_text("#!/bin/sh\necho it is me\n")
    ours.chmod(0o755)
    (tmp_path / "bin").mkdir()
    monkeypatch.setattr(sys, "argv", [str(ours), "learn"])
    for path, here, told in (
        (tmp_path / "bin", tmp_path, "'my env/bin/ws101' check 3"),
        (tmp_path / "bin", tmp_path / "bin", f"'{ours}' check 3"),
        (place, tmp_path, "ws101 check 3"),
    ):
        monkeypatch.setenv("PATH", str(path))
        monkeypatch.chdir(here)
        assert command("check", 3) == told
        done = subprocess.run(
            ["/bin/sh", "-c", command("check", 3)], capture_output=True, text=True, check=True
        )
        assert done.stdout == "it is me\n"
    (tmp_path / "bin" / "ws101").symlink_to("/bin/sh")  # another one of that name
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert command("check", 3) == f"'{ours}' check 3".replace(f"{tmp_path}/", "")


@pytest.mark.parametrize("typed", [["--dir", "/my home/x"], ["--dir=/my home/x"]])
def test_the_folder_that_was_named_is_named_again(
    typed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["ws101", "learn", *typed, "3"])
    assert command("check", 3, "--hint").endswith(" check 3 --hint --dir '/my home/x'") or (
        command("check", 3, "--hint").endswith(" check 3 --hint '--dir=/my home/x'")
    )
    assert "--dir" not in command("dump", "x.pcapng")


def test_a_checkout_that_was_not_installed_is_called_by_its_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["-c"])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python3"))
    monkeypatch.chdir(tmp_path)
    assert command("learn") == "bin/python3 -m lessons.cli learn"


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
