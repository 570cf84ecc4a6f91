"""What a self-check says when an answer is wrong: where, expected, got, the section, the bytes.

    with expect.asked(expected, where="the key that your browser sent", rfc="6455 §4.2.2"):
        got = exercise.accept_key(key)
    expect(got, expected, where="the key that your browser sent", rfc="6455 §4.2.2",
           near=[Near("hex-digest", digest.hexdigest(), "this is the digest in hexadecimal")])

Feedback is about the task: what was asked, what came, and, where the wrong answer is a known one,
what it is instead. Types count: `b"x"` is no `"x"`, `True` is no `1`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from types import ModuleType
from typing import Any, Final

from inspector.core.safe import safe
from lessons.course.course import load
from lessons.course.model import Lesson

LONGEST: Final = 300
"""Characters of a value that are shown."""
BYTES_SHOWN: Final = 16
UNTOUCHED: Final = "your function is still the one you were given"


@dataclass(frozen=True, slots=True)
class Near:
    """A known mistake: the answer it gives, its tag for the hints, and what to say of it."""

    tag: str
    value: object
    words: str


def known_mistakes(
    lesson: Lesson, known: Iterable[tuple[str, str, str]], answer: Callable[[ModuleType], object]
) -> tuple[Near, ...]:
    """What the lesson's own wrong answers would say: `known` has the name of each, its tag, and
    what to say of it; `answer` asks one."""
    return tuple(
        Near(tag, answer(load(lesson, f"wrong.{name}")), words) for name, tag, words in known
    )


@dataclass(frozen=True, slots=True)
class Miss:
    """A wrong answer, told. `mark` are offsets in `wire`, a half-open range. `rfc` is a section, or
    says in words whose rule it is where no RFC has it."""

    where: str = ""
    expected: str = ""
    got: str = ""
    words: str = ""
    rfc: str = ""
    wire: str = ""
    mark: tuple[int, int] = (0, 0)
    tag: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def rule(self) -> str:
        """Where the rule is written: `RFC 6455 §5.1`, or the words."""
        return f"RFC {self.rfc}" if self.rfc[:1].isdecimal() else self.rfc

    def lines(self) -> list[str]:
        """The whole story, as plain lines."""
        told = []
        if self.where:
            told.append(self.where)
        told += [f"  {line}" for line in self.picture()]
        if self.expected or self.got:
            told.append(f"expected  {self.expected}")
            told.append(f"got       {self.got}")
        if self.words:
            told.append(self.words)
        return [*told, *([self.rule] if self.rule else [])]

    def picture(self) -> list[str]:
        """The bytes, `^^` under those that are meant."""
        data = bytes.fromhex(self.wire)
        if not data:
            return []
        first, last = self.mark
        start = max(0, first - BYTES_SHOWN // 2) if first >= BYTES_SHOWN else 0
        shown = data[start : start + BYTES_SHOWN]
        before = "... " if start else ""
        after = " ..." if start + len(shown) < len(data) else ""
        row = f"{before}{shown.hex(' ')}{after}"
        if last <= first:
            return [row]
        end = min(last, start + len(shown))
        arrows = " ".join(["^^"] * (end - first))
        which = f"byte {first}" if last == first + 1 else f"bytes {first} to {last - 1}"
        return [row, " " * (len(before) + 3 * (first - start)) + f"{arrows} {which}"]


class Mismatch(AssertionError):
    """An answer was wrong."""

    def __init__(self, miss: Miss) -> None:
        super().__init__("\n".join(miss.lines()))
        self.miss = miss


class Unanswered(Exception):
    """Learner code raised instead of answering. Its cause is what it raised, `asked` a miss that
    says what it was asked, and what was expected."""

    def __init__(self, asked: Miss) -> None:
        super().__init__("\n".join(asked.lines()))
        self.asked = asked


@dataclass(slots=True)
class Expect:
    """The fixture `expect`: call it with what came and what was to come.

    `untouched` says that the exercise is still the stub. Then that is what there is to say.
    """

    untouched: bool = False
    made: int = field(default=0)
    """How many comparisons were made: a check that makes none checks nothing."""

    @contextmanager
    def asked(
        self,
        expected: object,
        *,
        where: str = "",
        rfc: str = "",
        wire: bytes = b"",
        mark: tuple[int, int] = (0, 0),
    ) -> Iterator[None]:
        """Around a call of learner code: what it raises is told with what it was asked."""
        try:
            yield
        except (Exception, SystemExit) as fault:
            told = Miss(safe(where), shown(expected), rfc=rfc, wire=wire.hex(), mark=mark)
            raise Unanswered(told) from fault

    def __call__(
        self,
        got: object,
        expected: object,
        *,
        where: str = "",
        rfc: str = "",
        wire: bytes = b"",
        mark: tuple[int, int] = (0, 0),
        near: Iterable[Near] = (),
    ) -> None:
        self.made += 1
        if same(got, expected):
            return
        known = next((each for each in near if same(got, each.value)), None)
        words = known.words if known else difference(got, expected)
        tag = known.tag if known else ""
        if self.untouched:
            words, tag = UNTOUCHED, "stub"
        raise Mismatch(
            Miss(
                where=safe(where), expected=shown(expected), got=shown(got), words=safe(words),
                rfc=rfc, wire=wire.hex(), mark=mark, tag=tag,
            )
        )  # fmt: skip


def same(got: object, expected: object) -> bool:
    """Equal, and of the same type all through."""
    if type(got) is not type(expected):
        return False
    if isinstance(expected, list | tuple) and isinstance(got, list | tuple):
        return len(got) == len(expected) and all(map(same, got, expected))
    if isinstance(expected, dict) and isinstance(got, dict):
        return got.keys() == expected.keys() and all(same(got[k], expected[k]) for k in expected)
    return bool(got == expected)


def difference(got: object, expected: object) -> str:
    """What sets two values apart, where that can be said shortly."""
    if got is None:
        return "None came back: does every path of your function end in a return?"
    if type(got) is not type(expected):
        return f"the type differs: expected {_kind(expected)}, got {_kind(got)}"
    if isinstance(got, str | bytes) and isinstance(expected, str | bytes):
        unit = "byte" if isinstance(got, bytes) else "character"
        if len(got) != len(expected):
            return f"the length differs: expected {len(expected)} {unit}s, got {len(got)}"
        at = next(n for n, pair in enumerate(zip(got, expected, strict=True)) if pair[0] != pair[1])
        return f"they differ from {unit} {at} on (counted from 0)" if at else ""
    return ""


def _kind(value: object) -> str:
    return type(value).__name__


def shown(value: object) -> str:
    """A value as the learner would write it, one safe line."""
    try:
        text = repr(value)
    except Exception as fault:  # the learner's own __repr__
        text = f"<a {_kind(value)} whose repr() raises {type(fault).__name__}>"
    return safe(text, LONGEST)
