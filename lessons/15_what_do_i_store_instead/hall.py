"""The dict in this process that holds the sockets, and what it does with a room's events.

Four ways to go on after a client was away, each on a path of its own, all fed from one log:

    live     nothing is sent again
    all      everything is sent again
    sent     what came after the number that the *server* has noted as sent (where it has none yet,
             it takes the client's word)
    yours    what came after the number that the *client* says it has processed

A client says `join garden` once, and `resume 7` whenever it comes back. All of them say their
number; one of the ways listens.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count

from simple_websocket import ConnectionClosed

from lessons.demo.live import WebSocket

from .log import Event, Log

ROOM = "garden"
WAYS = ("live", "all", "sent", "yours")
SOCKETS = "/room/ws"
SEAM = "/room/seam"
PAGE = "/room"
SAY = "/room/say"


def told(event: Event) -> str:
    """An event as it is sent: `7 hello`."""
    number, text = event
    return f"{number} {text}"


@dataclass(slots=True, eq=False)
class Member:
    """One entry of the dict. `inside` once it hears what is said."""

    ws: WebSocket
    who: str
    way: str
    tab: str
    about: str
    inside: bool = False

    @property
    def counted_as(self) -> str:
        """For whom the server notes what it has sent: two tabs are two."""
        return f"{self.who} {self.tab}"


class Hall:
    """One process's share of the room."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.held: dict[int, Member] = {}
        self._entries = count(1)
        self._lock = threading.RLock()

    @contextmanager
    def hold(self, ws: WebSocket, who: str, way: str, tab: str) -> Iterator[Member]:
        """Keep the socket in the dict."""
        with self._lock:
            entry, held = next(self._entries), len(self.held) + 1
            about = {"pid": os.getpid(), "who": who, "entry": entry, "held": held}
            self.held[entry] = member = Member(ws, who, way, tab, f"* {json.dumps(about)}")
        try:
            yield member
        finally:
            with self._lock:
                del self.held[entry]

    def say(self, text: str) -> int:
        """First the log, then the sockets: a number that somebody has seen is never lost again."""
        with self._lock:
            number = self.log.append(ROOM, text)
            for member in self.held.values():
                if member.inside:
                    self._send(member, (number, text))
            return number

    def resume(self, member: Member, last: int) -> bool:
        """Greet, send what is to be sent again, then let it hear the rest: under one lock, so that
        nothing is said between the two. False for somebody who belongs to no room."""
        with self._lock:
            if not self.log.belongs(member.who, ROOM):
                return False
            with suppress(ConnectionClosed, OSError):
                member.ws.send(member.about)
            for event in self._again(member, last):
                self._send(member, event)
            member.inside = True
            return True

    def _again(self, member: Member, last: int) -> list[Event]:
        match member.way:
            case "all":
                return self.log.after(ROOM, 0)
            case "sent":
                noted = self.log.sent(member.counted_as)
                return self.log.after(ROOM, last if noted is None else noted)
            case "yours":
                return self.log.after(ROOM, last)
        return []

    def _send(self, member: Member, event: Event) -> None:
        with suppress(ConnectionClosed, OSError):
            member.ws.send(told(event))
            if member.way == "sent":
                self.log.note_sent(member.counted_as, event[0])
