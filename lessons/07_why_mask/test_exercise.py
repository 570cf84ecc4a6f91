"""The self-check of lesson 7: `mask`, on the learner's own frames in both directions, and others.

What is right, the captured frames say (what was typed, what was on the wire), else `inspector`;
what a known mistake returns, the wrong answers that came with the lesson say. This file lies beside
the exercise, and is no place to copy from.
"""

from __future__ import annotations

import os
import random
from contextlib import suppress

from inspector.core.masking import apply_mask
from lessons.course.course import Course, load
from lessons.course.expect import Near
from lessons.course.model import Missing

LESSON = Course().find("7")
SECTION = "6455 §5.3"
HELLO, KEY = b"Hello", bytes.fromhex("37fa213d")  # RFC 6455 §5.7
KNOWN = (
    ("first_four", "first-four", "this ends where the key does: the key begins again"),
    ("rest_in_clear", "rest", "from byte 4 on nothing is masked: the key begins again"),
    ("first_byte_of_the_key", "first-byte", "byte 0 of the key was used for every byte"),
    ("key_backwards", "backwards", "the key was used from its end"),
    ("four_bytes_each", "each-four", "the key goes on with each byte; here it took four for that"),
    ("starts_at_one", "off-by-one", "the key begins with its byte 0, here it was byte 1"),
    ("every_five", "five", "the key begins again after four bytes, here it was five"),
    ("restarts_at_126", "restarts", "the key began anew in the middle: it goes on from 3 to 0"),
    ("adds", "adding", "this adds the key: XOR is ^"),
    ("ors", "or", "this is OR: XOR is ^"),
    ("key_in_front", "key-in-front", "nearly: the key stands before it"),
    ("nothing_for_nothing", "empty", "an empty payload stays empty: b''"),
    ("a_list", "a-list", "nearly: these are the numbers in a list; make bytes of them"),
    ("a_text", "a-text", "nearly: this is a str; return bytes"),
    ("a_bytearray", "a-list", "nearly: this is a bytearray; return bytes"),
    ("one_big_number", "lost-zeros", "as many bytes have to come out as went in"),
    ("through_utf_8", "through-text", "a byte above 7f came out as two: this went through text"),
    ("unchanged", "unchanged", "this is what went in"),
)


def mistakes(payload: bytes, key: bytes, right: bytes) -> list[Near]:
    """What well-known mistakes would return; where one returns what is right, it is none."""
    near = []
    for name, tag, words in KNOWN:
        with suppress(Exception):  # some can't cope with every payload
            value = load(LESSON, f"wrong.{name}").mask(payload, key)
            near.append(Near(tag, value, words))
    return near


def marks(got: object, right: bytes) -> tuple[int, int]:
    """The first byte that is wrong."""
    if not isinstance(got, bytes | bytearray):
        return (0, 0)
    pairs = enumerate(zip(got, right, strict=False))
    at = next((at for at, (one, other) in pairs if one != other), min(len(got), len(right)))
    return (at, at + 1) if at < len(right) else (0, 0)


def check(exercise, expect, payload, key: bytes, right: bytes, where: str) -> None:
    """One call; where it comes out wrong, the bytes that were to come are shown."""
    given = type(payload)(payload)
    told = {"where": f"{where}, key {key.hex(' ')}", "rfc": SECTION}
    with expect.asked(right, **told, wire=right[:64]):
        got = exercise.mask(given, key)
    mark = marks(got, right)
    near = () if got == right and type(got) is bytes else mistakes(bytes(payload), key, right)
    expect(got, right, **told, wire=right[: mark[1] + 16], mark=mark, near=near)
    expect(given, payload, where="the payload that you were given, afterwards: leave it as it was")


def test_rfc(exercise, expect):
    """the RFC's own Hello, there and back"""
    masked = bytes.fromhex("7f9f4d5158")
    check(exercise, expect, HELLO, KEY, masked, "the Hello of RFC 6455 §5.7")
    check(exercise, expect, masked, KEY, HELLO, "the masked Hello of RFC 6455 §5.7")


def test_own(exercise, own, expect):
    """your own frames: from what was typed to the wire, and back"""
    frames = [
        (each, framed)
        for each in own.connections
        for framed in each.frames_from("client")
        if framed.frame.masking_key and framed.frame.complete
    ]
    if not frames:
        raise Missing("no masked frame was captured: take the lesson's first step")
    for connection, framed in frames:
        frame = framed.frame
        name = f"frame {framed.number} of connection {connection.number}, {own.whose}"
        clear, wire, key = frame.payload, frame.wire_payload, frame.masking_key
        check(exercise, expect, clear, key, wire, f"to the wire: {name}")
        check(exercise, expect, wire, key, clear, f"back again: {name}")


def test_lengths(exercise, expect):
    """every length from 0 to 300"""
    for length in range(301):
        payload, key = os.urandom(length), os.urandom(4)
        right = apply_mask(payload, key)
        check(exercise, expect, payload, key, right, f"random, {length} bytes")


def test_zeros(exercise, expect):
    """zeros: in the payload, in the key, in what comes out"""
    key = os.urandom(4)
    check(exercise, expect, bytes(9), key, (key * 3)[:9], "nine zeros")
    check(exercise, expect, key + b"abc", key, apply_mask(key + b"abc", key), "the key itself")
    check(exercise, expect, b"hello", bytes(4), b"hello", "a key of zeros")


def test_untouched(exercise, expect):
    """a bytearray: the result is new, what you were given stays"""
    for length in (0, 1, 4, 5, 200):
        payload, key = bytearray(os.urandom(length)), os.urandom(4)
        right = apply_mask(bytes(payload), key)
        check(exercise, expect, payload, key, right, f"a bytearray, {length} bytes")


def test_there_and_back(exercise, expect):
    """long payloads, masked and unmasked by your function alone"""
    for length in (125, 126, 4096, 70_000 + random.randrange(4)):
        payload, key = os.urandom(length), os.urandom(4)
        masked = apply_mask(payload, key)
        check(exercise, expect, payload, key, masked, f"random, {length:,} bytes")
        check(exercise, expect, masked, key, payload, f"back again, {length:,} bytes")
