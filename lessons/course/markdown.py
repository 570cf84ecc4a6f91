"""From a lesson's `en.md` and `hints.md` to values. What is wrong is told with file and line.

The grammar is a small part of Markdown (docs/adding-a-lesson.md): headings make steps, fences with
a known first word make blocks, all else is prose and is left as written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from lessons.course.model import (
    Block,
    Do,
    Exercise,
    Hint,
    Instead,
    Lesson,
    LessonError,
    Option,
    Prediction,
    Prose,
    Show,
    Step,
    Unseal,
    Unveil,
)
from lessons.course.words import has_facts

FENCE: Final = "```"
SHOWS: Final[dict[str, tuple[int, ...]]] = {
    "handshake": (0,),
    "frame": (1,),
    "frames": (0, 2),
    "ladder": (0,),
    "table": (1,),
    "plot": (1,),
}
"""What can be shown, and how many arguments it takes."""

_FOLDER = re.compile(r"([0-9]{2})_([a-z0-9_]+)")
_OPTION = re.compile(r"- ([^\s:]+): +(.+)")
_SETTING = re.compile(r"(answer|measured|rfc|ask again|again|sealed): *(.*)")


def lesson_number(folder: Path) -> int | None:
    """The number of a lesson's folder, None for a folder that is no lesson's."""
    found = _FOLDER.fullmatch(folder.name)
    return int(found[1]) if found else None


def read_lesson(folder: Path, language: str = "en") -> Lesson:
    """The lesson in this folder. Raises `LessonError`."""
    number = lesson_number(folder)
    if number is None:
        raise LessonError(folder.name, "a lesson's folder is named NN_slug, such as 03_handshake")
    lines = Lines(folder / f"{language}.md")
    title = lines.heading("# ", "the lesson's title")
    question = " ".join(piece for piece in lines.until("## ") if piece)
    if not question:
        raise lines.error("the lesson's one question has to stand under its title")
    steps = tuple(_steps(lines))
    if not steps:
        raise lines.error("no step: a step begins with '## Its title'")
    _names_once(lines, steps)
    hints_file = folder / "hints.md"
    hints = tuple(read_hints(hints_file)) if hints_file.exists() else ()
    return Lesson(number, folder.name, folder, title, question, steps, hints)


class Lines:
    """The lines of a file, and where we are."""

    def __init__(self, path: Path) -> None:
        self.name = f"{path.parent.name}/{path.name}"
        try:
            self.lines = path.read_text("utf-8").splitlines()
        except OSError as fault:
            raise LessonError(self.name, fault.strerror or str(fault)) from None
        except UnicodeDecodeError as fault:
            raise LessonError(self.name, f"byte {fault.start} is not UTF-8") from None
        self.at = 0

    def error(self, words: str, line: int | None = None) -> LessonError:
        return LessonError(f"{self.name}:{line or max(1, self.at)}", words)

    @property
    def current(self) -> str | None:
        return self.lines[self.at].rstrip() if self.at < len(self.lines) else None

    def take(self) -> str:
        line = self.current
        assert line is not None
        self.at += 1
        return line

    def heading(self, mark: str, what: str) -> str:
        while self.current == "":
            self.at += 1
        if not (self.current or "").startswith(mark):
            self.at += 1
            raise self.error(f"expected '{mark}{what}'")
        return self.take().removeprefix(mark).strip()

    def until(self, mark: str) -> Iterator[str]:
        while self.current is not None and not self.current.startswith(mark):
            yield self.take()


def _steps(lines: Lines) -> Iterator[Step]:
    while lines.current is not None:
        title = lines.heading("## ", "a step's title")
        line = lines.at
        blocks = tuple(_blocks(lines))
        if not blocks:
            raise lines.error(f"the step {title!r} is empty", line)
        yield Step(title, blocks, line)


def _blocks(lines: Lines) -> Iterator[Block]:
    prose: list[str] = []
    begun = 0
    plain_fence = 0
    while (line := lines.current) is not None and (plain_fence or not line.startswith("## ")):
        fence = line.removeprefix(FENCE).split() if line.startswith(FENCE) else []
        kind, arguments = (fence or [""])[0], fence[1:]
        if kind in _FENCES and not plain_fence:
            if prose:
                yield Prose("\n".join(prose).rstrip("\n"), begun)
            prose = []
            yield _fence(lines, kind, arguments)
            continue
        if line.startswith(FENCE):
            if kind and not plain_fence:
                lines.at += 1
                raise lines.error(f"no block is called {kind!r}; there are {', '.join(_FENCES)}")
            plain_fence = 0 if plain_fence else lines.at + 1
        if line or prose:
            begun = begun if prose else lines.at + 1
            prose.append(line)
        lines.at += 1
    if plain_fence:
        raise lines.error("the fence begun here never ends", plain_fence)
    if prose:
        yield Prose("\n".join(prose).rstrip("\n"), begun)


class _Fence(NamedTuple):
    line: int
    arguments: list[str]
    body: list[str]


def _fence(lines: Lines, kind: str, arguments: list[str]) -> Block:
    lines.at += 1
    line = lines.at
    body = []
    while (text := lines.current) != FENCE:
        if text is None:
            raise lines.error(f"the {kind} block begun here never ends with {FENCE}", line)
        body.append(lines.take())
    lines.at += 1
    return _FENCES[kind](lines, _Fence(line, arguments, body))


def _one_name(lines: Lines, kind: str, fence: _Fence) -> str:
    if len(fence.arguments) != 1:
        raise lines.error(f"'{FENCE}{kind} NAME' takes one name", fence.line)
    return fence.arguments[0]


def _words(lines: Lines, kind: str, fence: _Fence) -> str:
    if not (words := "\n".join(fence.body).strip("\n")):
        raise lines.error(f"the {kind} block needs words", fence.line)
    return words


def _predict(lines: Lines, fence: _Fence) -> Prediction:
    name = _one_name(lines, "predict", fence)
    question: list[str] = []
    options: list[Option] = []
    settings: dict[str, str] = {}
    for number, text in enumerate(fence.body, fence.line + 1):
        if option := _OPTION.fullmatch(text):
            words, _, refutation = option[2].partition(" | ")
            if any(known.key == option[1] for known in options):
                raise lines.error(f"the option {option[1]!r} stands here twice", number)
            options.append(Option(option[1], words.strip(), refutation.strip()))
        elif setting := _SETTING.fullmatch(text):
            if setting[1] in settings:
                raise lines.error(f"'{setting[1]}:' stands here twice", number)
            settings[setting[1]] = setting[2].strip()
        elif text.startswith("- ") or (text and options):
            raise lines.error("an option is '- KEY: words | what to say if it was wrong'", number)
        else:
            question.append(text)
    if not 2 <= len(options) <= 6:
        raise lines.error(f"a prediction has two to six options, not {len(options)}", fence.line)
    if not settings.get("answer"):
        raise lines.error("the prediction lacks 'answer: {fact}'", fence.line)
    for key in ("ask again", "sealed"):
        if (lesson := settings.get(key, "")) and not lesson.isdecimal():
            raise lines.error(f"'{key}: {lesson}' is not the number of a lesson", fence.line)
    again, sealed = settings.get("ask again", ""), settings.get("sealed", "")
    if sealed and (again or settings.get("measured") or "{" in settings["answer"]):
        words = (
            "a sealed prediction is opened elsewhere: it is not asked again before, its answer is"
        )
        raise lines.error(f"{words} the key itself, and nothing is measured", fence.line)
    if sealed and not any(option.key == settings["answer"] for option in options):
        raise lines.error(f"'answer: {settings['answer']}' is no option's key", fence.line)
    if "again" in settings and not (again and settings["again"]):
        words = "'again: ' is the question for 'ask again: LESSON': give both, or none"
        raise lines.error(words, fence.line)
    if again and any(has_facts(option.refutation) for option in options):
        words = "what is asked again is refuted without facts: they are not at hand in that lesson"
        raise lines.error(words, fence.line)
    asked = "\n".join(question).strip("\n")
    if not asked:
        raise lines.error("the prediction lacks its question", fence.line)
    return Prediction(
        name, asked, tuple(options), settings["answer"], fence.line,
        settings.get("measured", ""), settings.get("rfc", ""), int(again) if again else None,
        settings.get("again", ""), int(sealed) if sealed else None,
    )  # fmt: skip


def _do(lines: Lines, fence: _Fence) -> Do:
    return Do(_one_name(lines, "do", fence), _words(lines, "do", fence), fence.line)


def _show(lines: Lines, fence: _Fence) -> Show:
    what, *arguments = fence.arguments or [""]
    connection = ""
    if arguments[-2:-1] == ["of"]:
        connection = arguments[-1]
        del arguments[-2:]
    if what not in SHOWS:
        raise lines.error(f"show what? One of {', '.join(SHOWS)}", fence.line)
    if len(arguments) not in SHOWS[what]:
        takes = " or ".join(map(str, SHOWS[what]))
        raise lines.error(f"'show {what}' takes {takes} arguments", fence.line)
    if any(text.strip() for text in fence.body):
        raise lines.error("a show block has no words in it", fence.line)
    return Show(what, tuple(arguments), fence.line, connection)


def _reveal(lines: Lines, fence: _Fence) -> Unveil:
    if fence.arguments or any(text.strip() for text in fence.body):
        raise lines.error("a reveal block has no name and no words", fence.line)
    return Unveil(fence.line)


def _unseal(lines: Lines, fence: _Fence) -> Unseal:
    number = _one_name(lines, "unseal", fence)
    if not number.isdecimal() or any(text.strip() for text in fence.body):
        raise lines.error("'unseal NUMBER' takes a lesson's number, and no words", fence.line)
    return Unseal(int(number), fence.line)


def _instead(lines: Lines, fence: _Fence) -> Instead:
    words = _words(lines, "instead", fence)
    if has_facts(words):
        raise lines.error("what is said instead names no fact: nothing was measured", fence.line)
    return Instead(words, fence.line)


def _exercise(lines: Lines, fence: _Fence) -> Exercise:
    return Exercise(_words(lines, "exercise", fence), fence.line)


_FENCES: Final[Mapping[str, Callable[[Lines, _Fence], Block]]] = {
    "predict": _predict,
    "do": _do,
    "show": _show,
    "reveal": _reveal,
    "unseal": _unseal,
    "instead": _instead,
    "exercise": _exercise,
}


def _names_once(lines: Lines, steps: tuple[Step, ...]) -> None:
    """Progress is kept by name, so that each has to be one thing."""
    seen: set[tuple[type, str]] = set()
    for block in (block for step in steps for block in step.blocks):
        if isinstance(block, Prediction | Do):
            key = (type(block), block.name)
            if key in seen:
                raise lines.error(f"the name {block.name!r} is taken", block.line)
            seen.add(key)


def read_hints(path: Path) -> Iterator[Hint]:
    """The stages of a `hints.md`. Raises `LessonError`."""
    lines = Lines(path)
    while lines.current is not None:
        title = lines.heading("## ", "a stage's title")
        texts: dict[str, list[str]] = {"": []}
        tag = ""
        for line in lines.until("## "):
            if line.startswith("### "):
                tag = line.removeprefix("### ").strip()
                texts[tag] = []
            else:
                texts[tag].append(line)
        joined = {tag: "\n".join(body).strip("\n") for tag, body in texts.items()}
        if not all(joined.values()):
            raise lines.error(f"the stage {title!r} has no words")
        yield Hint(title, joined.pop(""), joined)
