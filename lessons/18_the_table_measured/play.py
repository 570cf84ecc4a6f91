"""Playing the gallery's cases: the server's part, and the client's without a browser."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from lessons.course.session import Session
from lessons.course.wire import ScriptFailed
from lessons.demo.live import Pace, WebSocket

from .cases import CASES, PREFIX, Case, content, cues

BUSY = 256
"""Messages of one player, at most, that are answered."""


def serve(ws: WebSocket, case: Case, pace: Pace) -> None:
    """What the case's server says by itself, and its answers, until the client closes."""
    begun, heard = time.monotonic(), 0
    due = list(cues(case, case.down))
    while True:
        now = time.monotonic() - begun
        while due and due[0].at <= now:
            ws.send(content(due[0].size, due[0].binary))
            due.pop(0)
        said = ws.receive(timeout=max(0.0, due[0].at - now) if due else None)
        if said is None:
            continue
        pace.spend(len(said))
        heard += 1
        if case.answers and heard <= BUSY:
            ws.send(content(case.answers, False))


def play_all(session: Session) -> None:
    """All nine at once."""
    faults: list[ScriptFailed] = []

    def run(case: Case) -> None:
        try:
            play(session, case)
        except ScriptFailed as fault:
            faults.append(fault)

    at_once([lambda case=case: run(case) for case in CASES])  # type: ignore[misc]
    if faults:
        raise faults[0]


def at_once(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job, daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def play(session: Session, case: Case) -> None:
    """The client's part of one case."""
    pause, begun = threading.Event(), time.monotonic()
    mine = cues(case, case.up)
    with session.client(f"{PREFIX}{case.name}") as ws:
        for cue in mine:
            pause.wait(max(0.0, cue.at - (time.monotonic() - begun)))
            ws.send(content(cue.size, cue.binary))
        for _ in range(len(cues(case, case.down)) + len(mine) * bool(case.answers)):
            ws.receive()
