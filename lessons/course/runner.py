"""A lesson as a row of moments: what the learner meets, in order. Knows no terminal.

`play` is a generator. It yields a moment; whoever drives it (a terminal, a script, a page) shows it
and sends back what came of it: the key of an option, whether an action was done. Everything worth
keeping is kept before the next moment, so that quitting at any of them loses nothing; coming back
begins with the same step, its predictions locked and its evidence read from the earlier capture.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from lessons.course.course import Course, experiment_of
from lessons.course.evidence import Evidence
from lessons.course.model import (
    Action,
    Block,
    Claim,
    Do,
    Exercise,
    Experiment,
    Instead,
    Lesson,
    LessonError,
    Missing,
    Option,
    Prediction,
    Prose,
    Show,
    Step,
    Unseal,
    Unveil,
)
from lessons.course.moments import (
    Act,
    Ask,
    Begin,
    Draw,
    Ending,
    HandOver,
    LeftOut,
    Moment,
    Play,
    Reveal,
    Say,
    StepEnd,
)
from lessons.course.program import command
from lessons.course.progress import Guess, LessonState, Progress
from lessons.course.session import Session, is_seen
from lessons.course.show import drawn
from lessons.course.stores import lacking
from lessons.course.words import Facts, UnknownFact, Unmeasured, fill, has_facts

MOST_AGAIN: Final = 2
"""Questions of earlier lessons that one lesson begins with, at most."""

# What a run knows


@dataclass(slots=True)
class Run:
    """A lesson being taken: its words, its wire, and what is remembered of it."""

    course: Course
    lesson: Lesson
    session: Session
    progress: Progress
    experiment: Experiment = field(init=False)

    def __post_init__(self) -> None:
        self.experiment = experiment_of(self.lesson)

    @property
    def state(self) -> LessonState:
        return self.progress[self.lesson.slug]

    def keep(self, how: Callable[[LessonState], object]) -> None:
        """Change what is remembered of this lesson."""
        notes, captures = self.session.notes, [path.name for path in self.session.captures]

        def change(state: LessonState) -> None:
            state.notes = notes
            state.captures = captures
            how(state)

        self.progress.change(self.lesson.slug, change)

    def evidence(self) -> Evidence:
        return self.session.evidence()

    def facts(self) -> dict[str, object]:
        """What is known now; what a `Missing` cuts short is known as far as it went."""
        session, home = self.session, self.session.home
        known: dict[str, object] = {
            "page": session.page,
            "proxied": session.proxied,
            "demo": session.demo_url,
            "capture": home.shown(session.capture),
            "folder": home.shown(session.folder),
            "exercise": home.shown(home.exercise(self.lesson)),
            "report": command("progress", "report", "-o", home.argument(home.path / "report.html")),
        }
        try:
            told = self.experiment.facts(self.evidence(), session)
            for name, value in told.items() if isinstance(told, dict) else told:
                known[name] = value
        except Missing:
            pass
        except Exception as fault:
            raise self._error("facts", fault) from fault
        return known

    def claims(self) -> tuple[Claim, ...]:
        """Every claim; what is missing from the capture is a claim that did not hold."""
        found = []
        try:
            for claim in self.experiment.claims(self.evidence(), self.session):
                found.append(claim)
        except Missing as fault:
            found.append(Claim("What the lesson speaks of was captured", False, str(fault)))
        except Exception as fault:
            raise self._error("claims", fault) from fault
        return tuple(found)

    def action(self, do: Do) -> Action:
        try:
            return self.experiment.ACTIONS[do.name]
        except KeyError:
            where = f"{self.lesson.slug}/en.md:{do.line}"
            raise LessonError(where, f"the experiment has no action {do.name!r}") from None

    def _error(self, what: str, fault: Exception) -> LessonError:
        where = f"{self.lesson.slug}/experiment.py"
        trace = fault.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename.endswith(where):
                where = f"{self.lesson.slug}/experiment.py:{trace.tb_lineno}"
            trace = trace.tb_next
        return LessonError(where, f"{what}: {type(fault).__name__}: {fault}")


# The play


def play(run: Run, *, ask_again: bool = True) -> Play:
    """All moments from where the learner stopped to the end of the lesson."""
    if ask_again and run.state.step == 0:
        yield from _ask_again(run)
    steps = run.lesson.steps
    at = min(run.state.step, len(steps) - 1)
    while at < len(steps):
        run.keep(lambda state, at=at: setattr(state, "step", at))  # type: ignore[misc]
        yield Begin(run.lesson, steps[at], at + 1, len(steps))
        yield from _step(run, steps[at])
        move = yield StepEnd(last=at == len(steps) - 1, first=at == 0)
        at = max(0, at - 1) if move == "back" else at + 1
    claims = run.claims()

    def over(state: LessonState) -> None:
        state.done = True
        state.finished = time.time()
        state.step = 0  # taken again, it begins anew

    run.keep(over)
    guesses = run.state.predictions
    sealed = sum(each.name in guesses for each in run.lesson.sealed)
    yield Ending(claims, tuple(guesses.values()), run.course.after(run.lesson), sealed)


def _step(run: Run, step: Step) -> Play:
    pending: list[Prediction] = []
    at, lacks, why = _lacks(run, step)
    for place, block in enumerate(step.blocks):
        if lacks and place == at:
            _note(run, lacks, skipped=True)
            yield LeftOut(why)
            break
        match block:
            case Prose():
                yield Say(block.text, run.facts(), block.line)
            case Prediction():
                yield from _predict(run, block)
                if not block.sealed:
                    pending.append(block)
            case Do():
                if (acted := (yield from _act(run, block))) != "done":
                    lacks = block if acted == "lacking" else None
                    break
            case Show():
                yield _draw(run, block)
                yield from _reveal(run, pending)
            case Unveil():
                yield from _reveal(run, pending)
            case Unseal():
                yield from _unseal(run, block)
            case Exercise():
                yield HandOver(block, block.words)
    yield from _reveal(run, pending)
    if lacks:
        for block in step.blocks:
            if isinstance(block, Instead):
                yield Say(block.words, {}, block.line)


def _lacks(run: Run, step: Step) -> tuple[int, Do | None, str]:
    """The first turn of a step that can't be had, as a private server it needs is not installed;
    why; and where that ends the step: before the questions that wait for this turn."""
    asked: list[int] = []
    for place, block in enumerate(step.blocks):
        match block:
            case Prediction():
                asked.append(place)
            case Show() | Unveil():
                asked.clear()
            case Do():
                action = run.action(block)
                why = lacking(action.needs, run.session.stores)
                if why and not is_seen(action.seen, run.evidence()):
                    return [*asked, place][0], block, why
                asked.clear()
    return 0, None, ""


def _predict(run: Run, prediction: Prediction) -> Play:
    facts = run.facts()
    question, options = _filled(prediction, facts)
    before = run.state.predictions.get(prediction.name)
    locked = before.choice if before and prediction.option(before.choice) else None
    chosen = yield Ask(prediction, question, options, locked)
    if locked is None and chosen is not None:
        said = next((each.words for each in options if each.key == chosen), "")
        guess = Guess(chosen, time.time(), question, said=said)
        run.keep(lambda state: state.predictions.__setitem__(prediction.name, guess))


def _filled(prediction: Prediction, facts: Facts) -> tuple[str, tuple[Option, ...]]:
    facts = Unmeasured(facts)
    options = tuple(
        Option(option.key, fill(option.words, facts), fill(option.refutation, facts))
        for option in prediction.options
    )
    return fill(prediction.question, facts), options


def _act(run: Run, do: Do) -> Generator[Moment, str | None, str | None]:
    action = run.action(do)
    words = fill(do.words, Unmeasured(run.facts()))
    already = is_seen(action.seen, run.evidence())
    acted = yield Act(do, action, words, already)
    _note(run, do, skipped=acted != "done")
    return acted


def _note(run: Run, do: Do, *, skipped: bool) -> None:
    """Keep whether a turn was left out."""

    def note(state: LessonState) -> None:
        state.skipped = [name for name in state.skipped if name != do.name]
        if skipped:
            state.skipped.append(do.name)

    run.keep(note)


def _draw(run: Run, show: Show) -> Draw:
    facts = Unmeasured(run.facts())
    try:
        lines = drawn(show, facts, run.evidence(), run.experiment, run.session)
        return Draw(tuple(lines))
    except Missing as fault:
        return Draw((), str(fault))
    except Exception as fault:
        where = f"{run.lesson.slug}/en.md:{show.line}"
        raise LessonError(where, f"show: {type(fault).__name__}: {fault}") from fault


def _reveal(run: Run, pending: list[Prediction]) -> Play:
    """Put each prediction beside what was measured; afterwards none is pending."""
    facts = run.facts()
    for prediction in pending:
        yield _beside(run, prediction, facts)
    pending.clear()


def _beside(run: Run, prediction: Prediction, facts: Facts) -> Reveal:
    guess = run.state.predictions.get(prediction.name)
    _, options = _filled(prediction, facts)
    chosen = next((o for o in options if guess and o.key == guess.choice), None)
    try:
        key = fill(prediction.answer, facts)
    except UnknownFact:  # not measured in this run
        return Reveal(prediction, chosen, None, None)
    answer = next((option for option in options if option.key == key), None)
    measured = fill(prediction.measured, Unmeasured(facts))
    if guess is not None and (guess.answer, guess.measured) != (key, measured):

        def note(state: LessonState) -> None:
            kept = state.predictions[prediction.name]
            kept.answer, kept.measured, kept.was = key, measured, answer.words if answer else ""

        run.keep(note)
    return Reveal(prediction, chosen, answer, key, measured)


def _ask_again(run: Run) -> Play:
    """Predictions of earlier lessons that are due: asked once more, answered from memory. What is
    too much for one beginning waits for the next lesson's."""
    for lesson, prediction, guess in list(islice(due(run), MOST_AGAIN)):
        question = prediction.again or guess.question or prediction.question
        told = yield from _once_more(run, lesson, prediction, question, guess.answer or "")
        if told.chosen is not None:
            yield told


def _unseal(run: Run, block: Unseal) -> Play:
    """The sealed questions of another lesson, asked again: what was said then, what is said now,
    what it is."""
    lesson = next((each for each in run.course.lessons if each.number == block.number), None)
    if lesson is None:
        where = f"{run.lesson.slug}/en.md:{block.line}"
        raise LessonError(where, f"there is no lesson {block.number} to unseal")
    for prediction in lesson.sealed:
        guess = run.progress[lesson.slug].predictions.get(prediction.name)
        locked = guess.again[-1] if guess and guess.again else None
        told = yield from _once_more(
            run, lesson, prediction, prediction.question, prediction.answer, locked
        )
        yield replace(told, before=prediction.option(guess.choice) if guess else None)


def _once_more(
    run: Run,
    lesson: Lesson,
    prediction: Prediction,
    question: str,
    answer: str,
    locked: str | None = None,
) -> Generator[Moment, str | None, Reveal]:
    """Ask a question of another lesson; what was said now is kept beside what was said then."""
    options = _without_facts(prediction)
    chosen = yield Ask(prediction, question, options, locked, again=lesson)
    if chosen is not None and locked is None:

        def note(state: LessonState) -> None:
            guess = state.predictions.setdefault(prediction.name, Guess("", time.time(), question))
            guess.answer = answer
            guess.again.append(chosen)

        run.progress.change(lesson.slug, note)
    known = {option.key: option for option in options}
    return Reveal(prediction, known.get(chosen or ""), known.get(answer), answer, again=True)


def _without_facts(prediction: Prediction) -> tuple[Option, ...]:
    """Its options, for a time at which what was measured then is not at hand."""
    return tuple(
        Option(each.key, each.words, "" if has_facts(each.refutation) else each.refutation)
        for each in prediction.options
    )


def due(run: Run) -> Iterable[tuple[Lesson, Prediction, Guess]]:
    """What this lesson has to ask again: measured, meant for this lesson or one passed over."""
    for lesson in run.course.lessons:
        if lesson.number >= run.lesson.number:
            continue
        state = run.progress[lesson.slug]
        for prediction in lesson.predictions:
            guess = state.predictions.get(prediction.name)
            when = prediction.ask_again
            if guess and when and when <= run.lesson.number and not guess.again and guess.answer:
                yield lesson, prediction, guess


def resumable(state: LessonState) -> bool:
    """Is the learner in the middle of the lesson, so that the earlier capture still counts?"""
    return state.step > 0 or not state.done


def blocks(lesson: Lesson) -> Iterable[Block]:
    """All blocks of a lesson, in order."""
    return (block for step in lesson.steps for block in step.blocks)
