"""Fifty clients and a server, on real connections, in a time of our own.

The clients' next tries lie in a queue by their time. Each is made by a real connection to a server
on loopback, in turn, and what the client learns is what came back over it: nothing at all, a 503,
or a 101. So what is judged has crossed a wire, and a slow machine changes nothing.

    0 to 40 s       nobody listens: the connection is refused
    40 to 60 s      503 with Retry-After
    from 60 s on    101
"""

from __future__ import annotations

import heapq
import random
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from inspector.core.handshake import accept_for
from inspector.core.heads import parse_head
from lessons.course.client import new_key
from lessons.course.wire import request_head

CLIENTS: Final = 50
GONE: Final = 40.0
BUSY: Final = 60.0
AFTER: Final = 20
ENOUGH: Final = 300.0
TRIES: Final = 1000
"""In all. Whoever tries more often is stopped."""
PATIENCE: Final = 10.0


@dataclass(slots=True)
class Told:
    """What arrived: times of tries while the server was gone, and after a 503."""

    gone: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)
    early: int = 0
    missing: int = CLIENTS

    @property
    def gone_peak(self) -> int:
        return peak(self.gone)

    @property
    def after_peak(self) -> int:
        return peak(self.after)


def peak(times: list[float]) -> int:
    """The most within a second."""
    ordered = sorted(times)
    return max((sum(at <= time <= at + 1 for time in ordered) for at in ordered), default=0)


def play(next_delay: Callable[..., Any]) -> Told:
    """Let them all down at 0, and see them come."""
    told = Told()
    queue: list[tuple[float, int, int, float]] = []  # when, who, which attempt, not before

    def wait(now: float, who: int, attempt: int, status: int | None, after: int | None) -> None:
        delay = next_delay(attempt, 1006, status, after, random.random)
        if delay is not None:
            due, least = now + max(0.0, float(delay)), now + after if after else 0.0
            heapq.heappush(queue, (due, who, attempt + 1, least))

    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as deaf:
        server.settimeout(PATIENCE)
        deaf.bind(("127.0.0.1", 0))  # and does not listen
        nobody = deaf.getsockname()
        for who in range(CLIENTS):
            wait(0.0, who, 0, None, None)
        for _ in range(TRIES):
            if not queue or queue[0][0] > ENOUGH:
                break
            now, who, attempt, least = heapq.heappop(queue)
            told.early += now < least
            if now < GONE:
                told.gone.append(now)
            elif least:
                told.after.append(now)
            status, after = ask(server, nobody if now < GONE else None, busy=now < BUSY)
            if status == 101:
                told.missing -= 1
            else:
                wait(now, who, attempt, status, after)
    return told


def ask(server: socket.socket, nobody: Any, *, busy: bool) -> tuple[int | None, int | None]:
    """One try: the status that came back and its Retry-After; None and None if nobody was there."""
    try:
        client = socket.create_connection(nobody or server.getsockname(), PATIENCE)
    except ConnectionRefusedError:
        return None, None
    with client:
        key = new_key()
        fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", key),
                  ("Sec-WebSocket-Version", "13")]  # fmt: skip
        client.sendall(request_head("GET", "/", "127.0.0.1", fields))
        answer(server, busy=busy)
        head = parse_head(client.recv(65536))
        after = head.get("retry-after")
        return head.status, int(after) if after else None


def answer(server: socket.socket, *, busy: bool) -> None:
    peer, _ = server.accept()
    with peer:
        peer.settimeout(PATIENCE)
        asked = parse_head(peer.recv(65536))
        if busy:
            lines = ["HTTP/1.1 503 Service Unavailable", f"Retry-After: {AFTER}"]
        else:
            accept = accept_for(asked.get("sec-websocket-key") or "")
            lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket",
                     "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}"]  # fmt: skip
        peer.sendall("\r\n".join([*lines, "", ""]).encode())
