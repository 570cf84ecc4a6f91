"""Upgrades that mitmproxy's HTTP layer has already taken: recorded too, and marked as its words."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from inspector.core.events import Framed
from inspector.core.findings import Finding
from inspector.files.capture import open_capture
from inspector.files.dissect import Item, dissect
from tests.addons.conftest import Ways
from tests.addons.peers import Origin, Peer, connect
from tests.addons.proxies import Way, in_front, ws101
from tests.addons.talk import KEY, REQUEST, RESPONSE, after_a_plain_request, close, frame, text
from tests.addons.walk import Connection, walk

SOME = ["mitmdump reverse ws", "ws101 reverse ws", "mitmdump regular wss to wss"]


@pytest.fixture(params=SOME)
def way(request: pytest.FixtureRequest, ways: Ways) -> Way:
    return ways(request.param)


def said_hello(way: Way, client: Peer, server: Peer) -> Connection:
    """An Upgrade, accepted, and a Hello behind it; the connection recorded."""
    client.send(REQUEST)
    server.head()
    server.send(RESPONSE)
    client.head()
    client.send(text(b"Hello", key=KEY))
    assert server.read(11) == text(b"Hello", key=KEY)
    client.close()
    server.rest()
    return way.proxy.connection()


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
    recorded = said_hello(way, client, server)
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


REFUSALS = {
    "length": b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 6\r\n\r\nREFUSE",
    "chunked": (
        b"HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nREFUSE\r\n0\r\n\r\n"
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_bodies_are_recorded_so_that_what_follows_is_read_right(way: Way, refusal: str) -> None:
    """A refused Upgrade with a body, refused with one: the next one's frames are frames."""
    client, server = after_a_plain_request(way)
    asked = REQUEST.replace(b"GET ", b"POST ")
    asked = asked.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n")
    client.send(asked + b"BODY!")
    server.head()
    assert server.read(5) == b"BODY!"
    server.send(REFUSALS[refusal])
    client.head()
    client.read(len(REFUSALS[refusal].partition(b"\r\n\r\n")[2]))
    recorded = said_hello(way, client, server)
    assert recorded.sent == bytes(server.received)
    assert recorded.answered == bytes(client.received)
    with open_capture(str(way.proxy.capture)) as capture:
        told = [item for item in dissect(capture) if isinstance(item, Item)]
    latest = max(item.connection.stream for item in told)
    events = [item.event for item in told if item.connection.stream == latest]
    (frame_read,) = (event for event in events if isinstance(event, Framed))
    assert frame_read.frame.payload == b"Hello"
    errors = {event.rule.id for event in events if isinstance(event, Finding)}
    assert "req-header-malformed" not in errors


@pytest.mark.parametrize("program", ["mitmdump", "ws101"])
def test_recorded_before_it_is_sent(tmp_path: Path, program: str) -> None:
    """Half a body has come when the proxy is killed: what the origin got is in the file."""
    origin = Origin()
    proxy = in_front(program, tmp_path, origin)
    client, server = after_a_plain_request(Way("killed", proxy, origin))
    head = REQUEST.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n")
    client.send(head + b"BO")
    server.head()
    assert server.read(2) == b"BO"
    os.kill(proxy.process.popen.pid, signal.SIGKILL)
    proxy.process.end()
    server.rest()
    assert walk(proxy.capture).connections[0].sent == bytes(server.received)
    origin.close()


def test_plain_http_asked_of_the_proxy_itself(tmp_path: Path) -> None:
    """With --http a forward proxy records it, though it never was a tunnel."""
    origin = Origin()
    proxy = ws101(tmp_path, "--quiet", "--http")
    client = connect(proxy.port)
    client.send(f"GET http://127.0.0.1:{origin.port}/x HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    server = origin.accept()
    assert server.head().startswith(b"GET /x HTTP/1.1\r\n")
    server.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
    client.head()
    assert client.read(7) == b"2\r\nhi\r\n"
    recorded = proxy.connection(ended=False)  # an answer that goes on is there as far as it came
    assert recorded.answered == bytes(server.sent)
    server.send(b"0\r\n\r\n")
    assert client.read(5) == b"0\r\n\r\n"
    client.close()
    recorded = proxy.connection()
    assert recorded.facts["reserialised"] is True
    assert recorded.facts["url"] == f"http://127.0.0.1:{origin.port}/x"
    assert recorded.sent == bytes(server.received)
    assert recorded.answered == bytes(server.sent)
    assert proxy.process.end() == 0
    origin.close()
