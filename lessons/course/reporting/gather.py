"""What a report says of a learner, gathered from their progress and their captures.

An answer is told only where the course has told it: what was not measured yet, or is sealed, is
said to be so and no more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from inspector import __version__
from inspector.screen.words import count
from lessons.course.course import Course
from lessons.course.home import Home
from lessons.course.map import exercise_open, following, next_words
from lessons.course.model import Bars, Lesson, Missing
from lessons.course.program import command
from lessons.course.progress import LessonState, Progress
from lessons.course.reporting.document import (
    Cards,
    Document,
    Items,
    Paragraph,
    Picture,
    Section,
    Table,
    Text,
    code,
    plain,
    strong,
    worded,
)
from lessons.course.reporting.guesses import Told, card, told_of
from lessons.course.reporting.redrawn import plots

type Telling = Callable[[str], object]
"""Called with what is being read, where that may take a while."""


def in_silence(_: str) -> None:
    """Say nothing."""


def report(
    home: Home, course: Course, progress: Progress, telling: Telling = in_silence
) -> Document:
    """The report of the learner whose folder this is, as of now."""
    states = {lesson.slug: progress[lesson.slug] for lesson in course.lessons}
    told = {lesson.slug: list(told_of(lesson, states[lesson.slug])) for lesson in course.lessons}
    begun = [lesson for lesson in course.lessons if states[lesson.slug].begun]
    sections = [
        _in_short(course, states, told),
        *_before_and_after(course, told),
        _look_again(course, progress, states, told),
    ]
    if begun:
        sections.append(Section(plain("Lesson by lesson")))
    for lesson in begun:
        telling(f"reading lesson {lesson.number} ...")
        sections.append(_lesson(lesson, course, home, progress, told[lesson.slug]))
    if rest := [lesson for lesson in course.lessons if lesson not in begun]:
        items = tuple(
            plain(f"{lesson.number} {lesson.title}: {lesson.question}") for lesson in rest
        )
        sections.append(Section(plain("Not begun"), [Items(items)]))
    now = f"{_day(time.time())}, from {home.shown(home.progress)}"
    lede = plain(f"What you predicted, what your own wire said, and what is left. Made on {now}.")
    foot = plain(f"Written by ws101 {__version__} on this machine, from what is kept on it.")
    return Document("Your course of WebSocket", lede, tuple(sections), foot)


def _day(seconds: float) -> str:
    """`28 November 2026, 10:42`, by the clock of this machine."""
    try:
        then = time.localtime(seconds)
    except (OverflowError, ValueError, OSError):  # an imported file may say anything
        return "a day that no calendar has"
    return f"{then.tm_mday} {time.strftime('%B %Y, %H:%M', then)}"


# All in all


def _in_short(
    course: Course, states: dict[str, LessonState], told: dict[str, list[Told]]
) -> Section:
    every = [each for lesson in course.lessons for each in told[lesson.slug]]
    known = [each for each in every if each.right is not None and not each.sealed]
    again = [each for each in every if each.again is not None and not each.sealed]
    exercises = [lesson for lesson in course.lessons if lesson.has_exercise]
    passed = [lesson for lesson in exercises if states[lesson.slug].exercise.passed]
    hints = sum(states[lesson.slug].exercise.hints for lesson in exercises)
    done = sum(state.done for state in states.values())
    rows = (
        (plain("lessons taken to the end"), plain(f"{done} of {len(course.lessons)}")),
        (plain("predictions that came out as you said"), plain(_share(known, "right"))),
        (plain("right when asked again, lessons later"), plain(_share(again, "again"))),
        (plain("exercises that pass"), plain(f"{len(passed)} of {len(exercises)}")),
        (plain("hints taken"), plain(hints)),
    )
    section = Section(plain("In short"), [Table("The whole course", ("what", "how many"), rows)])
    if bars := tuple(_share_of(lesson, told[lesson.slug]) for lesson in course.lessons):
        shares = tuple(row for row in bars if row is not None)
        if shares:
            title = "Predictions that came out as you said, of those measured"
            section.blocks.append(Picture(Bars(title, shares, "%", whole=100)))
    return section


def _share(told: list[Told], what: str) -> str:
    if not told:
        return "none so far"
    return f"{sum(bool(getattr(each, what)) for each in told)} of {len(told)}"


def _share_of(lesson: Lesson, told: list[Told]) -> tuple[str, float] | None:
    known = [each.right for each in told if each.right is not None and not each.sealed]
    return (str(lesson), 100 * sum(map(bool, known)) / len(known)) if known else None


def _before_and_after(course: Course, told: dict[str, list[Told]]) -> Iterator[Section]:
    """The pre-test: what was said before the course, and after it."""
    every = [each for lesson in course.lessons for each in told[lesson.slug] if each.sealed]
    if not any(lesson.sealed for lesson in course.lessons):
        return
    section = Section(plain("Before the course, and after it"))
    opened = [each for each in every if not each.secret]
    if not every:
        section.blocks.append(Paragraph(plain("You have not taken the test before the course.")))
    elif not opened:
        where = every[0].sealed
        words = (
            f"{count(len(every), 'answer')} of yours, sealed until lesson {where} asks once more."
        )
        section.blocks.append(Paragraph(plain(words)))
    else:
        rows: tuple[tuple[str, float], ...] = (
            ("after it", float(sum(bool(each.again) for each in opened))),
        )
        if any(each.guess.choice for each in opened):  # or else it was taken at the end alone
            before = float(sum(bool(each.right) for each in opened))
            rows = (("before the course", before), *rows)
        title = f"Right answers, of {len(opened)} questions"
        section.blocks.append(Picture(Bars(title, rows, "right answers", whole=len(opened))))
        section.blocks.append(Cards(tuple(card(each) for each in opened)))
        if left := len(every) - len(opened):
            section.blocks.append(Paragraph(plain(f"{left} more are sealed still.")))
    yield section


def _look_again(
    course: Course,
    progress: Progress,
    states: dict[str, LessonState],
    told: dict[str, list[Told]],
) -> Section:
    """What is worth another look, the surest first."""
    items: list[Text] = []
    for lesson in course.lessons:
        for each in told[lesson.slug]:
            if each.again is False:
                first = "right first, wrong later" if each.right else "wrong twice"
                how = first if each.guess.choice else "wrong"
                what = (*strong(how), *plain(": "), *worded(each.by_itself), *plain("  "))
                # A sealed question is asked where nothing is explained yet. What speaks against
                # an answer to it says where that is.
                again = code(command("learn", lesson.number))
                where = worded(each.refutation) if each.sealed else again
                items.append((*what, *where))
    left = [
        str(lesson)
        for lesson in course.lessons
        if exercise_open(lesson, state := states[lesson.slug])
        and (state.done or state.exercise.tries)
    ]
    if left:
        what = (*strong("exercises open"), *plain(f": {', '.join(left)}  "))
        items.append((*what, *code(command("check"))))
    section = Section(plain("Worth another look"))
    nothing = "No prediction was wrong twice, and no exercise of a lesson that you took is open."
    section.blocks.append(Items(tuple(items)) if items else Paragraph(plain(nothing)))
    here = following(course, progress)
    section.blocks.append(Paragraph(plain(f"Next: {next_words(here, states[here.slug])}")))
    return section


# A lesson


def _lesson(
    lesson: Lesson, course: Course, home: Home, progress: Progress, told: list[Told]
) -> Section:
    state = progress[lesson.slug]
    section = Section(plain(str(lesson)), level=3)
    section.blocks.append(Paragraph(plain(_how_far(lesson, state))))
    if lesson.has_exercise:
        section.blocks.append(Paragraph(plain(_exercise(lesson, state))))
    if sealed := [each for each in told if each.sealed and each.guess.choice]:
        words = f"{count(len(sealed), 'answer')} from before the course: told above."
        section.blocks.append(Paragraph(plain(words)))
    if cards := [card(each) for each in told if not each.sealed]:
        section.blocks.append(Cards(tuple(cards)))
    if unasked := [p for p in lesson.predictions if p.name not in state.predictions]:
        section.blocks.append(Paragraph(plain(f"{count(len(unasked), 'question')} not asked yet.")))
    try:
        drawn = plots(lesson, course, home, progress)
        section.blocks += [Picture(each) for each in drawn]
    except Missing as fault:
        section.blocks.append(Paragraph(plain(f"No plots: {fault}.")))
    return section


def _how_far(lesson: Lesson, state: LessonState) -> str:
    if state.done and state.finished:
        words = f"Done on {_day(state.finished)}."
    elif state.done:
        words = f"Done; last here on {_day(state.at)}."
    else:
        words = f"Step {state.step + 1} of {len(lesson.steps)}; last here on {_day(state.at)}."
    if state.skipped:
        words += f" Left out: {', '.join(state.skipped)}."
    return words


def _exercise(lesson: Lesson, state: LessonState) -> str:
    exercise = state.exercise
    if not (exercise.tries or exercise.passed):
        return "Exercise: not tried yet."
    how = "passes" if exercise.passed else "does not pass yet"
    if not exercise.passed and 0 <= exercise.right < exercise.checks:
        how = f"{exercise.right} of its {exercise.checks} checks pass"
    words = f"Exercise: {how}, after {count(exercise.tries, 'try', 'tries')}"
    hints = f"{exercise.hints} of {len(lesson.hints)} hints" if exercise.hints else "no hint"
    about = f", {count(len(exercise.told), 'hint')} about a mistake" if exercise.told else ""
    return f"{words}, with {hints}{about}."
