"""The moments that a lesson is made of: what the learner meets, one after another.

The runner yields them, a face (a terminal, a transcript, a page) shows them and sends back a reply.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal

from inspector.screen.lines import Line
from lessons.course.model import Action, Claim, Do, Exercise, Lesson, Option, Prediction, Step
from lessons.course.progress import Guess
from lessons.course.words import Facts


@dataclass(frozen=True, slots=True)
class Begin:
    """A step begins: a fresh screen. `number` counts from 1."""

    lesson: Lesson
    step: Step
    number: int
    of: int


@dataclass(frozen=True, slots=True)
class Say:
    """Words of the lesson, `facts` to fill them with."""

    text: str
    facts: Facts
    line: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """A question. The reply is an option's key, None where nobody is there to choose; `locked` is
    the key that was chosen before. `again` names the lesson that asked it first."""

    prediction: Prediction
    question: str
    options: tuple[Option, ...]
    locked: str | None = None
    again: Lesson | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """The learner's turn. The reply is `Acted`."""

    do: Do
    action: Action
    words: str
    already: bool


type Acted = Literal["done", "skipped", "lacking"]
"""`lacking`: this machine has not what the turn needs."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """From here on, the step is left out on this machine: why."""

    why: str


@dataclass(frozen=True, slots=True)
class Draw:
    """Evidence as lines; `missing` says why there are none."""

    lines: tuple[Line, ...]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Reveal:
    """A prediction beside what was measured. `answer` None: it was not measured in this run."""

    prediction: Prediction
    chosen: Option | None
    answer: Option | None
    answer_key: str | None
    measured: str = ""
    again: bool = False
    before: Option | None = None
    """Of one that was sealed: what was chosen then."""

    @property
    def right(self) -> bool:
        return self.chosen is not None and self.chosen == self.answer


@dataclass(frozen=True, slots=True)
class HandOver:
    """The exercise. The reply is ignored: whether it passes is in the progress."""

    exercise: Exercise
    words: str


@dataclass(frozen=True, slots=True)
class StepEnd:
    """The reply is `Move`."""

    last: bool
    first: bool


type Move = Literal["on", "back"]


@dataclass(frozen=True, slots=True)
class Ending:
    """The lesson is over: its claims, checked on what was captured, and what comes next."""

    claims: tuple[Claim, ...]
    guesses: tuple[Guess, ...]
    following: Lesson | None
    sealed: int = 0
    """So many answers are locked, and opened in a later lesson."""

    @property
    def held(self) -> bool:
        return all(claim.held for claim in self.claims)


type Moment = Begin | Say | Ask | Act | LeftOut | Draw | Reveal | HandOver | StepEnd | Ending
type Play = Generator[Moment, str | None, None]
