"""Every close is clean on the wire: after the 101 whole frames only, exactly one Close, then FIN.

Raw sockets against the real server, hundreds of times, since what they guard against are races.
"""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
from flask import Blueprint
from simple_websocket import ConnectionClosed

from lessons.demo import create_app
from lessons.demo.app import sock
from lessons.demo.live import Connection, WebSocket, live_of
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import (
    CLOSE,
    PATIENCE,
    TEXT,
    Client,
    close_frame,
    handshake,
    masked,
    status,
    until,
)

ROUNDS = 300
PATHS = ("/ws/chat", "/ws/ticker", "/ws/board")


def lesson() -> Blueprint:
    """Handlers as a lesson might write them."""
    bp = Blueprint("lesson", __name__)

    @sock.route("/ws/at-once", bp=bp)
    def at_once(ws: WebSocket) -> None:
        """Say goodbye before anyone has spoken."""

    @sock.route("/ws/echo", bp=bp)
    def echo(ws: WebSocket) -> None:
        while True:
            ws.send(ws.receive() or "")

    @sock.route("/ws/broken", bp=bp)
    def broken(ws: WebSocket) -> None:
        raise LookupError("a lesson's mistake")

    return bp


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    config = {"WS101_TICK_SECONDS": 0.01}  # so that closes cross with frames
    with DemoServer(create_app(config, blueprints=[lesson()])) as running:
        yield running
        until(lambda: not live_of(running.app).connections, "all are gone")


def here(server: DemoServer, client: Client) -> Connection:
    connection = live_of(server.app).find(key=client.key)
    assert connection
    return connection


def gone(server: DemoServer) -> None:
    until(lambda: not live_of(server.app).connections, "the registry is empty")


def test_client_first(server: DemoServer) -> None:
    for turn in range(ROUNDS):
        with Client.open(PATHS[turn % 3], server.port) as client:
            client.send(close_frame(1000 + turn % 2, "bye"))
            close = client.clean_end()
            assert close.payload == (1000 + turn % 2).to_bytes(2) + b"bye"
    gone(server)


def test_client_first_without_a_code(server: DemoServer) -> None:
    with Client.open("/ws/chat", server.port) as client:
        client.send(masked(CLOSE))
        assert client.clean_end().payload == b""


def test_client_first_and_half_closed(server: DemoServer) -> None:
    """A client may send its FIN right behind its Close; the answer still comes."""
    for _ in range(ROUNDS // 3):
        with Client.open("/ws/echo", server.port) as client:
            client.send(masked(TEXT, b"last words"), close_frame(4001))
            client.sock.shutdown(socket.SHUT_WR)
            assert client.clean_end().code == 4001
    gone(server)


def test_server_first(server: DemoServer) -> None:
    for turn in range(ROUNDS):
        with Client.open(PATHS[turn % 3], server.port) as client:
            here(server, client).ws.close(1000, "enough")
            assert client.until_close().code == 1000
            client.send(close_frame(1000, "enough"))
            assert client.clean_end().payload == b"\x03\xe8enough"
    gone(server)


def test_server_first_while_the_client_still_talks(server: DemoServer) -> None:
    """Data that comes after the server's Close is neither answered nor an error (§5.5.1)."""
    for _ in range(ROUNDS // 3):
        with Client.open("/ws/chat", server.port) as client:
            here(server, client).ws.close(1000)
            client.send(masked(TEXT, b"one more thing"), masked(9, b"?"), close_frame())
            assert client.clean_end().code == 1000
    gone(server)


def test_handler_that_returns_at_once(server: DemoServer) -> None:
    for _ in range(ROUNDS):
        with Client.open("/ws/at-once", server.port) as client:
            assert client.until_close().code == 1000
            client.farewell()
    gone(server)


def test_handler_that_fails(server: DemoServer, caplog: pytest.LogCaptureFixture) -> None:
    with Client.open("/ws/broken", server.port) as client:
        assert client.until_close().code == 1011
        client.send(close_frame(1011))
        close = client.clean_end()
        assert b"mistake" in close.payload
        assert b"Lookup" not in close.payload
    gone(server)
    assert "LookupError" in caplog.text


def test_both_at_once(server: DemoServer) -> None:
    """Both Closes cross on the wire: each is the other's answer, and there is no second one."""
    with ThreadPoolExecutor(1) as other:
        for turn in range(ROUNDS):
            with Client.open(PATHS[turn % 3], server.port) as client:
                ws = here(server, client).ws
                start = threading.Barrier(2)
                closing = other.submit(close_together, ws, start)
                start.wait(PATIENCE)
                client.send(close_frame(1000, "client"))
                assert client.clean_end().code == 1000
                closing.result(PATIENCE)
    gone(server)


def close_together(ws: WebSocket, start: threading.Barrier) -> None:
    start.wait(PATIENCE)
    with suppress(ConnectionClosed):  # the client's came first
        ws.close(1000, "server")


def test_abrupt_fin(server: DemoServer) -> None:
    """No Close came, so none is sent: the end is FIN alone."""
    for turn in range(ROUNDS // 3):
        with Client.open(PATHS[turn % 3], server.port) as client:
            client.sock.shutdown(socket.SHUT_WR)
            frames = client.drain()
            assert client.ended == "fin"
            assert CLOSE not in [frame.opcode for frame in frames]
    gone(server)


def test_abrupt_reset(server: DemoServer) -> None:
    for turn in range(ROUNDS // 3):
        Client.open(PATHS[turn % 3], server.port).reset()
    gone(server)


def test_client_that_never_answers(server: DemoServer) -> None:
    """The wait for the client's Close is bounded; the server's FIN comes all the same."""
    with Client.open("/ws/chat", server.port) as client:
        here(server, client).ws.close(1001)
        assert client.clean_end().code == 1001
    gone(server)


def test_frames_in_a_hurry(server: DemoServer) -> None:
    """Frames sent with the handshake, before the 101, wait in the HTTP reader and are not lost."""
    hasty = handshake("/ws/echo", server.port) + masked(TEXT, b"early") + masked(TEXT, b"bird")
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(hasty)
        answer = bytearray()
        while b"bird" not in answer:
            answer += connection.recv(65536)
        head, _, stream = answer.partition(b"\r\n\r\n")
        assert status(head) == 101
        client = Client(connection, stream=stream)
        assert [client.text(), client.text()] == ["early", "bird"]
        client.farewell()


def test_a_crowd_that_comes_and_goes(server: DemoServer) -> None:
    """Joins, leaves and talk at once, sent to every member from every other's thread."""

    def visit(number: int) -> None:
        chance = random.Random(number)
        for _ in range(12):
            with Client.open("/ws/chat", server.port) as client:
                for _ in range(chance.randrange(4)):
                    client.say("hello " * chance.randrange(1, 400))
                    client.text()
                if chance.random() < 0.5:
                    here(server, client).ws.close(1000)
                client.farewell()

    with ThreadPoolExecutor(16) as crowd:
        for visitor in [crowd.submit(visit, number) for number in range(16)]:
            visitor.result()
    gone(server)


def test_shutdown_tells_everyone() -> None:
    """Stopping the server: 1001 to all, answered or not, and every stream ends in FIN."""
    with ExitStack() as stack:
        running = DemoServer(create_app())
        clients = [
            stack.enter_context(Client.open(PATHS[turn % 3], running.port)) for turn in range(45)
        ]
        stopping = threading.Thread(target=running.stop)
        stopping.start()
        for client in clients:
            assert client.until_close().code == 1001
            client.send(close_frame(1001))
        for client in clients:
            close = client.clean_end()
            assert close.payload == b"\x03\xe9the server is going away"
        stopping.join(PATIENCE)
        assert not stopping.is_alive()
        assert not live_of(running.app).connections
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", running.port))
