"""The self-check of lesson 17: `next_delay`, asked for every case, and by fifty real connections.

What is right the solution says, what known mistakes answer, the wrong answers that came with the
lesson. The fifty connect over real sockets, while the time is ours: an hour takes no time, and a
slow machine changes nothing. This file lies beside the exercise, and is no place to copy from.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from inspector.core.rfc import CLOSE
from lessons.course.course import Course, load
from lessons.course.expect import Near
from lessons.course.model import Missing

LESSON = Course().find("17")
FLEET = load(LESSON, "fleet")
RIGHT = load(LESSON, "solution").next_delay
BACKOFF, STATUS, AFTER, CODES = "6455 §7.2.3", "9110 §15.6", "9110 §10.2.3", "6455 §7.4.1"
NEAR_ENOUGH = 1e-6
KNOWN = (
    ("no_jitter", "no-jitter", "all clients would say this number: where is random()?"),
    ("fixed_delay", "fixed", "the longest delay doubles with each attempt"),
    ("no_cap", "no-cap", "the longest delay is never more than MOST"),
    (
        "around_the_middle",
        "around",
        "chance has to have the whole delay, from 0 on, and not a part of it",
    ),
    ("ignores_retry_after", "retry-after", "the server said when: not before that"),
    (
        "exactly_retry_after",
        "exactly",
        "all who were told so would come in that one moment: spread them behind it",
    ),
    ("cap_over_retry_after", "cap-over", "MOST is for your own delay, not for what was asked for"),
    ("comes_after_4xx", "4xx", "the same request would be refused again"),
    ("never_after_429", "429", '429 says "too many for now": that passes'),
    ("impatient", "impatient", "1012 and 1013 ask for PATIENCE seconds more"),
    ("code_before_status", "code-first", "the handshake was refused: the status decides"),
    ("starts_doubled", "doubled", "the first attempt is number 0: nothing is doubled yet"),
    ("zero_is_none", "zero", "attempt 0 is an attempt like others, and is spread like them"),
    ("comes_after_everything", "everything", "coming again would change nothing here"),
    ("returns_none", "never", "here it is worth while to come again"),
)


def constant(value: float) -> Callable[[], float]:
    return lambda: value


def words_of(question: tuple[object, ...], drawn: float) -> str:
    attempt, code, status, after = question
    told = f"next_delay({attempt}, {code}, {status}, {after}, random), random() being {drawn}"
    return told if status is None else f"{told}: the handshake was refused with {status}"


def near(question: tuple[object, ...], drawn: float, got: object) -> list[Near]:
    """The known mistake that says this, too."""
    for name, tag, words in KNOWN:
        try:
            told = load(LESSON, f"wrong.{name}").next_delay(*question, constant(drawn))
        except OverflowError:
            continue
        if told is got or (is_number(told) and is_number(got) and abs(told - got) < NEAR_ENOUGH):
            return [Near(tag, got, words)]
    return []


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def ask(exercise, expect, question, drawn: float, rfc: str, whose: str = "", **wire) -> None:
    """One call, with a random() that is known."""
    right = RIGHT(*question, constant(drawn))
    where = f"{whose}{words_of(question, drawn)}"
    calls = []

    def given() -> float:
        calls.append(drawn)
        return drawn

    with expect.asked(right, where=where, rfc=rfc, **wire):
        got = exercise.next_delay(*question, given)
    if is_number(got) and is_number(right) and abs(got - right) < NEAR_ENOUGH:
        got = right
    known = near(question, drawn, got) if got != right else []
    if is_number(got) and right is not None and not calls and not known:
        words = "random() was not called: use the one that is given, then it can be checked"
        known = [Near("own-random", got, words)]
    expect(got, right, where=where, rfc=rfc, near=known, **wire)


DRAWN = (0.0, 0.25, 0.5, 0.999)


def test_growth(exercise, expect):
    """delays that double, up to the longest"""
    for attempt in (0, 1, 2, 3, 4, 5, 9):
        for drawn in DRAWN:
            ask(exercise, expect, (attempt, 1006, None, None), drawn, BACKOFF)


def test_night(exercise, expect):
    """a server that is away for a night"""
    for attempt in (30, 64, 1023, 1024, 2000, 100_000):
        ask(exercise, expect, (attempt, 1006, None, None), 0.5, BACKOFF)


def test_codes(exercise, expect):
    """every close code: come again, or never"""
    for code in (*range(1000, 1016), 3000, 4000, 4999):
        for attempt in (0, 3):
            ask(exercise, expect, (attempt, code, None, None), 0.5, CODES)


def test_statuses(exercise, expect):
    """refused handshakes"""
    for status in (200, 301, 400, 401, 403, 404, 426, 429, 499, 500, 502, 503, 504, 599):
        for attempt in (0, 2):
            ask(exercise, expect, (attempt, 1006, status, None), 0.25, STATUS)
    ask(exercise, expect, (0, None, 503, None), 0.5, STATUS, "no code was told: ")


def test_retry_after(exercise, expect):
    """Retry-After"""
    for after in (0, 1, 30, 120, 3600):
        for drawn in DRAWN:
            for status in (429, 503):
                ask(exercise, expect, (1, 1006, status, after), drawn, AFTER)
    ask(exercise, expect, (1, 1006, 403, 30), 0.5, AFTER)


def test_own(exercise, own, expect):
    """the ends of your own connections"""
    found = False
    for line in own.connections:
        try:
            if line.upgraded and not line.ended("server"):
                continue  # it is open
            status = None if line.upgraded else line.status
        except Missing:
            continue  # it was not answered
        closes = [each for each in line.frames_from("server") if each.frame.opcode == CLOSE]
        code = int.from_bytes(closes[0].frame.payload[:2]) if closes else 1006
        wire, mark = (closes[0].frame.wire, (2, 4)) if closes else (b"", (0, 0))
        after = line.response.get("retry-after") if status else None
        question = (0, code, status, int(after) if after and after.isdecimal() else None)
        whose = f"connection {line.number}, {own.whose}: "
        ask(exercise, expect, question, random.random(), CODES, whose, wire=wire, mark=mark)
        found = True
    if not found:
        raise Missing("no connection has ended: take the lesson's first steps")


def test_random(exercise, expect):
    """500 random cases"""
    for _ in range(500):
        status = random.choice((None, None, 403, 429, 500, 503))
        after = random.choice((None, random.randrange(200))) if status else None
        code = 1006 if status else random.choice((1000, 1001, 1006, 1008, 1011, 1012, 1013, 4001))
        question = (random.randrange(12), code, status, after)
        ask(exercise, expect, question, random.random(), BACKOFF)


def test_fleet(exercise, expect):
    """fifty clients on real connections, let down, refused and let in again"""
    with expect.asked("a delay", where="fifty clients come again", rfc=BACKOFF):
        told = FLEET.play(exercise.next_delay)
    wave = "so many in one second, of 50 that were lost at once"
    judge = (
        (
            "the server is gone: the most tries in one second, 30 at most",
            told.gone_peak, 30, Near("wave", told.gone_peak, wave), BACKOFF,
        ),
        (
            f"503, Retry-After: {FLEET.AFTER}: tries before that time",
            told.early, 0, Near("early", told.early, "they were told when, and came before"), AFTER,
        ),
        (
            "after Retry-After: the most tries in one second, 30 at most",
            told.after_peak, 30, Near("wave", told.after_peak, wave), AFTER,
        ),
        (
            f"the clients that were not back after {FLEET.ENOUGH} seconds",
            told.missing, 0,
            Near("late", told.missing, "the server was there, and they were not"), BACKOFF,
        ),
    )  # fmt: skip
    for where, got, most, known, rfc in judge:
        expect(max(got, most), most, where=where, rfc=rfc, near=(known,))
