"""`ws101 check`: the learner's command, its options, and what it says when called wrongly."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lessons.course.home import Home
from lessons.course.progress import Progress
from tests.lessons.course_tools import LESSON, ROOT, SOLUTION, environment, ws101


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.hand_over(LESSON)
    return home


def test_check_by_command(home: Home) -> None:
    fails = ws101("check", "3", "--dir", home.path)
    assert fails.returncode == 1
    assert "0 of 4 checks pass." in fails.stdout
    home.exercise(LESSON).write_text(SOLUTION, "utf-8")
    passes = ws101("check", "--dir", home.path)
    assert passes.returncode == 0
    assert "all 4 checks pass." in passes.stdout
    kept = Progress(home)[LESSON.slug].exercise
    assert (kept.passed, kept.tries, kept.right, kept.checks) == (True, 2, 4, 4)
    assert passes.stderr == ""
    assert max(map(len, passes.stdout.splitlines())) <= 80 or len(str(home.path)) > 60


def test_json_for_programs(home: Home) -> None:
    done = ws101("check", "3", "--format", "json", "--dir", home.path)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert (found["version"], found["status"]) == (1, "fail")
    (lesson,) = found["lessons"]
    assert lesson["lesson"] == "03_handshake"
    assert [check["status"] for check in lesson["checks"]] == ["fail"] * 4
    assert lesson["checks"][0]["miss"]["rfc"] == "6455 §4.2.2"


def test_hints_come_in_stages_and_speak_to_the_mistake(home: Home) -> None:
    where = ("--dir", str(home.path))
    early = ws101("check", "3", "--solution", *where)
    assert early.returncode == 2
    assert "see the hints (3 to go)" in early.stderr
    shutil.copyfile(LESSON.folder / "wrong" / "decoded_key.py", home.exercise(LESSON))
    assert ws101("check", "3", *where).returncode == 1
    said = [ws101("check", "3", "--hint", *where).stdout for _ in range(5)]
    assert said[0].startswith("Hint for your last answer")
    assert "You decoded the key from base64 first." in said[0]
    assert [text.split(":")[0] for text in said[1:]] == [
        "Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3", "Hint 3 of 3",
    ]  # fmt: skip
    assert "--solution" in said[3]
    assert "shows a solution" in said[3]
    shown = ws101("check", "3", "--solution", *where)
    assert shown.returncode == 0
    assert SOLUTION.strip() in shown.stdout


def test_reset_keeps_what_was_there(home: Home) -> None:
    for text in ("first = 1\n", "second = 2\n"):
        home.exercise(LESSON).write_text(text)
        done = ws101("check", "3", "--reset", "--dir", home.path)
        assert done.returncode == 0
        assert "What you had is kept: " in done.stdout
    kept = sorted(path.read_text() for path in home.folder(LESSON).glob("exercise-*.py"))
    assert kept == ["first = 1\n", "second = 2\n"]
    stub = (LESSON.folder / "exercise.py").read_bytes()
    assert home.exercise(LESSON).read_bytes() == stub
    assert "is kept" not in ws101("check", "3", "--reset", "--dir", home.path).stdout
    assert len(list(home.folder(LESSON).glob("exercise-*.py"))) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check",), "no exercise was begun in "),
        (("check", "99"), "there is no lesson '99'; there are "),
        (("check", "--hint"), "which lesson? you have begun none"),
        (("check", "3", "--hint", "--reset"), "--hint and --reset exclude each other"),
        (("check", "3", "--watch", "--format", "json"), "without --watch"),
        (("check", "3", "--nope"), "no such option"),
        (("learn", "nope"), "there is no lesson 'nope'"),
        (("course", "verify", "99"), "there is no lesson '99'"),
        (("nope",), "no command is called 'nope'; there are learn, "),
    ],
)
def test_wrong_calls_are_told_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = ws101(*arguments, WS101_HOME=str(tmp_path / "none"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert words in done.stderr.lower() if words.islower() else words in done.stderr


def test_a_folder_that_can_not_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    done = ws101("check", "3", "--dir", blocked)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "choose another folder with --dir or WS101_HOME" in done.stderr


def test_watch_checks_again_on_save(home: Home) -> None:
    command = [sys.executable, "-u", "-m", "lessons.cli", "check", "3", "--watch"]
    with subprocess.Popen(
        [*command, "--dir", str(home.path)],
        cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        said = ""
        while "watching" not in said and (line := process.stdout.readline()):
            said += line
        assert "0 of 4 checks pass" in said
        home.exercise(LESSON).write_text(SOLUTION, "utf-8")
        lines = iter(process.stdout.readline, "")
        assert any("all 4 checks pass" in line for line in lines)
        process.send_signal(2)
        assert process.wait(30) == 0
        assert "Traceback" not in process.stdout.read()
