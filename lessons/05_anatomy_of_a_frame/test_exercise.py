"""The self-check of lesson 5: `parse_header`, on made-up, random and captured frames.

Nothing here takes a header apart: headers are built, so that what they say is known beforehand,
and captured ones `inspector` has read. This file lies beside the exercise, and is no place to copy
from.
"""

from __future__ import annotations

import os
import random
import struct
from typing import Any

from inspector.core.frames import Frame
from lessons.course.expect import Near
from lessons.course.model import Missing

KEYS = ("fin", "opcode", "masked", "length", "masking_key", "header_length")
RFC = {
    "fin": "6455 §5.2",
    "opcode": "6455 §5.2",
    "masked": "6455 §5.1",
    "length": "6455 §5.2",
    "masking_key": "6455 §5.3",
    "header_length": "6455 §5.2",
}

TAKEN_OFF = "128 was taken off for {}, and that bit is 0 here"


def header(first: int, length: int, key: bytes | None) -> bytes:
    """A header built the way the RFC draws it, with struct and nothing of ours."""
    mask = 0x80 if key else 0
    if length < 126:
        start = struct.pack("!BB", first, mask | length)
    elif length < 1 << 16:
        start = struct.pack("!BBH", first, mask | 126, length)
    else:
        start = struct.pack("!BBQ", first, mask | 127, length)
    return start + (key or b"")


def truth(first: int, length: int, key: bytes | None) -> dict[str, object]:
    frame = Frame("client", 0, header(first, length, key))
    return {
        "fin": frame.fin,
        "opcode": frame.opcode,
        "masked": key is not None,
        "length": length,
        "masking_key": key,
        "header_length": len(frame.header),
    }


def longer_by(right: dict[str, object]) -> int:
    """Bytes of length that follow the seven bits: 0, 2 or 8."""
    return right["header_length"] - 2 - (4 if right["masked"] else 0)


def places(right: dict[str, object]) -> dict[str, tuple[int, int]]:
    """Where in the header each key is read from: a half-open range of bytes."""
    longer = longer_by(right)
    return {
        "fin": (0, 1),
        "opcode": (0, 1),
        "masked": (1, 2),
        "length": (2, 2 + longer) if longer else (1, 2),
        "masking_key": (2 + longer, 6 + longer) if right["masked"] else (1, 2),
        "header_length": (1, 2),
    }


def opcodes(first: int) -> tuple[Near, ...]:
    """What is to be said of bits of the first byte that were left in the opcode."""
    lowest = "the opcode is the lowest four bits"
    rsv = Near("rsv-bits", first & 0x7F, f"an RSV bit is still in it: {lowest}")
    if first < 0x80:
        return (rsv, Near("minus-128", first - 128, TAKEN_OFF.format("FIN")))
    left = "FIN and RSV are" if first & 0x70 else "FIN is"
    return (
        Near("whole-byte", first, f"this is the whole first byte; {left} still in it"),
        Near("whole-byte", first & 0x8F, f"FIN is still in it: {lowest}"),
        rsv,
    )


def mistakes(name: str, wire: bytes, right: dict[str, object]) -> tuple[Near, ...]:
    """What well-known mistakes would return for this key."""
    length, longer = right["length"], longer_by(right)
    if name == "opcode":
        return opcodes(wire[0])
    if name in ("fin", "masked"):
        bit = 0x80 if right[name] else 0
        return (Near("number", bit, "this is the bit where it stands; say True or False"),)
    if name == "length":
        near = [Near("mask-bit", wire[1], "the MASK bit is still in it: 128 too much")]
        if not right["masked"]:
            near.append(Near("minus-128", wire[1] - 128, TAKEN_OFF.format("MASK")))
        if longer:
            seven = 126 if longer == 2 else 127
            backwards = int.from_bytes(length.to_bytes(longer, "little"))
            first_two = length >> 8 * (longer - 2)
            near += [
                Near("seven-bits", seven, f"{seven} is a sign: the length is in the next bytes"),
                Near("backwards", backwards, "the higher byte comes first on the wire"),
                Near("two-of-eight", first_two, "after 127 come eight bytes"),
            ]
        return tuple(near)
    if name == "masking_key":
        return (
            Near(
                "key-too-early",
                wire[2:6],
                "these bytes come right after the second one; a longer length comes before the key",
            ),
            Near("no-key", None, "the MASK bit is set, so there is a key"),
            Near("empty-key", b"", "a frame that is not masked has no key: None"),
        )
    forgotten = 0 if right["masked"] else 4
    return (
        Near("always-two", 2, "two bytes are the least; a longer length and a key come on top"),
        Near("without-key", right["header_length"] - 4, "the key belongs to the header"),
        Near("always-masked", right["header_length"] + forgotten, "there is no key in this one"),
    )


def check(exercise, expect, wire: bytes, right: dict[str, object] | None, where: str) -> None:
    """One call, looked at key by key."""
    where = f"{where}, {len(wire)} byte{'' if len(wire) == 1 else 's'}"
    what = "the whole answer" if right else "the header has not arrived whole"
    whole: dict[str, Any] = {
        "where": f"{where}: {what}", "rfc": "6455 §5.2", "wire": wire,
        "mark": (0, right["header_length"] if right else len(wire)),
    }  # fmt: skip
    with expect.asked(right, **whole):
        got = exercise.parse_header(wire)
    if right is None:
        missing = "a byte of the header is missing, so the header isn't whole yet: return None"
        expect(got, None, **whole, near=(Near("guesses", got, missing),))
        return
    if not isinstance(got, dict):
        waits = Near("waits", None, "the header is there, all of it; None is for one cut short")
        expect(got, right, **whole, near=(waits,))
    keys = f"{where}: the keys of the dict"
    expect(sorted(got, key=str), sorted(KEYS), where=keys, rfc="6455 §5.2")
    for name in KEYS:
        expect(
            got[name], right[name], where=f"{where}: {name!r}", rfc=RFC[name], wire=wire[:64],
            mark=places(right)[name], near=mistakes(name, wire, right),
        )  # fmt: skip


EDGES = (0, 1, 5, 124, 125, 126, 127, 128, 255, 256, 300, 65534, 65535, 65536, 65537, 1 << 20,
         (1 << 32) - 1, 1 << 32, (1 << 63) - 1)  # fmt: skip


def test_hello(exercise, expect):
    """the RFC's own hello, from client and from server"""
    key = bytes.fromhex("37fa213d")
    check(exercise, expect, bytes.fromhex("818537fa213d7f9f4d5158"), truth(0x81, 5, key),
          "the masked Hello of RFC 6455 §5.7")  # fmt: skip
    check(exercise, expect, bytes.fromhex("810548656c6c6f"), truth(0x81, 5, None),
          "the unmasked Hello of RFC 6455 §5.7")  # fmt: skip


def test_own(exercise, own, expect):
    """every frame that you and the server sent"""
    frames = [(each, framed) for each in own.connections for framed in each.frames]
    if not frames:
        raise Missing("no frame was captured: take the lesson's first step")
    for connection, framed in frames:
        frame = framed.frame
        right = {
            "fin": frame.fin,
            "opcode": frame.opcode,
            "masked": frame.masked,
            "length": frame.length,
            "masking_key": frame.masking_key,
            "header_length": len(frame.header),
        }
        number = f"frame {framed.number} of connection {connection.number}"
        where = f"{number} ({frame.side}), {own.whose}"
        check(exercise, expect, frame.wire, right, where)


def test_edges(exercise, expect):
    """all three length forms, at their edges"""
    for length in EDGES:
        for key in (None, os.urandom(4)):
            first = random.choice((0x81, 0x01, 0x82, 0x80, 0x00))
            wire = header(first, length, key) + os.urandom(min(length, 20))
            check(exercise, expect, wire, truth(first, length, key), "made up")


def test_every_first_byte(exercise, expect):
    """all 256 first bytes, whatever they mean"""
    for first in range(256):
        key = os.urandom(4) if random.random() < 0.5 else None
        length = random.randrange(126)
        wire = header(first, length, key) + os.urandom(length)
        check(exercise, expect, wire, truth(first, length, key), "made up")


def test_random(exercise, expect):
    """500 random headers, with whatever comes after them"""
    for _ in range(500):
        first = random.randrange(256)
        length = random.randrange(1 << random.choice((3, 7, 8, 12, 16, 17, 24, 40, 63)))
        key = random.choice((None, b"\0\0\0\0", os.urandom(4)))
        wire = header(first, length, key) + os.urandom(random.randrange(40))
        check(exercise, expect, wire, truth(first, length, key), "random")


def test_cut_short(exercise, expect):
    """headers that have not arrived whole, byte by byte"""
    for length in (0, 5, 126, 300, 65535, 65536, 70_000):
        for key in (None, os.urandom(4)):
            whole = header(0x81, length, key)
            for size in range(len(whole)):
                check(exercise, expect, whole[:size], None, "cut short")
            check(exercise, expect, whole, truth(0x81, length, key), "whole, without its payload")
