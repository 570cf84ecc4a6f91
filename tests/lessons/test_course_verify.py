"""`ws101 course verify`: what holds is said to hold, and every way of not holding is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from inspector.screen.paper import Paper
from lessons.course.course import LESSONS, Course
from lessons.course.verify import Proof, Step, prove, verify_lessons
from tests.lessons.course_tools import ws101

pytestmark = pytest.mark.slow

SLUG = "03_handshake"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A course of one lesson: a copy of lesson 3, to be spoilt."""
    folder = tmp_path / "lessons" / SLUG
    shutil.copytree(LESSONS / SLUG, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (folder / "wrong").iterdir():  # a few are enough here
        if path.stem not in ("empty", "returns_none", "hard_coded", "newline"):
            path.unlink()
    return folder


def proved(folder: Path, *steps: Step) -> Proof:
    course = Course(folder.parent)
    return prove(course.find(SLUG), course, steps)


def test_the_copy_holds_until_it_is_spoilt(copied: Path) -> None:
    assert proved(copied).faults == []


def test_lesson_3_holds(tmp_path: Path) -> None:
    done = ws101("course", "verify", "3")
    assert done.returncode == 0, done.stdout
    assert "[1/1] holds   3 The handshake" in done.stdout
    assert "1 of 1 lesson holds" in done.stdout


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text("utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), "utf-8")

    return change


def write(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: print((folder / name).write_text(text, "utf-8"))


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def copy(one: str, other: str) -> Callable[[Path], None]:
    return lambda folder: print(shutil.copyfile(folder / one, folder / other))


def test_modules_that_a_check_loads_are_no_stray_files(copied: Path) -> None:
    write("traps.py", '"""Made heads."""\n')(copied)
    assert proved(copied, "files").faults == [f"{SLUG}/traps.py: a stray file"]
    edit("test_exercise.py", "def mistakes", 'TRAPS = load(LESSON, "traps")\n\n\ndef mistakes')(
        copied
    )
    assert proved(copied, "files").faults == []


INSTEAD = "```instead\nwords\n```\n\n```exercise"


@pytest.mark.parametrize(
    ("step", "spoil", "fault"),
    [
        ("files", remove("hints.md"), f"{SLUG}/hints.md is missing"),
        ("files", remove("wrong/empty.py"), "wrong/empty.py is missing"),
        ("files", remove("wrong/newline.py"), "wrong has no near miss"),
        ("files", write("notes.txt", "x"), f"{SLUG}/notes.txt: a stray file"),
        ("files", write("wrong/silent.py", "x = 1\n"), "silent.py does not say which mistake"),
        ("files", edit("hints.md", "## Nearly there", "Nearly there"), "hints.md has 2 stages"),
        ("words", edit("en.md", "```do again", "```do never"), "no action 'never'"),
        ("words", edit("en.md", "show table keys", "show table locks"), "no table 'locks'"),
        ("words", edit("en.md", "show table keys", "show plot cost"), "no plot 'cost'"),
        ("words", edit("en.md", "```exercise", INSTEAD), "instead of what?"),
        ("words", edit("en.md", "Where in its request", "What in {page}"), "can't name a fact"),
        ("words", edit("en.md", "```exercise", "```"), "belong together"),
        ("words", edit("en.md", "sent.\n```", "sent.\n```\n\nSo."), "never read"),
        ("script", edit("en.md", "{ms:.1f} ms", "{speed} m/s"), "nothing was measured for {speed}"),
        ("script", edit("en.md", "measured: request", "measured: {age}, request"), "is missing"),
        ("script", edit("en.md", "- fields:", "- field:"), "(method, field, address, body)"),
        ("script", edit("en.md", "answer: {asks_in}", "answer: {mood}"), "{mood} is not measured"),
        (
            "script",
            edit("experiment.py", "chat.status == 101,", "chat.status == 100,"),
            "the claim did not hold: A server that agrees answers 101",
        ),
        ("script", edit("experiment.py", '"received", chat', '"received", chatt'), "NameError"),
        ("exercise", copy("solution.py", "exercise.py"), "the stub does not fail"),
        (
            "exercise",
            edit("exercise.py", 'return ""', "raise NotImplementedError"),
            "does not say expected, got",
        ),
        (
            "exercise",
            edit("solution.py", ".digest()", ".hexdigest().encode()"),
            "solution.py does not pass",
        ),
        ("exercise", copy("solution.py", "wrong/right.py"), "wrong/right.py passes all checks"),
    ],
)
def test_what_does_not_hold_is_found(
    copied: Path, step: Step, spoil: Callable[[Path], None], fault: str
) -> None:
    """Each by the step that is there for it; the whole of a proof is tried above and below."""
    spoil(copied)
    proof = proved(copied, step)
    assert any(fault in words for words in proof.faults), proof.faults


def test_a_faulty_lesson_is_told_and_the_others_go_on(copied: Path) -> None:
    shutil.copytree(copied, copied.with_name("05_other"))
    write("notes.txt", "x")(copied)
    course = Course(copied.parent)
    text = StringIO()
    assert not verify_lessons(course.lessons, course, Paper(text))
    assert "FAULTY  3 The handshake" in text.getvalue()
    assert "holds   5 The handshake" in text.getvalue()
    assert "1 of 2 lessons hold" in text.getvalue()
