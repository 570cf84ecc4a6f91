"""The self-check of lesson 16: `Bridge`, on a bus that we hold in our hands, and in two processes.

What is right the solution says; what known mistakes do, the wrong answers that came with the
lesson. This file lies beside the exercise, and is no place to copy from.
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lessons.course.child import SCRATCH
from lessons.course.client import Client
from lessons.course.course import Course, load
from lessons.course.expect import Near
from lessons.course.model import Missing, Unavailable
from lessons.course.process import child_environment
from lessons.course.stores import Stores
from lessons.course.wire import ScriptFailed

LESSON = Course().find("16")
RIGHT = load(LESSON, "solution").Bridge
AGREED = "the rule stands in exercise.py; no RFC says what servers tell each other"
TEXT = "6455 §5.6"
"""What a text frame may carry."""
LARGEST = 65536
WAIT = 5.0
"""Seconds until a call counts as one that waits for something."""
KNOWN = (
    (
        "own_first",
        "own-first",
        "what was said here overtook what the bus had before it: others hear another order",
    ),
    ("echoes_twice", "twice", "it was heard twice: at once, and when it came back from the bus"),
    ("forgets_its_own", "forgets-own", "those on the speaker's own server did not hear it"),
    ("last_room", "rooms", "it was heard in the wrong room: the channel says which one"),
    ("silent_when_lost", "lost", "the bus is gone, and those on this server heard nothing"),
    ("drops_repeats", "repeats", "somebody may say the same twice: those are two lines"),
    ("delivers_anything", "no-text", "that is no text: it must be ignored"),
)


class MadeBus:
    """A bus that sends nothing: what was published waits here until the check brings it back."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, Any]] = []
        self.down = False

    def publish(self, channel: str, data: bytes) -> None:
        if self.down:
            raise ConnectionError("the bus can't be reached")
        self.sent.append((channel, data))


class Step(NamedTuple):
    """`says` (room, text), `comes` (channel, data), `returns` (how many of those that wait),
    `down` and `up`."""

    what: str
    one: Any = None
    two: Any = None

    def __str__(self) -> str:
        match self.what:
            case "says":
                return f"publish({self.one!r}, {short(self.two)})"
            case "comes":
                return f"on_message({self.one!r}, {short(self.two)})"
            case "returns":
                return "it comes back from the bus"
        return {"down": "the bus is gone", "up": "the bus is there again"}[self.what]


def short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:48]}... ({len(value)} long)"  # type: ignore[arg-type]


class Server:
    """One bridge, its bus, and what was delivered."""

    def __init__(self, kind: type) -> None:
        self.bus = MadeBus()
        self.delivered: list[tuple[Any, Any]] = []
        self.bridge = kind(self.bus, lambda room, text: self.delivered.append((room, text)))
        self._returned = 0

    def take(self, step: Step) -> None:
        match step.what:
            case "says":
                self.bridge.publish(step.one, step.two)
            case "comes":
                self.bridge.on_message(step.one, step.two)
            case "returns":
                for channel, data in self.bus.sent[self._returned :]:
                    self.bridge.on_message(channel, data)
                self._returned = len(self.bus.sent)
            case what:
                self.bus.down = what == "down"


def bounded(call: Callable[[], object]) -> bool:
    """Whether a call of learner code returns in time. What it raises is raised here."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except BaseException as fault:
            raised.append(fault)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(WAIT)
    if raised:
        raise raised[0]
    return not thread.is_alive()


def mistake(steps: list[Step], got: list[tuple[Any, Any]]) -> list[Near]:
    """The known mistake that would have delivered just that by now."""
    for name, tag, words in KNOWN:
        server = Server(load(LESSON, f"wrong.{name}").Bridge)
        try:
            for step in steps:
                server.take(step)
        except Exception:
            continue
        if repr(server.delivered) == repr(got):
            return [Near(tag, got, words)]
    return []


BLOCKS = "it waits: but its answer can only come after it has returned"


def check(exercise, expect, steps: list[Step], rfc: str = AGREED) -> Server:
    """Lead a bridge through these steps, and look after each."""
    right = Server(RIGHT)
    with expect.asked("a Bridge", where="Bridge(bus, deliver)", rfc=rfc):
        server = Server(exercise.Bridge)
    for number, step in enumerate(steps, 1):
        right.take(step)
        before = [str(each) for each in steps[max(0, number - 4) : number]]
        where = "; ".join([*(["..."] if number > 4 else []), *before])
        with expect.asked(right.delivered, where=where, rfc=rfc):
            returned = bounded(lambda step=step: server.take(step))
        waits = Near("endless", "still waiting", BLOCKS)  # no further check is begun
        state = "returned" if returned else "still waiting"
        expect(state, "returned", where=where, rfc=rfc, near=[waits])
        if step.what == "says":
            right_sent = [(channel, content(data)) for channel, data in right.bus.sent]
            sent = [(channel, content(data)) for channel, data in server.bus.sent]
            expect(sent, right_sent, where=f"{where}: what went to the bus", rfc=rfc)
            if not right.bus.down:
                continue  # what was delivered too early is told when the next thing has come
        near = mistake(steps[:number], server.delivered)
        where = f"{where}: what was delivered"
        expect(server.delivered, right.delivered, where=where, rfc=rfc, near=near)
    return server


def content(data: object) -> object:
    """What a message says: its text, or itself if it is none."""
    if not isinstance(data, bytes):
        return f"no bytes, but {type(data).__name__}"
    try:
        told = json.loads(data)
        return {"text": told["text"]}
    except (ValueError, TypeError, KeyError):
        return data


def message(text: object) -> bytes:
    return json.dumps({"text": text}).encode()


def says(room: str, text: str) -> Step:
    return Step("says", room, text)


def comes(channel: str, data: bytes) -> Step:
    return Step("comes", channel, data)


def words() -> str:
    word = secrets.choice(("hello", "grüße", "two\nlines", "is it on?", "你好"))
    return f"{word} {secrets.token_hex(2)}"


RETURNS = Step("returns")


def test_once(exercise, expect):
    """what is said here is heard here, once"""
    for room, text in (("chat", "hello"), (secrets.token_hex(3), words()), ("chat", "")):
        check(exercise, expect, [says(room, text), RETURNS])


def test_others(exercise, expect):
    """what is said on another server is heard here"""
    check(exercise, expect, [comes("room:chat", message("hello"))])
    check(exercise, expect, [comes("room:chat", message(words())) for _ in range(5)])


def test_order(exercise, expect):
    """the order of the bus, whoever spoke"""
    mine, theirs = words(), words()
    steps = [says("chat", mine), comes("room:chat", message(theirs)), RETURNS]
    check(exercise, expect, steps)
    many = [says("chat", f"{number} {words()}") for number in range(3)]
    check(exercise, expect, [*many, comes("room:chat", message(words())), RETURNS])


def test_rooms(exercise, expect):
    """each room for itself"""
    odd = ("chat", "board", "a:b", "room:chat", "grüße", "with space", "")
    steps = [step for room in odd for step in (says(room, words()), RETURNS)]
    check(exercise, expect, steps)
    check(exercise, expect, [comes(f"room:{room}", message(words())) for room in reversed(odd)])
    others = ("rooms:chat", "chat", "Room:chat", "xroom:chat")
    check(exercise, expect, [comes(channel, message(words())) for channel in others])


def test_repeats(exercise, expect):
    """the same words twice are two lines"""
    check(exercise, expect, [says("chat", "yes"), RETURNS, says("chat", "yes"), RETURNS])
    check(exercise, expect, [comes("room:chat", message("yes"))] * 3)


def test_not_the_bus(exercise, expect):
    """the bus is gone: those here hear it all the same"""
    steps = [Step("down"), says("chat", words()), Step("up"), says("chat", words()), RETURNS]
    check(exercise, expect, steps)


HOSTILE = (
    b"", b"hello", b"\xff\xfe", b'{"text": "half', b"[]", b'["text"]', b'"text"', b"null", b"5",
    b"{}", b'{"word": "hello"}', b'{"text": null}', b'{"text": 5}', b'{"text": ["hello"]}',
    b'{"text": {"text": "hello"}}', b'{"text": "\\ud800"}', b"[" * 60_000,
    message("x" * LARGEST),
)  # fmt: skip


def test_hostile(exercise, expect):
    """what is no message is ignored, and the next one is heard"""
    for bad in HOSTILE:
        steps = [comes("room:chat", bad), comes("room:chat", message("hello"))]
        check(exercise, expect, steps, TEXT if b"ud800" in bad else AGREED)
    edge = message("x" * (LARGEST - len(message(""))))
    assert len(edge) == LARGEST
    check(exercise, expect, [comes("room:chat", edge)])


def test_two_bridges(exercise, expect):
    """two bridges in one process do not share what they know"""
    one = check(exercise, expect, [says("chat", "one"), RETURNS])
    check(exercise, expect, [says("board", "two"), comes("room:chat", message("three")), RETURNS])
    where = "the first of two bridges, after the second was used"
    expect(one.delivered, [("chat", "one")], where=where, rfc=AGREED)


# In two processes


@contextmanager
def bus() -> Iterator[tuple[str, str]]:
    """Its URL, and its name: a Redis of our own if one is installed, else lines over TCP."""
    scratch = Path(tempfile.mkdtemp(prefix="ws101-"))
    stores = Stores(scratch, {SCRATCH: str(scratch)})
    try:
        yield stores.ask("redis"), "a Redis"
    except Unavailable:
        with load(LESSON, "bus").LineServer() as server:
            yield server.url, "a bus of our own (no Redis is installed here)"
    finally:
        stores.close()
        shutil.rmtree(scratch, ignore_errors=True)


class Worker:
    """A server process with the learner's bridge in it."""

    def __init__(self, exercise: str, url: str) -> None:
        command = [sys.executable, "-P", load(LESSON, "worker").PROGRAM, exercise, url]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env=child_environment(),
        )  # fmt: skip
        self.port = 0

    def ready(self) -> bool:
        assert self.process.stdout
        line = self.process.stdout.readline()
        self.port = int(line.split()[-1]) if line.startswith("listening") else 0
        return bool(self.port)

    def close(self) -> str:
        """End it; what the bridge raised in it."""
        self.process.kill()
        said, _ = self.process.communicate()
        return "; ".join(line for line in said.splitlines() if line.startswith("raised"))


@pytest.fixture
def workers(exercise) -> Iterator[tuple[list[Worker], str, str]]:
    with bus() as (url, name), ExitStack() as stack:
        running = [Worker(exercise.__file__, url) for _ in range(2)]
        for worker in running:
            stack.callback(worker.close)
        yield running, url, name


def test_processes(exercise, expect, own, workers):
    """two server processes, a bus, and the lines of your own capture"""
    running, url, name = workers
    where = f"two server processes, {name}"
    states = ["it serves" if worker.ready() else "it ended" for worker in running]
    expect(states, ["it serves"] * 2, where=where)
    lines = own_lines(own) + [words() for _ in range(10)]
    with ExitStack() as stack:

        def member(worker: Worker, room: str) -> Client:
            client = Client.open("127.0.0.1", worker.port, f"/ws/room/{room}")
            stack.callback(client.abandon)
            client.receive()
            return client

        a, b, apart = (
            member(running[0], "chat"), member(running[1], "chat"), member(running[1], "apart"),
        )  # fmt: skip
        stranger = load(LESSON, "bus").join(url)
        for number, line in enumerate(lines):
            stranger.publish("room:chat", HOSTILE[number % len(HOSTILE)])
            (a, b)[number % 2].send(f"{number} {line}")
        said = [f"{number} {line}" for number, line in enumerate(lines)]
        apart.send("the end")
        heard = []
        for server, client in (("A", a), ("B", b)):
            heard.append(until_all(client, len(said)))
            told = sorted(heard[-1], key=place_in(said))
            near = () if told == said else [Near("processes", told, fault(running, told, said))]
            place = f"{where} ({own.whose}): the members on {server} heard, sorted"
            expect(told, said, where=place, rfc=AGREED, near=near)
        expect(heard[0] == heard[1], True, where=f"{where}: the same order on both?")
        expect(until_all(apart, 1), ["the end"], where=f"{where}: heard in another room")


def own_lines(own) -> list[str]:
    """What was said in the chat, in the learner's capture."""
    found = [
        said.text
        for connection in own.connections
        if connection.upgraded and connection.path == "/ws/chat"
        for said in connection.said("client")
        if said.text is not None
    ]
    if not found:
        raise Missing("nobody spoke in the chat")
    return found[:10]


def until_all(client: Client, number: int) -> list[str]:
    """What it hears: so many texts, and what comes with them; fewer if no more come."""
    heard: list[str] = []
    try:
        while len(heard) < number:
            heard.append(str(client.receive(6.0 if not heard else 4.0)))
        client.ping()  # what was sent before the Pong has come before it
        while True:
            heard.append(str(client.receive(0.001)))
    except ScriptFailed:
        return heard


def place_in(said: list[str]) -> Callable[[str], tuple[int, str]]:
    known = {text: number for number, text in enumerate(said)}
    return lambda text: (known.get(text, len(said)), text)


def fault(running: list[Worker], heard: list[str], said: list[str]) -> str:
    """What the bridges raised, else what is missing. It ends them."""
    if raised := [words for worker in running if (words := worker.close())]:
        return "; ".join(raised)
    missing = sum(heard.count(text) == 0 for text in said)
    twice = sum(heard.count(text) > 1 for text in said)
    return f"of {len(said)} lines, {missing} did not arrive, {twice} came more than once"
