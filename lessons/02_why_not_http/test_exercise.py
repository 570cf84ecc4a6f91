"""The self-check of lesson 2: `bytes_per_tick`, on made-up and random bytes, and on your four ways.

What a known mistake returns, the wrong answers that came with the lesson say: this file lies beside
the exercise, and is no place to copy from.
"""

from __future__ import annotations

import json
import random
import re

from lessons.course.course import Course
from lessons.course.evidence import Evidence
from lessons.course.expect import Near, known_mistakes
from lessons.four_ways import ways

LESSON = Course().find("2")
MESSAGE = "9112 §2.1"  # what a message of HTTP consists of
SEQ = re.compile(rb'"seq": ([0-9]+)')
KNOWN = (
    (
        "down_only",
        "down-only",
        "this leaves out what went up: questions are bytes on the wire, too",
    ),
    ("bodies_only", "bodies-only", "this leaves out the heads: they were on the wire, too"),
    ("per_answer", "answers", "this divides by the answers: one may bring no tick, or several"),
    (
        "counts_repeats",
        "repeats",
        "this counts a tick twice that came twice: it was news only once",
    ),
    ("counts_up", "up-ticks", "this takes what went up for news: ticks come down"),
    ("zero_for_none", "zero", "no tick came, so that none cost anything: None"),
    (
        "true_division",
        "float",
        "the right amount, with a fraction of a byte: a whole number is asked",
    ),
    ("rounded_twice", "rounded-twice", "this divides up and down apart: a rest is dropped twice"),
    ("rounded", "rounded", "this rounds to the nearest: drop the rest"),
)


def right_for(up: bytes, down: bytes) -> int | None:
    """Said otherwise than the solution: cut at the word, read the number behind it."""
    numbers = set()
    for part in down.split(b'"seq": ')[1:]:
        digits = part[: len(part) - len(part.lstrip(b"0123456789"))]
        numbers |= {digits} if digits else set()
    return (len(up) + len(down)) // len(numbers) if numbers else None


def mistakes(up: bytes, down: bytes) -> tuple[Near, ...]:
    """What well-known mistakes would return."""
    return known_mistakes(LESSON, KNOWN, lambda wrong: wrong.bytes_per_tick(up, down))


def telling(down: bytes) -> tuple[int, int]:
    """Where the first tick stands that comes again, or else the first of all."""
    seen, first = set(), None
    for found in SEQ.finditer(down):
        first = first or found
        if found[1] in seen:
            return found.span()
        seen.add(found[1])
    return first.span() if first else (0, 0)


def try_on(exercise, expect, up: bytes, down: bytes, where: str, rfc: str = MESSAGE) -> None:
    right = right_for(up, down)
    where = f"{where}: {len(up):,} bytes up, {len(down):,} down"
    told = {"where": where, "rfc": rfc, "wire": down, "mark": telling(down)}
    with expect.asked(right, **told):
        got = exercise.bytes_per_tick(up, down)
    expect(got, right, near=mistakes(up, down), **told)


# Made-up bytes


def tick(seq: int) -> bytes:
    value = round(random.uniform(80, 120), 2)
    then = round(random.uniform(1.7e9, 1.8e9), 3)
    return json.dumps({"seq": seq, "value": value, "time": then}).encode()


def question(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:8101\r\nAccept: */*\r\n\r\n".encode()


def answer(*seqs: int) -> bytes:
    body = b'{"latest": 99, "ticks": [' + b", ".join(map(tick, seqs)) + b"]}\n"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def polls(*brought: tuple[int, ...]) -> tuple[bytes, bytes]:
    """Polling, answer by answer."""
    up = b"".join(question(f"/feed/poll?after={number}") for number in range(len(brought)))
    return up, b"".join(answer(*seqs) for seqs in brought)


def test_small(exercise, expect):
    """bytes small enough to count on paper"""
    for up, down in (
        (b"?" * 10, b'{"seq": 7}{"seq": 8}'),
        (b"?" * 10, b'{"seq": 7}{"seq": 7}'),
        (b"?", b'{"seq": 1}'),
        (b"?" * 3, b'{"seq": 41}, {"seq": 4}, {"seq": 1}'),
        (b"", b'{"seq": 1}, {"seq": 2}, {"seq": 3}'),
    ):
        try_on(exercise, expect, up, down, "made up")


def test_polls(exercise, expect):
    """polls that bring one tick, none, several, or one again"""
    for brought in (
        ((1,), (2,), (3,)),
        ((1,), (), (), (2,), ()),
        ((1, 2, 3), (), (4, 5)),
        ((7,), (7,), (8,)),
    ):
        words = ", ".join(str(len(seqs)) for seqs in brought)
        try_on(exercise, expect, *polls(*brought), f"made up, answers with {words} ticks")


def test_nothing(exercise, expect):
    """bytes that brought no tick at all"""
    for up, down in (
        (b"", b""),
        (question("/feed/poll"), b""),
        polls((), (), ()),
        (b'{"seq": 5}', b"HTTP/1.1 204 No Content\r\n\r\n"),
    ):
        try_on(exercise, expect, up, down, "made up, no tick came down")


def test_said_up(exercise, expect):
    """a client that speaks of ticks, too"""
    up, down = polls((1,), (2,))
    try_on(exercise, expect, up + tick(50) + tick(51), down, "made up, two ticks went up")


def test_own(exercise, own: Evidence, expect):
    """your own bytes, on each of the four ways"""
    for way in ways.race(own).ways.values():
        rfc = "6455 §5.2" if way.path == ways.TICKER else MESSAGE
        try_on(exercise, expect, way.up, way.down, f"{way.name}, {own.whose}", rfc)


def test_random(exercise, expect):
    """300 random conversations"""
    for _ in range(300):
        last, brought = random.randrange(1000), []
        for _ in range(random.randrange(1, 9)):
            new = random.choice((0, 0, 1, 1, 2, 3))
            brought.append(tuple(range(last + 1, last + 1 + new)))
            last += new - random.choice((0, 0, 0, 1))  # sometimes the last one comes again
        up, down = polls(*brought)
        noise = random.randbytes(random.randrange(60)).replace(b'"', b"")
        try_on(exercise, expect, up, down + noise, "random")


def test_long(exercise, expect):
    """a day of ticks on one stream"""
    down = b"".join(b"\x81\x34" + tick(seq) for seq in range(1, 20_001))
    pongs = b"".join(b"\x8a\x80" + random.randbytes(4).replace(b'"', b"-") for _ in range(8000))
    try_on(
        exercise, expect, question("/ws/ticker") + pongs, down, "random, 20,000 frames", "6455 §5.2"
    )
