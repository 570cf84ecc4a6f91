"""The self-check of lesson 6: `overhead`, on captured frames, at the edges, on random sizes.

What is right, the captured headers say, or a header that struct builds; what a known mistake
returns, the wrong answers that came with the lesson say. This file lies beside the exercise, and is
no place to copy from.
"""

from __future__ import annotations

import random
import struct

from lessons.course.course import Course
from lessons.course.expect import Near, known_mistakes
from lessons.course.model import Missing

LESSON = Course().find("6")
SECTION = "6455 §5.2"
KNOWN = (
    ("signs_for_lengths", "sign", "126 and 127 are signs in the seven bits, not lengths"),
    ("up_to_126", "sign", "126 is a sign in the seven bits, not a length"),
    ("below_125", "edge-125", "125 still fits into the seven bits"),
    ("below_65535", "edge-65535", "65,535 still fits into two bytes"),
    ("up_to_65536", "edge-65536", "65,536 does not fit into two bytes"),
    ("four_for_the_longest", "four", "after 127 come eight bytes of length, not four"),
    ("one_more_for_255", "one", "the form after the seven bits has two bytes, not one"),
    ("no_key_for_nothing", "empty", "a masked frame has its key even if its payload is empty"),
    ("no_mask", "no-mask", "a client's header carries the masking key"),
    ("mask_is_one_byte", "no-mask", "the masking key has four bytes"),
    ("always_masked", "always-masked", "this counts a masking key, and there is none"),
    ("all_three_forms", "both", "the eight bytes take the place of the two, and come alone"),
    ("one_byte_first", "first-two", "two bytes come first; the seven bits are in the second"),
    ("length_alone", "first-two", "the first two bytes of the header are missing"),
    ("whole_frames", "whole", "this is the whole frame: the payload is no overhead"),
    ("returns_total", "total", "this is their sum: return a list, one number a payload"),
)


def header(size: int, masked: bool) -> bytes:
    """A header for so many bytes, built with struct the way the RFC draws it."""
    mask = 0x80 if masked else 0
    if size < 126:
        start = struct.pack("!BB", 0x81, mask | size)
    elif size < 1 << 16:
        start = struct.pack("!BBH", 0x81, mask | 126, size)
    else:
        start = struct.pack("!BBQ", 0x81, mask | 127, size)
    return start + (b"\x37\xfa\x21\x3d" if masked else b"")


def mistakes(sizes: list[int], masked: bool) -> tuple[Near, ...]:
    """What well-known mistakes would return."""
    return known_mistakes(LESSON, KNOWN, lambda wrong: wrong.overhead(list(sizes), masked))


def check(exercise, expect, sizes: list[int], masked: bool, right: list[int], where: str, wire=b""):
    given = list(sizes)
    told = {"where": where, "rfc": SECTION, "wire": wire, "mark": (0, right[0] if wire else 0)}
    with expect.asked(right, **told):
        got = exercise.overhead(given, masked)
    expect(got, right, **told, near=mistakes(sizes, masked))
    expect(given, sizes, where="the list that you were given, afterwards: leave it as it was")


def one(exercise, expect, size: int, masked: bool, whose: str) -> None:
    """A payload for itself, so that the header can be shown."""
    wire = header(size, masked)
    where = f"overhead([{size}], {masked}), {whose}"
    check(exercise, expect, [size], masked, [len(wire)], where, wire)


def test_own(exercise, own, expect):
    """every frame that you and the server sent"""
    framed = [(each, framed) for each in own.connections for framed in each.frames]
    if not framed:
        raise Missing("no frame was captured: take the lesson's first step")
    framed.sort(key=lambda each: each[1].frame.length == 0)  # an empty one tells least: last
    for connection, each in framed:
        frame = each.frame
        told_long = any(f.frame == each.number for f in connection.findings)
        if not frame.complete or told_long:  # the one whose length was written too long
            continue
        number = f"frame {each.number} of connection {connection.number}"
        where = f"{number} ({frame.side}, {frame.length:,} bytes), {own.whose}"
        wire = frame.wire[:16]
        check(exercise, expect, [frame.length], frame.masked, [len(frame.header)], where, wire)


def test_edges(exercise, expect):
    """the sizes at which a header grows, and those beside them"""
    for size in (1, 124, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536, 65537, 0):
        for masked in (False, True):
            one(exercise, expect, size, masked, "made up")


def test_large(exercise, expect):
    """sizes up to the largest that a length can say"""
    for size in (70_000, 1 << 24, (1 << 32) - 1, 1 << 32, 1 << 62, (1 << 63) - 1):
        for masked in (True, False):
            one(exercise, expect, size, masked, "made up")


def test_lists(exercise, expect):
    """several payloads at once: a list, in their order"""
    for sizes in ([], [0], [5, 5, 5], [70_000, 5, 200], [65536, 65535, 126, 125, 0, 125]):
        for masked in (True, False):
            right = [len(header(size, masked)) for size in sizes]
            check(exercise, expect, sizes, masked, right, f"overhead({sizes}, {masked}), made up")


def test_random(exercise, expect):
    """200 random lists"""
    for _ in range(200):
        masked = random.random() < 0.5
        bits = random.choices((3, 7, 8, 16, 17, 40, 63), k=random.randrange(1, 8))
        sizes = [random.randrange(1 << each) for each in bits]
        right = [len(header(size, masked)) for size in sizes]
        check(exercise, expect, sizes, masked, right, f"overhead({sizes}, {masked}), random")
