"""Who may come in: Host on every request, Origin on handshakes and unsafe methods, 426 and 400."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Blueprint
from hypothesis import given
from hypothesis import strategies as st

from lessons.demo import create_app
from lessons.demo.gate import authority, same_origin
from lessons.demo.live import live_of
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import KEY, exchange, get, get_json, handshake, request, status, until

CHROME = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0"
PAGES = ("/", "/chat", "/ticker", "/board", "/feed")
SOCKETS = ("/ws/chat", "/ws/ticker", "/ws/board")


def note() -> Blueprint:
    """An unsafe method, as a lesson may bring one."""
    bp = Blueprint("note", __name__)
    bp.post("/note")(lambda: "noted\n")
    return bp


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    app = create_app({"WS101_EXTRA_HOSTS": ["demo.test"]}, blueprints=[note()])
    with DemoServer(app) as running:
        yield running


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:{}",
        "localhost:{}",
        "LOCALHOST:{}",
        "[::1]:{}",
        "127.0.0.1",
        "localhost:1",
        "demo.test",
    ],
)
def test_loopback_names_are_answered(server: DemoServer, host: str) -> None:
    assert get(server.port, "/health", host=host.format(server.port))[0] == 200


@pytest.mark.parametrize("path", ["/", "/health", "/ws/chat", "/static/icon.svg", "/nowhere"])
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8100",
        "127.0.0.1.evil.example",
        "localhost.",
        "127.0.0.1@evil.example",
        "0.0.0.0",
        "127.1",
        "[::1",
        "[::1]x",
        "[]",
        "::1",
        "127.0.0.1:99999",
        "127.0.0.1:80:80",
        "127.0.0.1:-1",
        "127.0.0.1, localhost",
        "127.0.0.1;script-src *",
        "\xff\xfe",
        " ",
    ],
)
def test_every_other_host_is_misdirected(server: DemoServer, path: str, host: str) -> None:
    assert status(exchange(server.port, request(path, server.port, host=host))) == 421
    assert status(exchange(server.port, handshake(path, server.port, host=host))) == 421


def test_host_missing_doubled_or_in_the_target(server: DemoServer) -> None:
    assert status(exchange(server.port, b"GET / HTTP/1.1\r\n\r\n")) == 421
    twice = request("/", server.port, "Host: evil.example")
    assert status(exchange(server.port, twice)) == 421
    absolute = request("http://evil.example/", server.port)
    assert status(exchange(server.port, absolute)) == 421


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([], 101),
        (["User-Agent: python"], 101),
        (["Origin: http://127.0.0.1:{}"], 101),
        (["Origin: https://127.0.0.1:{}", CHROME], 101),  # a proxy did TLS
        (["Origin: http://127.0.0.1:{}", CHROME, "Sec-Fetch-Site: same-origin"], 101),
        ([CHROME], 403),
        (["Sec-Fetch-Mode: websocket"], 403),
        (["Origin: http://evil.example"], 403),
        (["Origin: http://127.0.0.1:1"], 403),
        (["Origin: http://127.0.0.1"], 403),
        (["Origin: http://localhost:{}"], 403),  # another origin than the Host's
        (["Origin: http://127.0.0.1:{}.evil.example"], 403),
        (["Origin: http://127.0.0.1:{}", "Origin: http://evil.example"], 403),
        (["Origin: null"], 403),
        (["Origin:"], 403),
        (["Origin: file://"], 403),
        (["Origin: http://[::1"], 403),
        (["Origin: \xff\xfe"], 403),
        (["Origin: http://" + "a" * 5000], 403),
    ],
)
def test_origin_of_a_handshake(server: DemoServer, fields: list[str], expected: int) -> None:
    filled = [field.format(server.port) for field in fields]
    for path in SOCKETS:
        sent = handshake(path, server.port, *filled) + b"\x88\x80\0\0\0\0"
        assert status(exchange(server.port, sent)) == expected


def test_origin_of_an_unsafe_method(server: DemoServer) -> None:
    def post(*fields: str) -> int:
        sent = request("/note", server.port, "Content-Length: 0", *fields, method="POST")
        return status(exchange(server.port, sent))

    assert post() == 200
    assert post(f"Origin: {server.url}") == 200
    assert post("Origin: http://evil.example") == 403
    assert post("Origin: null") == 403
    assert post(CHROME) == 403


@pytest.mark.parametrize("path", SOCKETS)
def test_plain_http_is_told_to_upgrade(server: DemoServer, path: str) -> None:
    code, head, body = get(server.port, path)
    assert code == 426
    assert "\r\nUpgrade: websocket\r\n" in head + "\r\n"
    assert "\r\nSec-WebSocket-Version: 13" in head
    assert b"speaks WebSocket" in body


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Version: 13", "Version: 8", 426),
        ("Version: 13", "Version: 13, 8", 426),
        ("Sec-WebSocket-Version: 13\r\n", "", 426),
        ("GET /ws/chat HTTP/1.1", "GET /ws/chat HTTP/1.0", 426),
        ("Upgrade: websocket", "Upgrade: h2c", 426),
        ("Connection: Upgrade", "Connection: keep-alive", 426),
        (f"Sec-WebSocket-Key: {KEY}\r\n", "", 400),
        (KEY, "short", 400),
        (KEY, KEY + KEY, 400),
        (KEY, "dGhlIHNhbXBsZSBub25jZQ=\xff", 400),
        ("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\nhello", 400),
        ("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("GET ", "HEAD ", 400),
        ("GET ", "POST ", 405),
        ("\r\n\r\n", "\r\nSec-WebSocket-Protocol: \xff\r\n\r\n", 400),
    ],
)
def test_bad_handshakes(server: DemoServer, old: str, new: str, expected: int) -> None:
    good = handshake("/ws/chat", server.port).decode()
    bad = good.replace(old, new, 1).encode("latin-1")
    assert status(exchange(server.port, bad)) == expected


def test_the_answer_to_a_good_one(server: DemoServer) -> None:
    offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
    answer = exchange(server.port, handshake("/ws/board", server.port, offer) + b"\x88\x80\0\0\0\0")
    assert answer == (
        b"HTTP/1.1 101 Switching Protocols\r\n"
        b"Upgrade: websocket\r\n"
        b"Connection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=15\r\n"
        b"\r\n"
        b"\x88\x00"
    )


@pytest.mark.parametrize("path", [*PAGES, "/health", "/feed/poll", "/ws/chat", "/nowhere"])
def test_headers_of_every_answer(server: DemoServer, path: str) -> None:
    _, head, _ = get(server.port, path)
    here = f"127.0.0.1:{server.port}"
    assert (
        "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
        f"connect-src 'self' ws://{here} wss://{here}; img-src 'self' data:; base-uri 'none'; "
        "frame-ancestors 'none'; form-action 'self'\r\n"
    ) in head
    assert "X-Content-Type-Options: nosniff" in head
    assert "Referrer-Policy: no-referrer" in head


@pytest.mark.parametrize("path", PAGES)
def test_pages_hold_nothing_that_the_policy_forbids(server: DemoServer, path: str) -> None:
    code, _, body = get(server.port, path)
    page = body.decode()
    assert code == 200
    assert "<script>" not in page
    assert " style=" not in page
    assert " onclick=" not in page
    assert "https://" not in page
    assert page.replace(f"http://127.0.0.1:{server.port}", "").count("http://") == 0


def test_health(server: DemoServer) -> None:
    import os

    until(lambda: not live_of(server.app).connections, "those of other tests have ended")
    health = get_json(server.port, "/health")
    assert health["ok"] is True
    assert health["pid"] == os.getpid()
    assert health["started"] > 1_700_000_000
    assert health["open"] == 0


@given(st.text(), st.text())
def test_nothing_strange_raises(origin: str, host: str) -> None:
    authority(host)
    assert not same_origin(origin, host) or origin.lower().startswith("http")


@given(st.from_regex(r"[a-z0-9.]{1,20}", fullmatch=True), st.integers(0, 65535))
def test_same_origin_is_the_same_host_and_port(name: str, port: int) -> None:
    assert authority(f"{name}:{port}") == (name, port)
    assert same_origin(f"http://{name}:{port}", f"{name}:{port}") or port == 0
    assert not same_origin(f"http://{name}:{port}", f"{name}x:{port}")
    assert same_origin(f"http://{name}", f"{name}:80")
    assert same_origin(f"https://{name}", f"{name}:443")
