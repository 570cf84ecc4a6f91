"""The check of an exercise: what passes, what fails, what it says, and what it survives."""

from __future__ import annotations

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
from lessons.course.home import Home
from lessons.course.plugin import told as told_by_plugin
from lessons.course.program import command
from lessons.course.report import report
from tests.lessons.course_tools import LESSON, SOLUTION, alive, environment, until, ws101

PATIENT = 30.0


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.hand_over(LESSON)
    return home


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of an exercise has a second."""
    monkeypatch.setenv("WS101_CHECK_SECONDS", "1")


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
    assert "your function is still the one you were given" in text
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
    "name",
    ["empty", "returns_none", "hard_coded", "newline", "imports_it"],  # one of each kind
)
def test_a_wrong_answer_fails_and_plain_pytest_says_the_same(home: Home, name: str) -> None:
    """That each of them is rejected, `course verify` proves; this is about the two saying so."""
    verdict = verdict_on(home, (LESSON.folder / "wrong" / f"{name}.py").read_text("utf-8"))
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
            'got raised TypeError: can only concatenate str (not "int") to str '
            "exercise.py, line 4, in helper: return key + 1 RFC 6455 §4.2.2",
        ),
        ("def accept_key(key:\n    pass", "syntax", "exercise.py, line 1: def accept_key(key:"),
        ("def accept(key):\n    pass", "broken", "exercise.py has no accept_key"),
        ("def accept_key():\n    pass", "TypeError", "takes 0 positional arguments"),
        (
            "def accept_key(key):\n    raise SystemExit",
            "SystemExit",
            "got raised SystemExit exercise.py, line 2, in accept_key: raise SystemExit",
        ),
        ("def accept_key(key):\n    raise KeyError(0)", "KeyError", "RFC 6455 §1.3) expected"),
        ("1 / 0", "ZeroDivisionError", "exercise.py, line 1: 1 / 0 ZeroDivisionError"),
        ("import nothing_of_this_name", "ModuleNotFoundError", "No module named"),
        ("raise SystemExit(0)", "SystemExit", "SystemExit: 0"),
        ("def accept_key(key):\n    raise NotImplementedError('later')", "not-written", "later"),
        (
            "def accept_key(key):\n    return input()", "OSError",
            "got raised OSError: there is nobody to type anything: all that you need is in the "
            "arguments exercise.py, line 2",
        ),
        (
            "import os\ndef accept_key(key):\n    while True: os.write(1, b'x' * 1000000)",
            "OSError", "got raised OSError: more than 64 MB were written exercise.py, line 3",
        ),
        ("def accept_key(key):\n    return accept_key(key)", "RecursionError", "RecursionError"),
        ("def accept_key(key):\n    print('\\x1b[31mhi')\n    return ''", "nothing", "␛[31mhi"),
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


@pytest.mark.slow
def test_verify_is_content_with_the_first_failure(home: Home) -> None:
    stub = LESSON.folder / "exercise.py"
    shutil.copyfile(stub, home.exercise(LESSON))
    ini = home.path / "pytest.ini"
    verdict = run_tests(LESSON, home.folder(LESSON), ini, PATIENT, to_first_failure=True)
    assert not verdict.words
    assert [check.status for check in verdict.checks][:2] == ["fail", "not run"]
    assert len(verdict.checks) == len(run_tests(LESSON, home.folder(LESSON), ini, PATIENT).checks)


@pytest.mark.parametrize("number", ["1", "3", "5", "13"])
def test_an_untouched_exercise_is_told_as_such(number: str, tmp_path: Path) -> None:
    lesson = Course().find(number)
    theirs = Home(tmp_path / "home")
    theirs.hand_over(lesson)
    stub = theirs.exercise(lesson)
    stub.write_text(f'"""Another docstring."""  # and a comment\n{_after_docstring(stub)}', "utf-8")
    verdict = run_tests(lesson, theirs.folder(lesson), theirs.path / "pytest.ini", PATIENT)
    assert verdict.first_failure is not None
    miss = verdict.first_failure.miss
    assert (miss.words, miss.tag) == ("your function is still the one you were given", "stub")


def _after_docstring(path: Path) -> str:
    return path.read_text("utf-8").split('"""', 2)[2]


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        ("1", "def count_unasked(voices):\n    open = 0\n", "None came back: does every path"),
        ("3", "def accept_key(key):\n    key.strip()\n", "None came back: does every path"),
        ("13", "def which_shelf(*moves):\n    moves\n", "None came back: does every path"),
    ],
)
def test_a_half_written_answer_is_told_what_it_lacks(
    number: str, code: str, words: str, tmp_path: Path
) -> None:
    verdict = verdict_of(number, code, tmp_path)
    assert verdict.first_failure is not None
    assert words in verdict.first_failure.miss.words


def verdict_of(number: str, code: str, tmp_path: Path) -> Verdict:
    """The verdict on an answer to any lesson."""
    lesson = Course().find(number)
    theirs = Home(tmp_path / "home")
    theirs.hand_over(lesson)
    theirs.exercise(lesson).write_text(code, "utf-8")
    return run_tests(lesson, theirs.folder(lesson), theirs.path / "pytest.ini", PATIENT)


@pytest.mark.parametrize(
    ("number", "code", "where", "expected", "got", "line"),
    [
        (
            "1", "def count_unasked(voices):\n    return voices[0]\n",
            "made up (S server, C client): nothing at all", "0",
            "raised IndexError: list index out of range",
            "exercise.py, line 2, in count_unasked:  return voices[0]",
        ),
        (
            "5", "def parse_header(data):\n    return {'fin': data[99]}\n",
            "the masked Hello of RFC 6455 §5.7, 11 bytes: the whole answer", "{'fin': True,",
            "raised IndexError: index out of range",
            "exercise.py, line 2, in parse_header:  return {'fin': data[99]}",
        ),
        (
            "13", "def which_shelf(ws, store, restore, heard):\n    store(ws)\n",
            "pickle.dumps, pickle.loads", "'loud'", "raised TypeError: cannot pickle",
            "exercise.py, line 2, in which_shelf:  store(ws)",
        ),
    ],
)  # fmt: skip
def test_what_their_code_raises_is_told_with_what_it_was_asked(
    number: str, code: str, where: str, expected: str, got: str, line: str, tmp_path: Path
) -> None:
    verdict = verdict_of(number, code, tmp_path)
    assert verdict.first_failure is not None
    miss = verdict.first_failure.miss
    assert miss.where == where
    assert miss.expected.startswith(expected)
    assert miss.got.startswith(got)
    assert miss.words == line


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
        if re.fullmatch(r"checking 3: 1 of 4, \d+ s \.\.\.", words):
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


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (f"{SOLUTION}\nimport os\nos._exit(0)\n", "it left with exit code 0"),
        ("import os\nos.kill(os.getpid(), 9)\n", "ended by SIGKILL"),
        (
            "import ctypes\ndef accept_key(key):\n    ctypes.string_at(0)\n",
            "ended by SIGSEGV (exercise.py, line 3, in accept_key)",
        ),
    ],
)
def test_a_process_that_ends_itself_has_passed_nothing(home: Home, code: str, words: str) -> None:
    verdict = verdict_on(home, code)
    assert not verdict.passed
    text = told(verdict, home)
    assert "the process ended during test_rfc before the checks were done: " in text
    assert words in text


def test_what_goes_on_after_the_checks_is_not_waited_for(home: Home) -> None:
    code = "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()\n"
    assert verdict_on(home, code + SOLUTION).passed


@pytest.mark.parametrize("free", [False, True])
def test_what_it_starts_goes_with_it(home: Home, tmp_path: Path, free: bool) -> None:
    if free and not Path("/proc/self/environ").exists():
        pytest.skip("a process that was set free is found by its environment, which Linux shows")
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'],\n"
        f"                         start_new_session={free})\n"
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


def test_a_report_has_no_line_wider_than_80(home: Home) -> None:
    verdict = verdict_on(home, "def accept_key(key):\n    print('x' * 500)\n    return 'y' * 500\n")
    with open(os.devnull, "w") as nowhere:
        Paper(nowhere).lines(report(verdict, home))
    assert "your code printed:" in told(verdict, home)
