"""Lessons by script, from the outside; and asked again, from the inside."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lessons.course import telling
from lessons.course.commands.progress import guessed
from lessons.course.course import Course
from lessons.course.evidence import Evidence
from lessons.course.home import Home
from lessons.course.markdown import read_lesson
from lessons.course.model import LessonError, Missing, all_was_done, in_parts
from lessons.course.moments import Ask, Begin, Ending, Moment, Reveal
from lessons.course.progress import Guess, Progress
from lessons.course.runner import Run, due, play
from lessons.course.session import Session
from lessons.course.telling import question
from tests.lessons.course_tools import ROOT, environment, ws101


def test_auto_takes_lesson_3_and_every_claim_holds(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = ws101("learn", "3", "--auto", "--dir", home)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    text = done.stdout
    assert text.count("\n  held     ") == 5
    assert "NOT HELD" not in text
    assert "{" not in text  # every name is filled in
    assert "(not measured)" not in text
    assert "Measured: in its head, on lines of their own." in text
    assert "script: open the chat, say hello" in text
    assert "\x1b" not in text
    (capture,) = (home / "captures").glob("*.pcapng")
    assert capture.name == "03_handshake-auto.pcapng"
    evidence = Evidence.read(capture)
    for connection in evidence.connections:
        assert str(connection.proof.key) in text
        assert connection.findings == []
    again = ws101("learn", "--auto", "3", "--dir", home)
    assert again.returncode == 0
    assert [path.name for path in (home / "captures").iterdir()] == [capture.name]
    assert not (home / "progress.json").exists()  # nothing of that was the learner's doing


def test_without_a_terminal_the_first_lesson_is_taken_by_script(tmp_path: Path) -> None:
    done = ws101("learn", "--dir", tmp_path / "home")
    assert done.returncode == 0, done.stderr
    first, *rest = done.stdout.splitlines()
    assert first.startswith("No terminal to learn at, so lesson ")
    assert "Lesson 1 " in "\n".join(rest)
    assert "NOT HELD" not in done.stdout


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m lessons.cli learn --auto 3 --dir {tmp_path} | head -n 3"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, env=environment(),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.stderr == ""


# A small course of two lessons, with a claim that does not hold.

WORDS = """\
# {title}

Does it hold?

## Only step

```predict key
Which one?
- a: the first | It was the other.
- b: the second
answer: {{key}}
measured: {{n}} connections
rfc: 6455 §1.1
{again}
```

```do hello
Say hello.
```

```show ladder
```
"""
EXPERIMENT = """
from lessons.course.model import Action, Claim

def hello(session):
    "say hello"
    with session.client("/ws/chat") as chat:
        chat.receive_until("You are")
        chat.send("hello")

def seen(evidence):
    return bool(evidence.connection("/ws/chat").said("client"))

ACTIONS = {"hello": Action(hello, seen)}

def facts(evidence, session):
    yield "n", len(evidence.connections)
    evidence.connection("/ws/chat")
    yield "key", "b"

def claims(evidence, session):
    yield Claim("This holds", True, "so", "6455 §1")
    yield Claim("This does not", HOLDS, "not so")
"""


@pytest.fixture
def small(tmp_path: Path) -> Course:
    for number, again in ((3, "ask again: 4"), (5, "")):
        folder = tmp_path / "lessons" / f"0{number}_small"
        folder.mkdir(parents=True)
        words = WORDS.format(title=f"Small {number}", again=again).replace("{{", "{")
        (folder / "en.md").write_text(words.replace("}}", "}"), "utf-8")
        holds = str(number == 3)
        (folder / "experiment.py").write_text(EXPERIMENT.replace("HOLDS", holds), "utf-8")
    return Course(tmp_path / "lessons")


def test_a_claim_that_does_not_hold_is_told(small: Course, tmp_path: Path) -> None:
    from io import StringIO

    from inspector.screen.paper import Paper
    from lessons.course.auto import run_by_script

    text = StringIO()
    transcript = run_by_script(small.find("5"), small, Home(tmp_path / "home"), Paper(text))
    assert not transcript.held
    assert transcript.not_held == ["This does not (not so)"]
    assert "NOT HELD This does not" in text.getvalue()


def test_a_prediction_is_asked_again_by_a_later_lesson(small: Course, tmp_path: Path) -> None:
    """Lesson 3 says "ask again: 4"; there is no lesson 4, so lesson 5 asks."""
    home = Home(tmp_path / "home")
    progress = Progress(home)
    earlier, later = small.lessons
    guess = Guess("a", 1.0, "Which one?", "b")
    progress.change(earlier.slug, lambda state: state.predictions.update(key=guess))
    with Session(later, home) as session:
        run = Run(small, later, session, progress)
        moments = play(run)
        asked = next(moments)
        assert isinstance(asked, Ask)
        assert asked.again == earlier
        told = moments.send("b")
        assert isinstance(told, Reveal)
        assert told.right
        assert told.again
        assert isinstance(moments.send(None), Begin)
        assert list(due(run)) == []  # once is enough
    assert Progress(home)[earlier.slug].predictions["key"].again == ["b"]


def test_it_is_put_in_words_of_its_own_and_never_more_than_two_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "lessons" / "03_small"
    folder.mkdir(parents=True)
    asks = "".join(
        f"```predict p{n}\nWhich, here?\n- a: A\n- b: B\nanswer: b\nask again: 4\n{again}```\n"
        for n, again in enumerate(("again: Which, of A and B?\n", "", ""))
    )
    (folder / "en.md").write_text(f"# Small\n\nQ?\n\n## S\n\n{asks}", "utf-8")
    for number in (4, 5):
        shutil.copytree(folder, folder.with_name(f"0{number}_later"))
        words = f"# Later {number}\n\nQ?\n\n## S\n\nw\n"
        (folder.with_name(f"0{number}_later") / "en.md").write_text(words, "utf-8")
    for each in folder.parent.iterdir():
        (each / "experiment.py").write_text("ACTIONS = {}\nfacts = claims = lambda *_: ()\n")
    course = Course(folder.parent)
    progress = Progress(Home(tmp_path / "home"))
    guesses = {f"p{n}": Guess("a", 1.0, "Which, here?", "b") for n in range(3)}
    progress.change("03_small", lambda state: state.predictions.update(guesses))
    asked = {}
    for lesson in course.lessons[1:]:
        moments = play(Run(course, lesson, Session(lesson, progress.home), progress))
        moment = next(moments)
        asked[lesson.number] = []
        while not isinstance(moment, Begin):
            if isinstance(moment, Ask):
                asked[lesson.number].append(moment.question)
                assert next(question(moment)).plain.startswith('From lesson 3, "Small"')
            moment = moments.send("b" if isinstance(moment, Ask) else None)
    assert asked == {4: ["Which, of A and B?", "Which, here?"], 5: ["Which, here?"]}


SEALED = """\
# Pre-test

Q?

## S

```predict one
Which, of A and B?
- a: A | It is not.
- b: B
answer: b
sealed: 9
```

```predict two
And now?
- a: A
- b: B
answer: a
sealed: 9
```
"""


def play_through(run: Run, answers: dict[str, str]) -> list[Moment]:
    """Every moment of a lesson, each question answered."""
    moments = play(run)
    met: list[Moment] = []
    reply: str | None = None
    with suppress(StopIteration):
        while True:
            moment = moments.send(reply)
            met.append(moment)
            asked = isinstance(moment, Ask)
            reply = (moment.locked or answers[moment.prediction.name]) if asked else None
    return met


def test_sealed_answers_are_opened_where_they_are_asked_again(tmp_path: Path) -> None:
    for name, words in (
        ("00_before", SEALED),
        ("05_between", "# Between\n\nQ?\n\n## S\n\nw\n"),
        ("09_after", "# After\n\nQ?\n\n## S\n\n```unseal 0\n```\n"),
    ):
        folder = tmp_path / "lessons" / name
        folder.mkdir(parents=True)
        (folder / "en.md").write_text(words, "utf-8")
        (folder / "experiment.py").write_text("ACTIONS = {}\nfacts = claims = lambda *_: ()\n")
    course = Course(tmp_path / "lessons")
    home = Home(tmp_path / "home")

    def take(number: str, answers: dict[str, str]) -> list[Moment]:
        lesson = course.find(number)
        return play_through(Run(course, lesson, Session(lesson, home), Progress(home)), answers)

    met = take("0", {"one": "a", "two": "a"})
    assert not any(isinstance(moment, Reveal) for moment in met)
    (ending,) = (moment for moment in met if isinstance(moment, Ending))
    assert ending.sealed == 2
    assert "2 answers are sealed" in telling.sealed(ending.sealed)
    assert telling.score(ending.guesses) == ""  # or it would be told how many were right
    before = course.find("0")
    assert guessed(before, Progress(home)[before.slug]) == "2 sealed"

    assert not any(isinstance(moment, Ask) for moment in take("5", {}))

    met = take("9", {"one": "b", "two": "b"})
    one, two = (moment for moment in met if isinstance(moment, Reveal))
    told = [line.plain for line in telling.reveal(one)]
    assert told == ["So it is: B.", "Before the course you said: A."]
    told = [line.plain for line in telling.reveal(two)]
    assert told == ["It is: A. You said: B.", "Before the course you said: A."]
    assert guessed(before, Progress(home)[before.slug]) == "1 of 2 right"
    kept = Progress(home)["00_before"].predictions
    assert {name: (guess.choice, guess.again) for name, guess in kept.items()} == {
        "one": ("a", ["b"]),
        "two": ("a", ["b"]),
    }
    again = [moment for moment in take("9", {}) if isinstance(moment, Ask)]
    assert [moment.locked for moment in again] == ["b", "b"]  # once is enough


def test_what_was_never_measured_is_not_asked_again(small: Course, tmp_path: Path) -> None:
    progress = Progress(Home(tmp_path / "home"))
    earlier, later = small.lessons
    guess = Guess("a", 1.0, "Which one?")
    progress.change(earlier.slug, lambda state: state.predictions.update(key=guess))
    session = Session(later, progress.home)
    assert list(due(Run(small, later, session, progress))) == []


def test_a_lesson_s_own_mistakes_are_told_by_file_and_line(tmp_path: Path, small: Course) -> None:
    folder = small.lessons[0].folder
    code = (folder / "experiment.py").read_text("utf-8")
    (folder / "experiment.py").write_text(code.replace('yield "n", len', 'yield "n", lem'), "utf-8")
    lesson = read_lesson(folder)
    session = Session(lesson, Home(tmp_path / "home"))
    run = Run(small, lesson, session, Progress(session.home))
    with pytest.raises(LessonError, match=r"facts: NameError: name 'lem'") as caught:
        run.facts()
    assert re.fullmatch(r"03_small/experiment\.py:\d+", caught.value.where)


def test_what_a_part_misses_is_passed_over_unless_all_was_done() -> None:
    def told(value: int) -> Iterator[int]:
        yield value

    def missing(value: int) -> Iterator[int]:
        yield value + 1
        raise Missing("no hello was said")

    def after(value: int) -> Iterator[int]:
        yield value + 2

    parts = (told, missing, after)
    assert list(in_parts(parts, 1)) == [1, 2, 3]
    with all_was_done(), pytest.raises(Missing, match="no hello"):
        list(in_parts(parts, 1))
    assert list(in_parts(parts, 1)) == [1, 2, 3]
