"""`ws101 progress`: shown, taken along, brought back, begun anew; and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lessons.cli import main
from lessons.course.course import Course
from lessons.course.home import Home
from lessons.course.progress import Guess, LessonState, Progress
from tests.lessons.course_tools import LESSON, SOLUTION, ws101


def run(home: Home, *arguments: str | Path, stdin: str | bytes | None = None) -> Result:
    words = ["progress", *map(str, arguments), "--dir", str(home.path)]
    return CliRunner().invoke(main, words, input=stdin)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A learner in the middle of lesson 3, its exercise passed."""
    home = Home(tmp_path / "home")
    home.hand_over(LESSON)
    home.exercise(LESSON).write_text(SOLUTION, "utf-8")
    home.captures.mkdir()
    (home.captures / "03_handshake.pcapng").write_bytes(b"bytes")

    def change(state: LessonState) -> None:
        state.step = 2
        state.captures = ["03_handshake.pcapng"]
        state.predictions["asks"] = Guess("fields", 1.0, "Where?", "fields")
        state.predictions["same"] = Guess("new", 1.0, "Which?", "same")
        state.exercise.passed, state.exercise.tries = True, 1

    Progress(home).change(LESSON.slug, change)
    return home


def files(home: Home) -> dict[str, bytes]:
    every = (path for path in home.path.rglob("*") if path.is_file() and path.name[0] != ".")
    return {str(path.relative_to(home.path)): path.read_bytes() for path in every}


def test_it_is_shown_lesson_by_lesson(home: Home) -> None:
    text = run(home).output
    for lesson in Course().lessons:
        assert f"{lesson.number:>2} {lesson.title}" in text
    (line,) = (line for line in text.splitlines() if "The handshake" in line)
    assert "step 3, exercise passes" in line
    assert "1 of 2 right" in line
    assert max(map(len, text.splitlines())) <= 80 or str(home.path) in text
    told = json.loads(run(home, "--format", "json").output)["lessons"]
    (third,) = (each for each in told if each["lesson"] == 3)
    assert (third["step"], third["done"], third["exercise"]["passed"]) == (3, False, True)
    assert third["predictions"] == {"known": 2, "right": 1}


def test_there_and_back_on_another_machine(home: Home, tmp_path: Path) -> None:
    """The real program, through a pipe."""
    done = ws101("progress", "export", "-", "--dir", home.path)
    assert done.returncode == 0, done.stderr
    assert "captures/" not in done.stdout
    there = Home(tmp_path / "there")
    brought = run(there, "import", "-", stdin=done.stdout)
    assert brought.exit_code == 0, brought.output
    assert "1 lesson and 1 exercise brought" in brought.output
    assert "03_handshake begins anew: its captures did not come along" in brought.output
    assert there.exercise(LESSON).read_text("utf-8") == SOLUTION
    theirs, ours = Progress(there)[LESSON.slug], Progress(home)[LESSON.slug]
    assert theirs.predictions == ours.predictions
    assert theirs.exercise == ours.exercise
    assert (theirs.step, theirs.captures) == (0, [])


def test_at_home_the_captures_still_count(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "taken.json"
    assert run(home, "export", file).exit_code == 0
    assert "--force" in run(home, "export", file).output
    assert run(home, "export", file, "--force").exit_code == 0
    before = Progress(home)[LESSON.slug]
    assert run(home, "reset", "3", "--yes").exit_code == 0
    assert not Progress(home)[LESSON.slug].begun
    assert run(home, "import", file).exit_code == 0
    assert Progress(home)[LESSON.slug] == before


def test_what_was_there_is_kept(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "taken.json"
    run(home, "export", file)
    home.exercise(LESSON).write_text("# another answer\n")
    before = files(home)
    done = run(home, "import", file)
    assert done.exit_code == 0
    after = files(home)
    assert home.exercise(LESSON).read_text("utf-8") == SOLUTION
    assert set(before.values()) <= set(after.values())  # under other names
    told = [line for line in done.output.splitlines() if "is kept as" in line]
    assert len(told) == 2


def test_reset_asks_and_takes_no_for_an_answer(home: Home) -> None:
    before = files(home)
    done = run(home, "reset", "3")
    assert done.exit_code == 2  # no terminal to ask at
    assert "say --yes" in done.output
    assert files(home) == before
    assert "there is no lesson" in run(home, "reset", "99", "--yes").output
    assert "was not begun" in run(home, "reset", "5", "--yes").output
    assert files(home) == before


def test_all_anew(home: Home) -> None:
    old = home.progress.read_bytes()
    done = run(home, "reset", "--yes")
    assert done.exit_code == 0
    assert Progress(home).lessons == {}
    (kept,) = home.path.glob("progress-2*.json")
    assert kept.read_bytes() == old
    assert home.exercise(LESSON).read_text("utf-8") == SOLUTION
    assert (home.captures / "03_handshake.pcapng").exists()
    assert "nothing to forget" in run(home, "reset", "--yes").output


GOOD = {"ws101": "progress", "version": 1, "progress": {"version": 1, "lessons": {}}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is no JSON (line 1: Expecting value)"),
        (b"\xff{}", "byte 0 is not UTF-8"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "was not written by"),
        ('{"ws101": "progress"}', "does not say its version"),
        ('{"ws101": "progress", "version": 7}', "version 7, this ws101 knows 1"),
        ('{"ws101": "progress", "version": 1}', "are missing"),
        (json.dumps({**GOOD, "exercises": {"03_handshake": 7}}), "is no text"),
        (json.dumps({**GOOD, "progress": {"version": 1, "lessons": []}}), "damaged"),
        (json.dumps({**GOOD, "progress": {"version": 1, "lessons": {"03_x": 1}}}), "damaged"),
        (
            json.dumps(GOOD | {"progress": {"version": 1, "lessons": {"3": {"captures": [7]}}}}),
            "damaged: 7 is no str",
        ),
        (json.dumps({**GOOD, "progress": {"lessons": {}}}), "damaged: it has no version"),
        ('{"x": "' + "y" * (16 << 20) + '"}', "larger than 16,777,216 bytes"),
    ],
)  # fmt: skip
def test_a_bad_file_changes_nothing(home: Home, text: str | bytes, words: str) -> None:
    before = files(home)
    done = run(home, "import", "-", stdin=text)
    assert done.exit_code == 2
    assert words in done.output
    assert done.output.count("\n") == 1
    assert files(home) == before


def test_no_path_of_a_stranger_is_followed(home: Home, tmp_path: Path) -> None:
    (tmp_path / "secret.pcapng").write_bytes(b"not yours")
    state = {"step": 3, "captures": ["../../secret.pcapng", str(tmp_path / "secret.pcapng")]}
    evil = {
        **GOOD,
        "progress": {"version": 1, "lessons": {LESSON.slug: state, "../../evil": {}}},
        "exercises": {"../../evil": "x = 1", "..": "x = 1"},
    }
    done = run(home, "import", "-", stdin=json.dumps(evil))
    assert done.exit_code == 0, done.output
    assert "not known to this ws101" in done.output
    assert Progress(home)[LESSON.slug].captures == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "secret.pcapng"]
    assert set(Progress(home).lessons) <= {LESSON.slug, "../../evil"}
    assert "evil" not in "".join(path.name for path in home.path.rglob("*"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=8), one, max_size=3),
    max_leaves=12,
)  # fmt: skip
NEARLY = st.fixed_dictionaries(
    {"ws101": st.just("progress"), "version": st.just(1)},
    optional={
        "progress": JSON | st.fixed_dictionaries(
            {"version": st.just(1), "lessons": st.dictionaries(st.just(LESSON.slug), JSON)}
        ),
        "exercises": JSON,
    },
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON | NEARLY)
def test_anything_is_taken_or_told_in_one_line(tmp_path: Path, data: object) -> None:
    home = Home(tmp_path / "any")
    done = run(home, "import", "-", stdin=json.dumps(data))
    assert done.exit_code in (0, 2), done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    if done.exit_code:
        assert done.output.count("\n") == 1
