"""The self-check of lesson 14: `read_on`, cut at every byte, each part in a module of its own.

What is right follows from the frames that a stream was made of; what known mistakes answer, the
wrong answers that came with the lesson say. This file lies beside the exercise, and is no place to
copy from.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from inspector.core.encode import encode_frame
from lessons.course.course import Course
from lessons.course.expect import Near
from lessons.course.model import Missing

LESSON = Course().find("14")
SECTION = "6455 §5.2"
FRAGMENTS = "6455 §5.4"
TEXT, BINARY, MORE, PING, PONG = 1, 2, 0, 9, 10
MOST = 200
"""Characters of a state in which nothing is pending."""
SHOWN = 80
"""Characters of a state that are told."""
KNOWN = (
    (
        "loses_unread",
        "loses-unread",
        "what was read and is not used up has to travel: the descriptor does not bring it again",
    ),
    ("loses_header", "loses-header", "half a header is worth keeping, too, be it one byte"),
    ("loses_fragments", "loses-fragments", "the fragments that came before have to travel, too"),
    ("loses_kind", "loses-kind", "the state has to say of what kind the fragments so far are"),
    ("decodes_each", "decodes-each", "a letter may lie across two fragments: decode the whole"),
    ("delivers_twice", "twice", "these were complete before: the other process gave them"),
    (
        "forgets_at_the_ping",
        "ping",
        "a control frame between fragments ends nothing",
    ),
    ("gives_controls", "controls", "a control frame is no message: pass over it"),
    ("mask_from_zero", "mask", "the key goes on where it was, and does not begin anew"),
    ("all_text", "all-text", "a binary message (opcode 2) stays bytes"),
    ("remembers", "remembers", "the other process has no such variable: put all into the state"),
)


class Piece(NamedTuple):
    """A frame as it was made, and its bytes."""

    opcode: int
    fin: bool
    payload: bytes
    wire: bytes


def piece(opcode: int, payload: bytes, *, fin: bool = True) -> Piece:
    return Piece(opcode, fin, payload, encode_frame(opcode, payload, fin=fin, masking_key=key()))


def key() -> bytes:
    return os.urandom(4)


class Process:
    """A module of its own: what another process would have."""

    def __init__(self, path: str) -> None:
        spec = importlib.util.spec_from_file_location("another_process", path)
        assert spec
        assert spec.loader
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)

    def read_on(self, state: object, came: bytes) -> object:
        return self.module.read_on(state, came)


def messages(pieces: Iterable[Piece]) -> list[tuple[int, str | bytes]]:
    """Each message, and the offset at which it is complete."""
    found: list[tuple[int, str | bytes]] = []
    at, kind, so_far = 0, 0, b""
    for each in pieces:
        at += len(each.wire)
        if each.opcode >= 8:
            continue
        if each.opcode:
            kind, so_far = each.opcode, b""
        so_far += each.payload
        if each.fin:
            found.append((at, so_far.decode() if kind == TEXT else so_far))
    return found


def run(path: str, parts: Sequence[bytes]) -> list[object]:
    """What a module says to each part; shorter if it trips."""
    told: list[object] = []
    state = None
    for part in parts:
        try:
            said, state = Process(path).read_on(state, part)  # type: ignore[misc]
            state = json.loads(json.dumps(state))
        except Exception:
            break
        told.append(said)
    return told


def near(parts: Sequence[bytes], number: int) -> list[Near]:
    """What known mistakes say to this part."""
    found = []
    for name, tag, words in KNOWN:
        told = run(str(LESSON.folder / "wrong" / f"{name}.py"), parts[: number + 1])
        if len(told) > number:
            found.append(Near(tag, told[number], words))
    return found


def check(exercise, expect, pieces: Sequence[Piece], cuts: Sequence[int], whose: str) -> str:
    """A stream, cut at these offsets, each part read by another process. The last state."""
    _ = exercise.read_on  # where there is none, that is what is said
    stream = b"".join(each.wire for each in pieces)
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(stream)}), len(stream)]
    parts = [stream[a:b] for a, b in pairwise(edges)]
    right = messages(pieces)
    rfc = FRAGMENTS if any(not each.fin for each in pieces) else SECTION
    text, state = "", None
    for number, part in enumerate(parts):
        start, end = edges[number], edges[number + 1]
        wanted = [said for at, said in right if start < at <= end]
        place = {"wire": stream, "mark": (start, min(end, start + 1)), "rfc": rfc}
        where = f"{whose}: bytes {start} to {end - 1} of {len(stream)}"
        if number:
            where += f", in another process, with the state {text[:SHOWN]}"
            where += "..." * (len(text) > SHOWN)
        with expect.asked((wanted, "a state"), where=where, **place):
            got = Process(exercise.__file__).read_on(state, part)
        if not isinstance(got, tuple) or len(got) != 2:
            expect(got, (wanted, "a state"), where=where, **place)
        said, state = got
        expect(
            said, wanted, where=where, near=near(parts, number) if said != wanted else (), **place
        )
        text = as_json(expect, state, where)
        state = json.loads(text)
    return text


def as_json(expect, state: object, where: str) -> str:
    """The state on its way to the other process."""
    try:
        return json.dumps(state)
    except (TypeError, ValueError) as fault:
        words = f"json.dumps: {fault}"
        place = f"{where}; then the state, {type(state).__name__}, goes through JSON"
        expect(state, "a value that JSON can write", where=place,
               near=(Near("no-json", state, words),))  # fmt: skip
        raise AssertionError(words) from None


HELLO = Piece(TEXT, True, b"Hello", bytes.fromhex("818537fa213d7f9f4d5158"))
PUT_TOGETHER = (
    piece(TEXT, "Grüße, ".encode()[:3], fin=False),
    piece(PING, b"still there?"),
    piece(MORE, "Grüße, ".encode()[3:], fin=False),
    piece(MORE, b"you"),
)


def test_hello(exercise, expect):
    """the masked Hello of RFC 6455, whole and cut at every byte"""
    check(exercise, expect, [HELLO], [], "the example in RFC 6455 §5.7")
    for cut in range(1, len(HELLO.wire)):
        check(exercise, expect, [HELLO], [cut], "the example in RFC 6455 §5.7")


def test_several(exercise, expect):
    """several messages, cut at every byte"""
    pieces = [HELLO, piece(TEXT, b""), piece(BINARY, b"\xff\x00"), piece(PONG, b"?"), HELLO]
    for cut in range(sum(len(each.wire) for each in pieces)):
        check(exercise, expect, pieces, [cut], "five frames")


def test_fragments(exercise, expect):
    """a message in fragments, cut at every byte"""
    binary = (piece(BINARY, b"\xfe", fin=False), piece(MORE, b"\x01", fin=False), piece(MORE, b""))
    pieces = [*PUT_TOGETHER, *binary, HELLO]
    for cut in range(sum(len(each.wire) for each in pieces)):
        check(exercise, expect, pieces, [cut], "two messages in fragments, and one whole")


def test_long(exercise, expect):
    """long frames, cut in their headers and elsewhere"""
    pieces = [piece(BINARY, os.urandom(300)), piece(TEXT, b"x" * 65536), HELLO]
    for cut in (1, 2, 3, 4, 5, 8, 308, 309, 310, 312, 317, 318, 319, 322, 323, 40000):
        check(exercise, expect, pieces, [cut], "frames of 300 and of 65,536 bytes, and Hello")


def test_byte_by_byte(exercise, expect):
    """another process for every byte"""
    pieces = [HELLO, *PUT_TOGETHER, piece(BINARY, b"\x80" * 130)]
    check(exercise, expect, pieces, range(400), "one byte each")


def test_size(exercise, expect):
    """a state that does not grow"""
    pieces = [piece(TEXT, os.urandom(8).hex().encode()) for _ in range(100)]
    half = piece(TEXT, b"unfinished")
    cut = [*pieces, Piece(TEXT, False, b"", half.wire[:9])]
    for told, pending in ((pieces, 0), (cut, 9)):
        text = check(exercise, expect, told, [len(told[0].wire) * 50 + 3], "100 messages")
        where = f"100 messages and {pending} bytes: characters of the state in JSON, {MOST} at most"
        words = "it grows with each message: what is complete needs no place in it"
        long = Near("keeps-everything", len(text), words)
        expect(len(text) if len(text) > MOST else MOST, MOST, where=where, near=(long,))


def test_two(exercise, expect):
    """two connections in turns, in one process"""
    process = Process(exercise.__file__)
    streams = [[*PUT_TOGETHER, HELLO], [piece(BINARY, b"\xff" * 40, fin=False), piece(MORE, b"!")]]
    wire = [b"".join(each.wire for each in pieces) for pieces in streams]
    states: list[object] = [None, None]
    for at in range(0, max(map(len, wire)), 5):
        for number in (0, 1):
            part = wire[number][at : at + 5]
            if not part:
                continue
            wanted = [said for end, said in messages(streams[number]) if at < end <= at + 5]
            where = f"two connections in turns: connection {number + 1}, bytes {at} to {at + 4}"
            with expect.asked((wanted, "a state"), where=where, rfc=FRAGMENTS):
                said, state = process.read_on(states[number], part)
            parts = [wire[number][n : n + 5] for n in range(0, at + 5, 5)]
            alone = run(exercise.__file__, parts) if said != wanted else []
            words = "another connection has changed this one: keep nothing in the module"
            known = near(parts, at // 5) if said != wanted else []
            if alone[at // 5 :] == [wanted]:
                known = [Near("remembers", said, words)]
            expect(said, wanted, where=where, rfc=FRAGMENTS, near=known)
            states[number] = json.loads(as_json(expect, state, where))


def test_own(exercise, own, expect):
    """what your own browser sent, cut anywhere"""
    found = False
    for line in own.connections:
        frames = [each.frame for each in line.frames_from("client")]
        if not frames or any(each.rsv1 or not each.complete for each in frames):
            continue
        pieces = [Piece(each.opcode, each.fin, each.payload, each.wire) for each in frames]
        size = sum(len(each.wire) for each in pieces)
        whose = f"connection {line.number}, {own.whose}"
        for _ in range(12):
            cuts = random.sample(range(size), min(size, random.randrange(1, 4)))
            check(exercise, expect, pieces, cuts, whose)
        found = True
    if not found:
        raise Missing("nothing that your browser sent was captured: take the lesson's first steps")


def test_random(exercise, expect):
    """150 streams that nobody has sent before, in random parts"""
    for _ in range(150):
        pieces = list(some_frames())
        size = sum(len(each.wire) for each in pieces)
        cuts = random.sample(range(size), min(size, random.randrange(6)))
        check(exercise, expect, pieces, cuts, "random")


def some_frames() -> Iterable[Piece]:
    for _ in range(random.randrange(1, 5)):
        text = random.random() < 0.5
        data = "".join(random.choices("aé€𝄞", k=random.randrange(60))).encode()
        data = data if text else os.urandom(random.choice((0, 3, 124, 140)))
        ends = sorted(random.choices(range(len(data) + 1), k=random.randrange(3)))
        edges = [0, *ends, len(data)]
        for number, (a, b) in enumerate(pairwise(edges)):
            kind = MORE if number else TEXT if text else BINARY
            yield piece(kind, data[a:b], fin=number == len(edges) - 2)
            if random.random() < 0.3:
                yield piece(random.choice((PING, PONG)), os.urandom(random.randrange(5)))
