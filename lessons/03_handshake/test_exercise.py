"""The self-check of lesson 3: `accept_key`, on the RFC's key, random ones, the learner's own."""

from __future__ import annotations

import base64
import hashlib
import os

from lessons.course.expect import Near
from lessons.course.model import Missing

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SECTION = "6455 §4.2.2"


def right(key: str) -> str:
    return base64.b64encode(sha1(key + GUID)).decode()


def sha1(text: str) -> bytes:
    return hashlib.sha1(text.encode()).digest()


def mistakes(key: str) -> list[Near]:
    """What well-known mistakes would answer."""
    digest = sha1(key + GUID)
    nonce = base64.b64decode(key)
    in_hex = "the 20 bytes of the SHA-1 have to go into base64: this is their hexadecimal form"
    return [
        Near("stub", "", "an empty answer: your function is still the one you were given"),
        Near("hex-digest", digest.hex(), in_hex),
        Near("hex-digest", base64.b64encode(digest.hex().encode()).decode(), in_hex),
        Near("no-guid", base64.b64encode(sha1(key)).decode(), "the text behind the key is missing"),
        Near(
            "decoded",
            base64.b64encode(hashlib.sha1(nonce + GUID.encode()).digest()).decode(),
            "here the key was decoded from base64 first: it is hashed as it was written",
        ),
        Near(
            "guid-first",
            base64.b64encode(sha1(GUID + key)).decode(),
            "the text belongs behind the key, not before it",
        ),
        Near(
            "sha256",
            base64.b64encode(hashlib.sha256((key + GUID).encode()).digest()).decode(),
            "this is SHA-256: RFC 6455 says SHA-1, and both sides have to take the same one",
        ),
        Near(
            "lower-guid",
            base64.b64encode(sha1(key + GUID.lower())).decode(),
            "the text is hashed as it is printed, in capital letters",
        ),
        Near("newline", right(key) + "\n", "nearly: a line feed stands at its end"),
        Near("bytes", right(key).encode(), "nearly: these are bytes, and a head takes a str"),
        Near("key", key, "this is the key itself: it has to be hashed"),
    ]


def try_on(exercise, expect, key: str, whose: str) -> None:
    expect(
        exercise.accept_key(key), right(key), where=f"Sec-WebSocket-Key: {key}   ({whose})",
        rfc=SECTION, near=mistakes(key),
    )  # fmt: skip


def test_rfc(exercise, expect):
    """the example printed in RFC 6455"""
    try_on(exercise, expect, "dGhlIHNhbXBsZSBub25jZQ==", "from RFC 6455 §1.3")


def test_own(exercise, own, expect):
    """the keys that your own browser sent"""
    shaken = [each for each in own.connections if each.upgraded and each.proof.key]
    if not shaken:
        raise Missing("no handshake was captured")
    for chat in shaken:
        key = chat.proof.key
        where = f"Sec-WebSocket-Key: {key}   (connection {chat.number}, {own.whose})"
        got = exercise.accept_key(key)
        expect(got, chat.proof.received, where=where, rfc=SECTION, near=mistakes(key))


def test_random(exercise, expect):
    """200 keys that nobody has sent before"""
    for _ in range(200):
        try_on(exercise, expect, base64.b64encode(os.urandom(16)).decode(), "random")


def test_again(exercise, expect):
    """the same key twice: the answer depends on the key alone"""
    key, other = (base64.b64encode(os.urandom(16)).decode() for _ in range(2))
    for each in (key, other, key):
        try_on(exercise, expect, each, "random, asked again")
