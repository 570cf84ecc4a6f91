"""The self-check of lesson 8: `reassemble`, on the RFC's fragments, the learner's own, made ones.

Nothing here puts fragments together: messages are cut, so that what has to come back is known, and
captured ones `inspector` has read. What known mistakes answer, the wrong answers that came with the
lesson say. This file lies beside the exercise, and is no place to copy from.
"""

from __future__ import annotations

import os
import random
from typing import NamedTuple

from inspector.core.frames import encode_frame
from inspector.screen.words import count
from lessons.course.course import Course, load
from lessons.course.expect import Near, same
from lessons.course.model import Missing

LESSON = Course().find("8")
SECTION = "6455 §5.4"
TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
KNOWN = (
    ("each_alone", "each-alone", "each fragment came back as a message of its own"),
    (
        "decodes_each",
        "decodes-each",
        "fragments were decoded one by one: half a letter is no text. Join the bytes first",
    ),
    (
        "ends_at_the_ping",
        "fin-of-ping",
        "the FIN of a control frame was taken for the end of the message around it",
    ),
    (
        "ping_in_the_message",
        "ping-inside",
        "the payload of a control frame got into a message: it is no part of one",
    ),
    (
        "forgets_at_the_ping",
        "forgets",
        "what was gathered before a control frame is lost: the message goes on after it",
    ),
    ("pings_are_messages", "control", "a control frame came back as a message: it is none"),
    (
        "last_opcode_decides",
        "last-opcode",
        "the kind is said by the first fragment; a continuation has opcode 0",
    ),
    ("all_text", "all-text", "a binary message stays bytes, even where it looks like text"),
    ("all_bytes", "all-bytes", "a text message has to come back as a str"),
    (
        "tries_to_decode",
        "all-text",
        "the opcode says what is text, not whether it can be decoded",
    ),
    (
        "never_empties",
        "never-empties",
        "a message begins with what belonged to the one before",
    ),
    ("drops_continuations", "drops", "the fragments after the first are missing"),
    (
        "returns_the_unfinished",
        "unfinished",
        "the last message has no FIN yet: leave it out until it has",
    ),
    ("no_empty_ones", "no-empty", "an empty message is a message, too"),
)
WRONG = [(load(LESSON, f"wrong.{name}").reassemble, tag, words) for name, tag, words in KNOWN]


class Piece(NamedTuple):
    """A frame as the exercise gets it, and how it stands on the wire."""

    opcode: int
    fin: bool
    payload: bytes
    wire: bytes

    @property
    def given(self) -> tuple[int, bool, bytes]:
        return self.opcode, self.fin, self.payload


def piece(opcode: int, payload: bytes = b"", fin: bool = True) -> Piece:
    return Piece(opcode, fin, payload, encode_frame(opcode, payload, fin=fin))


def cut(message: str | bytes, *ends: int) -> list[Piece]:
    """A message in fragments: cut before each of these bytes of it."""
    data = message.encode() if isinstance(message, str) else message
    kind = TEXT if isinstance(message, str) else BINARY
    edges = [0, *ends, len(data)]
    last = len(edges) - 2
    return [
        piece(CONTINUATION if n else kind, data[edges[n] : edges[n + 1]], fin=n == last)
        for n in range(last + 1)
    ]


def with_pings(pieces: list[Piece]) -> list[Piece]:
    """Control frames before, between and behind, with payloads that could be text."""
    controls = [piece(opcode, data) for opcode in (PING, PONG) for data in (b"", b"here?", b"\xc3")]
    mixed = [random.choice(controls)]
    for each in pieces:
        mixed += [each, random.choice(controls)]
    return mixed


def mistake(given: list[tuple[int, bool, bytes]], got: object) -> tuple[str, str]:
    """The known mistake that gives this answer."""
    for reassemble, tag, words in WRONG:
        try:
            answer = reassemble(list(given))
        except Exception:
            continue
        if same(answer, got):
            return tag, words
    return "", ""


def picture(pieces: list[Piece], number: int) -> tuple[bytes, tuple[int, int]]:
    """The bytes of the message of that number, and the first header after its first frame."""
    seen, start = -1, 0
    for at, each in enumerate(pieces):
        if each.opcode in (TEXT, BINARY):
            seen, start = seen + 1, at
            if seen == number:
                break
    first = pieces[start].wire if pieces else b""
    mark = (0, 1) if pieces and pieces[start].fin else (len(first), len(first) + 1)
    return b"".join(each.wire for each in pieces[start : start + 4])[:80], mark


def first_difference(got: object, right: list[str | bytes]) -> int:
    """The number of the first message that is not as it should be, from 0."""
    same_so_far = 0
    for mine, theirs in zip(got if isinstance(got, list) else (), right, strict=False):
        if not same(mine, theirs):
            break
        same_so_far += 1
    return same_so_far


def check(exercise, expect, pieces: list[Piece], right: list[str | bytes], whose: str) -> None:
    """One call: the list as a whole, then message by message."""
    given = [each.given for each in pieces]
    whose = f"{whose}, {count(len(pieces), 'frame')}"
    where = f"{whose}: all messages"
    with expect.asked(right, where=where, rfc=SECTION):
        got = exercise.reassemble(handed := list(given))
    before = f"{whose}: the list that was handed to you, afterwards"
    expect(handed, given, where=before, near=(Near("changed", [], "you emptied it"),))
    tag, words = "", ""
    if not same(got, right):
        tag, words = mistake(given, got)
    if not isinstance(got, list) or len(got) != len(right):
        near = (Near(tag, got, words),) if words else ()
        wire, mark = picture(pieces, first_difference(got, right))
        expect(got, right, where=where, rfc=SECTION, wire=wire, mark=mark, near=near)
        return
    for number, (mine, theirs) in enumerate(zip(got, right, strict=True)):
        wire, mark = picture(pieces, number)
        where = f"{whose}: message {number + 1} of {len(right)}"
        near = (Near(tag, mine, words),) if words else ()
        expect(mine, theirs, where=where, rfc=SECTION, wire=wire, mark=mark, near=near)
    expect(len(got), len(right), where=where)


def test_rfc(exercise, expect):
    """the RFC's own Hello, in one frame and in two"""
    check(exercise, expect, [piece(TEXT, b"Hello")], ["Hello"], "Hello, RFC 6455 §5.7")
    check(exercise, expect, cut("Hello", 3), ["Hello"], "Hel + lo, RFC 6455 §5.7")


def test_own(exercise, own, expect):
    """every frame that you and the server sent"""
    seen = False
    for line in own.connections:
        for side in ("client", "server"):
            frames = [each.frame for each in line.frames_from(side)]
            if frames:
                pieces = [Piece(f.opcode, f.fin, f.payload, f.wire) for f in frames]
                right = [said.data if said.text is None else said.text for said in line.said(side)]
                whose = f"connection {line.number}, the {side}'s frames, {own.whose}"
                check(exercise, expect, pieces, right, whose)
                seen = True
    if not seen:
        raise Missing("no frame was captured: take the lesson's first step")


def test_ping_between(exercise, expect):
    """control frames between fragments"""
    for control in (PING, PONG):
        for data in (b"", b"here?"):
            first, last = cut("still there", 5)
            pieces = [first, piece(control, data), last, piece(CLOSE, b"\x03\xe8")]
            check(exercise, expect, pieces, ["still there"], "made up, a control frame between")


def test_letters(exercise, expect):
    """texts that are cut within a letter"""
    for text in ("é", "A café", "naïve, señor", "日本", "👋🏽 hi"):
        for end in range(1, len(text.encode())):
            check(exercise, expect, cut(text, end), [text], f"made up, cut before byte {end}")


def test_kinds(exercise, expect):
    """text becomes str, binary stays bytes"""
    for data in (b"plain", b"\xff\xfe\x00", "é".encode()):
        pieces = [*cut(data, 1), *cut("text", 2), *cut(data), *cut("é", 1)]
        check(exercise, expect, pieces, [data, "text", data, "é"], "made up, binary and text")


def test_empty(exercise, expect):
    """messages and fragments with nothing in them"""
    check(exercise, expect, [], [], "no frame at all")
    check(exercise, expect, [*cut(""), *cut(b"")], ["", b""], "made up, two empty messages")
    check(exercise, expect, cut("abc", 0, 2, 2, 3), ["abc"], "made up, empty fragments")


def test_unfinished(exercise, expect):
    """a message whose last frame has not come yet"""
    for kind in ("one, two", b"\0\1\2\3"):
        pieces = [*cut("before"), *cut(kind, 1, 2)[:-1], piece(PING)]
        check(exercise, expect, pieces, ["before"], "made up, the last message without its end")
        check(exercise, expect, cut("next"), ["next"], "made up, another connection after that")


def test_random(exercise, expect):
    """300 random conversations, cut anywhere"""
    letters = "abc éß日👋"
    for _ in range(300):
        pieces: list[Piece] = []
        right: list[str | bytes] = []
        for _ in range(random.randrange(1, 5)):
            size = random.randrange(12)
            text = "".join(random.choice(letters) for _ in range(size))
            message = text if random.random() < 0.6 else os.urandom(size)
            length = len(text.encode() if message is text else message)
            ends = sorted(random.randrange(length + 1) for _ in range(random.randrange(4)))
            pieces += cut(message, *ends)
            right.append(message)
        if random.random() < 0.7:
            pieces = with_pings(pieces)
        check(exercise, expect, pieces, right, "random")
