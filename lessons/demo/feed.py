"""The ticker: one feed of numbers, and four ways to follow it.

The feed is a formula, not a thread: tick 1 happens at the start, each next one an interval later,
and a tick's value is a function of its number. So all ways show the same ticks, nobody has to be
notified, and a test knows what to expect. A tick is the same JSON on every way:

    {"seq": 42, "value": 101.53, "time": 1760000000.1}

    GET /feed/poll?after=41        answered at once, with the ticks since, often none
    GET /feed/long-poll?after=41   answered when there is one (or after a while, with none)
    GET /feed/events               server-sent events: one response that never ends
    /ws/ticker                     a WebSocket; the server pushes, the page says nothing

`after` leaves nothing out: the answer holds the ticks with a greater number, the last 50 at most.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator
from contextlib import suppress

from flask import Blueprint, Response, request
from flask_sock import Sock

from lessons.demo.live import Full, Live, Pace, WebSocket
from lessons.demo.sock import plain

KEPT = 50  # ticks that can be asked for
_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)


class Feed:
    """Ticks every `interval` seconds since `started` (monotonic)."""

    def __init__(self, interval: float) -> None:
        self.interval = interval
        self._started = time.monotonic()
        self._epoch = time.time()

    def latest(self) -> int:
        """The number of the last tick; the first is 1 and happens at the start."""
        return 1 + int((time.monotonic() - self._started) / self.interval)

    def until(self, seq: int) -> float:
        """Seconds from now until tick `seq`; 0 if it has happened."""
        return max(0.0, self._started + (seq - 1) * self.interval - time.monotonic())

    def tick(self, seq: int) -> str:
        """Tick `seq` as JSON."""
        value = 100 + 6 * math.sin(seq / 17) + 2.5 * math.sin(seq / 5.3 + 1)
        value += 0.8 * math.sin(seq * 1.7 + 2)
        then = self._epoch + (seq - 1) * self.interval
        return json.dumps({"seq": seq, "value": round(value, 2), "time": round(then, 3)})

    def since(self, after: int | None) -> range:
        """The numbers of the ticks after `after`, the last one if that is None or from another
        life of this server (a number not reached yet)."""
        latest = self.latest()
        if after is None or after > latest:
            after = latest - 1
        return range(max(after + 1, latest - KEPT + 1, 1), latest + 1)

    def answer(self, seqs: range) -> Response:
        """The ticks `seqs` as the JSON answer to a poll."""
        ticks = ", ".join(map(self.tick, seqs))
        body = f'{{"latest": {self.latest()}, "ticks": [{ticks}]}}\n'
        return Response(body, mimetype="application/json", headers={"Cache-Control": "no-store"})


def after(text: str | None) -> int | None:
    """The `after` of a query; None if there is none. ValueError if it is no number."""
    if text is None or text == "":
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError("after must be the number of a tick, such as after=41\n")
    return int(text)


def blueprint(sock: Sock, live: Live, feed: Feed, patience: float) -> Blueprint:
    """`/ws/ticker` and its HTTP twins; a long poll waits `patience` seconds at most."""
    bp = Blueprint("feed", __name__)

    @bp.errorhandler(ValueError)
    def bad_number(fault: ValueError) -> Response:
        return plain(400, str(fault))

    @bp.errorhandler(Full)
    def full(_: Full) -> Response:
        return plain(503, "Too many connections are open here.\n", Retry_After="5")

    @bp.get("/feed/poll")
    def poll() -> Response:
        return feed.answer(feed.since(after(request.args.get("after"))))

    @bp.get("/feed/long-poll")
    def long_poll() -> Response:
        last = after(request.args.get("after"))
        give_up = time.monotonic() + patience
        with live.slot():
            while not (seqs := feed.since(last)):
                left = min(give_up - time.monotonic(), feed.until(seqs.stop))
                if live.closing.wait(max(0.0, left)) or time.monotonic() >= give_up:
                    break
        return feed.answer(seqs)

    @bp.get("/feed/events")
    def events() -> Response:
        last = after(request.headers.get("Last-Event-ID") or request.args.get("after"))
        with live.slot():  # a full house is a 503 now, and a short stream later
            pass

        def stream() -> Iterator[str]:
            seen = last
            yield "retry: 2000\n\n"
            with suppress(Full), live.slot():
                while not live.closing.is_set():
                    for seq in feed.since(seen):
                        yield f"id: {seq}\ndata: {feed.tick(seq)}\n\n"
                        seen = seq
                    live.closing.wait(feed.until((seen or 0) + 1))

        headers = {"Cache-Control": "no-store"}
        return Response(stream(), mimetype="text/event-stream", headers=headers)

    @sock.route("/ws/ticker", bp=bp)
    def ticker(ws: WebSocket) -> None:
        pace, seen = Pace(live.closing.wait), None
        while True:
            for seq in feed.since(seen):
                ws.send(feed.tick(seq))
                seen = seq
            said = ws.receive(timeout=feed.until((seen or 0) + 1))
            if said is not None:  # nobody asked, and nobody minds
                pace.spend(len(said))

    return bp
