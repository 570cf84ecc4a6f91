"""Joining a room is two acts: read the log, and become a member. What is said just between them?

    read     first read, then join: what is said between is in neither
    join     first join, then read: what is said between is in both
    lock     both under the lock that `say` takes, too: nothing is said between

Each connection gets a room of its own, with three events in it, and somebody who speaks at just
that moment; so it comes out the same every time.
"""

from __future__ import annotations

import secrets
import threading

from lessons.demo.live import WebSocket

from .hall import told
from .log import Log

HOWS = ("read", "join", "lock")
BEFORE = ("one", "two", "three")
BETWEEN, AFTERWARDS = "said in between", "said afterwards"


class Race:
    """A room, a newcomer, and the moment."""

    def __init__(self, log: Log, ws: WebSocket) -> None:
        self.log, self.ws = log, ws
        self.room = f"seam {secrets.token_hex(4)}"
        self.members: list[WebSocket] = []
        self.lock = threading.Lock()

    def say(self, text: str) -> None:
        with self.lock:
            number = self.log.append(self.room, text)
            for member in self.members:
                member.send(told((number, text)))

    def run(self, how: str) -> None:
        try:
            for text in BEFORE:
                self.say(text)
            {"read": self._read_first, "join": self._join_first, "lock": self._locked}[how]()
            self.say(AFTERWARDS)
        finally:
            self.log.forget(self.room)

    def _replay(self, events: list[tuple[int, str]]) -> None:
        for event in events:
            self.ws.send(told(event))

    def _read_first(self) -> None:
        found = self.log.after(self.room, 0)
        self.say(BETWEEN)
        self._replay(found)
        self.members.append(self.ws)

    def _join_first(self) -> None:
        self.members.append(self.ws)
        self.say(BETWEEN)
        self._replay(self.log.after(self.room, 0))

    def _locked(self) -> None:
        speaker = threading.Thread(target=self.say, args=(BETWEEN,))
        with self.lock:
            found = self.log.after(self.room, 0)
            speaker.start()  # it has to wait for us
            self._replay(found)
            self.members.append(self.ws)
        speaker.join()
