"""One feed, four ways: polling, long polling, server-sent events and WebSocket tell the same."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from lessons.demo import create_app
from lessons.demo.feed import KEPT, Feed
from lessons.demo.live import live_of
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import (
    PATIENCE,
    Client,
    exchange,
    get,
    get_json,
    request,
    status,
    until,
)

TICK = 0.05


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(create_app({"WS101_TICK_SECONDS": TICK})) as running:
        yield running


@pytest.fixture
def long_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ticks are kept for minutes, not for 2.5 s: a busy machine may come later than that."""
    monkeypatch.setattr("lessons.demo.feed.KEPT", 10_000)


def events(server: DemoServer, count: int, *fields: str) -> list[tuple[str, dict[str, Any]]]:
    """The first `count` events of the stream: (id, data)."""
    found: list[tuple[str, dict[str, Any]]] = []
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(request("/feed/events", server.port, *fields))
        lines = connection.makefile()
        assert " 200 " in next(lines)
        name = ""
        for line in lines:
            if line.startswith("id: "):
                name = line[4:].strip()
            elif line.startswith("data: "):
                found.append((name, json.loads(line[6:])))
            if len(found) == count:
                break
        lines.close()
    return found


@pytest.mark.usefixtures("long_memory")
def test_all_ways_tell_the_same_ticks(server: DemoServer) -> None:
    with Client.open("/ws/ticker", server.port) as client:
        pushed = [json.loads(client.text()) for _ in range(10)]
        client.farewell()
    numbers = [tick["seq"] for tick in pushed]
    assert numbers == list(range(numbers[0], numbers[0] + 10))
    polled = get_json(server.port, f"/feed/poll?after={numbers[0] - 1}")["ticks"]
    held = get_json(server.port, f"/feed/long-poll?after={numbers[0] - 1}")["ticks"]
    streamed = [data for _, data in events(server, 10, f"Last-Event-ID: {numbers[0] - 1}")]
    assert pushed == polled[:10] == held[:10] == streamed
    assert pushed[1]["time"] - pushed[0]["time"] == pytest.approx(TICK, abs=0.002)


def test_events_carry_their_number(server: DemoServer) -> None:
    for name, data in events(server, 3):
        assert name == str(data["seq"])
        assert set(data) == {"seq", "value", "time"}


def test_poll_is_answered_at_once_and_may_be_empty(server: DemoServer) -> None:
    latest = get_json(server.port, "/feed/poll")
    assert len(latest["ticks"]) == 1  # without `after`: the last tick
    assert latest["ticks"][0]["seq"] <= latest["latest"]
    with DemoServer(create_app({"WS101_TICK_SECONDS": 3600})) as slow:
        assert get_json(slow.port, "/feed/poll")["latest"] == 1
        assert get_json(slow.port, "/feed/poll?after=1") == {"latest": 1, "ticks": []}


@pytest.mark.usefixtures("long_memory")
def test_long_poll_holds_its_answer(server: DemoServer) -> None:
    last = get_json(server.port, "/feed/poll")["latest"]
    for _ in range(5):
        answer = get_json(server.port, f"/feed/long-poll?after={last}")
        assert [tick["seq"] for tick in answer["ticks"]][:1] == [last + 1]
        last = answer["ticks"][-1]["seq"]


def test_long_poll_gives_up_in_the_end() -> None:
    config = {"WS101_TICK_SECONDS": 3600, "WS101_LONG_POLL_SECONDS": 0.05}
    with DemoServer(create_app(config)) as slow:
        assert get_json(slow.port, "/feed/long-poll?after=1") == {"latest": 1, "ticks": []}


@pytest.mark.parametrize("way", ["poll", "long-poll", "events"])
@pytest.mark.parametrize("after", ["-1", "x", "1e3", "0x10", "9" * 30, "%D9%A3", "1;2", "%00"])
def test_after_must_be_a_number(server: DemoServer, way: str, after: str) -> None:
    code, _, body = get(server.port, f"/feed/{way}?after={after}")
    assert (code, body) == (400, b"after must be the number of a tick, such as after=41\n")


def test_after_a_restart_the_feed_goes_on(server: DemoServer) -> None:
    """A page that knows a tick of another life gets the newest one, and does not wait for it."""
    for way in ("poll", "long-poll"):
        answer = get_json(server.port, f"/feed/{way}?after=999999999")
        assert len(answer["ticks"]) == 1


def test_what_is_kept_is_bounded() -> None:
    feed = Feed(1e-6)
    until(lambda: feed.latest() > 3 * KEPT, "many ticks")
    assert len(feed.since(0)) == KEPT


def test_head_of_the_stream_holds_no_place(server: DemoServer) -> None:
    live = live_of(server.app)
    for _ in range(3):
        head = exchange(server.port, request("/feed/events", server.port, method="HEAD"))
        assert status(head) == 200
    until(lambda: live._waiting == 0, "no place is taken")


def test_shutdown_ends_what_waits() -> None:
    """Long polls and event streams are answered to the end, not cut."""
    running = DemoServer(create_app({"WS101_TICK_SECONDS": 3600}))
    live = live_of(running.app)
    waiting = []
    for path in ("/feed/long-poll?after=1", "/feed/events"):
        connection = socket.create_connection(("127.0.0.1", running.port), timeout=PATIENCE)
        connection.sendall(request(path, running.port))
        waiting.append(connection)
    until(lambda: live._waiting == 2, "both wait")
    running.stop()
    long_poll, stream = (b"".join(iter(lambda c=c: c.recv(65536), b"")) for c in waiting)
    assert long_poll.endswith(b'{"latest": 1, "ticks": []}\n')
    assert stream.endswith(b"0\r\n\r\n")
    for connection in waiting:
        connection.close()
