"""Connections that do not end well: resets, servers that are not there, a proxy that is killed."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from tests.addons.conftest import Ways
from tests.addons.peers import Authority, Origin, Peer, connect
from tests.addons.proxies import Proxy, Way, eventually, in_front, mitmdump, ws101
from tests.addons.talk import KEY, REQUEST, Talk, frame, text
from tests.addons.walk import Connection, walk

SOME = [
    "mitmdump reverse ws",
    "ws101 reverse wss to wss",
    "ws101 regular ws",
    "mitmdump upstream ws",
]


@pytest.fixture(params=SOME)
def way(request: pytest.FixtureRequest, ways: Ways) -> Way:
    return ways(request.param)


def test_client_reset_inside_a_frame(way: Way) -> None:
    talk = Talk.open(way)
    talk.up(text(b"x" * 200, key=KEY)[:108])
    talk.client.reset()
    assert talk.server.rest() == b""
    assert talk.server.end == "fin"  # what it was, mitmproxy does not tell
    talk.server.close()
    recorded = way.proxy.connection()
    assert recorded.sent == talk.client.sent
    assert recorded.ends == [("client", "peer"), ("server", "peer")]


def test_server_reset_inside_a_frame(way: Way) -> None:
    talk = Talk.open(way)
    talk.down(text(b"x" * 200)[:104])
    talk.server.reset()
    assert talk.client.rest() == b""
    talk.client.close()
    recorded = way.proxy.connection()
    assert recorded.answered == talk.server.sent
    assert recorded.ends == [("server", "peer"), ("client", "peer")]


def send_until_refused(peer: Peer) -> None:
    """A connection that nobody reads any more has to say so, before a gigabyte is lost in it."""
    try:
        for _ in range(1000):
            peer.send(bytes(1 << 20))
    except (ConnectionResetError, BrokenPipeError):
        return
    raise AssertionError("a gigabyte sent to nobody")


def test_server_that_sends_on_to_a_client_that_is_gone(way: Way) -> None:
    """A ticker that never reads has to learn some day that nobody listens."""
    talk = Talk.open(way)
    talk.client.reset()
    send_until_refused(talk.server)
    way.proxy.connection()


@pytest.mark.parametrize("name", ["mitmdump reverse ws", "ws101 regular ws"])
def test_client_that_sends_on_to_a_server_that_is_gone(ways: Ways, name: str) -> None:
    way = ways(name)
    talk = Talk.open(way)
    talk.server.reset()
    assert talk.client.rest() == b""
    send_until_refused(talk.client)
    recorded = way.proxy.connection()
    assert recorded.ends[0] == ("server", "peer")


def nobody() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def answer_to(proxy: Proxy, request: bytes = REQUEST) -> bytes:
    client = connect(proxy.port)
    client.send(request)
    return client.rest()


def test_no_server_there(tmp_path: Path) -> None:
    port = nobody()
    proxy = ws101(tmp_path, "--quiet", "--to", f"ws://127.0.0.1:{port}")
    answer = answer_to(proxy)
    assert answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert f"\r\n\r\nws101 proxy: no connection to 127.0.0.1:{port}: ".encode() in answer
    recorded = proxy.connection()
    assert recorded.sent == REQUEST
    assert recorded.answered == answer
    assert {"by": "proxy"} in [segment.note for segment in recorded.segments]
    assert recorded.ends == [("client", "proxy"), ("server", "proxy")]
    plain = answer_to(proxy, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert plain.startswith(b"HTTP/1.1 502 ")
    assert proxy.process.end() == 0


def test_no_server_behind_the_next_proxy(tmp_path: Path) -> None:
    proxy = ws101(tmp_path, "--quiet", "--upstream", f"http://127.0.0.1:{nobody()}")
    client = connect(proxy.port)
    client.send(b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n")
    client.head()
    client.send(REQUEST)
    assert client.rest().startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert proxy.connection().sent == REQUEST
    assert proxy.process.end() == 0


def test_server_whose_certificate_nobody_vouches_for(tmp_path: Path, authority: Authority) -> None:
    origin = Origin(authority.server())
    target = f"wss://localhost:{origin.port}"
    for name in ("1", "2"):
        (tmp_path / name).mkdir()
    refused = ws101(tmp_path / "1", "--quiet", "--to", target, env={"SSL_CERT_FILE": ""})
    assert b"ertificate verify failed" in answer_to(refused)
    refused.process.end()
    insecure = ws101(tmp_path / "2", "--quiet", "--to", target, "--insecure")
    Talk.open(Way("insecure", insecure, origin, origin_tls=True)).end()
    insecure.process.end()
    origin.close()


@pytest.mark.parametrize("program", ["mitmdump", "ws101"])
def test_killed_in_the_middle(tmp_path: Path, program: str) -> None:
    """What a peer received is in the capture, though nobody could write its end."""
    origin = Origin()
    proxy = in_front(program, tmp_path, origin)
    talk = Talk.open(Way("killed", proxy, origin))
    endless = (frame(2, bytes(range(256)) * 8, key=KEY) for _ in range(20_000))
    up = talk.client.send_in_background(b"".join(endless))
    down = talk.server.send_in_background(text(b"tick") * 5_000_000)
    talk.server.read(2_000_000)
    talk.client.read(2_000_000)
    os.kill(proxy.process.popen.pid, signal.SIGKILL)
    assert proxy.process.end() == -signal.SIGKILL
    talk.server.rest()
    talk.client.rest()
    for sending in up, down:
        assert isinstance(sending.exception(20), OSError)
    recorded = walk(proxy.capture).connections[0]
    assert recorded.sent.startswith(bytes(talk.server.received))
    assert recorded.answered.startswith(bytes(talk.client.received))
    assert talk.client.sent.startswith(recorded.sent)
    assert talk.server.sent.startswith(recorded.answered)
    assert recorded.ends == []
    origin.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopped(tmp_path: Path, how: signal.Signals) -> None:
    origin = Origin()
    proxy = ws101(tmp_path, "--quiet", "--to", f"http://127.0.0.1:{origin.port}")
    way = Way("stopped", proxy, origin)
    Talk.open(way).end()
    open_ones = [Talk.open(way) for _ in range(3)]
    open_ones[0].up(text(b"Hello", key=KEY))
    open_ones[1].server.shut()
    open_ones[1].client.rest()
    assert proxy.process.end(how) == 0
    walked = proxy.walked()
    peer, us = ("client", "peer"), ("client", "proxy")
    assert [connection.ends for connection in walked.connections] == [
        [peer, ("server", "peer")],
        [us, ("server", "proxy")],
        [("server", "peer"), us],
        [us, ("server", "proxy")],
    ]
    assert walked.connections[1].sent == REQUEST + text(b"Hello", key=KEY)
    assert walked.statistics
    assert walked.statistics["dropped"] == 0
    assert not walked.cut
    size = sum(len(each.sent + each.answered) for each in walked.connections)
    last = proxy.process.lines[-1]
    assert last == f"ws101 proxy: 4 connections, {size} bytes recorded in {proxy.capture}"
    assert "Traceback" not in proxy.process.output
    origin.close()


def test_mitmdump_stopped(tmp_path: Path) -> None:
    origin = Origin()
    proxy = mitmdump(tmp_path, "--mode", f"reverse:http://127.0.0.1:{origin.port}")
    talk = Talk.open(Way("stopped", proxy, origin))
    talk.up(text(b"Hello", key=KEY))
    assert proxy.process.end() == 0
    walked = proxy.walked()
    assert walked.statistics
    assert walked.connections[0].ends == [("client", "proxy"), ("server", "proxy")]
    origin.close()


def test_silence_is_not_an_end(ways: Ways) -> None:
    """Nothing of ours waits for a timer: a connection that says nothing stays as it is."""
    talk = Talk.open(ways("ws101 reverse ws"))
    others = [Talk.open(ways("ws101 reverse ws")) for _ in range(20)]
    for other in others:
        other.client.close()
        other.server.rest()
        other.server.close()
    talk.up(text(b"still here", key=KEY))
    talk.down(text(b"so am I"))
    talk.client.close()
    talk.server.rest()
    talk.server.close()
    capture = talk.way.proxy.capture
    found = eventually(lambda: all_ended(walk(capture).connections), "all ends in the capture")
    assert len(found) > 20


def all_ended(found: list[Connection]) -> list[Connection]:
    return found if all(len(each.ends) == 2 for each in found) else []
