"""What a lesson is, as values. Read this file first; it is all that a lesson has to know of.

A lesson is a folder. Its words (`en.md`, read by `markdown.py`) become a `Lesson`: steps, and in
each step blocks in the order in which they are met. Its `experiment.py` says what happens on the
wire, with the three values at the end of this file: an `Action` for every `do`, facts for the
`{names}` in the words, and `Claim`s that are checked on the bytes just captured.

Nothing here knows a terminal, a file or a socket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lessons.course.evidence import Evidence
    from lessons.course.session import Session


class LessonError(Exception):
    """A lesson's own files are wrong: `words` says what, `where` is `03_handshake/en.md:12`."""

    def __init__(self, where: str, words: str) -> None:
        super().__init__(f"{where}: {words}")
        self.where = where
        self.words = words


class Missing(Exception):
    """What was asked for is not in the capture (yet). Evidence raises it; facts may let it pass."""


class Unavailable(Exception):
    """A script needs something that is not on this machine, such as a browser; says what."""


# The words of a lesson


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs, lists and plain fences, as written, `{facts}` not filled in."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer; `refutation` is what is said to somebody who chose it wrongly."""

    key: str
    words: str
    refutation: str = ""


@dataclass(frozen=True, slots=True)
class Prediction:
    """A question, locked before the reveal. The right option is the one whose key is `answer`
    filled in. `ask_again` is the number of the lesson that asks it once more, `again` the question
    as it is asked then, far from its screen. A `sealed` one is not revealed where it is asked, but
    in the lesson of that number, which asks it again."""

    name: str
    question: str
    options: tuple[Option, ...]
    answer: str
    line: int
    measured: str = ""
    rfc: str = ""
    ask_again: int | None = None
    again: str = ""
    sealed: int | None = None

    def option(self, key: str) -> Option | None:
        return next((option for option in self.options if option.key == key), None)


@dataclass(frozen=True, slots=True)
class Do:
    """The learner's turn: the experiment's action of this name, and words that say what to do."""

    name: str
    words: str
    line: int


@dataclass(frozen=True, slots=True)
class Show:
    """Evidence, drawn: `what` is `handshake`, `frame`, `frames`, `ladder`, `table` or `plot`.
    `connection` is the number of the connection to draw, filled in; empty for the usual one."""

    what: str
    arguments: tuple[str, ...]
    line: int
    connection: str = ""


@dataclass(frozen=True, slots=True)
class Unveil:
    """Here the predictions so far are put beside what was measured, where no `show` does it."""

    line: int


@dataclass(frozen=True, slots=True)
class Unseal:
    """Here the sealed questions of the lesson of that number are asked again, and opened."""

    number: int
    line: int


@dataclass(frozen=True, slots=True)
class Instead:
    """Words for who could not have the turn before, as this machine lacks what it needs."""

    words: str
    line: int


@dataclass(frozen=True, slots=True)
class Exercise:
    """The hand-over to the exercise, with what to write in a sentence or two."""

    words: str
    line: int


Block = Prose | Prediction | Do | Show | Unveil | Unseal | Instead | Exercise


@dataclass(frozen=True, slots=True)
class Step:
    """One `## ` of the words: a screen, or a little more."""

    title: str
    blocks: tuple[Block, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Hint:
    """One stage. `for_mistake` has what is said first when the last check saw that mistake."""

    title: str
    text: str
    for_mistake: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A whole lesson, and the folder it was read from. `slug` is the folder's name."""

    number: int
    slug: str
    folder: Path
    title: str
    question: str
    steps: tuple[Step, ...]
    hints: tuple[Hint, ...] = ()

    @property
    def stub(self) -> Path:
        """The exercise as the learner gets it; not every lesson has one."""
        return self.folder / "exercise.py"

    @property
    def has_exercise(self) -> bool:
        return self.stub.exists()

    @property
    def predictions(self) -> tuple[Prediction, ...]:
        return tuple(
            block for step in self.steps for block in step.blocks if isinstance(block, Prediction)
        )

    @property
    def sealed(self) -> tuple[Prediction, ...]:
        """Those of its predictions that another lesson opens."""
        return tuple(prediction for prediction in self.predictions if prediction.sealed)

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


# What happens on the wire


@dataclass(frozen=True, slots=True)
class Action:
    """What a `do` waits for.

    `script(session)` acts as the learner would; the first line of its docstring tells what it does.
    `seen(evidence)` says whether enough has come; `Missing` counts as no. `page` is what the key
    `b` opens, `waiting` whom we are waiting for, `needs` what private servers ("redis",
    "postgres") have to run before: where one is missing, the rest of its step is left out, and what
    the step would have asked just before.
    `script_only` is what no browser can do. `proxied`: the page is the one behind the proxy.
    """

    script: Callable[[Session], object]
    seen: Callable[[Evidence], bool]
    page: str = "/"
    waiting: str = "your browser"
    needs: tuple[str, ...] = ()
    script_only: bool = False
    proxied: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """Something the lesson asserts, checked on the capture. `measured` are the numbers
    themselves."""

    words: str
    held: bool
    measured: str = ""
    rfc: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """A plot of amounts: `rows` of (label, value), all in `unit`; `form` is how Python formats a
    value. `log` for values of very different size: the scale is logarithmic then, and says so. The
    longest bar fills the width, or `whole` would."""

    title: str
    rows: tuple[tuple[str, float], ...]
    unit: str
    form: str = ",.0f"
    log: bool = False
    whole: float = 0.0

    def number(self, value: float) -> str:
        """A value as it is read."""
        return format(value, self.form)


@dataclass(frozen=True, slots=True)
class Lanes:
    """A plot of times: `rows` of (label, times), in seconds since the left edge, of which the
    picture shows `seconds`."""

    title: str
    seconds: float
    rows: tuple[tuple[str, tuple[float, ...]], ...]


class Experiment(Protocol):
    """What an `experiment.py` holds. `facts` may return a dict, or yield pairs one by one: what was
    yielded before a `Missing` counts. `TABLES` and `PLOTS` are optional: rows of cells for `show
    table NAME`, a picture for `show plot NAME`."""

    ACTIONS: dict[str, Action]
    TABLES: dict[str, Callable[[Evidence, Session], Iterable[Iterable[object]]]]
    PLOTS: dict[str, Callable[[Evidence, Session], Bars | Lanes]]

    def facts(
        self, evidence: Evidence, session: Session
    ) -> dict[str, object] | Iterable[tuple[str, object]]: ...

    def claims(self, evidence: Evidence, session: Session) -> Iterable[Claim]: ...


_ALL_WAS_DONE: ContextVar[bool] = ContextVar("all_was_done", default=False)


@contextmanager
def all_was_done() -> Iterator[None]:
    """Nothing was left out: what a part misses now is a mistake, and `in_parts` raises it."""
    token = _ALL_WAS_DONE.set(True)
    try:
        yield
    finally:
        _ALL_WAS_DONE.reset(token)


def in_parts[**Given, Yielded](
    parts: Iterable[Callable[Given, Iterable[Yielded]]], *args: Given.args, **more: Given.kwargs
) -> Iterator[Yielded]:
    """What each part yields up to its own `Missing`. Facts and claims come in parts so that a step
    that is left out takes no later one with it."""
    for part in parts:
        try:
            yield from part(*args, **more)
        except Missing:
            if _ALL_WAS_DONE.get():
                raise
