"""Following the ticker in four ways at once, without a browser."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from lessons.course.session import Session
from lessons.course.wire import AGENT, PATIENCE, HttpClient, ScriptFailed, Wire, request_head
from lessons.four_ways.ways import ENOUGH_TICKS, EVENTS, LONG_POLL, POLL, POLL_SECONDS, TICKER

TICKS = ENOUGH_TICKS + 1


def follow_all(session: Session) -> None:
    """Run all four until each has heard enough; the WebSocket closes last, which ends the race."""
    over = threading.Event()
    faults: list[ScriptFailed] = []
    host, port = session.address

    def run(way: Callable[..., None], *arguments: object) -> None:
        try:
            way(*arguments)
        except ScriptFailed as fault:
            faults.append(fault)

    with session.client(TICKER) as ticker:
        ways = (
            (asks, HttpClient(host, port), POLL, over, POLL_SECONDS),
            (asks, HttpClient(host, port), LONG_POLL, over, 0.0),
            (reads_events, host, port),
        )
        threads = [threading.Thread(target=run, args=way, daemon=True) for way in ways]
        for thread in threads:
            thread.start()
        for _ in range(TICKS):
            ticker.receive()
        for thread in threads:
            thread.join()
    if faults:
        raise faults[0]


def asks(http: HttpClient, path: str, over: threading.Event, pause: float) -> None:
    """Ask, and ask again `pause` seconds after each answer, as the page does."""
    heard, last = 0, None
    with http:
        while True:
            answer = http.get(path if last is None else f"{path}?after={last}").json()
            heard += len(answer["ticks"])
            if heard >= TICKS:
                return
            last = answer["latest"]
            over.wait(pause)


def reads_events(host: str, port: int) -> None:
    """Ask once, and read what is written into the answer."""
    wire = Wire(host, port)
    try:
        sent = [("User-Agent", AGENT), ("Accept", "text/event-stream")]
        wire.send(request_head("GET", EVENTS, wire.authority, sent))
        wire.head("the event stream")
        while wire.buffer.count(b"\ndata: ") < TICKS:
            if not wire.more(time.monotonic() + PATIENCE, "an event"):
                raise ScriptFailed("the event stream ended early")
    finally:
        wire.close()
