"""Peers that break the rules are told which, by a clean Close, and let go."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons.demo import create_app
from lessons.demo.live import live_of
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import (
    BINARY,
    CLOSE,
    PING,
    RSV1,
    TEXT,
    Client,
    close_frame,
    get_json,
    masked,
    until,
)

OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
LIMIT = 256 * 1024


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(create_app()) as running:
        yield running
        until(lambda: not live_of(running.app).connections, "all are gone")


BAD_FRAMES = {
    "unmasked": (b"\x81\x05hello", 1002),
    "reserved opcode": (masked(3), 1002),
    "reserved control opcode": (masked(11), 1002),
    "RSV1 without deflate": (masked(TEXT, b"x", 0x80 | RSV1), 1002),
    "RSV2": (masked(TEXT, b"x", 0x80 | 0x20), 1002),
    "fragmented ping": (masked(PING, b"x", 0), 1002),
    "ping of 126": (masked(PING, b"x" * 126), 1002),
    "continuation of nothing": (masked(0, b"x"), 1002),
    "text in a message": (masked(TEXT, b"x", 0) + masked(TEXT, b"y"), 1002),
    "length not minimal": (b"\x81\xfe\x00\x05\0\0\0\0hello", 1002),
    "length of 2**63": (b"\x82\xff\x80" + b"\0" * 11, 1002),
    "not UTF-8": (masked(TEXT, b"\xff\xfe"), 1007),
    "surrogate in UTF-8": (masked(TEXT, b"\xed\xa0\x80"), 1007),
    "UTF-8 cut at the end": (masked(TEXT, b"\xe2\x82"), 1007),
    "close of one byte": (masked(CLOSE, b"\x03"), 1002),
    "close 1005": (close_frame(1005), 1002),
    "close 1006": (close_frame(1006), 1002),
    "close 999": (close_frame(999), 1002),
    "close 2000": (close_frame(2000), 1002),
    "close reason not UTF-8": (masked(CLOSE, b"\x03\xe8\xff"), 1007),
    "binary in the chat": (masked(BINARY, b"\x00\x01"), 1003),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_bad_frames_in_the_chat(server: DemoServer, name: str) -> None:
    frames, code = BAD_FRAMES[name]
    with Client.open("/ws/chat", server.port) as client:
        client.send(frames)
        assert client.ending()[0] == code


BAD_RECORDS = {
    "text": (masked(TEXT, b"hello"), 1003),
    "empty": (masked(BINARY, b""), 1008),
    "unknown record": (masked(BINARY, b"\x03"), 1008),
    "half a line": (masked(BINARY, b"\x01\x00\x00\x01"), 1008),
    "a line and a half": (masked(BINARY, b"\x01" + b"\0" * 9 + b"\x01\0"), 1008),
    "pen 6": (masked(BINARY, b"\x01\x06" + b"\0" * 8), 1008),
    "x of 1000": (masked(BINARY, b"\x01\x00\x03\xe8" + b"\0" * 6), 1008),
    "y of 600": (masked(BINARY, b"\x01\x00" + b"\0" * 6 + b"\x02\x58"), 1008),
}


@pytest.mark.parametrize("name", BAD_RECORDS)
def test_bad_records_on_the_board(server: DemoServer, name: str) -> None:
    frames, code = BAD_RECORDS[name]
    with Client.open("/ws/board", server.port) as client:
        client.send(frames)
        assert client.ending()[0] == code


@pytest.mark.parametrize("path", ["/ws/chat", "/ws/board", "/ws/ticker"])
def test_too_big(server: DemoServer, path: str) -> None:
    """Just at the limit is fine; beyond it is 1009, in one frame, in fragments or promised."""
    opcode = BINARY if path == "/ws/board" else TEXT
    half = b"x" * (LIMIT // 2)
    with Client.open(path, server.port) as client:
        client.send(masked(opcode, half, 0), masked(0, half + b"x"))
        assert client.ending()[0] == 1009
    with Client.open(path, server.port) as client:
        promise = bytes([0x80 | opcode, 0xFF]) + (1 << 40).to_bytes(8) + b"\0\0\0\0"
        client.send(promise + b"x" * (LIMIT + 1))
        assert client.until_close().code == 1009
    with Client.open("/ws/chat", server.port) as client:
        client.say("é" * (LIMIT // 2))
        while (frame := client.frame()).opcode != TEXT or len(frame.payload) < LIMIT:
            pass


def test_many_tiny_fragments(server: DemoServer) -> None:
    until(lambda: not live_of(server.app).connections, "nobody is left who could be heard leaving")
    with Client.open("/ws/chat", server.port) as client:
        empty, letter = masked(0, b"", 0), masked(0, b"x", 0)
        client.send(masked(TEXT, b"", 0), (empty * 99 + letter) * 100, masked(0))
        name = client.text().split()[3].strip(".")
        assert client.text() == f"{name}: {'x' * 100}"
        client.farewell()


@settings(max_examples=150)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=200),
            st.builds(
                masked,
                st.integers(0, 15),
                st.binary(max_size=200),
                st.integers(0, 15).map(lambda bits: bits << 4),
            ),
        ),
        max_size=6,
    ),
    st.sampled_from(["/ws/chat", "/ws/board", "/ws/ticker"]),
    st.booleans(),
)
def test_any_bytes(chunks: list[bytes], path: str, deflate: bool) -> None:
    """Whatever comes, the server's stream is whole frames, at most one Close, which is last."""
    with Client.open(path, FUZZED[0].port, *([OFFER] if deflate else [])) as client:
        with suppress(OSError):  # it may have had enough of us already
            client.send(*chunks)
            client.sock.shutdown(socket.SHUT_WR)
        opcodes = [frame.opcode for frame in client.drain()]
        assert opcodes.count(CLOSE) <= 1
        assert CLOSE not in opcodes[:-1]


FUZZED: list[DemoServer] = []  # hypothesis and fixtures don't mix


@pytest.fixture(autouse=True, scope="module")
def one_server_for_the_fuzzer(server: DemoServer) -> Iterator[None]:
    FUZZED.append(server)
    yield
    FUZZED.clear()
    assert get_json(server.port, "/health")["ok"]
