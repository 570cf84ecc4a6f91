"""`ws101 check`: the friendly face of the self-checks."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import click

from inspector.commands.mistakes import Command, Mistake
from inspector.screen.lines import Line
from inspector.screen.paper import Paper, paper_for
from lessons.course.checks import Verdict, Waiting, check_and_keep, in_silence
from lessons.course.commands.options import FOLDER, FORM
from lessons.course.course import Course, NoSuchLesson
from lessons.course.home import Home, HomeError
from lessons.course.model import Lesson, LessonError
from lessons.course.program import command
from lessons.course.progress import LessonState, NewerProgress, Progress
from lessons.course.report import report
from lessons.course.words import prose

HINTS_BEFORE_SOLUTION = 3


@click.command(cls=Command)
@click.argument("lesson", required=False)
@click.option("--watch", is_flag=True, help="Check again whenever you save. Ctrl-C ends it.")
@click.option("--hint", is_flag=True, help="Show the next hint (there are three).")
@click.option(
    "--solution", is_flag=True, help="Show a solution, once yours passes or all hints are out."
)
@click.option("--reset", is_flag=True, help="Begin the exercise anew; yours is kept beside it.")
@FORM
@FOLDER
@click.pass_context
def check(
    context: click.Context,
    lesson: str | None,
    watch: bool,
    hint: bool,
    solution: bool,
    reset: bool,
    form: str,
    folder: str | None,
) -> None:
    """Check your answer to a LESSON's exercise, or to all that you have begun.

    Your answer lies in ~/ws101/NN_name/exercise.py. The checks are pytest tests beside it: plain
    `pytest` in that folder gives the same verdict, if it is the one installed with ws101
    (.venv/bin/pytest of its checkout). Exit code 0: everything passes; 1: not yet.

    \b
    ws101 check 3            how far is it?
    ws101 check 3 --watch    keep this open beside your editor
    ws101 check 3 --hint     the next hint
    """
    one_of = [name for name, given in (("--watch", watch), ("--hint", hint), ("--reset", reset),
              ("--solution", solution)) if given]  # fmt: skip
    if len(one_of) > 1:
        raise Mistake(f"{' and '.join(one_of)} exclude each other: give one of them")
    if form == "json" and one_of:
        raise Mistake(f"--format json is for a check alone, without {one_of[0]}")
    home = Home.find(folder)
    try:
        progress = Progress(home)
        chosen = choose(lesson, home, needed=bool(one_of) and not watch)
        if progress.note:
            print(f"ws101 check: {progress.note}", file=sys.stderr)
        paper = paper_for(sys.stdout, live=True)
        if hint:
            show_hint(chosen[0], home, progress, paper)
        elif solution:
            show_solution(chosen[0], progress, paper)
        elif reset:
            begin_anew(chosen[0], home, progress, paper)
        elif watch:
            keep_watching(chosen, home, progress, paper)
        else:
            context.exit(0 if check_all(chosen, home, progress, paper, form) else 1)
    except (NoSuchLesson, HomeError, LessonError, NewerProgress) as fault:
        raise Mistake(str(fault)) from None


def choose(name: str | None, home: Home, *, needed: bool) -> list[Lesson]:
    """The lesson named, else all whose exercise was begun. Raises `Mistake` when there is none."""
    course = Course()
    if name is not None:
        lesson = course.find(name)
        if not lesson.has_exercise:
            raise Mistake(f"lesson {lesson} has no exercise: there is nothing to check")
        return [lesson]
    begun = [each for each in course.lessons if each.has_exercise and home.started(each)]
    if needed and len(begun) != 1:
        numbers = ", ".join(str(each.number) for each in begun)
        which = f"you have begun {numbers}" if begun else "you have begun none"
        raise Mistake(f"which lesson? {which}; for example: {command('check', 3, '--hint')}")
    if not begun:
        first = next((each.number for each in course.lessons if each.has_exercise), 0)
        raise Mistake(
            f"no exercise was begun in {home.shown()}: name a lesson, such as "
            f"{command('check', first)}, or take one with {command('learn')}"
        )
    return begun


def check_all(
    lessons: Sequence[Lesson], home: Home, progress: Progress, paper: Paper, form: str = "text"
) -> bool:
    """Check each; True if all pass."""
    verdicts: list[Verdict] = []
    for number, lesson in enumerate(lessons):
        new = not home.started(lesson)
        with telling_progress() as tell:
            verdict = check_and_keep(lesson, home, progress, tell)
        verdicts.append(verdict)
        if form == "text":
            if number:
                paper.lines([Line()])
            if new:
                path = home.shown(home.exercise(lesson))
                paper.lines([Line(f"The exercise is new: {path}", "title"), Line()])
            paper.lines(report(verdict, home))
    if progress.trouble and form == "text":
        paper.lines([Line(progress.trouble, "warning")])
    passed = all(verdict.passed for verdict in verdicts)
    if form == "json":
        told = {"version": 1, "status": "pass" if passed else "fail"}
        paper.text(
            json.dumps({**told, "lessons": [v.as_json() for v in verdicts]}, indent=1) + "\n"
        )
    elif len(verdicts) > 1:
        done = sum(verdict.passed for verdict in verdicts)
        paper.lines([Line(), Line(f"{done} of {len(verdicts)} exercises pass.", "title")])
    return passed


@contextmanager
def telling_progress() -> Iterator[Waiting]:
    """Say on standard error how far a check is, where somebody watches that; then wipe it away."""
    if not sys.stderr.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        yield in_silence
        return
    said = ""

    def tell(words: str) -> None:
        nonlocal said
        if words != said:
            print(f"\r{words:<{len(said)}}", end="", file=sys.stderr, flush=True)
            said = words

    try:
        yield tell
    finally:
        print(f"\r{'':<{len(said)}}\r", end="", file=sys.stderr, flush=True)


def next_hint(lesson: Lesson, home: Home, progress: Progress) -> tuple[str, str]:
    """The next hint's title and text; it counts as shown.

    A mistake that the last check saw comes first, if a stage speaks of it; else the next stage, and
    the last one again.
    """
    home.hand_over(lesson)
    exercise = progress[lesson.slug].exercise
    mistake = exercise.mistake
    spoken = next((h.for_mistake[mistake] for h in lesson.hints if mistake in h.for_mistake), "")
    if spoken and mistake not in exercise.told:
        progress.change(lesson.slug, lambda state: state.exercise.told.append(mistake))
        return "Hint for your last answer", spoken

    def count(state: LessonState) -> None:
        state.exercise.hints = min(len(lesson.hints), state.exercise.hints + 1)

    number = progress.change(lesson.slug, count).exercise.hints
    stage = lesson.hints[number - 1]
    return f"Hint {number} of {len(lesson.hints)}: {stage.title}", stage.text


def show_hint(lesson: Lesson, home: Home, progress: Progress, paper: Paper) -> None:
    """Print the next hint."""
    if not lesson.hints:
        raise Mistake(f"lesson {lesson} has no hints")
    title, text = next_hint(lesson, home, progress)
    paper.lines([Line(title, "title"), Line()])
    paper.lines(prose(text, None))
    paper.lines([Line(), Line(after_hint(lesson, progress), "quiet")])


def after_hint(lesson: Lesson, progress: Progress) -> str:
    """What there is after the hint just shown."""
    all_shown = progress[lesson.slug].exercise.hints >= len(lesson.hints)
    option, what = ("--solution", "a solution") if all_shown else ("--hint", "the next")
    return f"{command('check', lesson.number, option)} shows {what}"


def show_solution(lesson: Lesson, progress: Progress, paper: Paper) -> None:
    """Print the solution, if the learner has come that far."""
    state = progress[lesson.slug].exercise
    if not state.passed and state.hints < min(HINTS_BEFORE_SOLUTION, len(lesson.hints)):
        left = min(HINTS_BEFORE_SOLUTION, len(lesson.hints)) - state.hints
        raise Mistake(
            f"first pass the check, or see the hints ({left} to go): "
            f"{command('check', lesson.number, '--hint')}"
        )
    code = (lesson.folder / "solution.py").read_text("utf-8")
    paper.lines([Line(f"{lesson}: one solution", "title"), Line()])
    paper.lines(Line(text) for text in code.rstrip("\n").split("\n"))


def begin_anew(lesson: Lesson, home: Home, progress: Progress, paper: Paper) -> None:
    """Give the stub again."""
    kept = home.reset(lesson)

    def forget(state: LessonState) -> None:
        state.exercise.passed = False
        state.exercise.right = state.exercise.checks = 0
        state.exercise.mistake = ""

    progress.change(lesson.slug, forget)
    paper.lines([Line(f"{home.shown(home.exercise(lesson))} is as it was at the beginning.")])
    if kept:
        paper.lines([Line(f"What you had is kept: {home.shown(kept)}")])


def keep_watching(lessons: Sequence[Lesson], home: Home, progress: Progress, paper: Paper) -> None:
    """Check, and again after each save, until Ctrl-C.

    What was saved is told by the files' own times: the watcher only wakes us, so that a save while
    a check runs is not missed.
    """
    from watchfiles import watch

    for lesson in lessons:
        home.hand_over(lesson)
    checked: dict[str, object] = {}
    try:
        for _ in watch(*map(home.folder, lessons), yield_on_timeout=True, rust_timeout=500):
            saved = [each for each in lessons if checked.get(each.slug) != _stamps(home, each)]
            if not saved:
                continue
            if checked and paper.colour:
                paper.text("\x1b[H\x1b[2J")
            checked |= {lesson.slug: _stamps(home, lesson) for lesson in saved}
            check_all(saved, home, progress, paper)
            says = "watching: save the file to check again, Ctrl-C ends"
            paper.lines([Line(), Line(says, "quiet")])
    except KeyboardInterrupt:
        paper.lines([Line()])


def _stamps(home: Home, lesson: Lesson) -> object:
    """What changes when the learner saves: editors leave all kinds of other files beside it."""
    files = (
        path
        for path in home.folder(lesson).glob("*.py")
        if path.name != "test_exercise.py" and not path.name.startswith(".")
    )
    found = {}
    for path in files:
        with suppress(OSError):
            status = path.stat()
            found[path.name] = (status.st_mtime_ns, status.st_size)
    return found
