"""With WS101_KEEP_ALIVE one TCP connection carries many requests, and only where that is safe."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from flask import Blueprint, Response

from lessons.demo import create_app
from lessons.demo.live import live_of
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import PATIENCE, exchange, handshake, request, until

CLOSE = b"\r\nConnection: close\r\n"


def broken() -> Blueprint:
    """A page whose body breaks off in the middle."""
    bp = Blueprint("broken", __name__)

    @bp.get("/broken")
    def half() -> Response:
        def stream() -> Iterator[str]:
            yield "half"
            raise RuntimeError("in the middle of the body")

        return Response(stream(), mimetype="text/plain")

    return bp


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    config = {"WS101_KEEP_ALIVE": True, "WS101_TICK_SECONDS": 0.05, "WS101_LONG_POLL_SECONDS": 0.1}
    with DemoServer(create_app(config, blueprints=[broken()])) as running:
        yield running


def connect(server: DemoServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)


def answer(connection: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of one response; a body goes by its length or its chunks."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += received(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    head += b"\r\n"
    if b"Transfer-Encoding: chunked" in head:
        while not body.endswith(b"0\r\n\r\n"):
            body += received(connection)
        return head, body
    length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += received(connection)
    assert len(body) == length
    return head, body


def received(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    assert data, "the server ended the connection"
    return data


def test_many_requests_on_one_connection(server: DemoServer) -> None:
    with connect(server) as connection:
        for path in ("/feed/poll", "/feed/long-poll", "/health", "/nowhere", "/chat", "/health"):
            connection.sendall(request(path, server.port))
            head, _ = answer(connection)
            assert b"\r\nConnection:" not in head, head
            assert head.startswith(b"HTTP/1.1 404" if path == "/nowhere" else b"HTTP/1.1 200")


def test_requests_sent_all_at_once_are_all_answered(server: DemoServer) -> None:
    """Pipelining: what lies in the reader is the next request, and is not dropped."""
    last = request("/health", server.port, "Connection: close")
    told = exchange(server.port, request("/feed/poll", server.port) * 20 + last)
    assert told.count(b"HTTP/1.1 200 OK") == 21
    assert told.count(CLOSE) == 1


@pytest.mark.parametrize(
    "sent",
    [
        request("/health", 0, "Connection: close", host="127.0.0.1"),
        request("/health", 0, host="127.0.0.1").replace(b"HTTP/1.1", b"HTTP/1.0"),
        request("/health", 0, "Content-Length: 3", method="POST", host="127.0.0.1") + b"GET",
        request("/health", 0, "Upgrade: h2c", "Connection: Upgrade", host="127.0.0.1"),
        request("/ws/ticker", 0, "Upgrade: websocket", "Connection: Upgrade", host="127.0.0.1"),
    ],
    ids=["close", "1.0", "body", "upgrade", "bad handshake"],
)
def test_what_can_not_be_kept_ends_and_says_so(server: DemoServer, sent: bytes) -> None:
    told = exchange(server.port, sent + request("/feed/poll", server.port))
    assert told.count(b"HTTP/1.1 ") == 1
    assert CLOSE in told


def test_a_head_has_no_body_and_the_next_request_is_read(server: DemoServer) -> None:
    both = request("/chat", server.port, method="HEAD")
    told = exchange(server.port, both + request("/health", server.port, "Connection: close"))
    head, _, rest = told.partition(b"\r\n\r\n")
    assert b"Content-Length" in head
    assert rest.startswith(b"HTTP/1.1 200 OK")


def test_a_body_that_breaks_off_ends_the_connection(server: DemoServer) -> None:
    told = exchange(server.port, request("/broken", server.port) * 2)
    assert told.count(b"HTTP/1.1 200 OK") == 1
    assert told.endswith(b"4\r\nhalf\r\n"), "no last chunk: the client sees that it is not whole"


def test_a_websocket_after_requests_on_the_same_connection(server: DemoServer) -> None:
    with connect(server) as connection:
        connection.sendall(request("/health", server.port))
        assert json.loads(answer(connection)[1])["ok"]
        connection.sendall(handshake("/ws/ticker", server.port))
        data = b""
        while b'"seq"' not in data:
            data += received(connection)
        assert data.startswith(b"HTTP/1.1 101 ")
        assert data.count(b"HTTP/1.1") == 1


def test_whoever_waits_for_a_next_request_is_let_go_when_the_server_stops() -> None:
    app = create_app({"WS101_KEEP_ALIVE": True})
    with DemoServer(app) as server, connect(server) as connection:
        connection.sendall(request("/health", server.port))
        answer(connection)
        until(lambda: live_of(app).idle, "the connection is idle")
        server.stop()
        assert connection.recv(1) == b""
    until(lambda: not live_of(app).idle, "nobody is left")


def test_by_default_each_response_ends_its_connection() -> None:
    with DemoServer(create_app()) as server:
        told = exchange(server.port, request("/health", server.port) * 2)
    assert told.count(b"HTTP/1.1 200 OK") == 1
    assert CLOSE in told
