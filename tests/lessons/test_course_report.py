"""The learner's report: it says what was measured, hides what is sealed, and trusts nobody."""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from inspector.screen.unwritable import CannotWrite
from lessons.cli import main
from lessons.course.course import Course
from lessons.course.home import Home
from lessons.course.model import Bars, Lanes
from lessons.course.progress import Guess, LessonState, Progress
from lessons.course.reporting import as_html, as_markdown, report
from lessons.course.reporting.document import Document, Items, Picture, Section, plain, worded
from lessons.course.reporting.escape import code_for_markdown, for_html

COURSE = Course()
HANDSHAKE, COST, SEALED = COURSE.find("3"), COURSE.find("6"), COURSE.find("0")
EVIL = "<script>alert(1)</script> | `x` [a](javascript:b) ![i](http://evil.example) \x1b[31m\u202e"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A learner who has taken lesson 6, on the wire of its sample."""
    home = Home(tmp_path / "home")
    home.captures.mkdir(parents=True)
    shutil.copy(COST.folder / "sample.pcapng", home.captures / "06.pcapng")

    def change(state: LessonState) -> None:
        state.done, state.finished, state.captures = (
            True,
            1_800_000_000.0,
            ["../captures/06.pcapng"],
        )
        state.exercise.tries, state.exercise.hints = 3, 2

    Progress(home).change(COST.slug, change)
    return home


def guess(home: Home, lesson: object, place: int, **more: object) -> Guess:
    """Lock a prediction of a lesson: its first option."""
    prediction = lesson.predictions[place]  # type: ignore[attr-defined]
    made = Guess(prediction.options[0].key, 1.0, prediction.question, **more)  # type: ignore[arg-type]
    slug: str = lesson.slug  # type: ignore[attr-defined]
    Progress(home).change(slug, lambda state: state.predictions.update({prediction.name: made}))
    return made


def written(home: Home) -> tuple[str, str]:
    told = report(home, COURSE, Progress(home))
    return as_markdown(told), as_html(told)


def run(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["progress", "report", "--dir", str(home.path), *arguments])


def test_it_says_what_was_said_and_what_was_measured(home: Home) -> None:
    right = HANDSHAKE.predictions[0].options[1].key
    said = {"answer": right, "said": "this one", "was": "that one", "measured": "2.5 ms later"}
    guess(home, HANDSHAKE, 0, again=[right], **said)
    for text in written(home):
        for words in ("this one", "that one", "2.5 ms later", "that one (right)", "wrong"):
            assert words in text
        assert "does not pass yet, after 3 tries, with 2 of 3 hints" in text
        assert "0 of 1" in text  # predictions
        assert "1 of 1" in text  # asked again
        assert "January 2027" in text


@pytest.mark.parametrize(
    ("right", "checks", "words"),
    [
        (3, 5, "Exercise: 3 of its 5 checks pass, after 3 tries"),
        (0, 0, "Exercise: does not pass yet, after 3 tries"),  # of a time when none were counted
        (5, 5, "Exercise: does not pass yet, after 3 tries"),  # and then the process died
        (-1, 5, "Exercise: does not pass yet, after 3 tries"),
    ],
)
def test_of_an_open_exercise_it_says_how_much_passes(
    home: Home, right: int, checks: int, words: str
) -> None:
    def change(state: LessonState) -> None:
        state.exercise.right, state.exercise.checks = right, checks

    Progress(home).change(COST.slug, change)
    for text in written(home):
        assert words in text
    Progress(home).change(COST.slug, lambda state: setattr(state.exercise, "passed", True))
    for text in written(home):
        assert "Exercise: passes, after 3 tries" in text


def test_plots_are_drawn_again_from_the_captures(home: Home) -> None:
    markdown, html = written(home)
    for text in (markdown, html):
        assert "What a frame adds to a payload of so many bytes" in text
        assert re.search(r"In words: least .+; most 65,536 from you, 14", text)
    assert "| 65,536 from you | 14 | ████████████████████████ |" in markdown
    assert html.count('<rect width="100.000%"') == 2
    (home.captures / "06.pcapng").write_bytes(b"no capture")
    for text in written(home):
        assert "What a frame adds to a payload" not in text
    (home.captures / "06.pcapng").unlink()
    for text in written(home):
        assert "No plots: its captures are not in this folder any more." in text


def test_an_answer_is_not_given_before_the_course_gives_it(home: Home) -> None:
    prediction = SEALED.predictions[0]
    right = prediction.option(prediction.answer)
    assert right
    other = next(option for option in prediction.options if option is not right)
    place = SEALED.predictions.index(prediction)
    made = guess(home, SEALED, place)
    for text in written(home):
        assert "1 answer of yours, sealed until lesson 18 asks once more" in text
        assert "right answers" not in text
    made.choice, made.answer, made.again = other.key, right.key, [right.key]
    Progress(home).change(
        SEALED.slug, lambda state: state.predictions.update({prediction.name: made})
    )
    markdown, html = written(home)
    assert "| before the course | 0 |" in markdown
    assert "| after it | 1 |" in markdown
    made.choice, made.again = "", [other.key]
    Progress(home).change(
        SEALED.slug, lambda state: state.predictions.update({prediction.name: made})
    )
    late, _ = written(home)
    assert "| before the course |" not in late
    assert "from before the course: told above" not in late
    assert "**wrong**: " in late
    assert other.refutation in late
    assert for_html(right.words.replace("`", "")) in re.sub(r"</?(code|strong)>", "", html)


def test_what_is_worth_another_look(home: Home) -> None:
    guess(home, HANDSHAKE, 0, answer="other", again=["another"])
    right = HANDSHAKE.predictions[1].options[0].key
    guess(home, HANDSHAKE, 1, answer=right, again=["another"])
    markdown, _ = written(home)
    look = markdown.partition("## Worth another look")[2].partition("##")[0]
    assert look.count("**wrong twice**: ") == 1
    assert look.count("**right first, wrong later**: ") == 1
    assert f"**exercises open**: {COST}" in look


def test_nobody_has_begun(tmp_path: Path) -> None:
    for text in written(Home(tmp_path)):
        assert "You have not taken the test before the course." in text
        assert f"{HANDSHAKE.number} {HANDSHAKE.title}" in text


def test_what_strangers_said_is_text(home: Home) -> None:
    guess(home, HANDSHAKE, 0, answer=EVIL, said=EVIL, was=EVIL, measured=EVIL, again=[EVIL])
    Progress(home).change(COST.slug, lambda state: state.skipped.append(EVIL))
    markdown, html = written(home)
    for text in (markdown, html):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
        assert "<script" not in text
    assert "](" not in markdown.replace("\\](", "")
    assert "http://" not in markdown.replace(":\\/\\/", "")
    assert "javascript:b" in html


TEXTS = st.text(max_size=60) | st.lists(
    st.sampled_from(["<b>", "&", "`", "``", "|", "\n", "- ", "#", "*a*", "**b**", "]]>", '"', "'>"])
).map("".join)


TAGS = frozenset(
    re.findall(
        r"\w+",
        "html head title style body a header h1 p nav ul li main section h2 figure table caption "
        "thead tbody tfoot tr th td svg rect circle line span figcaption footer code strong",
    )
)


@given(st.lists(TEXTS, min_size=1, max_size=3), st.floats() | st.integers(0, 10**9))
def test_whatever_it_holds_the_page_has_one_shape(texts: list[str], value: float) -> None:
    rows = tuple((text, float(value)) for text in texts)
    section = Section(
        plain(texts[0]),
        [
            Items(tuple(map(worded, texts))),
            Picture(Bars(texts[0], rows, texts[-1], log=True)),
            Picture(Lanes(texts[0], 1.0, tuple((text, (0.1, float(value))) for text in texts))),
        ],
    )
    told = Document(texts[0], worded(texts[-1]), (section,), plain(texts[0]))
    page = as_html(told)
    tree = ElementTree.fromstring(re.sub(r"<(!doctype html|meta[^>]*)>", "", page))
    tags = {element.tag for element in tree.iter()}
    assert tags <= TAGS
    lines = as_markdown(told).split("\n")
    assert sum(line.startswith("# ") for line in lines) == 1
    assert sum(line.startswith("## ") for line in lines) == 1


@given(st.text(alphabet="`a |", max_size=12))
def test_code_ends_where_it_should(text: str) -> None:
    told = code_for_markdown(text)
    fence = re.match(r"`+", told)
    assert fence
    inside = told[len(fence[0]) : -len(fence[0])]
    assert fence[0] not in re.findall(r"`+", inside)
    assert "|" not in inside


def test_the_command_writes_what_its_name_says(home: Home, tmp_path: Path) -> None:
    page, notes = tmp_path / "r.html", tmp_path / "r.md"
    assert run(home, "-o", str(page)).exit_code == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert page.stat().st_mode & 0o077 == 0
    assert run(home, "--output", str(notes)).exit_code == 0
    assert notes.read_text("utf-8").startswith("# Your course of WebSocket")
    again = run(home, "-o", str(page))
    assert (again.exit_code, "--force" in again.output) == (2, True)
    assert run(home, "-o", str(page), "--force").exit_code == 0
    assert run(home).output.startswith("# Your course")
    assert run(home, "--format", "html", "-o", "-").output.startswith("<!doctype html>")
    assert run(home, "-o", str(tmp_path / "no" / "r.md")).exit_code == 2


def test_a_full_disk_behind_standard_output_is_called_so(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise CannotWrite("can't write to standard output: it is full")

    monkeypatch.setattr("lessons.course.commands.progress.paper_for", full)
    said = run(home)
    assert said.exit_code == 2
    assert " progress report: can't write to standard output: it is full\n" in said.output
