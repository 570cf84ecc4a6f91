"""permessage-deflate with the demo app: lawful peers are understood, bombs are not."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import pytest

from lessons.demo import create_app
from lessons.demo.live import live_of
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import PING, RSV1, TEXT, Client, masked, until

OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(create_app()) as running:
        yield running
        until(lambda: not live_of(running.app).connections, "all are gone")


def squeeze(text: bytes, final: bool = False) -> bytes:
    """A message as permessage-deflate sends it; `final` ends the deflate stream with it."""
    deflate = zlib.compressobj(wbits=-15)
    if final:
        return deflate.compress(text) + deflate.flush()
    return (deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]


def test_deflate_bomb(server: DemoServer) -> None:
    """256 MiB of zeros in 260 KB: cut off at the limit of what it inflates to."""
    with Client.open("/ws/chat", server.port, OFFER) as client:
        assert b"permessage-deflate" in client.head
        client.send(masked(TEXT, squeeze(bytes(1 << 24)), 0x80 | RSV1))
        assert client.ending()[0] == 1009


def test_broken_deflate(server: DemoServer) -> None:
    with Client.open("/ws/chat", server.port, OFFER) as client:
        client.send(masked(TEXT, b"\xff\xff\xff\xff", 0x80 | RSV1))
        assert client.ending()[0] == 1007


def test_deflate_as_lawful_peers_speak_it(server: DemoServer) -> None:
    first, second = squeeze(b"hello hello hello")[:4], squeeze(b"hello hello hello")[4:]
    until(lambda: not live_of(server.app).connections, "nobody is left who could be heard leaving")
    with Client.open("/ws/chat", server.port, OFFER) as client:
        client.text()
        client.send(
            masked(PING, b"?"),
            masked(TEXT, first, RSV1),
            masked(PING, b"between fragments"),  # RFC 6455 §5.4
            masked(0, second),
            masked(TEXT, b"plain"),
            masked(TEXT, squeeze(b"after a ping"), 0x80 | RSV1),
            masked(TEXT, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 0x80 | RSV1),  # RFC 7692 §7.2.3.4
            masked(TEXT, squeeze(b"a new stream"), 0x80 | RSV1),
        )
        told = [client.text().split(": ", 1)[1] for _ in range(5)]
        client.farewell()
    assert told == ["hello hello hello", "plain", "after a ping", "Hello", "a new stream"]


def test_endless_stream_after_a_final_block(server: DemoServer) -> None:
    """What follows BFINAL must be deflate again; it is not hoarded unread."""
    with Client.open("/ws/chat", server.port, OFFER) as client:
        client.send(masked(TEXT, squeeze(b"x", final=True) + b"\xff" * 5000, 0x80 | RSV1))
        assert client.ending()[0] == 1007


@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        ("permessage-deflate", "permessage-deflate"),
        ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", None),
        ('permessage-deflate; client_max_window_bits="10"', "client_max_window_bits=10"),
        ("permessage-deflate; server_max_window_bits=9", "server_max_window_bits=9"),
        ("permessage-deflate; server_max_window_bits=8", ""),
        ("permessage-deflate; server_max_window_bits", ""),
        ("permessage-deflate; client_max_window_bits=99", ""),
        ("permessage-deflate; client_max_window_bits=x", ""),
        ("permessage-deflate; client_max_window_bits=", ""),
        ("permessage-deflate; client_no_context_takeover=1", ""),
        ("permessage-deflate; unheard_of", ""),
        ("permessage-deflate; client_max_window_bits; client_max_window_bits", ""),
        ("permessage-deflate; unheard_of, permessage-deflate", "permessage-deflate\r\n"),
        ("permessage-deflate, permessage-deflate; server_max_window_bits=9", "deflate\r\n"),
        ("permessage-bzip2", ""),
        (";;;,,,===", ""),
    ],
)
def test_deflate_is_negotiated_by_the_book(
    server: DemoServer, offer: str, answer: str | None
) -> None:
    with Client.open("/ws/board", server.port, f"Sec-WebSocket-Extensions: {offer}") as client:
        head = client.head.decode()
        if answer == "":
            assert "Extensions" not in head
        else:
            assert (answer or offer) in head
        client.farewell()
