"""The self-check of lesson 1: `count_unasked`, on made-up, random and captured connections.

What is right, the lesson's own count says, and what a known mistake returns, the wrong answers that
came with the lesson say: this file lies beside the exercise, and is no place to copy from.
"""

from __future__ import annotations

import random

from lessons.course.course import Course, load
from lessons.course.evidence import Evidence
from lessons.course.expect import Near, known_mistakes
from lessons.course.model import Missing

C, S = "client", "server"
LESSON = Course().find("1")
unasked = load(LESSON, "experiment").unasked
KNOWN = (
    (
        "all_of_the_server",
        "every-server",
        "this counts every message of the server, asked for or not",
    ),
    (
        "difference",
        "difference",
        "this subtracts one total from the other: but a question can't be answered before it "
        "is asked",
    ),
    (
        "one_question",
        "one-question",
        "this remembers only one open question: after two questions two answers are asked for",
    ),
    ("only_the_greeting", "only-start", "this stops counting at the first question"),
    (
        "below_zero",
        "negative",
        "your count went below 0: a question that is still open takes nothing away",
    ),
    (
        "balance",
        "balance",
        "your number of open questions went below 0: then the next question opens none, and its "
        "answer looks unasked",
    ),
)


def mistakes(voices: list[str]) -> tuple[Near, ...]:
    """What well-known mistakes would return."""
    return known_mistakes(LESSON, KNOWN, lambda wrong: wrong.count_unasked(list(voices)))


def in_letters(voices: list[str]) -> str:
    """`S C S`: a long connection in one line."""
    letters = " ".join(voice[0].upper() for voice in voices[:40])
    more = len(voices) - 40
    return f"{letters} ... and {more} more" if more > 0 else letters or "nothing at all"


def try_on(exercise, expect, voices: list[str], where: str, rfc: str = "") -> None:
    given, right = list(voices), unasked(voices)
    where = f"{where}: {in_letters(voices)}"
    with expect.asked(right, where=where, rfc=rfc):
        got = exercise.count_unasked(given)
    expect(got, right, where=where, rfc=rfc, near=mistakes(voices))
    expect(given, voices, where="the list that you were given, afterwards: leave it as it was")


def test_small(exercise, expect):
    """connections small enough to count on one hand"""
    for voices in (
        [],
        [S],
        [C],
        [C, S],
        [S, S, S],
        [C, S, S, C, S],  # tells `balance` from every other known mistake
        [S, C, S],
        [C, S, S],
        [C, C, S, S],
        [C, C, C, S],
        [S, S, C],
        [S, C, S, C, S, S],
    ):
        try_on(exercise, expect, voices, "made up (S server, C client)", "6455 §1.2")


def test_polling(exercise, own, expect):
    """your HTTP requests and their answers"""
    times = [(http.requested, C) for http in own.http if http.responded is not None]
    times += [(http.responded, S) for http in own.http if http.responded is not None]
    if not times:
        raise Missing("no HTTP request was captured: take the lesson's first step")
    voices = [voice for _, voice in sorted(times, key=lambda each: each[0])]
    try_on(exercise, expect, voices, f"HTTP, {own.whose}", "9110 §3.4")


def test_own_connections(exercise, own: Evidence, expect):
    """every WebSocket that you talked on"""
    spoken = [connection for connection in own.connections if connection.messages]
    if not spoken:
        raise Missing("no WebSocket message was captured: take the lesson's ticker and chat")
    for connection in spoken:
        voices = [said.side for said in connection.messages]
        where = f"connection {connection.number}, {connection.path}, {own.whose}"
        try_on(exercise, expect, voices, where)


def test_random(exercise, expect):
    """300 random connections"""
    for number in range(300):
        voices = random.choices([C, S], weights=(1 + number % 3, 2), k=random.randrange(2, 40))
        try_on(exercise, expect, voices, "random (S server, C client)")


def test_long(exercise, expect):
    """a long day in a chat: 20,000 messages"""
    voices = random.choices([C, S], weights=(1, 3), k=20_000)
    try_on(exercise, expect, voices, "random (S server, C client)")
