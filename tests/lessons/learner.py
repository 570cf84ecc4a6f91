"""A learner without a terminal: takes a lesson as the guide plays it; their progress is kept."""

from __future__ import annotations

from collections.abc import Callable

from lessons.course.course import Course
from lessons.course.home import Home
from lessons.course.model import Lesson, Unavailable
from lessons.course.moments import Act, Ask, Ending
from lessons.course.progress import Progress
from lessons.course.runner import Run, play
from lessons.course.session import Session

type Choice = Callable[[Ask], str]


def first(ask: Ask) -> str:
    """The first option, whatever is asked."""
    return ask.locked or ask.options[0].key


def takes(lesson: Lesson, home: Home, choose: Choice = first, course: Course | None = None) -> None:
    """The whole lesson, on a real wire, each turn done by its script."""
    with Session(lesson, home) as session:
        run = Run(course or Course(), lesson, session, Progress(home))
        moments = play(run)
        reply: str | None = None
        while True:
            try:
                moment = moments.send(reply)
            except StopIteration:
                return
            reply = "on"
            if isinstance(moment, Ask):
                reply = choose(moment)
            elif isinstance(moment, Act):
                reply = _acts(moment, session)
            elif isinstance(moment, Ending):
                assert moment.held, [claim for claim in moment.claims if not claim.held]


def _acts(act: Act, session: Session) -> str:
    try:
        for name in act.action.needs:
            session.store(name)
        act.action.script(session)
        session.wait_for(act.action.seen, act.do.name)
    except Unavailable:
        return "skipped"
    return "done"
