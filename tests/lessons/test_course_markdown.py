"""A lesson's words, read: right ones become values, wrong ones are told with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lessons.course.course import Course, NoSuchLesson
from lessons.course.markdown import read_hints, read_lesson
from lessons.course.model import (
    Do,
    Exercise,
    LessonError,
    Option,
    Prediction,
    Prose,
    Show,
    Unveil,
)

WHOLE = """\
# A title

What is it,
in one question?

## First step

Some `words` with a {fact}.

```
plain, with a # heading that is none
## nor this
```

```predict status
Which?
- a: the first | not that one
- b: the second
answer: {key}
measured: so
rfc: 6455 §1
ask again: 5
again: Of two, which?
```

```do hello
Say hello.
```

```show frame {n} of {chat}
```

```reveal
```

## Second step

```exercise
Write it.
```
"""


def lesson_of(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "07_a_lesson"
    folder.mkdir(exist_ok=True)
    (folder / "en.md").write_text(text, "utf-8")
    return folder


def test_a_whole_lesson(tmp_path: Path) -> None:
    lesson = read_lesson(lesson_of(tmp_path, WHOLE))
    assert (lesson.number, lesson.slug, lesson.title) == (7, "07_a_lesson", "A title")
    assert lesson.question == "What is it, in one question?"
    first, second = lesson.steps
    prose, prediction, do, show, reveal = first.blocks
    assert isinstance(prose, Prose)
    assert prose.text.endswith("## nor this\n```")
    assert prediction == Prediction(
        "status", "Which?", (Option("a", "the first", "not that one"), Option("b", "the second")),
        "{key}", 15, "so", "6455 §1", 5, "Of two, which?",
    )  # fmt: skip
    assert isinstance(do, Do)
    assert (do.name, do.words) == ("hello", "Say hello.")
    assert show == Show("frame", ("{n}",), 30, "{chat}")
    assert isinstance(reveal, Unveil)
    assert isinstance(second.blocks[0], Exercise)


HEAD = "# T\n\nQ?\n\n## S\n\n"
PREDICT = "```predict p\nWhich?\n- a: A\n- b: B\nanswer: {x}\n```\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("no title\n", 1, "expected '# the lesson's title'"),
        ("# T\n\n## S\nwords\n", 2, "the lesson's one question"),
        ("# T\n\nQ?\n", 3, "no step"),
        ("# T\n\nQ?\n\n## S\n\n## S2\nw\n", 5, "the step 'S' is empty"),
        (HEAD + "```nonsense\n```\n", 7, "no block is called 'nonsense'"),
        (HEAD + "```do hello\nwords\n", 7, "never ends"),
        (HEAD + "```\nwords\n", 7, "never ends"),
        (HEAD + "```do\nwords\n```\n", 7, "takes one name"),
        (HEAD + "```do x\n```\n", 7, "needs words"),
        (HEAD + "```show\n```\n", 7, "show what?"),
        (HEAD + "```show frame\n```\n", 7, "takes 1 arguments"),
        (HEAD + "```show ladder\nwords\n```\n", 7, "no words in it"),
        (HEAD + PREDICT.replace("- b: B\n", ""), 7, "two to six options"),
        (HEAD + PREDICT.replace("- b: B", "- a: B"), 10, "stands here twice"),
        (HEAD + PREDICT.replace("- b: B", "- b B"), 10, "an option is"),
        (HEAD + PREDICT.replace("answer: {x}\n", ""), 7, "lacks 'answer"),
        (HEAD + PREDICT.replace("Which?\n", ""), 7, "lacks its question"),
        (HEAD + PREDICT.replace("answer", "ask again: soon\nanswer"), 7, "not the number"),
        (HEAD + PREDICT.replace("answer", "sealed: 18\nanswer"), 7, "is the key itself"),
        (HEAD + PREDICT.replace("answer: {x}", "sealed: 18\nanswer: c"), 7, "no option's key"),
        (HEAD + "```unseal\n```\n", 7, "takes one name"),
        (HEAD + "```unseal all\n```\n", 7, "takes a lesson's number"),
        (HEAD + PREDICT.replace("answer", "again: Which, then?\nanswer"), 7, "give both, or none"),
        (HEAD + PREDICT.replace("answer", "ask again: 9\nagain:\nanswer"), 7, "give both, or none"),
        (
            HEAD + PREDICT.replace("- b: B", "- b: B | It was {x}.\nask again: 9"),
            7,
            "refuted without facts",
        ),
        (HEAD + PREDICT.replace("```\n", "answer: {y}\n```\n"), 12, "stands here twice"),
        (HEAD + PREDICT + PREDICT, 13, "the name 'p' is taken"),
        (HEAD + "```reveal now\n```\n", 7, "no name and no words"),
        (HEAD + "```instead\n```\n", 7, "needs words"),
        (HEAD + "```instead\nIt was {x}.\n```\n", 7, "nothing was measured"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    with pytest.raises(LessonError) as caught:
        read_lesson(lesson_of(tmp_path, text))
    assert caught.value.where == f"07_a_lesson/en.md:{line}"
    assert words in caught.value.words


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "07_x"
    folder.mkdir()
    with pytest.raises(LessonError, match=r"07_x/en\.md: No such file"):
        read_lesson(folder)
    (folder / "en.md").write_bytes(b"# T\n\xff")
    with pytest.raises(LessonError, match="byte 4 is not UTF-8"):
        read_lesson(folder)
    with pytest.raises(LessonError, match="named NN_slug"):
        read_lesson(tmp_path)


def test_hints(tmp_path: Path) -> None:
    path = tmp_path / "hints.md"
    path.write_text("## One\n\nlook\n\n### hex\nnot hex\n\n## Two\ngo\n", "utf-8")
    one, two = read_hints(path)
    assert (one.title, one.text, one.for_mistake) == ("One", "look", {"hex": "not hex"})
    assert (two.title, two.text, two.for_mistake) == ("Two", "go", {})
    path.write_text("## One\n\n## Two\ngo\n", "utf-8")
    with pytest.raises(LessonError, match="'One' has no words"):
        list(read_hints(path))


def test_a_course_is_the_folders_that_are_there(tmp_path: Path) -> None:
    for name in ("07_a", "03_b", "notes", "8_c", "12_empty"):
        (tmp_path / name).mkdir()
        if name != "12_empty":
            (tmp_path / name / "en.md").write_text(HEAD + "w\n", "utf-8")
    course = Course(tmp_path)
    assert [lesson.slug for lesson in course.lessons] == ["03_b", "07_a"]
    for name in ("3", "03", "b", "03_b", " B "):
        assert course.find(name).slug == "03_b"
    following = course.after(course.find("3"))
    assert following is not None
    assert following.slug == "07_a"
    assert course.after(course.find("7")) is None
    with pytest.raises(NoSuchLesson, match="there are 3, 7"):
        course.find("8")


def test_two_lessons_of_one_number_are_refused(tmp_path: Path) -> None:
    for name in ("07_a", "07_b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "en.md").write_text(HEAD + "w\n", "utf-8")
    with pytest.raises(LessonError, match="07_b: the number is taken by 07_a"):
        Course(tmp_path).lessons  # noqa: B018
