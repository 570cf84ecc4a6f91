"""From TCP streams to connections: what waits is bounded, numbers are right, no byte is lost."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import pytest

from inspector.core.events import Closed, Ended, Framed, Messaged, Opened
from inspector.core.findings import Finding
from inspector.core.frames import Raw, encode_frame
from inspector.core.rfc import Side
from inspector.files import dissect as room
from inspector.files.dissect import Item, dissect
from inspector.files.events import CaptureEvent, Data, Gap
from inspector.files.events import Ended as TcpEnded
from inspector.files.events import Opened as TcpOpened
from tests.core.test_frames import calls
from tests.core.vectors import REQUEST, RESPONSE

DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
PLAIN = b"GET / HTTP/1.1\r\n\r\n"


def opened(stream: int = 1) -> TcpOpened:
    return TcpOpened(stream, ("127.0.0.1", 50_000 + stream), ("127.0.0.1", 8101), 0.0, {}, False)


def client(data: bytes, stream: int = 1) -> Data:
    return Data(stream, True, data, 0.0)


def server(data: bytes, stream: int = 1) -> Data:
    return Data(stream, False, data, 0.0)


def shaken(stream: int = 1, lines: str = "") -> list[CaptureEvent]:
    """A connection, open and shaken hands."""
    request, response = (f"{head}{lines}\r\n".encode() for head in (REQUEST, RESPONSE))
    return [opened(stream), client(request, stream), server(response, stream)]


def items(events: Iterable[CaptureEvent]) -> list[Item]:
    return [item for item in dissect(events) if isinstance(item, Item)]


def test_what_waits_for_a_fragment_is_counted_with_all_that_it_carries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A fragment that stays open must not gather other messages' inflated content without end."""
    monkeypatch.setattr(room, "MAX_HELD_BYTES", 1 << 20)
    deflate = zlib.compressobj(wbits=-15)
    bomb = deflate.compress(bytes(1 << 19)) + deflate.flush(zlib.Z_FULL_FLUSH)
    frame = encode_frame(2, bomb[:-4], rsv=4)
    assert len(frame) < 1000
    read = 0

    def capture() -> Iterator[CaptureEvent]:
        nonlocal read
        yield from shaken(lines=DEFLATE)
        yield client(encode_frame(1, b"x", fin=False, masking_key=b"abcd"))
        for _ in range(50):
            read += 1
            yield server(frame)

    told = dissect(capture())
    next(item for item in told if isinstance(item.event, Messaged))
    assert read < 5
    assert sum(isinstance(item.event, Messaged) for item in told) == 49


@pytest.mark.parametrize("first", [True, False])
def test_where_the_proxy_ended_a_direction_nothing_waits_for_the_end_of_the_capture(
    first: bool,
) -> None:
    """A client hangs up, and the proxy then lets the server go: what came of a last frame is told
    at once, not when a live view is over."""

    ends: list[CaptureEvent] = [
        TcpEnded(1, first, None, 1.0),
        TcpEnded(1, not first, None, 1.0, by_proxy=True),
    ]
    later = [*shaken(2), *[client(b"\x89\x80abcd", 2)] * 3]
    capture = [*shaken(), server(b"\x20\x7d half of"), *ends, *later]
    told = [item for item in dissect(capture, settle=False) if isinstance(item, Item)]
    over = next(n for n, item in enumerate(told) if isinstance(item.event, Closed))
    assert {item.connection.stream for item in told[: over + 1]} == {1}
    assert {item.connection.stream for item in told[over + 1 :]} == {2}
    broken = [item.event.rule.id for item in told[:over] if isinstance(item.event, Finding)]
    assert "frame-rsv2-set" in broken
    assert broken.count("frame-truncated") == (not first)  # blamed on who ended, not on the proxy


def test_a_frame_waits_for_its_messages_number_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = [
        *shaken(),
        client(encode_frame(1, b"a", fin=False, masking_key=b"abcd")),
        *[server(encode_frame(1, b"b"))] * 10,
        client(encode_frame(0, b"c", masking_key=b"abcd")),
    ]
    first = next(item.event for item in items(whole) if isinstance(item.event, Framed))
    assert first.message == 11
    monkeypatch.setattr(room, "MAX_HELD_ITEMS", 5)
    seen = [
        item.event.message for item in dissect(whole)
        if isinstance(item, Item) and isinstance(item.event, Framed)
    ]  # fmt: skip
    assert seen[0] is None


def test_many_open_connections_cost_no_more_for_each_frame() -> None:
    def work(connections: int) -> int:
        events = [event for stream in range(connections) for event in shaken(stream)]
        said = [server(encode_frame(1, b"hi"), n % connections) for n in range(400)]
        opening = calls(lambda: items(events))
        return calls(lambda: items([*events, *said])) - opening

    assert work(200) < 1.2 * work(2)


@pytest.mark.parametrize("side", ["client", "server"])
def test_a_reset_ends_both_and_blames_one(side: Side) -> None:
    cut = encode_frame(1, b"cut short")[:5]
    events = [*shaken(), server(cut), client(encode_frame(9, b"", masking_key=b"abcd"))]
    told = [item.event for item in items([*events, TcpEnded(1, side == "client", "rst", 1.0)])]
    assert [(end.side, end.how) for end in told if isinstance(end, Ended)] == [(side, "rst")]
    assert isinstance(told[-1], Closed)
    blamed = {finding.side for finding in told if isinstance(finding, Finding)}
    assert blamed == {side}


def test_a_connection_behind_a_hole_has_its_number() -> None:
    """The hole is in the body of a plain response; two connections, the older one shakes later."""
    older = [
        opened(1),
        client(PLAIN, 1),
        server(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123", 1),
        Gap(1, False, 6, 0.0),
    ]
    events = [*older, *shaken(2), *shaken(1)[1:], server(encode_frame(1, b"hi"), 1)]
    told = [item for item in dissect(events, reopen=lambda: events) if isinstance(item, Item)]
    numbers = {item.connection.stream: item.connection.number for item in told}
    assert numbers == {1: 1, 2: 2}
    assert [item.event.frame.payload for item in told if isinstance(item.event, Framed)] == [b"hi"]


def test_every_byte_from_the_handshake_on_is_told() -> None:
    """Heads, what stands before them, and whatever came instead of frames."""
    request = f"\r\n{REQUEST}Content-Length: 4\r\n\r\nbody".encode()
    answer = (
        b"HTTP/1.1 103 Early Hints\r\n\r\n"
        b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nno!\r\n0\r\nTrailer: x\r\n\r\n"
        b"and then no HTTP"
    )
    told = [item.event for item in items([opened(), client(request), server(answer)])]
    (start,) = (event for event in told if isinstance(event, Opened))
    for side, head, wire in (
        ("client", start.request, request),
        ("server", start.response, answer),
    ):
        assert head
        raws = [event for event in told if isinstance(event, Raw) and event.side == side]
        pieces = {-len(head.raw): head.raw} | {raw.offset: raw.data for raw in raws}
        assert b"".join(pieces[offset] for offset in sorted(pieces)) == wire
        ends = [offset + len(piece) for offset, piece in sorted(pieces.items())]
        assert ends[:-1] == sorted(pieces)[1:]
