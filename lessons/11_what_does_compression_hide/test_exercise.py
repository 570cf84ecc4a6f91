"""The self-check of lesson 11: `Inflater`, on the RFC's bytes, the learner's own, made ones.

Nothing here inflates: made messages are deflated, so that what has to come back is known, and
captured ones `inspector` has read. What known mistakes answer, the wrong answers that came with the
lesson say. This file lies beside the exercise, and is no place to copy from.
"""

from __future__ import annotations

import os
import random
import zlib
from typing import NamedTuple

from inspector.core.frames import encode_frame
from inspector.screen.words import count
from lessons.course.course import Course, load
from lessons.course.expect import Near, same
from lessons.course.model import Missing

LESSON = Course().find("11")
SECTION, WHOLE = "7692 §7.2.2", "7692 §6.2"
TEXT, BINARY, CONTINUATION, PING, PONG = 1, 2, 0, 9, 10
TAIL = b"\x00\x00\xff\xff"
HELLO = b"\xf2\x48\xcd\xc9\xc9\x07\x00"
KNOWN = (
    ("inflates_all", "all-compressed", "RSV1 was 0: this message is not compressed"),
    ("asks_the_last", "last-rsv1", "a message's first frame says whether it is compressed"),
    ("inflates_each_piece", "pieces", "the tail belongs behind the whole message, not each piece"),
    ("pings_inside", "control", "a control frame's payload got into the message around it"),
    ("pings_end_it", "control", "a control frame between two pieces ends nothing"),
    ("pings_are_messages", "control", "a control frame is no message: None"),
    ("returns_text", "str", "the content is wanted as bytes"),
    ("tail_for_plain", "tail-plain", "the tail is for compressed messages: this one had RSV1 0"),
    ("waits_for_ever", "", "FIN was set: the message is complete"),
)
WRONG = [(load(LESSON, f"wrong.{name}").Inflater, tag, words) for name, tag, words in KNOWN]


class Piece(NamedTuple):
    """A frame as the exercise gets it, and what has to come of it."""

    opcode: int
    fin: bool
    rsv1: bool
    payload: bytes
    right: bytes | None = None

    @property
    def given(self) -> tuple[int, bool, bool, bytes]:
        return self.opcode, self.fin, self.rsv1, self.payload

    @property
    def wire(self) -> bytes:
        return encode_frame(self.opcode, self.payload, fin=self.fin, rsv=4 * self.rsv1)


class Sender:
    """Deflates messages and cuts them; `keeps` its window, or not."""

    def __init__(self, keeps: bool = True, bits: int = 15) -> None:
        self.keeps, self.bits = keeps, bits
        self.renew()

    def renew(self) -> None:
        self.deflater = zlib.compressobj(wbits=-self.bits)

    def message(self, data: bytes, cuts: int = 0, squeeze: bool = True) -> list[Piece]:
        payload = data
        if squeeze:
            payload = self.deflater.compress(data) + self.deflater.flush(zlib.Z_SYNC_FLUSH)
            payload = payload.removesuffix(TAIL)
            if not self.keeps:
                self.renew()
        edges = [0, *sorted(random.randrange(len(payload) + 1) for _ in range(cuts)), len(payload)]
        return [
            Piece(
                CONTINUATION if n else random.choice((TEXT, BINARY)),
                n == cuts,
                squeeze and not n,
                payload[edges[n] : edges[n + 1]],
                data if n == cuts else None,
            )
            for n in range(cuts + 1)
        ]


def with_pings(pieces: list[Piece]) -> list[Piece]:
    """Control frames before, between and behind."""
    mixed = []
    for each in pieces:
        payload = random.choice((b"", b"there?", HELLO))
        mixed += [Piece(random.choice((PING, PONG)), True, False, payload), each]
    return mixed


def mistake(pieces: list[Piece], got: list[object]) -> list[Near]:
    """The known mistake that says just that, up to here."""
    for kind, tag, words in WRONG:
        inflater = kind()
        try:
            answers = [inflater.take(*each.given) for each in pieces[: len(got)]]
        except Exception:
            continue
        if all(map(same, answers, got)):
            return [Near(tag, got[-1], words)]
    return []


def check(exercise, expect, pieces: list[Piece], whose: str, inflater=None, known=()) -> None:
    """All frames of a side, one after the other. `known` has the tag and words of a mistake."""
    if inflater is None:
        with expect.asked("an Inflater", where=whose, rfc=SECTION):
            inflater = exercise.Inflater()
    got: list[object] = []
    for number, each in enumerate(pieces, 1):
        bits = f"opcode {each.opcode}, FIN {each.fin:d}, RSV1 {each.rsv1:d}"
        size = count(len(each.payload), "byte")
        where = f"{whose}: frame {number} of {len(pieces)}, {bits}, {size}"
        wire = each.wire[:40]
        section = SECTION if each.fin and each.rsv1 else WHOLE
        with expect.asked(each.right, where=where, rfc=section, wire=wire, mark=(0, 1)):
            answer = inflater.take(*each.given)
        got.append(answer)
        near = [] if same(answer, each.right) else mistake(pieces, got)
        near += [Near(known[0], answer, known[1])] if known else []
        expect(answer, each.right, where=where, rfc=section, wire=wire, mark=(0, 1), near=near)


def test_rfc(exercise, expect):
    """the RFC's own Hello, once and again"""
    once = Piece(TEXT, True, True, HELLO, b"Hello")
    again = Piece(TEXT, True, True, bytes.fromhex("f2 00 11 00 00"), b"Hello")
    check(exercise, expect, [once], "Hello, RFC 7692 §7.2.3.1")
    check(exercise, expect, [once, again], "Hello twice, RFC 7692 §7.2.3.2")
    check(exercise, expect, [once, once], "Hello twice, by a sender that forgets")
    two = [
        Piece(TEXT, False, True, HELLO[:3]),
        Piece(CONTINUATION, True, False, HELLO[3:], b"Hello"),
    ]
    check(exercise, expect, two, "Hello in two frames, RFC 7692 §7.2.3.1")
    stored = bytes.fromhex("00 05 00 fa ff 48 65 6c 6c 6f 00")
    check(exercise, expect, [Piece(TEXT, True, True, stored, b"Hello")], "RFC 7692 §7.2.3.3")


def test_own(exercise, own, expect):
    """every frame that you and the server sent"""
    found = False
    for line in own.connections:
        if not line.upgraded or not line.agreement.compresses:
            continue
        for side in ("client", "server"):
            last = {said.frames[-1]: said.data for said in line.said(side)}
            pieces = [
                Piece(
                    f.frame.opcode, f.frame.fin, f.frame.rsv1, f.frame.payload, last.get(f.number)
                )
                for f in line.frames_from(side)
            ]
            if pieces:
                whose = f"connection {line.number}, the {side}'s side, {own.whose}"
                check(exercise, expect, pieces, whose)
                found = True
    if not found:
        raise Missing("no compressed connection was captured: take the lesson's first step")


def test_window(exercise, expect):
    """messages that lean on those before, and a sender that forgets"""
    rows = [f'{{"seq": {seq}, "kind": "tick", "price": {100 + seq}}}'.encode() for seq in range(30)]
    for keeps in (True, False):
        sender = Sender(keeps)
        pieces = [piece for row in rows for piece in sender.message(row)]
        check(exercise, expect, pieces, "made up, 30 ticks" + ("" if keeps else ", nothing kept"))


def test_plain(exercise, expect):
    """messages that are not compressed, among others that are"""
    sender = Sender()
    pieces = []
    for squeeze in (True, False, True, False, False, True):
        pieces += sender.message(b"the same words again", squeeze=squeeze)
    pieces += sender.message(HELLO, squeeze=False)
    check(exercise, expect, pieces, "made up, some with RSV1 0")


def test_pieces(exercise, expect):
    """pieces, with control frames between them"""
    for squeeze in (True, False):
        sender = Sender()
        pieces = []
        for cuts in (2, 1, 0, 5):
            pieces += sender.message(b"cut into pieces, cut into pieces", cuts, squeeze)
        check(exercise, expect, with_pings(pieces), f"made up, RSV1 {squeeze:d}, in pieces")


def test_odd(exercise, expect):
    """nothing, random bytes, and a great many zeros"""
    sender = Sender()
    pieces = []
    for data in (b"", os.urandom(500), bytes(200_000), b"", b"\xff\xfe", "é日".encode()):
        pieces += sender.message(data, cuts=random.randrange(3))
    check(exercise, expect, pieces, "made up")


def test_two(exercise, expect):
    """two sides at the same time"""
    senders = [Sender(), Sender()]
    known = ("one-for-all", "another Inflater has been here: each one needs its own decompressor")
    with expect.asked("two of them", where="two Inflaters", rfc=SECTION):
        inflaters = [exercise.Inflater(), exercise.Inflater()]
    for turn in range(6):
        for number in (0, 1):
            pieces = senders[number].message(f"side {number}, turn {turn}, side {number}".encode())
            whose = f"two sides in turn, number {number + 1}, turn {turn + 1}"
            check(exercise, expect, pieces, whose, inflaters[number], known)


def test_random(exercise, expect):
    """100 random connections"""
    words = [b"tick", b"tock", b'"price":', b" ", b"42", os.urandom(5)]
    for _ in range(100):
        sender = Sender(random.random() < 0.7, random.randrange(9, 16))
        pieces: list[Piece] = []
        for _ in range(random.randrange(1, 6)):
            data = b"".join(random.choice(words) for _ in range(random.randrange(12)))
            pieces += sender.message(data, random.randrange(3), random.random() < 0.8)
        if random.random() < 0.5:
            pieces = with_pings(pieces)
        check(exercise, expect, pieces, "random")
