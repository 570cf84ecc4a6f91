"""Moments in words, the same for every face: a question, a reveal, an ending."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inspector.screen.lines import Line, fit
from lessons.course.model import Action, Claim, Option
from lessons.course.moments import Act, Ask, Begin, Ending, Reveal
from lessons.course.program import command
from lessons.course.progress import Guess
from lessons.course.session import Session
from lessons.course.words import TEXT_WIDTH, sentence, wrap_whole

INDENT: Final = "  "


def heading(begin: Begin) -> Iterator[Line]:
    """Where we are, and the step's title."""
    where = f"Lesson {begin.lesson} · step {begin.number} of {begin.of}"
    yield from (Line(text, "quiet") for text in wrap_whole(where, TEXT_WIDTH))
    yield Line(begin.step.title, "title")


def question(ask: Ask) -> Iterator[Line]:
    """The question and its options, numbered."""
    if ask.again is not None:
        words = f'From lesson {ask.again.number}, "{ask.again.title}", once more, from memory:'
        yield from plain(words, "quiet")
    yield from sentence(ask.question)
    yield Line()
    for number, option in enumerate(ask.options, 1):
        for index, line in enumerate(sentence(option.words, TEXT_WIDTH - 5)):
            yield Line(INDENT).add("   " if index else f"{number}  ", "title").join(line)


def locked(ask: Ask, key: str) -> Iterator[Line]:
    """The prediction as it was given."""
    number, option = next((n, o) for n, o in enumerate(ask.options, 1) if o.key == key)
    sealed = "your answer, sealed" if ask.prediction.sealed else "your prediction, locked"
    line = Line("your answer" if ask.again else sealed, "quiet").add(": ")
    yield line.add(f"{number}  {fit(option.words, TEXT_WIDTH - line.width - 3)}", "value")


def task(act: Act) -> Iterator[Line]:
    """What the learner is asked to do."""
    yield from (Line("> ", "title").join(line) for line in sentence(act.words, TEXT_WIDTH - 2))


def turn(action: Action, so_far: str, columns: int) -> str:
    """The prompt while it is the learner's turn; what has come so far only where there is room."""
    if action.script_only:
        return "only the script can do this:   [s] script [n] not now [?] keys"
    words, keys = f"waiting for {action.waiting} ...", "   [s] script [b] browser [?] keys"
    fits = len(words + so_far + keys) < columns - 1
    return f"{words}{so_far if fits else ''}{keys}"


def script_words(act: Act) -> str:
    """What the script does, as its docstring says."""
    words = (act.action.script.__doc__ or "do the same").strip().splitlines()[0]
    return words.rstrip(".")


def reveal(told: Reveal) -> Iterator[Line]:
    """What was predicted, what it was, how that was measured, where it is written."""
    if told.answer_key is None:
        yield Line("That was not measured in this run, so it does not count.", "quiet")
        return
    answer = _words(told.answer, told.answer_key)
    was = "is" if told.prediction.sealed else "was"
    if told.chosen is None:
        line = f"{'It is' if told.prediction.sealed else 'Measured'}: {answer}."
    elif told.right:
        line = f"So it {was}: {answer}." if told.again else f"You predicted: {answer}. So it was."
    elif told.again:
        line = f"It {was}: {answer}. You said: {_words(told.chosen, '')}."
    else:
        line = f"You predicted: {_words(told.chosen, '')}. It was: {answer}."
    yield from (line_ for line_ in plain(line, "value"))
    if told.before is not None:
        yield from plain(f"Before the course you said: {_words(told.before, '')}.", "quiet")
    how = told.measured + (f"   RFC {told.prediction.rfc}" if told.prediction.rfc else "")
    if how.strip():
        yield from plain(how.strip(), "quiet")
    if told.chosen is not None and not told.right and told.chosen.refutation:
        yield from sentence(told.chosen.refutation)


def _words(option: Option | None, key: str) -> str:
    return (option.words if option else key).rstrip(".")


def plain(text: str, style: str = "") -> Iterator[Line]:
    """Text that holds no markup, wrapped."""
    return (Line(part, style) for part in wrap_whole(text, TEXT_WIDTH))


def claim_lines(claim: Claim) -> Iterator[Line]:
    """One claim: held or not, what was measured, the section."""
    sign, style = ("held     ", "text") if claim.held else ("NOT HELD ", "error")
    for number, line in enumerate(sentence(claim.words, TEXT_WIDTH - 11)):
        yield (Line(INDENT).add(sign, style) if not number else Line().to(11)).join(line)
    told = "   ".join(filter(None, (claim.measured, f"RFC {claim.rfc}" if claim.rfc else "")))
    for text in wrap_whole(told, TEXT_WIDTH - 11) if told else ():
        yield Line().to(11).add(text, "quiet")


def score(guesses: tuple[Guess, ...]) -> str:
    """`2 of 3 predictions were right`, without praise or blame."""
    known = [guess for guess in guesses if guess.right is not None]
    if not known:
        return ""
    right = sum(bool(guess.right) for guess in known)
    return f"{right} of {len(known)} predictions came out as you said."


def sealed(many: int) -> str:
    """What becomes of answers that were not opened."""
    are = "1 answer is" if many == 1 else f"{many} answers are"
    return f"{are} sealed. A later lesson asks once more, and opens them." if many else ""


def ending(told: Ending) -> Iterator[Line]:
    """The claims, checked."""
    yield Line("What this lesson says, checked on the bytes just captured", "title")
    for claim in told.claims:
        yield from claim_lines(claim)
    if not told.held:
        yield Line()
        words = (
            "Something did not come out as the lesson says. Look at the capture: that is a find."
        )
        yield from sentence(words)


def bytes_at(session: Session) -> Iterator[Line]:
    """Where what was captured is found, and how to look at it: `dump` leaves plain HTTP out unless
    it is asked for."""
    if not session.kept:
        yield Line("No bytes of this run are kept.", "quiet")
        return
    options = () if session.evidence().connections else ("--http",)
    words = "Your bytes stay here: "
    for path in session.kept:
        look = command("dump", session.home.argument(path), *options)
        yield from plain(f"{words}{look}", "quiet")
        words = "and here: "
