"""Rooms of two servers on one Redis: what arrives, hostile messages, and a Redis that is lost."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from lessons.course.stores import Stores
from lessons.demo import create_app
from lessons.demo.bus import CHANNEL, FOUND, LARGEST, LOST, Bus, Refused, pack, place, unpack
from lessons.demo.live import live_of
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import BINARY, PATIENCE, Client, get_json, masked, until
from tests.lessons.private_stores import private_stores

CHAT = f"{CHANNEL}chat"


@pytest.fixture(scope="module")
def stores() -> Iterator[Stores]:
    with private_stores("redis") as running:
        yield running


@contextmanager
def servers(url: str, *names: str) -> Iterator[list[DemoServer]]:
    with ExitStack() as stack:
        running = []
        for name in names:
            app = create_app({"WS101_NAME": name, "WS101_BUS": url})
            running.append(stack.enter_context(DemoServer(app)))
        for server in running:
            until(lambda server=server: bus_of(server).connected, "it is on the bus")
        yield running


def bus_of(server: DemoServer) -> Bus:
    bus = live_of(server.app).bus
    assert bus
    return bus


@contextmanager
def chatting(*places: DemoServer) -> Iterator[list[Client]]:
    """A client at each, who have heard of each other."""
    with ExitStack() as stack:
        clients: list[Client] = []
        for server in places:
            client = stack.enter_context(Client.open("/ws/chat", server.port))
            assert client.text().startswith("* You are Otter@")
            for other in clients:
                assert other.text().endswith(" joined")
            clients.append(client)
        clients[-1].say("all here")  # behind all that was announced: a bus may be late with that
        for client in clients:
            while not client.text().endswith(": all here"):
                pass
        yield clients
        for client in clients:
            client.reset()


def test_what_is_said_on_one_is_heard_on_both_once(stores: Stores) -> None:
    with servers(stores.ask("redis"), "A", "B") as (a, b):
        health = get_json(a.port, "/health")
        assert (health["server"], health["bus"], health["refused"]) == ("A", True, 0)
        with chatting(a, b) as (one, other):
            for number in range(20):
                one.say(f"one {number}")
                other.say(f"other {number}")
            heard = [[client.text() for _ in range(40)] for client in (one, other)]
            assert heard[0] == heard[1]  # in the order that Redis made
            assert sorted(heard[0]) == sorted(
                f"Otter@{server}: {word} {number}"
                for server, word in (("A", "one"), ("B", "other"))
                for number in range(20)
            )
            one.say("the end")
            assert one.text() == other.text() == "Otter@A: the end"  # nothing came twice


def test_the_whiteboard_is_one(stores: Stores) -> None:
    line = bytes.fromhex("01 02 00 64 00 32 00 c8 00 32")
    with (
        servers(stores.ask("redis"), "A", "B") as (a, b),
        Client.open("/ws/board", a.port) as one,
        Client.open("/ws/board", b.port) as other,
    ):
        one.send(masked(BINARY, line))
        assert one.frame().payload == other.frame().payload == line
        with Client.open("/ws/board", b.port) as late:
            assert late.frame().payload == line
            late.reset()
        one.reset()
        other.reset()


def test_hostile_messages_are_counted_and_nothing_else(stores: Stores) -> None:
    url = stores.ask("redis")
    stranger = redis.Redis.from_url(url)
    with servers(url, "A") as (a,), chatting(a) as (one,):
        bad = [
            b"", b"hello", b"\xff\xfe", b"[" * 100_000, b"[]", b"null", b"{}", b'{"text": "x"}',
            b'{"from": "x", "n": 1}', b'{"from": "x", "n": true, "text": "x"}',
            b'{"from": "x", "n": 1, "text": ["x"]}', b'{"from": "x", "n": 1, "text": "\\ud800"}',
            b'{"from": "x", "n": 1, "data": "?"}', b'{"from": "x", "n": 1, "data": "AAAA"}',
            pack("x", 1, "y" * LARGEST),
        ]  # fmt: skip
        for raw in bad:
            stranger.publish(CHAT, raw)
        stranger.publish(f"{CHANNEL}nowhere", pack("x", 1, "hello"))
        stranger.publish(CHAT, pack("x", 1, "still here"))
        assert one.text() == "still here"
        assert bus_of(a).refused == len(bad)
    stranger.close()


def test_a_lost_line_is_said_and_rooms_go_on(stores: Stores) -> None:
    url = stores.ask("redis")
    admin = redis.Redis.from_url(url)
    with servers(url, "A", "B") as (a, b), chatting(a, b) as (one, other):
        admin.client_kill_filter(_type="pubsub")
        for client in (one, other):
            assert [client.text(), client.text()] == [LOST, FOUND]
        one.say("hello")
        assert one.text() == other.text() == "Otter@A: hello"
        assert bus_of(a).losses == bus_of(b).losses == 1
    admin.close()


def test_without_a_redis_a_server_goes_on_alone() -> None:
    app = create_app({"WS101_NAME": "A", "WS101_BUS": "unix:///nowhere/redis.sock"})
    with DemoServer(app) as server, chatting(server) as (one,):
        one.say("hello")
        assert one.text() == "Otter@A: hello"
        assert get_json(server.port, "/health")["bus"] is False


@pytest.mark.slow
def test_a_frozen_redis_loses_nothing_here() -> None:
    """What was on its way when Redis stopped is heard by those who are on the same server."""
    with private_stores("redis") as stores:
        url = stores.ask("redis")
        pid = redis.Redis.from_url(url).info("server")["process_id"]
        with servers(url, "A") as (a,), chatting(a) as (one,):
            os.kill(pid, signal.SIGSTOP)
            try:
                began = time.monotonic()
                for number in range(3):
                    one.say(str(number))
                heard = [one.text() for _ in range(4)]
                assert LOST in heard
                assert [line for line in heard if line != LOST] == [
                    f"Otter@A: {number}" for number in range(3)
                ]
                assert time.monotonic() - began < 20
            finally:
                os.kill(pid, signal.SIGCONT)
            assert one.text() == FOUND
            one.say("again")
            assert one.text() == "Otter@A: again"


@pytest.mark.parametrize("answer", [b":zz\r\n", b"*-7\r\n", b"*3\r\n:1\r\n:2\r\n:3\r\n" * 3])
def test_what_is_no_redis_is_tried_again(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bus = Bus(f"redis://127.0.0.1:{listener.getsockname()[1]}", "A")
        bus.join("chat", lambda _: None)
        bus.start()
        listener.settimeout(PATIENCE)
        for _ in range(3):
            with listener.accept()[0] as line:
                line.settimeout(PATIENCE)
                line.recv(4096)
                with suppress(ConnectionError):  # it may have waited long enough by now
                    line.sendall(answer)
                    while line.recv(4096):  # until it gives this one up
                        pass
        assert not bus.connected
        bus.close()


@given(st.text() | st.binary())
def test_a_message_survives_the_bus(data: str | bytes) -> None:
    assert unpack(pack("me", 7, data)) == ("me", 7, data)


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(Refused):
        unpack(raw)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://me:secret@10.0.0.1:6379/0", "redis://10.0.0.1:6379/0"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
        ("redis://:se@cr/et@h:1", "redis://h:1"),
        ("redis://h?password=secret&db=1", "redis://h?..."),
    ],
)
def test_a_password_is_not_shown(url: str, shown: str) -> None:
    assert place(url) == shown
