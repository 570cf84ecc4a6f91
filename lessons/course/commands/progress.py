"""`ws101 progress`: how far the learner is; to take along, to bring back, to begin anew."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from inspector.commands.mistakes import Command, Group, Mistake
from inspector.files.output import CannotMake, Output
from inspector.screen.lines import Line, fit
from inspector.screen.paper import paper_for
from inspector.screen.words import count
from lessons.course.commands.options import FOLDER, FORM
from lessons.course.course import Course, NoSuchLesson
from lessons.course.home import Home, HomeError, write_whole
from lessons.course.map import state_words, summary
from lessons.course.model import Lesson, LessonError
from lessons.course.moving import LARGEST, NotProgress, bring, exported
from lessons.course.program import command
from lessons.course.progress import LessonState, NewerProgress, Progress, Remembered
from lessons.course.reporting import as_html, as_markdown, report


@click.group(cls=Group, invoke_without_command=True)
@FORM
@FOLDER
@click.pass_context
def progress(context: click.Context, form: str, folder: str | None) -> None:
    """How far you are: lessons, predictions, exercises.

    \b
    ws101 progress                      lesson by lesson
    ws101 progress export FILE          with your exercises, for another machine
    ws101 progress import FILE          there; what was there before is kept beside it
    ws101 progress reset 3              begin lesson 3 anew
    ws101 progress reset                begin the course anew
    ws101 progress report -o FILE.html  all of it on a page: questions, answers, plots
    """
    context.obj = folder
    if context.invoked_subcommand is not None:
        return
    home, course, known = opened(folder)
    paper = paper_for(sys.stdout, live=True)
    if form == "json":
        paper.text(json.dumps(as_json(course, known), indent=1) + "\n")
    else:
        paper.lines(shown(course, known, home))
    paper.close()


@progress.command(cls=Command, name="export", short_help="write it to a file")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@FOLDER
@click.pass_context
def export_(context: click.Context, file: Path, force: bool, folder: str | None) -> None:
    """Write your progress and your exercises to FILE; - is standard output.

    Captures don't go along: they can be large, and hold what was said. A lesson that you are in the
    middle of begins anew on the other machine, its predictions locked as they are.
    """
    home, course, known = opened(folder or context.obj)
    try:
        data = exported(course, home, known)
        if str(file) == "-":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return
        if file.exists() and not force:
            raise Mistake(f"{file} is there already: choose another name, or say --force")
        write_whole(file, data)
    except OSError as fault:
        raise Mistake(f"{file}: {fault.strerror or fault}") from None
    told = f"{count(len(known.lessons), 'lesson')} written to {file}"
    print(f"{told}; bring it back with: {command('progress', 'import', file)}")


@progress.command(cls=Command, name="import", short_help="bring it back from one")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@FOLDER
@click.pass_context
def import_(context: click.Context, file: Path, folder: str | None) -> None:
    """Put the progress and the exercises of an exported FILE in the place of yours.

    Yours are kept beside it, under names with today's date. - is standard input.
    """
    home, course, known = opened(folder or context.obj)
    try:
        with sys.stdin.buffer if str(file) == "-" else open(file, "rb") as source:
            text = source.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise NotProgress(f"it is larger than {LARGEST:,} bytes")
        told = bring(text, course, home, known)
    except (NotProgress, NewerProgress, ValueError, TypeError, KeyError) as fault:
        words = (
            str(fault) if isinstance(fault, NotProgress | NewerProgress) else f"damaged: {fault}"
        )
        raise Mistake(f"{file}: {words}; nothing was changed") from None
    except HomeError as fault:
        raise Mistake(str(fault)) from None
    except OSError as fault:
        raise Mistake(f"{fault.filename or file}: {fault.strerror or fault}") from None
    lessons, exercises = count(told.lessons, "lesson"), count(told.exercises, "exercise")
    print(f"{lessons} and {exercises} brought from {file}")
    for path in told.kept:
        print(f"what was there before is kept as {home.shown(path)}")
    for slug in told.without_bytes:
        print(f"{slug} begins anew: its captures did not come along")
    if told.unknown:
        print(f"not known to this ws101, kept all the same: {', '.join(told.unknown)}")


@progress.command(cls=Command, name="report", short_help="what you said and measured, on a page")
@click.option(
    "--format", "form", type=click.Choice(["md", "html"]),
    help="Markdown or HTML; without it, FILE's name tells, or else it is Markdown.",
)  # fmt: skip
@click.option("-o", "--output", metavar="FILE", help="Where to write it; - is standard output.")
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@FOLDER
@click.pass_context
def report_(
    context: click.Context, form: str | None, output: str | None, force: bool, folder: str | None
) -> None:
    """Write a report: each question with what you said and what your wire said, exercises, plots.

    Markdown goes into a wiki or a mail. The HTML is one file without script or anything from
    elsewhere: it opens offline, in the dark, and prints. Plots are drawn from your captures, where
    these are still there. An answer that the course has not given you yet is not given here.

    \b
    ws101 progress report                     to read in the terminal
    ws101 progress report -o report.html      to open in a browser
    ws101 progress report --format html | wc  to standard output
    """
    home, course, known = opened(folder or context.obj)
    by_name = "html" if str(output).lower().endswith((".html", ".htm")) else "md"
    told = report(home, course, known, _telling)
    _telling("")
    data = (as_html if (form or by_name) == "html" else as_markdown)(told).encode()
    if output in (None, "-"):
        _to_standard_output(data, form == "html")
        return
    try:
        with Output(Path(str(output)), force) as file:
            with open(file.fd, "wb", closefd=False) as stream:
                stream.write(data)
            file.keep()
    except CannotMake as fault:
        raise Mistake(str(fault)) from None
    except OSError as fault:
        raise Mistake(f"{output}: {fault.strerror or fault}") from None
    print(f"your report is in {output}")


def _telling(words: str) -> None:
    """How far it is, where somebody watches."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{words}")
        sys.stderr.flush()


def _to_standard_output(data: bytes, for_browsers: bool) -> None:
    if for_browsers and sys.stdout.isatty():
        raise Mistake("HTML is not for terminals: name a file, with -o report.html")
    paper = paper_for(sys.stdout)
    paper.text(data.decode())
    paper.close()


@progress.command(cls=Command, short_help="begin a lesson, or all, anew")
@click.argument("lesson", required=False)
@click.option("--yes", is_flag=True, help="Don't ask.")
@FOLDER
@click.pass_context
def reset(context: click.Context, lesson: str | None, yes: bool, folder: str | None) -> None:
    """Begin LESSON anew, or the whole course.

    Predictions, steps and hints are forgotten; what was there is kept as progress-DATE.json. What
    you wrote and captured stays (an exercise is begun anew with `ws101 check LESSON --reset`).
    """
    home, course, known = opened(folder or context.obj)
    try:
        chosen = course.find(lesson) if lesson else None
    except NoSuchLesson as fault:
        raise Mistake(str(fault)) from None
    if chosen is not None and not known[chosen.slug].at:
        raise Mistake(f"lesson {chosen} was not begun: there is nothing to forget")
    if chosen is None and not known.lessons:
        raise Mistake(f"nothing was begun in {home.shown()}: there is nothing to forget")
    what = f"lesson {chosen}" if chosen else "the whole course"
    if not yes:
        if not sys.stdin.isatty():
            raise Mistake(f"this forgets your progress in {what}: say --yes if you mean it")
        if not click.confirm(f"Forget your progress in {what}? It is kept in a file beside it."):
            context.exit(1)
    try:
        kept = known.forget(chosen.slug) if chosen else known.replace(Remembered({}))
    except HomeError as fault:
        raise Mistake(str(fault)) from None
    except OSError as fault:
        raise Mistake(f"{fault.filename or home.progress}: {fault.strerror or fault}") from None
    print(f"{what} begins anew: {command('learn', *([chosen.number] if chosen else []))}")
    if kept:
        print(f"what was there before is kept as {home.shown(kept)}")


def opened(folder: str | None) -> tuple[Home, Course, Progress]:
    """The learner's folder, the course, and how far they are. Raises `Mistake`."""
    home = Home.find(folder)
    try:
        course = Course()
        course.lessons  # noqa: B018  a lesson that can't be read is told here
        known = Progress(home)
    except (LessonError, NewerProgress) as fault:
        raise Mistake(str(fault)) from None
    if known.note:
        print(f"ws101 progress: {known.note}", file=sys.stderr)
    if known.trouble:
        raise Mistake(known.trouble)
    return home, course, known


def shown(course: Course, known: Progress, home: Home) -> Iterator[Line]:
    """A line a lesson."""
    yield Line("lesson", "quiet").to(34).add("how far", "quiet").to(58).add("predictions", "quiet")
    for lesson in course.lessons:
        state = known[lesson.slug]
        line = Line(f"{lesson.number:>2} {fit(lesson.title, 30)}").to(34)
        line.add(state_words(lesson, state, in_full=True) or "-").to(58)
        yield line.add(guessed(lesson, state))
    yield Line()
    yield Line(summary(course.lessons, known), "quiet")
    yield Line(f"kept in {home.shown(home.progress)}", "quiet")


def guessed(lesson: Lesson, state: LessonState) -> str:
    """`3 of 4 right`, of those that were chosen there and measured; `9 sealed` until opened."""
    guesses = [state.predictions[p.name] for p in lesson.predictions if p.name in state.predictions]
    known = [guess for guess in guesses if guess.choice and guess.right is not None]
    words = []
    if known:
        words.append(f"{sum(bool(guess.right) for guess in known)} of {len(known)} right")
    kept = [state.predictions[p.name] for p in lesson.sealed if p.name in state.predictions]
    if sealed := sum(guess.right is None for guess in kept):
        words.append(f"{sealed} sealed")
    return ", ".join(words)


def as_json(course: Course, known: Progress) -> dict[str, object]:
    """The same for programs."""
    lessons = []
    for lesson in course.lessons:
        state = known[lesson.slug]
        rights = [g.right for g in state.predictions.values() if g.choice and g.right is not None]
        exercise = state.exercise
        lessons.append(
            {
                "lesson": lesson.number, "name": lesson.slug, "title": lesson.title,
                "begun": state.begun, "done": state.done, "step": state.step + 1,
                "steps": len(lesson.steps), "last": state.at or None,
                "predictions": {"known": len(rights), "right": sum(map(bool, rights))},
                "exercise": {"passed": exercise.passed, "tries": exercise.tries,
                             "hints": exercise.hints} if lesson.has_exercise else None,
            }
        )  # fmt: skip
    return {"version": 1, "lessons": lessons}
