"""`ws101 learn`: the guided course."""

from __future__ import annotations

import sys

import click

from inspector.commands.mistakes import Command, Mistake
from inspector.screen.lines import Line
from inspector.screen.paper import paper_for
from lessons.course.commands.options import FOLDER
from lessons.course.course import Course, NoSuchLesson
from lessons.course.home import Home, HomeError
from lessons.course.model import Lesson, LessonError
from lessons.course.process import SessionFailed
from lessons.course.progress import NewerProgress
from lessons.course.wire import ScriptFailed


@click.command(cls=Command)
@click.argument("lesson", required=False)
@click.option("--auto", is_flag=True, help="Take the lesson by script: no questions, no browser.")
@FOLDER
@click.pass_context
def learn(context: click.Context, lesson: str | None, auto: bool, folder: str | None) -> None:
    """Take the course, or one LESSON of it, on traffic of your own.

    A small web app starts on this machine, a tap in front of it records every byte, and you talk to
    it with your browser. Each lesson asks what you expect, shows what the wire says, and explains.
    q quits at any moment; coming back goes on where you were. Everything of yours is in ~/ws101.

    \b
    ws101 learn             the map, and on from where you were
    ws101 learn 3           lesson 3; "handshake" works, too
    ws101 learn 3 --auto    by script; exit code 0 if each of its claims holds
    """
    home = Home.find(folder)
    course = Course()
    try:
        chosen = course.find(lesson) if lesson else None
        if not course.lessons:
            raise Mistake("this installation holds no lessons: install ws101 again")
        if auto or not (sys.stdin.isatty() and sys.stdout.isatty()):
            first = next((each for each in course.lessons if each.has_exercise), course.lessons[0])
            context.exit(by_script(chosen or first, course, home, asked_for=auto))
        from lessons.course.guided import Guide

        context.exit(Guide(course, home).run(chosen))
    except (NoSuchLesson, HomeError, LessonError, NewerProgress, SessionFailed) as fault:
        raise Mistake(str(fault)) from None
    except ScriptFailed as fault:
        print(f"ws101 learn: {fault}", file=sys.stderr)
        context.exit(1)


def by_script(lesson: Lesson, course: Course, home: Home, *, asked_for: bool) -> int:
    """Take a lesson by script, its transcript on standard output; the exit code."""
    from lessons.course.auto import run_by_script

    paper = paper_for(sys.stdout, live=True)
    if not asked_for:
        words = f"No terminal to learn at, so lesson {lesson} is taken by script (as with --auto)."
        paper.lines([Line(words)])
    transcript = run_by_script(lesson, course, home, paper)
    paper.close()
    return 0 if transcript.held else 1
