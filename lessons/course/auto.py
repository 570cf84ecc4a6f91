"""A lesson by script: nobody is asked, the transcript goes to a stream, every claim is checked.

`ws101 learn --auto`, and what `ws101 learn` falls back to where there is no terminal.
"""

from __future__ import annotations

from dataclasses import replace

from inspector.screen.lines import Line
from inspector.screen.paper import Paper
from lessons.course import telling
from lessons.course.course import Course
from lessons.course.home import Home
from lessons.course.model import Lesson, LessonError, Unavailable, all_was_done
from lessons.course.moments import (
    Act,
    Ask,
    Begin,
    Draw,
    Ending,
    HandOver,
    LeftOut,
    Moment,
    Reveal,
    Say,
    StepEnd,
)
from lessons.course.program import command
from lessons.course.progress import Progress
from lessons.course.runner import Run, play
from lessons.course.session import Session
from lessons.course.wire import ScriptFailed
from lessons.course.words import NOT_MEASURED, UnknownFact, Unmeasured, fill, prose, sentence


class Transcript:
    """The face of a lesson that nobody watches, but whoever reads it later."""

    def __init__(self, run: Run, paper: Paper) -> None:
        self.run = run
        self.paper = paper
        self.held = False
        self.claims = 0
        self.not_held: list[str] = []
        self.unmeasured: list[str] = []
        """Faults of the words: predictions whose answer is not measured, or no option."""
        self.left_out: list[str] = []
        """Steps that could not be done on this machine, and why."""
        self._leaving_out = False

    def tell(self, moment: Moment) -> str | None:
        """Write a moment down; the reply to it."""
        match moment:
            case Begin():
                self._leaving_out = False
                self._write([Line(), *telling.heading(moment), Line()])
            case Say():
                try:
                    self._write([*prose(moment.text, moment.facts), Line()])
                except UnknownFact as fault:
                    raise LessonError(self._where(moment.line), str(fault)) from None
            case Ask():
                words = [moment.question, *(option.words for option in moment.options)]
                self._look_for_gaps(moment.prediction.line, *words)
                note = Line("(a learner locks a prediction here)", "quiet")
                self._write([*telling.question(moment), Line(), note, Line()])
            case Act():
                return self._act(moment)
            case LeftOut():
                self._leave_out(moment.why)
            case Draw():
                missing = [Line(f"(not shown: {moment.missing})")] if moment.missing else []
                self._write([*moment.lines, *missing, Line()])
            case Reveal():
                self._judge(moment)
                self._write([*telling.reveal(moment), Line()])
            case HandOver():
                exercise = command("check", self.run.lesson.number)
                filled = fill(moment.words, Unmeasured(self.run.facts()))
                self._look_for_gaps(moment.exercise.line, filled)
                self._write(
                    [*sentence(filled), Line(), Line(f"(exercise: {exercise})", "quiet"), Line()]
                )
            case StepEnd():
                return "on"
            case Ending():
                if not self.left_out:
                    with all_was_done():
                        moment = replace(moment, claims=self.run.claims())
                self.held = moment.held
                self.claims = len(moment.claims)
                self.not_held = [
                    f"{claim.words} ({claim.measured})" for claim in moment.claims if not claim.held
                ]
                self._write(telling.ending(moment))
                self._write([Line(), *telling.bytes_at(self.run.session)])
        return None

    def _where(self, line: int) -> str:
        return f"{self.run.lesson.slug}/en.md:{line}"

    def _look_for_gaps(self, line: int, *words: str) -> None:
        """Note words in which a fact is missing."""
        for text in words:
            if NOT_MEASURED in text and not self._leaving_out:
                self.unmeasured.append(f"{self._where(line)}: a fact is missing: {text}")

    def _judge(self, told: Reveal) -> None:
        """Note a prediction without a right option; one of a step left out has an excuse."""
        where = self._where(told.prediction.line)
        self._look_for_gaps(told.prediction.line, told.measured)
        if told.answer_key is None and not self._leaving_out:
            self.unmeasured.append(f"{where}: the answer {told.prediction.answer} is not measured")
        elif told.answer_key is not None and told.answer is None:
            options = ", ".join(option.key for option in told.prediction.options)
            self.unmeasured.append(
                f"{where}: the answer was {told.answer_key!r}, which is no option ({options})"
            )

    def _act(self, act: Act) -> str:
        self._look_for_gaps(act.do.line, act.words)
        session = self.run.session
        try:
            for name in act.action.needs:
                session.store(name)
            self._write(telling.task(act))
            self._write([Line(f"script: {telling.script_words(act)}", "quiet")])
            act.action.script(session)
            session.wait_for(act.action.seen, f"what {act.do.name!r} should bring")
        except Unavailable as fault:
            self._leave_out(str(fault))
            return "lacking"
        self._write([Line("seen", "quiet"), Line()])
        for told in session.heal():
            self._write([Line(told, "warning")])
        return "done"

    def _leave_out(self, why: str) -> None:
        self.left_out.append(why)
        self._leaving_out = True
        self._write([Line(f"left out here: {why}", "warning"), Line()])

    def _write(self, lines: object) -> None:
        self.paper.lines(lines)  # type: ignore[arg-type]


def run_by_script(lesson: Lesson, course: Course, home: Home, paper: Paper) -> Transcript:
    """Take the lesson by script. `home` is where its capture goes; no progress is kept there but
    the learner's own. Raises `LessonError`, `ScriptFailed`, `SessionFailed`."""
    progress = Unkept(home)
    with Session(lesson, home, by_script=True) as session:
        run = Run(course, lesson, session, progress)
        transcript = Transcript(run, paper)
        for told in session.heal():
            paper.lines([Line(told, "warning")])
        moments = play(run, ask_again=False)
        reply: str | None = None
        try:
            while True:
                reply = transcript.tell(moments.send(reply))
        except StopIteration:
            pass
        except ScriptFailed as fault:
            raise ScriptFailed(f"lesson {lesson}: {fault}") from None
    return transcript


class Unkept(Progress):
    """Progress of a script: what it does is not the learner's doing."""

    def _load(self) -> None:
        pass

    def change(self, slug, how):  # type: ignore[no-untyped-def]
        return self._apply(slug, how)
