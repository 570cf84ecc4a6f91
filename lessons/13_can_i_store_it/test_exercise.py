"""The self-check of lesson 13: `which_shelf`, on real connections and real ways of storing."""

from __future__ import annotations

import copy
import json
import os
import pickle
import random
import secrets
import socket
import sqlite3
import types
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from inspector.core.frames import encode_frame
from inspector.core.rfc import TEXT
from lessons.course.course import Course, load
from lessons.course.expect import Near
from lessons.course.model import Missing
from lessons.demo.attempts import ATTEMPTS
from lessons.demo.heir import pass_on
from lessons.demo.live_line import LiveLine

LOUD, SILENT, WORKS = "loud", "silent", "works"


class Way(NamedTuple):
    """A way of storing, and the shelf that it belongs on."""

    words: str
    store: Callable[[Any], Any]
    restore: Callable[[Any], Any]
    shelf: str


@pytest.fixture(scope="module")
def line() -> Iterator[LiveLine]:
    with LiveLine() as line:
        yield line


@pytest.fixture(scope="module")
def other_line() -> Iterator[LiveLine]:
    with LiveLine() as line:
        yield line


def judge(exercise, expect, line: LiveLine, way: Way, rfc: str = "") -> None:
    """One call, on a live line."""
    heard_before, asked = set(line.texts), []

    def heard(text: str) -> bool:
        asked.append(text)
        return line.heard(text)

    # Functions made anew each time: whoever tells them apart by what they are has not tried them.
    store, restore = (lambda ws: way.store(ws)), (lambda kept: way.restore(kept))
    with expect.asked(way.shelf, where=way.words, rfc=rfc):
        got = exercise.which_shelf(line.ws, store, restore, heard)
    old, arrived = heard_before.intersection(asked), set(line.texts).intersection(asked)
    late = got == LOUD and way.shelf == SILENT and raises_late(way, line)
    near = mistakes(way, old=bool(old), arrived=bool(arrived), late=late)
    expect(got, way.shelf, where=way.words, rfc=rfc, near=near)
    expect(line.alive, True, where=f"{way.words}: is ws still open afterwards?")


def raises_late(way: Way, line: LiveLine) -> bool:
    """Does sending raise, on what came back of a way that is silent?"""
    back = way.restore(way.store(line.ws))
    try:
        back.send(secrets.token_hex(8))
    except Exception:
        return True
    return False


def mistakes(way: Way, *, old: bool, arrived: bool, late: bool = False) -> tuple[Near, ...]:
    """What is to be said of each wrong shelf."""
    works = "what came back sends nothing to this browser"
    tag = "said-works"
    if old:
        tag, works = "old-text", "the text that you asked for had been heard before you sent it"
    elif arrived:
        tag, works = "on-ws", "your text arrived, but not by way of what came back: who sent it?"
    loud = "neither storing nor reading back raised an exception"
    if late:
        loud = "the exception came while sending: that counts as silent"
    told = {
        LOUD: Near("said-loud", LOUD, loud),
        SILENT: Near("said-silent", SILENT, "a message sent on what came back does arrive"),
        WORKS: Near(tag, WORKS, works),
    }
    if way.shelf == LOUD:
        told[SILENT] = Near("missed-loud", SILENT, "storing or reading back raised an exception")
        told[WORKS] = Near("missed-loud", WORKS, "storing or reading back raised an exception")
    capitals = tuple(
        Near("capitals", form(shelf), f"it is written in small letters: {shelf!r}")
        for shelf in told
        for form in (str.upper, str.capitalize)
    )
    return (*(each for shelf, each in told.items() if shelf != way.shelf), *capitals)


# Loud


def into_database(value: Any) -> Any:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE kept (value)")
        database.execute("INSERT INTO kept VALUES (?)", (value,))
        return database.execute("SELECT value FROM kept").fetchone()[0]


def gone(_: Any) -> Any:
    raise ConnectionError("the process that held it is gone")


LOUD_WAYS = (
    Way("pickle.dumps, pickle.loads", pickle.dumps, pickle.loads, LOUD),
    Way("json.dumps, json.loads", json.dumps, json.loads, LOUD),
    Way("copy.deepcopy", copy.deepcopy, lambda kept: kept, LOUD),
    Way("INSERT of the object into SQLite", into_database, lambda kept: kept, LOUD),
    Way("str(ws), read back with json.loads: raises on reading back", str, json.loads, LOUD),
    Way("id(ws), looked up where it is not: raises on reading back", id, {}.__getitem__, LOUD),
    Way("a ticket to a process that is gone", lambda ws: b"ticket", gone, LOUD),
)


# Silent


class Deaf:
    """Looks like a connection, says that it has sent, and sends nothing."""

    connected = True

    def send(self, text: str) -> bool:
        return True


def to_nobody(_: Any) -> Any:
    """A live socket, with somebody at its other end: not the browser."""
    ours, theirs = socket.socketpair()
    return types.SimpleNamespace(send=lambda text: ours.sendall(text.encode()), held=theirs)


SILENT_WAYS = (
    Way("json.dumps(ws, default=str)", ATTEMPTS["json-str"].store, json.loads, SILENT),
    Way("INSERT of str(ws) into SQLite", lambda ws: into_database(str(ws)), str, SILENT),
    Way("nothing is kept, and nothing comes back", lambda ws: None, lambda kept: None, SILENT),
    Way("its plain attributes, as a dict", lambda ws: {"connected": ws.connected}, dict, SILENT),
    Way("an object that looks like ws and is deaf", lambda ws: "ws", lambda _: Deaf(), SILENT),
    Way("a socket to somebody else", lambda ws: ws.sock.fileno(), to_nobody, SILENT),
    Way("an object whose send raises", str, lambda _: types.SimpleNamespace(send=gone), SILENT),
)


# Works


class Frames:
    """Sends frames by itself, on a second descriptor of the same socket."""

    def __init__(self, ws: Any) -> None:
        self.descriptor = os.dup(ws.sock.fileno())

    def send(self, text: str) -> None:
        with socket.socket(fileno=self.descriptor) as sock:
            sock.sendall(encode_frame(TEXT, text.encode()))


class Shy(list):
    """A connection that counts as false: `if back:` would pass it over."""

    def __init__(self, ws: Any) -> None:
        super().__init__()
        self.send = ws.send


class Heir:
    """The socket, in another process, after a multiprocessing pipe."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def send(self, text: str) -> None:
        pass_on(self.sock, text)


def registry() -> Way:
    """A dict in the process that holds the connection; only the key is kept."""
    held: dict[int, Any] = {}

    def store(ws: Any) -> int:
        held[0] = ws
        return 0

    return Way("a number, and a dict in this process", store, held.__getitem__, WORKS)


def in_the_room() -> Way:
    """Nothing is handed out at all, and yet it is still there."""
    held: list[Any] = []
    return Way("None is kept, the object stays here", held.append, lambda _: held[-1], WORKS)


WORKS_WAYS = (
    Way("the object itself, in memory", lambda ws: ws, lambda kept: kept, WORKS),
    Way("copy.copy", copy.copy, lambda kept: kept, WORKS),
    Way("a weak reference", weakref.ref, lambda kept: kept(), WORKS),
    Way("a duplicate of its descriptor", Frames, lambda kept: kept, WORKS),
    Way("an object that counts as false, and sends", Shy, lambda kept: kept, WORKS),
    registry(),
    in_the_room(),
)


def test_loud(exercise, expect, line):
    """ways that raise, while storing or while reading back"""
    for way in LOUD_WAYS:
        judge(exercise, expect, line, way, "6455 §6.2")


def test_silent(exercise, expect, line):
    """ways that store without a word, and reach nobody"""
    for way in SILENT_WAYS:
        judge(exercise, expect, line, way)


def test_works(exercise, expect, line):
    """ways that do reach the browser"""
    for way in WORKS_WAYS:
        judge(exercise, expect, line, way)


def test_pipe(exercise, expect, line):
    """the socket, passed to another process"""
    way = Way("pipe.send(ws.sock)", lambda ws: ws.sock, Heir, WORKS)
    judge(exercise, expect, line, way)


def test_somebody_else(exercise, expect, line, other_line):
    """a connection that lives, to the wrong browser"""
    way = Way("another live connection", lambda ws: "me", lambda _: other_line.ws, SILENT)
    judge(exercise, expect, line, way)


def test_repeats_itself(exercise, expect, line):
    """what came back says something that was heard before"""
    texts: list[str] = []
    ws = line.ws

    def noting(text: str) -> None:
        texts.append(text)
        ws.send(text)

    judge(exercise, expect, line, Way("one that sends, and is listened to", str,
          lambda _: types.SimpleNamespace(send=noting), WORKS))  # fmt: skip
    expect(bool(texts), True, where="was anything sent on what came back?")

    def stale(text: str) -> None:
        ws.send(random.choice(texts))

    judge(exercise, expect, line, Way("one that repeats an old message instead of yours", str,
          lambda _: types.SimpleNamespace(send=stale), SILENT))  # fmt: skip


def test_shuffled(exercise, expect, line):
    """all of them, shuffled"""
    ways = [*LOUD_WAYS, *SILENT_WAYS, *WORKS_WAYS]
    for way in random.sample(ways, len(ways)):
        judge(exercise, expect, line, way._replace(words=f"{way.words} ({secrets.token_hex(2)})"))


def test_own(exercise, own, expect, line):
    """the attempts of your own capture"""
    shelves = load(Course().find("13"), "shelves")
    seen = shelves.trials(own, "tried")
    if not seen:
        raise Missing("no attempt was captured: take the lesson's first steps")
    for name, trial in seen.items():
        if name in ATTEMPTS and name not in ("redis", "postgres"):  # they refuse with a server only
            attempt = ATTEMPTS[name]
            words = f"{trial.code}, {TITLE[trial.shelf]} on the wire ({own.whose})"
            store = into_database if name == "sqlite" else attempt.store
            judge(exercise, expect, line, Way(words, store, attempt.restore, trial.shelf))


TITLE = {
    LOUD: "an exception while storing",
    SILENT: "storing raised nothing, no frame came",
    WORKS: "a frame with its message",
}
