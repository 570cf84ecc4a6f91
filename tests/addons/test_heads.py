"""Which connections the tap takes, however their first bytes come; the others don't feel it."""

from __future__ import annotations

import pytest

from tests.addons.conftest import Ways
from tests.addons.proxies import Way
from tests.addons.talk import KEY, REQUEST, RESPONSE, Talk, text

SOME = ["mitmdump reverse ws", "ws101 reverse wss to wss", "ws101 regular ws"]
PLAIN = b"GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(params=SOME)
def way(request: pytest.FixtureRequest, ways: Ways) -> Way:
    return ways(request.param)


def test_a_head_byte_by_byte(way: Way) -> None:
    way.proxy.mark()
    client = way.connect()
    client.forget()
    for at in range(len(REQUEST)):
        client.send(REQUEST[at : at + 1])
    server = way.origin.accept()
    assert server.read(len(REQUEST)) == REQUEST
    talk = Talk(way, client, server)
    talk.down(RESPONSE)
    recorded = talk.end()
    assert recorded.facts["url"].endswith("/chat?x=1")


@pytest.mark.parametrize(
    "request_head",
    [
        REQUEST.replace(b"\r\n", b"\n"),
        b"\r\n\r\n" + REQUEST,
        REQUEST.replace(b"Upgrade: websocket", b"Upgrade: h2c, WEBSOCKET"),
        REQUEST.replace(b"Upgrade: websocket\r\n", b""),
        b"GET / HTTP/1.1\r\nHost: x\r\nsec-websocket-nothing:\r\n\r\n",
        REQUEST.replace(b"GET", b"POST"),
        REQUEST.replace(b"HTTP/1.1", b"HTTP/1.0"),
        REQUEST.replace(b"\r\nHost", b"\r\nCookie: " + b"c" * 50_000 + b"\r\nHost"),
        b"BREW \xff\x00 \r\n: :\r\nUpgrade: websocket\r\n\r\n",
    ],
    ids=["bare LF", "empty lines", "list", "no Upgrade", "any field", "POST", "1.0", "long", "odd"],
)
def test_whatever_asks_for_a_websocket(way: Way, request_head: bytes) -> None:
    talk = Talk.open(way, request_head)
    talk.up(text(b"Hello", key=KEY))
    talk.end()


def test_a_head_without_an_end(way: Way) -> None:
    endless = REQUEST[:-2] + b"X: " + b"x" * 100_000
    talk = Talk.open(way, endless, b"HTTP/1.1 431 Too Large\r\n\r\n")
    talk.end()


def test_an_end_inside_the_head(way: Way) -> None:
    way.proxy.mark()
    client = way.connect()
    client.forget()
    client.send(REQUEST[:-2])
    client.shut()
    server = way.origin.accept()
    assert server.rest() == REQUEST[:-2]
    talk = Talk(way, client, server)
    talk.down(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    talk.down_end()
    talk.settle()


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"\x00\x01\x02",
        b"hello",
        b"GET /",
        b"x" * 80_000,
        b"\n" * 9,
    ],
    ids=["no end", "binary", "word", "cut", "long", "empty"],
)
def test_other_ends_before_a_head_do_not_hang(way: Way, junk: bytes) -> None:
    way.proxy.mark()
    client = way.connect()
    client.send(junk)
    client.shut()
    if way.through_connect and not junk.startswith(b"GET / "):  # not HTTP: a tunnel's own business
        server = way.origin.accept()
        assert server.rest() == junk
        server.close()
    client.rest()
    assert client.end
    talk = Talk.open(way)
    talk.end()


def test_a_plain_request_goes_the_usual_way_and_is_not_recorded(way: Way) -> None:
    way.proxy.mark()
    client = way.connect()
    client.forget()
    client.send(PLAIN[:10])
    client.send(PLAIN[10:])
    server = way.origin.accept()
    assert server.head().startswith(b"GET /page HTTP/1.1\r\n")
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    assert client.head().startswith(b"HTTP/1.1 200 OK")
    assert client.read(2) == b"hi"
    client.close()
    server.rest()
    server.close()
    talk = Talk.open(way)
    assert talk.end().sent == REQUEST
