"""The self-check of lesson 9: `Heartbeat`, on made-up clocks and on the learner's own pings.

What is right the solution says, which tests/lessons/test_lesson_09.py holds against the definition;
what known mistakes answer, the wrong answers that came with the lesson. This file lies beside the
exercise, and is no place to copy from.
"""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

from inspector.core.rfc import CLOSE, PING, PONG
from lessons.course.course import Course, load
from lessons.course.expect import Near
from lessons.course.imports import imported
from lessons.course.model import Missing

LESSON = Course().find("9")
SECTION = "6455 §5.5.2"
CLOCKS = {"time", "datetime", "asyncio", "threading", "sched", "signal"}
SHOWN = 4
"""How many of the steps before are told."""
KNOWN = (
    (
        "pings_while_waiting",
        "while-waiting",
        "a ping still waits for its answer: no second one before that",
    ),
    ("pings_at_every_tick", "every-tick", "a ping was sent already: note when, and that it waits"),
    (
        "keeps_to_a_timetable",
        "timetable",
        "the interval counts from when the last ping was sent, not from when it was due",
    ),
    (
        "waits_since_the_last_word",
        "since-the-word",
        "patience counts from the ping: nobody can answer before they are asked",
    ),
    (
        "dead_without_a_ping",
        "unasked",
        "nobody was asked, so nobody owes an answer: first a ping, then patience",
    ),
    (
        "judges_in_heard",
        "late-word",
        "no tick has said dead: what was heard is the ping's answer, be it late",
    ),
    ("never_recovers", "never-recovers", "something was heard: the ping has its answer"),
    ("never_dies", "never-dies", "the patience is over, and nothing was heard"),
    ("more_than_interval", "interval-edge", '"or longer": at the interval exactly it is time'),
    ("more_than_patience", "patience-edge", '"or longer": at the patience exactly it is over'),
    ("rises_from_the_dead", "final", "dead is final, whatever is heard after it"),
    ("dead_once", "final", "dead is final: from then on always dead"),
    (
        "a_word_postpones",
        "postponed",
        "the interval counts from the last ping, not from the last word heard",
    ),
    ("pings_at_once", "at-once", "the first ping is due an interval after the opening"),
    (
        "one_for_all",
        "one-for-all",
        "another Heartbeat has changed this one: keep what you know in self",
    ),
    ("answers_true", "words", 'say "ping", "dead" or None'),
)
WRONG = [(load(LESSON, f"wrong.{name}").Heartbeat, tag, words) for name, tag, words in KNOWN]
RIGHT = load(LESSON, "solution").Heartbeat

type Step = tuple[str, float]
"""`("tick", when)` or `("heard", when)`."""


def tick(*times: float) -> list[Step]:
    return [("tick", time) for time in times]


def heard(*times: float) -> list[Step]:
    return [("heard", time) for time in times]


def answers(kind, numbers: tuple[float, float, float], steps: list[Step]) -> list[object]:
    """What a heartbeat says to each step; None to `heard`."""
    heart = kind(*numbers)
    told: list[object] = []
    for what, now in steps:
        answer = getattr(heart, what)(now)
        told.append(answer if what == "tick" else None)
    return told


def mistake(
    numbers: tuple[float, float, float], steps: list[Step], got: list[object]
) -> list[Near]:
    """The known mistake that would have said just that, up to here."""
    for kind, tag, words in WRONG:
        told = answers(kind, numbers, steps[: len(got)])
        if list(map(repr, told)) == list(map(repr, got)):
            return [Near(tag, got[-1], words)]
    return []


def story(numbers: tuple[float, float, float], steps: list[Step], got: list[object]) -> str:
    """`Heartbeat(10, 5, 0): tick(10) "ping", heard(13), now tick(20)`"""
    told = []
    for (what, now), answer in zip(steps[: len(got)], got, strict=True):
        told.append(f"{what}({now:g})" + (f" {answer}" if answer is not None else ""))
    what, now = steps[len(got)]
    before = ["..."] * (len(told) > SHOWN) + told[-SHOWN:] + [f"now {what}({now:g})"]
    interval, patience, opened = numbers
    return f"Heartbeat({interval:g}, {patience:g}, {opened:g}): {', '.join(before)}"


def check(exercise, expect, numbers, steps: list[Step], whose: str, right=None, **wire) -> None:
    """A heartbeat, led through all steps, one after the other."""
    right = answers(RIGHT, numbers, steps) if right is None else right
    opening = f"{whose}: Heartbeat{numbers}"
    with expect.asked("a Heartbeat", where=opening, rfc=SECTION):
        heart = exercise.Heartbeat(*numbers)
    got: list[object] = []
    for (what, now), wanted in zip(steps, right, strict=True):
        where = f"{whose}: {story(numbers, steps, got)}"
        with expect.asked(wanted, where=where, rfc=SECTION, **wire):
            answer = getattr(heart, what)(now)
        got.append(answer if what == "tick" else None)
        if what == "tick":
            near = mistake(numbers, steps, got) if answer != wanted else ()
            expect(answer, wanted, where=where, rfc=SECTION, near=near, **wire)


def test_clock(exercise, expect):
    """no clock but the one that it is told"""
    clocks = [name for _, name in imported(Path(exercise.__file__)) if name in CLOCKS]
    words = "all times are given to you: a clock of your own knows another time"
    where, near = "exercise.py: imports that have a clock", (Near("own-clock", clocks, words),)
    expect(clocks, [], where=where, rfc=SECTION, near=near)


def test_example(exercise, expect):
    """the example of the exercise"""
    steps = [*tick(9, 10, 12), *heard(13), *tick(20, 24, 25)]
    right = [None, "ping", None, None, "ping", None, "dead"]
    check(exercise, expect, (10, 5, 0), steps, "the example", right)


def replay(line):
    """A captured conversation as a schedule, in whole milliseconds since the server's first Ping:
    a tick at each further Ping and half-way before it, a word at each Pong, a tick at the end.
    Within a millisecond, too, they keep the order in which they came."""
    pings = [each for each in line.frames_from("server") if each.frame.opcode == PING]
    if len(pings) < 2:
        return None
    start = pings[0].time

    def at(time: float) -> int:
        return round((time - start) * 1000)

    gaps = [at(later.time) - at(sooner.time) for sooner, later in pairwise(pings)]
    interval = patience = max(1, min(gaps))
    steps: list[Step] = []
    for sooner, later in pairwise(pings):
        steps += tick((sooner.time + later.time) / 2, later.time)
    ends = [each for each in line.frames_from("server") if each.frame.opcode == CLOSE]
    if ends and ends[0].frame.payload[:2] == b"\x03\xf0":  # 1008: no pong
        last, end = pings[-1].time, ends[0].time
        patience = max(1, at(end) - at(last))
        steps += tick((last + end) / 2, end)
    steps += heard(*(f.time for f in line.frames_from("client") if f.frame.opcode == PONG))
    steps.sort(key=lambda step: step[1])
    return (interval, patience, 0), [(what, at(time)) for what, time in steps], pings[-1]


def test_own(exercise, own, expect):
    """your own pings and pongs, played again"""
    found = False
    for line in own.connections:
        if line.upgraded and (told := replay(line)):
            numbers, steps, last = told
            whose = f"connection {line.number}, in ms, {own.whose}"
            check(exercise, expect, numbers, steps, whose, wire=last.frame.wire, mark=(0, 1))
            found = True
    if not found:
        raise Missing("no pings were captured: take the lesson's first step")


def test_edges(exercise, expect):
    """to the second, and just before it"""
    steps = [*tick(0, 9.75, 10, 10, 14.75), *heard(14.75), *tick(15, 19.75, 20, 24.75, 25)]
    check(exercise, expect, (10, 5, 0), steps, "made up")
    steps = [*tick(102), *heard(104), *tick(104, 106, 109), *heard(109), *tick(110, 113)]
    check(exercise, expect, (2, 7, 100), steps, "made up, more patience than interval")


def test_late(exercise, expect):
    """ticks that come late: a laptop was asleep"""
    steps = [*tick(3600, 3601), *heard(3602), *tick(3603, 3609, 3610)]
    check(exercise, expect, (10, 5, 0), steps, "made up, asleep before the first ping")
    steps = [*tick(10), *heard(3599), *tick(3600, 3604), *heard(3604), *tick(3605, 3610)]
    check(exercise, expect, (10, 5, 0), steps, "made up, the answer came before the tick")
    check(exercise, expect, (10, 5, 0), tick(10, 3600, 3601), "made up, asleep after a ping")


def test_dead(exercise, expect):
    """dead is final"""
    steps = [*tick(10, 15, 16), *heard(17), *tick(18, 30), *heard(31), *tick(100, 200)]
    check(exercise, expect, (10, 5, 0), steps, "made up, heard too late")


def test_two(exercise, expect):
    """two heartbeats at the same time"""
    first, second = (10, 5, 0), (3, 9, 1)
    with expect.asked("two of them", where="two Heartbeats", rfc=SECTION):
        hearts = [exercise.Heartbeat(*first), exercise.Heartbeat(*second)]
    truth = [RIGHT(*first), RIGHT(*second)]
    names = [f"the one made by Heartbeat{first}", f"the one made by Heartbeat{second}"]
    words = next(words for _, tag, words in WRONG if tag == "one-for-all")
    for now in range(2, 40):
        for number in (0, 1):
            wanted = truth[number].tick(now)
            where = f"two Heartbeats: {names[number]}, tick({now})"
            with expect.asked(wanted, where=where, rfc=SECTION):
                got = hearts[number].tick(now)
            expect(got, wanted, where=where, rfc=SECTION, near=(Near("one-for-all", got, words),))
        if now in (13, 24):  # the second is never heard, and dies
            truth[0].heard(now)
            with expect.asked(None, where=f"{names[0]}, heard({now})", rfc=SECTION):
                hearts[0].heard(now)


def test_random(exercise, expect):
    """300 random lives"""
    for _ in range(300):
        opened = random.choice((0, random.randrange(1 << 31), random.randrange(400) / 4))
        numbers = (random.randrange(1, 80) / 4, random.randrange(1, 80) / 4, opened)
        now, steps = opened, []
        for _ in range(random.randrange(1, 30)):
            now += random.choice((0, 0.25, 1, 3, random.randrange(100) / 4))
            steps += heard(now) if random.random() < 0.4 else tick(now)
        check(exercise, expect, numbers, steps, "random")
