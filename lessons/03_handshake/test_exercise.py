"""The self-check of lesson 3: `accept_key`, on the RFC's key, random ones, the learner's own.

What is right, `inspector` says, and what a known mistake answers, the wrong answers that came with
the lesson say: this file lies beside the exercise, and is no place to copy from.
"""

from __future__ import annotations

import base64
import os

from inspector.core.handshake import accept_for
from lessons.course.course import Course
from lessons.course.expect import Near, known_mistakes
from lessons.course.model import Missing

LESSON = Course().find("3")
SECTION = "6455 §4.2.2"
IN_HEX = "the 20 bytes of the SHA-1 have to go into base64: this is their hexadecimal form"
KNOWN = (
    ("hex_digest", "hex-digest", IN_HEX),
    ("no_guid", "no-guid", "the text behind the key is missing"),
    (
        "decoded_key",
        "decoded",
        "here the key was decoded from base64 first: it is hashed as it was written",
    ),
    ("guid_first", "guid-first", "the text belongs behind the key, not before it"),
    (
        "sha256",
        "sha256",
        "this is SHA-256: RFC 6455 says SHA-1, and both sides have to take the same one",
    ),
    ("lower_guid", "lower-guid", "the text is hashed as it is printed, in capital letters"),
    ("newline", "newline", "nearly: a line feed stands at its end"),
    ("returns_bytes", "bytes", "nearly: these are bytes; give a str (.decode())"),
    (
        "str_of_bytes",
        "str-of-bytes",
        "str() of bytes keeps their b'...': .decode() gives the text alone",
    ),
    (
        "urlsafe",
        "urlsafe",
        "this is the base64 for URLs, with - and _: in a head it is + and /, as b64encode writes",
    ),
    ("space_between", "space", "nothing stands between the key and the text, no blank either"),
)


def mistakes(key: str) -> list[Near]:
    """What well-known mistakes would answer."""
    in_hex = base64.b64decode(accept_for(key)).hex()
    near = [
        Near("nothing", "", "an empty answer"),
        Near("hex-digest", in_hex, IN_HEX),
        Near("key", key, "this is the key itself: it has to be hashed"),
    ]
    return [*near, *known_mistakes(LESSON, KNOWN, lambda wrong: wrong.accept_key(key))]


def random_key() -> str:
    return base64.b64encode(os.urandom(16)).decode()


def telling_key() -> str:
    """One in whose answer the two alphabets of base64 differ."""
    while not {"+", "/"}.intersection(accept_for(key := random_key())):
        pass
    return key


def try_on(exercise, expect, key: str, right: str, whose: str) -> None:
    where = f"Sec-WebSocket-Key: {key}   ({whose})"
    with expect.asked(right, where=where, rfc=SECTION):
        got = exercise.accept_key(key)
    expect(got, right, where=where, rfc=SECTION, near=mistakes(key))


def test_rfc(exercise, expect):
    """the example printed in RFC 6455"""
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    try_on(exercise, expect, key, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "from RFC 6455 §1.3")


def test_own(exercise, own, expect):
    """the keys that your own browser sent"""
    shaken = [each for each in own.connections if each.upgraded and each.proof.key]
    if not shaken:
        raise Missing("no handshake was captured")
    for chat in shaken:
        whose = f"connection {chat.number}, {own.whose}"
        try_on(exercise, expect, chat.proof.key, chat.proof.received, whose)


def test_random(exercise, expect):
    """200 keys that nobody has sent before"""
    for _ in range(200):
        key = random_key()
        try_on(exercise, expect, key, accept_for(key), "random")


def test_again(exercise, expect):
    """the same key twice: the right answer both times"""
    key, other = telling_key(), telling_key()
    for each in (key, other, key):
        try_on(exercise, expect, each, accept_for(each), "random, asked again")
