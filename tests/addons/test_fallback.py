"""Upgrades that mitmproxy's HTTP layer has already taken: recorded too, and marked as its words."""

from __future__ import annotations

import pytest

from tests.addons.conftest import Ways
from tests.addons.proxies import Way
from tests.addons.talk import KEY, REQUEST, RESPONSE, after_a_plain_request, close, frame, text

SOME = ["mitmdump reverse ws", "ws101 reverse ws", "mitmdump regular wss to wss"]


@pytest.fixture(params=SOME)
def way(request: pytest.FixtureRequest, ways: Ways) -> Way:
    return ways(request.param)


def test_an_upgrade_on_a_used_connection(way: Way) -> None:
    client, server = after_a_plain_request(way)
    client.send(REQUEST)
    assert b"\r\nUpgrade: websocket\r\n" in server.head()
    server.send(RESPONSE)
    assert client.head() == RESPONSE
    for data in text(b"Hello", key=KEY), text(b"bare", rsv=3), frame(9, b"p", key=KEY):
        client.send(data)
        assert server.read(len(data)) == data
    server.send(text(b"Hello") + close())
    assert client.read(11) == text(b"Hello") + close()
    client.send(close(key=KEY))
    assert server.read(8) == close(key=KEY)
    server.shut()
    client.rest()
    client.close()

    recorded = way.proxy.connection()
    assert recorded.facts["reserialised"] is True
    assert recorded.facts["mode"] == way.mode
    assert recorded.facts["url"] == (
        f"ws{'s' if way.client_tls else ''}://localhost:"
        f"{8101 if way.mode == 'reverse' and way.keeps_host else way.origin.port}/chat?x=1"
    )
    assert recorded.sent == bytes(server.received)
    assert recorded.answered == bytes(server.sent)


def test_a_refused_upgrade_on_a_used_connection_and_a_second_try(way: Way) -> None:
    client, server = after_a_plain_request(way)
    client.send(REQUEST)
    server.head()
    server.send(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 3\r\n\r\nno\n")
    client.head()
    client.read(3)
    client.send(REQUEST)
    server.head()
    server.send(RESPONSE)
    client.head()
    client.send(text(b"Hello", key=KEY))
    assert server.read(11) == text(b"Hello", key=KEY)
    client.close()
    server.rest()
    recorded = way.proxy.connection()
    assert recorded.facts["reserialised"] is True
    assert recorded.sent == bytes(server.received)
    assert recorded.answered.startswith(b"HTTP/1.1 426 ")
    assert recorded.answered.endswith(RESPONSE)


@pytest.mark.parametrize("name", ["mitmdump regular ws", "ws101 regular ws"])
def test_a_websocket_asked_of_the_proxy_itself(ways: Ways, name: str) -> None:
    """`GET http://...`: the origin has to get another request line than the proxy got."""
    way = ways(name)
    way.proxy.mark()
    way = Way(name, way.proxy, way.origin)
    client = way.connect()
    url = f"http://localhost:{way.origin.port}/chat?x=1".encode()
    client.send(REQUEST.replace(b"/chat?x=1", url))
    server = way.origin.accept()
    assert server.head().startswith(b"GET /chat?x=1 HTTP/1.1\r\n")
    server.send(RESPONSE)
    client.head()
    client.send(text(b"Hello", key=KEY))
    assert server.read(11) == text(b"Hello", key=KEY)
    client.close()
    server.rest()
    recorded = way.proxy.connection()
    assert recorded.facts["reserialised"] is True
    assert recorded.sent == bytes(server.received)
