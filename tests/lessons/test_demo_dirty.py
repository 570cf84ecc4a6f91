"""The specimen is as dirty as it is said to be: HTTP on a socket that speaks WebSocket frames."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from lessons.demo.dirty import PlainHandler, create_dirty_app
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import (
    BINARY,
    CLOSE,
    Client,
    close_frame,
    exchange,
    get,
    handshake,
    masked,
    status,
    until,
)

RESPONSE = re.compile(rb"HTTP/1\.1 200 OK\r\n(?:[^\r\n]+\r\n)+\r\n")


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(create_dirty_app(), handler=PlainHandler) as running:
        yield running


def ended_by(server: DemoServer, sent: bytes) -> Client:
    """A connection as it is when the server has ended it over this."""
    with Client.open("/ws/chat", server.port) as client:
        client.send(sent)
        while not client.ended:
            client.more()
        client.cut()
        return client


def test_a_whole_http_response_follows_the_close(server: DemoServer) -> None:
    """Unless one of its threads has closed the socket before the other could write."""

    def follows() -> bool:
        client = ended_by(server, masked(BINARY, b"not for a chat"))
        rest = bytes(client.stream[client._cut :])
        assert client.frames[-1].opcode == CLOSE
        assert client.frames[-1].code == 1003
        return RESPONSE.fullmatch(rest) is not None and 150 < len(rest) < 200

    until(follows, "a response behind the Close, and nothing else")


def test_when_the_client_closes_first_too(server: DemoServer) -> None:
    """Before or after the server's Close, as the race will have it; the Close may be lost, and now
    and then both are."""
    until(
        lambda: RESPONSE.search(ended_by(server, close_frame(1000)).stream),
        "a response amid the frames",
    )


def test_the_gate_stands(server: DemoServer) -> None:
    assert get(server.port, "/", host="evil.example")[0] == 421
    foreign = handshake("/ws/chat", server.port, "Origin: http://evil.example")
    assert status(exchange(server.port, foreign)) == 403
