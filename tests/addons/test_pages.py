"""Plain HTTP beside the WebSockets: untouched by the tap, or recorded where that was asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.addons.peers import Authority, Origin, Peer, TlsPeer
from tests.addons.proxies import Proxy, Way, mitmdump, ws101
from tests.addons.talk import KEY, REQUEST, RESPONSE, Talk, text

type Start = Callable[..., tuple[Proxy, Origin]]

H2_FIRST, H1_FIRST, H1_ONLY = ("h2", "http/1.1"), ("http/1.1", "h2"), ("http/1.1",)


@pytest.fixture
def start(tmp_path: Path, authority: Authority) -> Iterator[Start]:
    """A proxy to an origin with TLS that speaks HTTP/2, too, and rather."""
    begun: list[tuple[Proxy, Origin]] = []

    def start(program: str, mode: str, *options: str, tls: bool = True) -> tuple[Proxy, Origin]:
        origin = Origin(authority.server(alpn=H2_FIRST) if tls else None)
        target = f"{'https' if tls else 'http'}://localhost:{origin.port}"
        trusted = str(authority.certificate)
        if program == "ws101":
            to = ["--to", target] if mode == "reverse" else []
            proxy = ws101(tmp_path, "--quiet", *to, *options, env={"SSL_CERT_FILE": trusted})
        else:
            spec = f"{mode}:{target}" if mode == "reverse" else mode
            trust = f"ssl_verify_upstream_trusted_ca={trusted}"
            proxy = mitmdump(tmp_path, "--mode", spec, "--set", trust, *options)
        begun.append((proxy, origin))
        return proxy, origin

    yield start
    for proxy, origin in begun:
        proxy.process.end()
        origin.close()
        assert "rror" not in proxy.process.output.replace("errors", "")


DATA, HEADERS, SETTINGS = 0, 1, 4
END_STREAM, END_HEADERS = 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def h2_frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    """RFC 9113 §4.1."""
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def read_h2(peer: Peer, wanted: int) -> bytes:
    """The payload of the next frame of a kind; others are passed over."""
    while True:
        head = peer.read(9)
        assert len(head) == 9, "ended before"
        payload = peer.read(int.from_bytes(head[:3]))
        if head[3] == wanted:
            return payload


def serve_h2(origin: Origin) -> None:
    peer = origin.accept()
    peer.send(h2_frame(SETTINGS))
    assert peer.read(len(PREFACE)) == PREFACE
    read_h2(peer, HEADERS)
    status_200 = b"\x88"  # RFC 7541, appendix A
    peer.send(h2_frame(HEADERS, END_HEADERS, 1, status_200))
    peer.send(h2_frame(DATA, END_STREAM, 1, b"h2"))


@pytest.mark.parametrize(
    ("program", "mode"), [("mitmdump", "reverse"), ("mitmdump", "regular"), ("ws101", "regular")]
)
def test_an_http2_page(start: Start, program: str, mode: str) -> None:
    proxy, origin = start(program, mode)
    way = Way("h2", proxy, origin, client_tls=True, through_connect=mode == "regular")
    serving = threading.Thread(target=serve_h2, args=(origin,), daemon=True)
    serving.start()
    client = way.connect(alpn=H2_FIRST)
    assert isinstance(client, TlsPeer)
    assert client.tls.selected_alpn_protocol() == "h2"
    get_https_root = b"\x82\x87\x84\x41\x09localhost"
    client.send(PREFACE + h2_frame(SETTINGS))
    client.send(h2_frame(HEADERS, END_HEADERS | END_STREAM, 1, get_https_root))
    assert read_h2(client, DATA) == b"h2"
    client.close()
    serving.join(10)
    assert proxy.walked().connections == []


@pytest.mark.parametrize(
    ("program", "mode", "offers"),
    [
        ("mitmdump", "reverse", H1_ONLY),
        ("mitmdump", "regular", H1_ONLY),
        ("ws101", "reverse", H1_ONLY),
        ("ws101", "regular", H1_ONLY),
        # Elsewhere the origin is asked first, and the client gets what it chose.
        ("ws101", "reverse", H1_FIRST),
    ],
)
def test_a_websocket_is_never_offered_to_http2(
    start: Start, program: str, mode: str, offers: tuple[str, ...]
) -> None:
    proxy, origin = start(program, mode)
    way = Way("h1", proxy, origin, client_tls=True, through_connect=mode == "regular")
    talk = Talk.begin(way, alpn=offers)
    for peer in talk.client, talk.server:
        assert isinstance(peer, TlsPeer)
        assert peer.tls.selected_alpn_protocol() == "http/1.1"
    talk.down(RESPONSE)
    talk.end()


@pytest.mark.parametrize("everything", [True, False])
def test_events_come_as_they_are_sent(start: Start, everything: bool) -> None:
    """Server-sent events never end, so a proxy that waits for the end shows nothing."""
    proxy, origin = start("ws101", "reverse", *["--http"][: 1 * everything], tls=False)
    client = Way("events", proxy, origin).connect()
    client.send(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
    server = origin.accept()
    server.head()
    server.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
    client.head()
    assert client.read(9) == b"data: 1\n\n"
    server.send(b"data: 2\n\n")
    assert client.read(9) == b"data: 2\n\n"
    server.close()
    client.rest()


@pytest.mark.parametrize("program", ["mitmdump", "ws101"])
def test_plain_http_recorded_where_asked(start: Start, program: str) -> None:
    option = ["--http"] if program == "ws101" else ["--set", "ws101_http=true"]
    proxy, origin = start(program, "reverse", *option, tls=False)
    request = b"POST  /odd HTTP/1.1\r\nHOST:x\r\nContent-Length:2\r\n\r\nhi"
    talk = Talk.open(Way("plain", proxy, origin), request, b"HTTP/1.1 204  \r\n\r\n")
    talk.up(REQUEST)  # an Upgrade on a used connection: exact here, as all of it is
    talk.down(RESPONSE)
    talk.up(text(b"Hello", key=KEY))
    recorded = talk.end()
    assert recorded.facts["url"] == "http://x/odd"
    assert recorded.sent == request + REQUEST + text(b"Hello", key=KEY)


def test_plain_http_recorded_decrypted(start: Start) -> None:
    """HTTP/2 is not spoken where all is to be recorded: its bytes would not be HTTP/1.1."""
    proxy, origin = start("ws101", "reverse", "--http")
    way = Way("plain", proxy, origin, client_tls=True)
    talk = Talk.begin(way, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", alpn=H2_FIRST)
    assert isinstance(talk.client, TlsPeer)
    assert talk.client.tls.selected_alpn_protocol() == "http/1.1"
    talk.down(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert talk.end().facts["url"] == "https://x/"
