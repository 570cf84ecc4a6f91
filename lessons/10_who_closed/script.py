"""What the script does in the page's place, and when it ends, or freezes, the server."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode

from inspector.core.rfc import CLOSE
from lessons.course.client import Client
from lessons.course.evidence import Evidence
from lessons.course.process import frozen
from lessons.course.session import Session
from lessons.course.wire import ScriptFailed

from .seen import End, answered, asked, ends, is_pages, reports
from .ways import ANYBODY, ASK, ASKS, CROSSES, FAIL, HANGS_UP, LEAVE, PATH

ADDRESSES = {"cross": CROSSES, "hangs-up": HANGS_UP}
PAGES = 6.0
"""Seconds that an open page may take to notice the end and to tell of it."""
MUTE = 1.2
"""Seconds for which the script waits in vain."""


class Mine:
    """A connection of the script's, with the name by which its end is told."""

    def __init__(self, session: Session, way: str) -> None:
        self.session = session
        self.id = os.urandom(4).hex()
        path = f"{ADDRESSES.get(way, PATH)}?way={way}&id={self.id}"
        self.client: Client = session.client(path)

    def act(self, way: str) -> None:
        """Do what the page would, and tell of the end."""
        match way:
            case "close":
                self.client.close(None)
            case "close-1000" | "hangs-up":
                self.client.close(1000, "bye")
            case "close-4000" | "cross":
                self.client.close(4000, "my own")
            case "server-close":
                self.client.send(LEAVE)
            case "server-fault":
                self.client.send(FAIL)
        self.tell()

    def tell(self) -> None:
        """What a program is told of this end (RFC 6455 §7.1.4 to §7.1.6)."""
        with suppress(ScriptFailed):
            self.client.wait_closed()
        self.client.close()
        closes = [frame.payload for frame in self.client.frames if frame.opcode == CLOSE]
        payload = closes[0] if closes else None
        code = 1006 if payload is None else int.from_bytes(payload[:2]) if payload else 1005
        reason = (payload or b"")[2:].decode("utf-8", "replace")
        clean = "true" if payload is not None else "false"
        told = {"id": self.id, "code": code, "reason": reason, "clean": clean, "by": "script"}
        self.session.post(f"/ended/told?{urlencode(told)}")


def ways(*names: str) -> Callable[[Session], None]:
    """A script that lets connections end in these ways."""

    def script(session: Session) -> None:
        for name in names:
            Mine(session, name).act(name)

    return script


def held_by_pages(session: Session) -> list[End]:
    """Connections that a page holds open just now."""
    here = [end for end in ends(session.evidence()) if end.line.file == session.capture]
    return [end for end in here if end.way == "hold" and not end.line.ends and is_pages(end)]


def end_twice(session: Session) -> None:
    """end the server with SIGTERM, start it again, end it with kill -9, start it again"""
    holding = len(held_by_pages(session))
    for stop in (session.stop_demo, session.kill_demo):
        mine = Mine(session, "hold")
        names = [name_of(end) for end in held_by_pages(session)]
        try:
            stop()
        finally:
            session.start_demo()
        mine.tell()
        patient(session, told_all(names), "the pages to tell")
        patient(session, lambda _: len(held_by_pages(session)) >= holding, "the pages to be back")


def name_of(end: End) -> str:
    return end.line.request.target.rpartition("id=")[2]


def told_all(names: list[str]) -> Callable[[Evidence], bool]:
    return lambda evidence: set(names) <= set(reports(evidence))


def patient(session: Session, seen: Callable[[Evidence], bool], what: str) -> bool:
    """Wait for an open page; one that sleeps in a hidden tab is not waited for without end."""
    try:
        session.wait_for(seen, what, PAGES)
    except ScriptFailed:
        return False
    return True


def freeze(session: Session) -> None:
    """stop the server's process in the middle, ask it four times, let it go on"""
    mine = Mine(session, "hold")
    session.post("/ended/ask")
    mine.client.receive_until(ASK)
    names = [name_of(end) for end in held_by_pages(session)]
    with frozen(session.demo_pid):
        for _ in range(ASKS):
            mine.client.send(ANYBODY)
            with suppress(ScriptFailed):  # nothing comes
                mine.client.receive(MUTE / ASKS)
        patient(session, all_of(names, asked), "your page to ask")
    session.wait_for(all_of([mine.id], answered), "the server to answer")
    patient(session, all_of(names, answered), "the server to answer your page")
    mine.client.close()


def all_of(names: list[str], true: Callable[[End], bool]) -> Callable[[Evidence], bool]:
    def seen(evidence: Evidence) -> bool:
        return all(true(end) for end in ends(evidence) if name_of(end) in names)

    return seen
