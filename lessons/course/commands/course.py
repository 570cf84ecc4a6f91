"""`ws101 course verify`: the course proves itself."""

from __future__ import annotations

import sys

import click

from inspector.commands.mistakes import Command, Group, Mistake
from inspector.screen.paper import paper_for
from lessons.course.course import Course, NoSuchLesson
from lessons.course.model import LessonError
from lessons.course.verify import record_sample, verify_lessons


@click.group(cls=Group)
def course() -> None:
    """For those who write lessons: does the course keep what it promises?"""


@course.command(cls=Command)
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--samples", is_flag=True, help="First record each lesson's sample.pcapng anew.")
@click.pass_context
def verify(context: click.Context, lessons: tuple[str, ...], samples: bool) -> None:
    """Prove every LESSON, or those named: stubs fail, solutions pass, claims hold.

    Each lesson is taken by script on real traffic. Its stub must fail with a message that helps,
    its solution must pass, every wrong answer must be rejected, every number in its words must have
    been measured, and no file may lie about without a purpose. Exit code 0 if all of that holds,
    else 1.
    """
    try:
        known = Course()
        chosen = [known.find(name) for name in lessons] or list(known.lessons)
        paper = paper_for(sys.stdout, live=True)
        if samples:
            for lesson in chosen:
                record_sample(lesson, known, paper)
        context.exit(0 if verify_lessons(chosen, known, paper) else 1)
    except (NoSuchLesson, LessonError) as fault:
        raise Mistake(str(fault)) from None
