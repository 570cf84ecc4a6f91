"""The check of an exercise: what passes, what fails, what it says, and what it survives."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from inspector.screen.paper import Paper
from lessons.course.checks import Verdict, run_tests
from lessons.course.course import Course
from lessons.course.expect import Expect, Mismatch, Near, difference, same
from lessons.course.home import Home
from lessons.course.plugin import told as told_by_plugin
from lessons.course.program import command
from lessons.course.report import report
from tests.lessons.course_tools import ROOT, alive, environment, until, ws101

LESSON = Course().find("handshake")
SOLUTION = (LESSON.folder / "solution.py").read_text("utf-8")
PATIENT = 30.0


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.hand_over(LESSON)
    return home


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of an exercise has two seconds."""
    monkeypatch.setenv("WS101_CHECK_SECONDS", "2")


def verdict_on(home: Home, code: str, seconds: float = PATIENT) -> Verdict:
    home.exercise(LESSON).write_text(code, "utf-8")
    return run_tests(LESSON, home.folder(LESSON), home.path / "pytest.ini", seconds)


def told(verdict: Verdict, home: Home) -> str:
    """The report as a learner reads it, wrapped lines joined."""
    lines = [line.plain for line in report(verdict, home)]
    assert all(len(line) <= 80 for line in lines)
    return " ".join(" ".join(lines).split())


def plain_pytest(home: Home) -> subprocess.CompletedProcess[str]:
    """What a learner gets who types `pytest` in their folder."""
    pytest_program = Path(sys.executable).with_name("pytest")
    return subprocess.run(
        [str(pytest_program)], cwd=home.path, env=environment(), capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


def test_the_stub_fails_and_says_where_expected_got_and_the_section(home: Home) -> None:
    verdict = verdict_on(home, (LESSON.folder / "exercise.py").read_text("utf-8"))
    assert not verdict.passed
    text = told(verdict, home)
    assert "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" in text
    assert "expected 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' got ''" in text
    assert "RFC 6455 §4.2.2" in text
    assert f"0 of 4 checks pass. a hint: {command('check', 3, '--hint')}" in text


def test_the_solution_passes_and_plain_pytest_says_the_same(home: Home) -> None:
    verdict = verdict_on(home, SOLUTION)
    assert verdict.passed
    assert [check.status for check in verdict.checks] == ["pass"] * 4
    assert "all 4 checks pass" in told(verdict, home)
    done = plain_pytest(home)
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


@pytest.mark.parametrize(
    "answer", sorted((LESSON.folder / "wrong").glob("*.py")), ids=lambda path: path.stem
)
def test_a_wrong_answer_fails_and_plain_pytest_says_the_same(home: Home, answer: Path) -> None:
    verdict = verdict_on(home, answer.read_text("utf-8"))
    assert not verdict.passed
    failure = verdict.first_failure
    assert failure is not None
    assert failure.miss.words or failure.miss.expected
    done = plain_pytest(home)
    assert done.returncode == 1, done.stdout
    failed = sum(check.status == "fail" for check in verdict.checks)
    assert re.search(rf"\b{failed} (failed|errors?)\b", done.stdout)
    assert failure.miss.lines()[-1] in done.stdout


@pytest.mark.parametrize(
    ("code", "tag", "words"),
    [
        ("def accept_key(key):\n    return b'x'", "", "the type differs: expected str, got bytes"),
        ("def accept_key(key):\n    pass", "", "does every path of your function end in a return?"),
        (
            "def accept_key(key):\n    return helper(key)\ndef helper(key):\n    return key + 1",
            "TypeError",
            'exercise.py, line 4, in helper: return key + 1 TypeError: can only concatenate str',
        ),
        ("def accept_key(key:\n    pass", "syntax", "exercise.py, line 1: def accept_key(key:"),
        ("def accept(key):\n    pass", "broken", "exercise.py has no accept_key"),
        ("def accept_key():\n    pass", "TypeError", "takes 0 positional arguments"),
        ("1 / 0", "ZeroDivisionError", "exercise.py, line 1: 1 / 0 ZeroDivisionError"),
        ("import nothing_of_this_name", "ModuleNotFoundError", "No module named"),
        ("raise SystemExit(0)", "SystemExit", "SystemExit: 0"),
        ("def accept_key(key):\n    raise NotImplementedError('later')", "not-written", "later"),
        ("def accept_key(key):\n    return accept_key(key)", "RecursionError", "RecursionError"),
        ("def accept_key(key):\n    print('\\x1b[31mhi')\n    return ''", "stub", "␛[31mhi"),
    ],
)  # fmt: skip
def test_what_goes_wrong_in_their_code_is_told_by_their_line(
    home: Home, code: str, tag: str, words: str
) -> None:
    verdict = verdict_on(home, code)
    assert verdict.words == ""
    assert verdict.first_failure is not None
    assert verdict.first_failure.miss.tag == tag
    text = told(verdict, home)
    assert words in text
    assert "Traceback" not in text
    assert "plugin.py" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    "loop",
    [
        "    while True:\n        pass",
        "    while True:\n        try:\n            1\n        except Exception:\n            2",
        "    import time\n    time.sleep(1000)",
    ],
)
def test_a_loop_that_never_ends_is_told_with_its_line(
    home: Home, loop: str, impatient: None
) -> None:
    verdict = verdict_on(home, f"def accept_key(key):\n{loop}\n")
    assert not verdict.passed
    text = told(verdict, home)
    assert "it did not end within" in text
    assert "exercise.py, line" in text
    assert "in accept_key" in text
    assert [check.status for check in verdict.checks] == ["fail", *["not run"] * 3]


def test_while_a_check_runs_it_tells_how_far_it_is_and_can_be_left(home: Home) -> None:
    heard: list[str] = []

    def leave(words: str) -> None:
        heard.append(words)
        if "1 of 4, 1 s" in words:
            raise KeyboardInterrupt

    home.exercise(LESSON).write_text("def accept_key(key):\n    while True:\n        pass\n")
    with pytest.raises(KeyboardInterrupt):
        run_tests(LESSON, home.folder(LESSON), home.path / "pytest.ini", waiting=leave)
    assert heard[0] == "checking 3: 1 of 4 ..."


def test_a_loop_that_swallows_every_interruption_is_ended(home: Home, impatient: None) -> None:
    loop = "while True:\n        try:\n            while True: pass\n        except: pass"
    verdict = verdict_on(home, f"def accept_key(key):\n    {loop}\n")
    assert not verdict.passed
    assert "did not end within" in told(verdict, home)


def test_a_process_that_nothing_interrupts_is_killed(home: Home) -> None:
    """A loop in C hears no signal: the time limit of the whole run ends it."""
    verdict = verdict_on(home, "sum(range(10 ** 18))\n", seconds=8)
    assert not verdict.passed
    assert "stopped after 8 seconds" in told(verdict, home)


@pytest.mark.parametrize("before", [0, 30, 90, 200])
@pytest.mark.parametrize("after", [0, 30, 200])
def test_the_caret_of_a_syntax_error_stands_under_its_place(
    home: Home, before: int, after: int
) -> None:
    line = f"x = '{'a' * before}' $ '{'b' * after}'"
    with pytest.raises(SyntaxError) as caught:
        compile(line, "exercise.py", "exec")
    lines = told_by_plugin(caught.value).where.split("\n")
    assert len(lines) == 2
    assert lines[0][lines[1].index("^")] == "$"
    assert max(map(len, lines)) <= 72
    assert ("…" in lines[0]) == (len(line) > 50)


def test_a_process_that_ends_itself_has_passed_nothing(home: Home) -> None:
    code = f"{SOLUTION}\nimport os\nos._exit(0)\n"
    verdict = verdict_on(home, code)
    assert not verdict.passed
    assert "the process ended" in told(verdict, home)


def test_what_it_starts_goes_with_it(home: Home, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'])\n"
        f"open({str(note)!r}, 'w').write(str(child.pid))\n"
    )
    verdict_on(home, code + SOLUTION)
    until(lambda: not alive(int(note.read_text())), "its child ends with it")


def test_memory_without_end_fails_instead_of_the_machine(home: Home) -> None:
    code = "def accept_key(key):\n    return bytearray(1 << 40)\n"
    text = told(verdict_on(home, code), home)
    assert "MemoryError" in text


def test_a_file_of_theirs_can_not_stand_in_for_the_standard_library(home: Home) -> None:
    (home.folder(LESSON) / "hashlib.py").write_text("raise RuntimeError('mine')\n")
    (home.path / "json.py").write_text("raise RuntimeError('mine')\n")
    assert verdict_on(home, SOLUTION).passed


def test_our_test_file_is_refreshed_and_theirs_is_never_touched(home: Home) -> None:
    home.exercise(LESSON).write_text("mine = 1\n")
    test = home.folder(LESSON) / "test_exercise.py"
    test.write_text("def test_nothing():\n    pass\n")
    done = ws101("check", "3", "--dir", home.path)
    assert done.returncode == 1
    assert home.exercise(LESSON).read_text() == "mine = 1\n"
    assert test.read_bytes() == (LESSON.folder / "test_exercise.py").read_bytes()


# `expect`


def test_types_count_all_through() -> None:
    assert same([1, (2, "x")], [1, (2, "x")])
    assert same({"a": [1]}, {"a": [1]})
    for got, expected in (
        (True, 1), (1.0, 1), ([1], (1,)), ([True], [1]), ({"a": 1}, {"a": True}), ("a", b"a"),
        (None, 0), ([1], [1, 2]), ({"a": 1}, {"b": 1}),
    ):  # fmt: skip
        assert not same(got, expected)


def test_a_known_mistake_is_named_and_the_bytes_are_marked() -> None:
    with pytest.raises(Mismatch) as caught:
        Expect()(
            126, 300, where="frame 8", rfc="6455 §5.2", wire=bytes.fromhex("81fe012c") + bytes(30),
            mark=(2, 4), near=[Near("code", 126, "126 says where the length stands")],
        )  # fmt: skip
    assert caught.value.miss.tag == "code"
    assert caught.value.miss.lines() == [
        "frame 8",
        "  81 fe 01 2c 00 00 00 00 00 00 00 00 00 00 00 00 ...",
        "        ^^ ^^ bytes 2 to 3",
        "expected  300",
        "got       126",
        "126 says where the length stands",
        "RFC 6455 §5.2",
    ]


def test_a_mark_far_behind_is_still_seen() -> None:
    with pytest.raises(Mismatch) as caught:
        Expect()(1, 2, wire=bytes(range(60)), mark=(40, 41))
    assert caught.value.miss.picture() == [
        "... 20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f ...",
        "                            ^^ byte 40",
    ]


@pytest.mark.parametrize(
    ("got", "expected", "words"),
    [
        ("abc", "abd", "they differ from character 2 on (counted from 0)"),
        (b"a", b"ab", "the length differs: expected 2 bytes, got 1"),
        (1, "1", "the type differs: expected str, got int"),
        (1, 2, ""),
    ],
)
def test_a_difference_in_words(got: object, expected: object, words: str) -> None:
    assert difference(got, expected) == words


# The command


def test_check_by_command(home: Home) -> None:
    fails = ws101("check", "3", "--dir", home.path)
    assert fails.returncode == 1
    assert "0 of 4 checks pass." in fails.stdout
    home.exercise(LESSON).write_text(SOLUTION, "utf-8")
    passes = ws101("check", "--dir", home.path)
    assert passes.returncode == 0
    assert "all 4 checks pass." in passes.stdout
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
    assert "--solution shows a solution" in said[3]
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


def test_a_report_has_no_line_wider_than_80(home: Home) -> None:
    verdict = verdict_on(home, "def accept_key(key):\n    print('x' * 500)\n    return 'y' * 500\n")
    with open(os.devnull, "w") as nowhere:
        Paper(nowhere).lines(report(verdict, home))
    assert "your code printed:" in told(verdict, home)


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
