"""The predictions of a lesson as a report tells them: what was said, what it was, and once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lessons.course.model import Lesson, Prediction
from lessons.course.progress import Guess, LessonState
from lessons.course.reporting.document import Card, Text, plain, worded
from lessons.course.words import Unmeasured, fill, has_facts


@dataclass(frozen=True, slots=True)
class Told:
    """One prediction and what became of it. `right` and `again` are None where it is not known;
    `sealed` is the lesson that opens it. A guess without a choice was asked only later."""

    prediction: Prediction
    guess: Guess

    @property
    def question(self) -> str:
        return self.guess.question or fill(self.prediction.question, Unmeasured())

    @property
    def by_itself(self) -> str:
        """The question as it is put without the screen that it stood on."""
        return self.prediction.again or self.question

    @property
    def sealed(self) -> int | None:
        return self.prediction.sealed

    @property
    def secret(self) -> bool:
        """Has the course not told the answer yet?"""
        return self.guess.answer is None

    @property
    def right(self) -> bool | None:
        return self.guess.right if self.guess.choice else None

    @property
    def again(self) -> bool | None:
        """Was it right when it was asked once more?"""
        guess = self.guess
        return guess.again[-1] == guess.answer if guess.again and guess.answer else None

    @property
    def refutation(self) -> str:
        """What speaks against what was said last, as far as that can be told without facts."""
        said = self.guess.again[-1] if self.guess.again else self.guess.choice
        option = self.prediction.option(said)
        return "" if option is None or has_facts(option.refutation) else option.refutation

    def words(self, key: str | None) -> str:
        """An option as it was on the screen, as far as that is known."""
        guess = self.guess
        if key == guess.choice and guess.said:
            return guess.said
        if key == guess.answer and guess.was:
            return guess.was
        option = self.prediction.option(key or "")
        return fill(option.words, Unmeasured()) if option else key or "-"


def told_of(lesson: Lesson, state: LessonState) -> Iterator[Told]:
    """The predictions that were asked, in the order of the lesson."""
    for prediction in lesson.predictions:
        if guess := state.predictions.get(prediction.name):
            yield Told(prediction, guess)


def card(told: Told) -> Card:
    """A prediction, for the page."""
    guess = told.guess
    rows: list[tuple[str, Text]] = []
    before, after = ("before", "after") if told.sealed else ("you said", "asked again")
    rows.append((before, worded(told.words(guess.choice)) if guess.choice else plain("not asked")))
    if told.again is not None:
        how = "right" if told.again else "wrong"
        rows.append((after, (*worded(told.words(guess.again[-1])), *plain(f" ({how})"))))
    if told.secret:
        return Card(worded(told.question), "sealed" if told.sealed else "not measured", tuple(rows))
    judged = told.again if told.sealed else told.right
    if not (told.right and judged):
        rows.append(("it is" if told.sealed else "it was", worded(told.words(guess.answer))))
    if guess.measured:
        rows.append(("measured", plain(guess.measured)))
    if told.prediction.rfc:
        rows.append(("written in", plain(f"RFC {told.prediction.rfc}")))
    return Card(worded(told.question), "right" if judged else "wrong", tuple(rows))
