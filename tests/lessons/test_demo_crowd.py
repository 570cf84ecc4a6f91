"""One peer must not spoil it for the others: silent, slow, dead, too fast, too many."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress

import pytest

from lessons.demo import create_app
from lessons.demo.live import Live, live_of
from lessons.demo.polite import PoliteServer
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import (
    BINARY,
    PING,
    PONG,
    Client,
    exchange,
    get,
    get_json,
    handshake,
    masked,
    status,
    until,
)


def test_ping_is_answered_and_answers_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five times the clock is put on to the next ping: real pauses so short would let go of
    whoever is slow to answer."""
    later = 0
    monkeypatch.setattr("lessons.demo.polite.monotonic", lambda: time.monotonic() + later)
    options = {"SOCK_SERVER_OPTIONS": {"ping_interval": 1000}}
    with DemoServer(create_app(options)) as server, Client.open("/ws/board", server.port) as client:
        connection = live_of(server.app).find(key=client.key)
        assert connection
        ws = connection.ws
        assert isinstance(ws, PoliteServer)
        client.send(masked(PING, b"are you there"))
        frame = client.frame()
        assert (frame.opcode, frame.payload) == (PONG, b"are you there")
        for pings in range(1, 6):
            later += 1000
            ws._ring()
            frame = client.frame()
            assert frame.opcode == PING
            client.send(masked(PONG, frame.payload))
            until(lambda pings=pings: ws.pongs == pings, "the answer is taken")
        client.farewell()
        assert get_json(server.port, "/health")["dropped"] == 0


def test_silent_peer_is_let_go() -> None:
    options = {"SOCK_SERVER_OPTIONS": {"ping_interval": 0.05}}
    with DemoServer(create_app(options)) as server, Client.open("/ws/chat", server.port) as client:
        assert client.ending() == (1008, b"no pong in 0.05 seconds")
        until(lambda: get_json(server.port, "/health")["dropped"] == 1, "it is counted")


def test_slow_peer_does_not_stall_the_room() -> None:
    """One member stops reading: it is told 1013 and let go, the others hear everything."""
    options = {"max_outbox": 64 * 1024, "close_timeout": 20.0, "ping_interval": None}
    with DemoServer(create_app({"SOCK_SERVER_OPTIONS": options})) as server:
        live: Live = live_of(server.app)
        with ExitStack() as stack:

            def seated(**options: int) -> Client:
                client = stack.enter_context(Client.open("/ws/chat", server.port, **options))
                assert client.text().startswith("* You are ")
                return client

            slow = seated(receive_buffer=4096)
            talker = seated()
            listener = seated()
            stuck = live.find(key=slow.key)
            assert stuck
            name = talker.text().removeprefix("* ").removesuffix(" joined")
            said = 0
            while stuck.ws.connected:
                said += 1
                assert said < 2000, "the slow member was never let go"
                talker.say(f"{said} " + "x" * 8192)
                assert int(talker.text().split()[1]) == said
                assert int(listener.text().split()[1]) == said
            assert "left" in listener.text()
            assert name in live.room("chat").members.values()
            code, reason = slow.ending()
            assert code == 1013
            assert reason.startswith(b"too slow")
            for client in (talker, listener):
                client.farewell()
        until(lambda: live.dropped == 1, "it is counted")


def test_dead_peer_does_not_hold_its_thread() -> None:
    """It reads nothing, answers nothing and never ends: all waits are bounded."""
    options = {"max_outbox": 4096, "close_timeout": 0.1, "fin_timeout": 0.1, "ping_interval": None}
    with DemoServer(create_app({"SOCK_SERVER_OPTIONS": options})) as server:
        live = live_of(server.app)
        with Client.open("/ws/chat", server.port, receive_buffer=4096) as dead:
            while live.connections:  # it fills its own outbox with echoes, unread
                with suppress(OSError):
                    dead.say("x" * 60000)
        assert live.dropped == 1


def test_fast_talker_is_slowed_down_not_its_listeners() -> None:
    """TCP holds back who sends without end; a listener that reads is never dropped for it."""
    quiet = {"SOCK_SERVER_OPTIONS": {"ping_interval": None}}
    with (
        DemoServer(create_app(quiet)) as server,
        Client.open("/ws/board", server.port) as drawer,
        Client.open("/ws/board", server.port) as looker,
    ):
        live = live_of(server.app)
        until(lambda: len(live.room("board").members) == 2, "both are at the board")
        line = b"\x01\x00\x00\x01\x00\x02\x00\x03\x00\x04"
        drawer.send(masked(BINARY, line) * 3000)
        for client in (looker, drawer):
            for _ in range(3000):
                assert client.frame().payload == line
            client.farewell()
        assert live.dropped == 0


def test_too_many_connections() -> None:
    with DemoServer(create_app({"WS101_MAX_CONNECTIONS": 2})) as server:
        with Client.open("/ws/chat", server.port) as one, Client.open("/ws/chat", server.port):
            refused = exchange(server.port, handshake("/ws/chat", server.port))
            assert status(refused) == 503
            assert get(server.port, "/feed/events")[0] == 503
            assert get(server.port, "/feed/long-poll")[0] == 503
            assert get(server.port, "/feed/poll")[0] == 200
            one.farewell()
        until(lambda: get_json(server.port, "/health")["open"] == 0, "both left")
        with Client.open("/ws/chat", server.port) as client:
            client.farewell()
