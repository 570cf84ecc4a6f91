"""What was said in lesson 11, and what of it was on the wire."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from inspector.core.events import Framed
from inspector.core.rfc import DEFLATE_TAIL, Side
from lessons.course.evidence import Connection, Evidence, Said
from lessons.course.model import Missing

from .squeeze import (
    ANIMALS,
    FORGETS,
    HEARD,
    HELLO,
    PATH,
    PIECES,
    PLAIN,
    SENTENCE,
    SIZE,
    ZEROS,
    answer,
)

KINDS = ("one letter", "JSON", "random bytes", "base64 of random bytes")


def lines(evidence: Evidence, path: str) -> list[Connection]:
    """The newest first."""
    found = [each for each in evidence.connections if each.upgraded and each.path == path]
    return found[::-1]


def squeezed(line: Connection, said: Said) -> bytes:
    """What of a message was on the wire: its frames' payloads."""
    return b"".join(line.frame(number).frame.payload for number in said.frames)


def said_hello(evidence: Evidence) -> tuple[Connection, Said]:
    """The newest connection on which somebody said hello, and the first time that they did."""
    for line in lines(evidence, PATH):
        for said in line.said("client"):
            if said.text == HELLO:
                return line, said
    raise Missing("nobody has said hello yet")


def said_twice(evidence: Evidence, path: str) -> tuple[Connection, Said, Said]:
    """The first and the second time that the sentence was said on a connection."""
    for line in lines(evidence, path):
        found = [said for said in line.said("client") if said.text == SENTENCE]
        if len(found) > 1:
            return line, found[0], found[1]
    raise Missing("the sentence was not said twice yet")


def kind_of(said: Said) -> str | None:
    """Which of the four kinds a message of 1,000 bytes is."""
    if len(said.data) != SIZE:
        return None
    if said.kind == "binary":
        return KINDS[2]
    if set(said.data) == {ord("a")}:
        return KINDS[0]
    return KINDS[1] if said.data.startswith(b"[{") else KINDS[3]


def kinds(evidence: Evidence) -> dict[str, int]:
    """For each kind: how many bytes of it were on the wire, the first time."""
    for line in lines(evidence, PATH):
        sizes: dict[str, int] = {}
        for said in line.said("client"):
            if kind := kind_of(said):
                sizes.setdefault(kind, len(squeezed(line, said)))
        if len(sizes) == len(KINDS):
            return sizes
    raise Missing("the four kinds were not sent yet")


@dataclass(frozen=True)
class Cut:
    """The message that came in three frames, and the one after it, which was not compressed."""

    line: Connection
    said: Said
    plain: Said

    @property
    def frames(self) -> list[Framed]:
        first, last = self.said.frames[0], self.said.frames[-1]
        return [f for f in self.line.frames[first - 1 : last] if f.frame.side == "server"]


def cut(evidence: Evidence) -> Cut:
    for line in lines(evidence, PATH):
        said = [each for each in line.said("server") if each.text == PIECES]
        plain = [each for each in line.said("server") if each.text == PLAIN]
        if said and plain:
            return Cut(line, said[-1], plain[-1])
    raise Missing("nobody has asked for three frames yet")


GUESSED = re.compile(
    re.escape(answer("SECRET", "GUESS")).replace("SECRET", r"(\w+)").replace("GUESS", r"(\w+)")
)


def guesses(evidence: Evidence) -> tuple[Connection, str, dict[str, Said]]:
    """The secret of a connection, and the answer to each guess on it."""
    for line in lines(evidence, FORGETS):
        found: dict[str, Said] = {}
        secret = ""
        for said in line.said("server"):
            if told := GUESSED.fullmatch(said.text or ""):
                secret, guess = told.groups()
                found.setdefault(guess, said)
        if set(ANIMALS) <= set(found):
            return line, secret, found
    raise Missing("the six animals were not guessed yet")


def zeros(evidence: Evidence) -> tuple[Connection, Said, str]:
    """The message of zeros, and what the page said that it heard."""
    for line in lines(evidence, PATH):
        found = [said for said in line.said("server") if len(said.data) == ZEROS]
        heard = [s.text for s in line.said("client") if (s.text or "").startswith(HEARD)]
        if found and heard:
            return line, found[-1], str(heard[-1])
    raise Missing("nobody has asked for zeros yet")


def on_the_wire(evidence: Evidence, words: str) -> int:
    """How often a text is found in the bytes that servers sent, which nobody masked."""
    text = words.encode()
    return sum(
        stream.count(text)
        for path in (PATH, FORGETS)
        for line in lines(evidence, path)
        for stream in [b"".join(f.frame.wire for f in line.frames_from("server"))]
    )


def heard(evidence: Evidence, words: str, side: Side = "server") -> int:
    """How often a text was said by that side."""
    every = (
        said
        for path in (PATH, FORGETS)
        for line in lines(evidence, path)
        for said in line.said(side)
    )
    return sum(said.text == words for said in every)


def ways_to_inflate(payload: bytes) -> Iterator[tuple[str, str, str]]:
    """Five calls of zlib on a payload: a name, the call, and what it gives."""
    yield "plain", "zlib.decompress(payload)", outcome(lambda: zlib.decompress(payload))
    raw = zlib.decompressobj(-15)
    yield "raw", "raw.decompress(payload)", outcome(lambda: raw.decompress(payload))
    yield "again", "the same, once more", outcome(lambda: raw.decompress(payload))
    whole = zlib.decompressobj(-15)
    tailed = payload + DEFLATE_TAIL
    yield "whole", "raw.decompress(payload + tail)", outcome(lambda: whole.decompress(tailed))
    yield "whole again", "the same, once more", outcome(lambda: whole.decompress(tailed))


def outcome(call: object) -> str:
    try:
        return repr(call())  # type: ignore[operator]
    except zlib.error as fault:
        return f"zlib.error: {str(fault).partition(': ')[2] or fault}"
