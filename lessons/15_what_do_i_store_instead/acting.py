"""What the scripts do: guests with a name of their own, on as many connections as a page has."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterable
from contextlib import closing
from typing import Self

from lessons.course.client import Client
from lessons.course.session import Session
from lessons.course.wire import PATIENCE, ScriptFailed

from .hall import PAGE, ROOM, SAY, SOCKETS, WAYS
from .identity import COOKIE
from .log import Log

MEANWHILE = ("while you were away", "and once more", "and again")


class Guest:
    """Somebody whom the server has given a name."""

    def __init__(self, session: Session, tab: str) -> None:
        self.session = session
        self.tab = f"{tab}{time.time_ns() % 10**8:08d}"
        given = session.get(PAGE).head.get("set-cookie") or ""
        self.token = given.partition(f"{COOKIE}=")[2].partition(";")[0]

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        return ((("Cookie", f"{COOKIE}={self.token}")),)

    def path(self, way: str) -> str:
        return f"{SOCKETS}/{way}?tab={self.tab}"

    def client(self, way: str) -> Client:
        return self.session.client(self.path(way), fields=self.fields)

    def say(self, text: str) -> int:
        """The number that it got."""
        with self.session.http() as http:
            answer = http.post(SAY, text.encode(), self.fields)
        if answer.status != 200:
            raise ScriptFailed(answer.text.strip())
        return int(answer.text)


class Seat:
    """One of the guest's connections, taken again after it was lost."""

    def __init__(self, guest: Guest, way: str) -> None:
        self.guest, self.way = guest, way
        self.last: int | None = None
        """The last number that it has processed."""
        self.line = guest.client(way)

    @classmethod
    def resuming(cls, guest: Guest, way: str, last: int) -> Self:
        """One that has processed up to `last`, on an earlier connection."""
        seat = cls(guest, way)
        seat.last = last
        seat.come()
        return seat

    def come(self) -> None:
        """Say who we are, or where we were."""
        self.line.send(f"join {ROOM}" if self.last is None else f"resume {self.last}")

    def come_again(self) -> None:
        self.line.close()
        self.line = self.guest.client(self.way)
        self.come()

    def read_to(self, number: int) -> None:
        """Process what comes, up to that number."""
        while (came := number_in(self.line.receive())) != number:
            self.last = came or self.last
        self.last = number


def number_in(message: str | bytes) -> int | None:
    first = str(message).partition(" ")[0]
    return int(first) if first.isdecimal() else None


def take_seats(session: Session) -> list[Seat]:
    """A guest on all four ways, kept from one `do` to the next."""
    if not session.state.get("seats"):
        guest = Guest(session, "script")
        session.state["seats"] = seats = [Seat(guest, way) for way in WAYS]
        for seat in seats:
            seat.come()
    for seat in session.state["seats"]:
        if seat.line.closed:
            seat.come_again()
    return list(session.state["seats"])


def write_meanwhile(session: Session) -> None:
    """Another process, this one, goes on writing: no server is needed for it."""
    with closing(Log(session.folder)) as log:
        for text in MEANWHILE:
            log.append(ROOM, text)


class Absorbed(Client):
    """A client that reads only when it is told to: else, what comes stays with its kernel."""

    def _read(self) -> None:
        """In a thread; but not this one."""

    def read_to(self, number: int) -> None:
        while True:
            while self._messages:
                if number_in(self._messages.pop(0).text or "") == number:
                    return
            self.wire.more(time.monotonic() + PATIENCE, f"event {number}")
            self._took("server", self.wire.take(len(self.wire.buffer)))

    def unread(self, wanted: int) -> bytes:
        """What lies in its socket, once so many bytes have come; they stay there."""
        line = self.wire.socket
        line.settimeout(None)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(PATIENCE), 0))
        try:
            return line.recv(wanted, socket.MSG_PEEK | socket.MSG_WAITALL)
        except BlockingIOError:
            raise ScriptFailed("waited in vain for what was sent") from None


def absorbed(guest: Guest, way: str) -> Absorbed:
    fields: Iterable[tuple[str, str]] = guest.fields
    return guest.session.keep(Absorbed.open(*guest.session.address, guest.path(way), fields=fields))
