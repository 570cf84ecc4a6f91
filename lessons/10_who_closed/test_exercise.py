"""The self-check of lesson 10: `classify`, on the learner's own ends and on made ones.

Of the learner's connections, what the page said it was told is right. Made tails are put together
from the verdict, so that it is known. What known mistakes answer, the wrong answers that came with
the lesson say. This file lies beside the exercise, and is no place to copy from.
"""

from __future__ import annotations

import os
import random
from itertools import product

from inspector.core.frames import encode_frame
from inspector.core.rfc import CLOSE
from lessons.course.course import Course, load
from lessons.course.expect import Near, same
from lessons.course.model import Missing

LESSON = Course().find("10")
SEEN = load(LESSON, "seen")
CODES, CLEAN, ORDER = "6455 §7.1.5", "6455 §7.1.4", "6455 §5.5.1"
NAMES = ("who closed", "what the client is told", "what the server is told", "clean")
SECTIONS = (ORDER, CODES, CODES, CLEAN)
KNOWN = (
    ("own_code", "own-code", "each side is told what the *other* one's Close says"),
    ("empty_is_1000", "empty", "a Close without a code: 1005 stands for that"),
    ("empty_is_1006", "empty", "an empty Close is a Close: 1006 stands for none at all"),
    ("words_for_none", "no-close", "it is over, and no Close came from the other side: 1006"),
    (
        "only_clean_1000",
        "clean-code",
        "clean asks whether both have sent a Close, not what it said",
    ),
    ("one_close_is_clean", "clean-one", "one Close is not enough: clean takes one from each side"),
    ("end_first", "end-first", "a Close came before that end of TCP: whose was the first?"),
    ("told_too_early", "early", "TCP has not ended in any direction: nobody is told anything yet"),
    ("waits_for_both_ends", "one-end", "one direction of TCP has ended: that is enough to be over"),
    ("last_close", "last-close", "after a side's first Close nothing of it counts"),
    ("little_endian", "order", "the code's first byte is the high one"),
    ("reason_too", "reason", "the code is two bytes; what follows is the reason"),
)
NONE = (
    "None is for a tail without a Close and without an end of TCP",
    "None is for a connection that is not over",
    "None is for a connection that is not over",
    "clean is True or False",
)
"""By its place in the verdict: what to say of a None that stands there wrongly."""
WRONG = [(load(LESSON, f"wrong.{name}").classify, tag, words) for name, tag, words in KNOWN]

type Step = tuple[str, str, bytes]
type Verdict = tuple[str | None, int | None, int | None, bool]


def mistake(tail: list[Step], got: object, part: int) -> list[Near]:
    """The known mistake that gives this answer."""
    for classify, tag, words in WRONG:
        answer = classify(list(tail))
        if same(answer, got) and isinstance(got, tuple):
            return [Near(tag, got[part], words)]
    return []


def story(tail: list[Step]) -> str:
    """`client close 1000, server close 1000, server end`"""
    told = []
    for side, what, payload in tail[-6:]:
        code = f" {int.from_bytes(payload[:2])}" if payload else " (empty)"
        told.append(f"{side} {what}{code if what == 'close' else ''}")
    return ", ".join(["..."] * (len(tail) > 6) + told) or "nothing"


def bytes_of(tail: list[Step], part: int) -> tuple[bytes, tuple[int, int]]:
    """The Close that decides, and its code."""
    wanted = {1: ("server",), 2: ("client",)}.get(part, ("client", "server"))
    for side, what, payload in tail:
        if what == "close" and side in wanted:
            wire = encode_frame(CLOSE, payload)
            return wire, (2, 4) if len(payload) > 1 else (1, 2)
    return b"", (0, 0)


def check(exercise, expect, tail: list[Step], right: Verdict, whose: str) -> None:
    where = f"{whose}: {story(tail)}"
    with expect.asked(right, where=where, rfc=CODES):
        got = exercise.classify(given := list(tail))
    expect(given, tail, where=f"{where}: the list that was handed to you, afterwards")
    if not isinstance(got, tuple) or len(got) != len(right):
        expect(got, right, where=where, rfc=CODES)
    for part, (mine, theirs) in enumerate(zip(got, right, strict=True)):
        near = [] if same(mine, theirs) else mistake(tail, got, part)
        near.append(Near("", None, NONE[part]))
        wire, mark = bytes_of(tail, part)
        where_part = f"{whose}: {NAMES[part]}, {story(tail)}"
        expect(mine, theirs, where=where_part, rfc=SECTIONS[part], wire=wire, mark=mark, near=near)


def close(side: str, code: int | None = None, reason: bytes = b"") -> Step:
    return side, "close", b"" if code is None else code.to_bytes(2) + reason


def end(side: str) -> Step:
    return side, "end", b""


def told(code: int | None) -> int:
    return 1005 if code is None else code


def test_example(exercise, expect):
    """the example of the exercise"""
    tail = [close("client", 1000), end("server")]
    check(exercise, expect, tail, ("client", 1006, 1000, False), "the example")


def test_own(exercise, own, expect):
    """every end that your page, or the script, was told of"""
    seen = False
    for each in SEEN.ends(own):
        if each.told is None or each.way == "specimen":
            continue  # of the specimen's bytes two browsers say two things
        sent = {side: each.close(side) for side in ("client", "server")}
        first = next((side for side, what, _ in each.tail if what == "close"), None)
        who = first or each.first_to_end_tcp
        payload = sent["client"]
        server = 1006 if payload is None else told(int.from_bytes(payload[:2]) if payload else None)
        clean = each.told.clean
        whose = f"connection {each.line.number}, {own.whose}"
        check(exercise, expect, each.tail, (who, each.told.code, server, clean), whose)
        seen = True
    if not seen:
        raise Missing("no end was captured: take the lesson's first step")


def test_polite(exercise, expect):
    """a Close from each side, with codes, without, with reasons"""
    for first, second in (("client", "server"), ("server", "client")):
        for mine, theirs in product((None, 1000, 1011, 4000), repeat=2):
            tail = [close(first, mine, b"bye" if mine else b""), close(second, theirs)]
            codes = {first: told(mine), second: told(theirs)}
            right = (first, codes["server"], codes["client"], True)
            for ends in ([end("server")], [end("server"), end("client")], [end("client")]):
                check(exercise, expect, [*tail, *ends], right, "made up")


def test_alone(exercise, expect):
    """a Close from one side only"""
    for side, other in (("client", "server"), ("server", "client")):
        for code in (None, 1000, 1001, 3000, 4999):
            codes = {side: told(code), other: 1006}
            right = (side, codes["server"], codes["client"], False)
            for ends in ([end(other)], [end(side)], [end(other), end(side)]):
                check(exercise, expect, [close(side, code), *ends], right, "made up")


def test_no_close(exercise, expect):
    """no Close at all"""
    for side, other in (("client", "server"), ("server", "client")):
        for ends in ([end(side)], [end(side), end(other)]):
            tail: list[Step] = [("client", "text", b"\x03\xe8"), *ends]
            check(exercise, expect, tail, (side, 1006, 1006, False), "made up")


def test_not_over(exercise, expect):
    """TCP has not ended"""
    check(exercise, expect, [], (None, None, None, False), "made up")
    check(exercise, expect, [("server", "ping", b"")], (None, None, None, False), "made up")
    for side, other in (("client", "server"), ("server", "client")):
        tail = [close(side, 1000)]
        check(exercise, expect, tail, (side, None, None, False), "made up")
        check(exercise, expect, [*tail, close(other, 1000)], (side, None, None, False), "made up")


def test_after_close(exercise, expect):
    """frames behind a Close"""
    tail = [close("client", 4000), ("server", "text", b"late"), close("client", 4001)]
    tail += [close("server", 1000), close("server"), end("server"), end("client")]
    check(exercise, expect, tail, ("client", 1000, 4000, True), "made up, with a second Close")


def test_random(exercise, expect):
    """300 random ends"""
    for _ in range(300):
        check(exercise, expect, *random_end(), "random")


def random_end() -> tuple[list[Step], Verdict]:
    """A tail, and the verdict from which it was made."""
    closers = random.sample(("client", "server"), random.randrange(3))
    ends = random.sample(("client", "server"), random.choice((0, 1, 2, 2)))
    codes = {side: random.choice((None, random.randrange(1000, 5000))) for side in closers}
    codes = {side: 1000 if code in (1005, 1006, 1015) else code for side, code in codes.items()}
    tail: list[Step] = []
    for side in closers:
        tail += talk()
        code = codes[side]
        tail.append(close(side, code, os.urandom(random.randrange(4)) if code else b""))
    tail += [*([] if closers else talk()), *map(end, ends)]
    who = (closers + ends + [None])[0]
    if not ends:
        return tail, (who, None, None, False)
    heard = {side: told(codes[side]) if side in codes else 1006 for side in ("client", "server")}
    return tail, (who, heard["server"], heard["client"], len(closers) == 2)


def talk() -> list[Step]:
    """Frames that end nothing, some of which look like a Close's payload."""
    kinds = ("text", "binary", "ping", "pong", "continuation")
    sides = ("client", "server")
    return [
        (random.choice(sides), random.choice(kinds), random.choice((b"", b"\x03\xe8", b"end")))
        for _ in range(random.randrange(3))
    ]
