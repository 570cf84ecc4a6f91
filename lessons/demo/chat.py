"""The chat room: plain text both ways, one message one line of talk.

What a page sends is exactly what was typed ("hello" is five octets, before any compression that was
agreed), so that it can be found again on the wire. What the server sends is one of two kinds, told
apart by their start:

    Otter: hello          Otter said hello (the nickname is the server's choice)
    * Heron joined        the server itself speaks; nobody else's line can begin with "* "

The first line a page gets is `* You are Otter. Here now: Otter, Heron.` One server among several
has a name, which stands behind its nicknames (`Otter@A`), and says which it is: `Server A, process
4711, no bus.` Who is here now, it only knows of itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, count

from flask import Blueprint
from flask_sock import Sock
from simple_websocket import ConnectionClosed

from lessons.demo.live import Live, Pace, Room, WebSocket, here

UNSUPPORTED_DATA = 1003  # RFC 6455 §7.4.1: a type of data this endpoint can't take

# fmt: off
NICKNAMES = (
    "Otter", "Heron", "Badger", "Wren", "Marten", "Plover", "Hare", "Kestrel", "Vole", "Swift",
    "Lynx", "Curlew", "Stoat", "Robin", "Beaver", "Dipper", "Fox", "Lark", "Newt", "Osprey",
)
# fmt: on


def nickname(room: Room, turn: int, after: str = "") -> str:
    """A name that nobody in the room has; each newcomer gets the next of the list. `after` stands
    behind it."""
    taken = set(room.members.values())
    names = NICKNAMES[turn % len(NICKNAMES) :] + NICKNAMES[: turn % len(NICKNAMES)]
    more = (f"{name} {number}" for number in count(2) for name in names)
    return next(f"{name}{after}" for name in chain(names, more) if f"{name}{after}" not in taken)


def only_text(said: str | bytes) -> None:
    if not isinstance(said, str):
        raise ValueError("the chat takes text")


class Chat:
    """The room, and the turn in which names are given."""

    def __init__(self, room: Room, server: str = "") -> None:
        self.room = room
        self.server = server
        self._turns = count()
        room.keep = only_text

    @contextmanager
    def seat(self, ws: WebSocket) -> Iterator[str]:
        """Sit down in the room, with a name, and get up again. The greeting is sent under the same
        lock, or others' words could come before it."""
        room = self.room
        with room.lock:
            name = nickname(room, next(self._turns), f"@{self.server}" if self.server else "")
            room.announce(f"* {name} joined")
            room.members[ws] = name
            here = ", ".join(room.members.values())
            with suppress(ConnectionClosed, OSError):  # its handler will see that it is gone
                ws.send(f"* You are {name}. Here now: {here}.{self.which()}")
        try:
            yield name
        finally:
            with room.lock:
                del room.members[ws]
                room.announce(f"* {name} left")

    def which(self) -> str:
        """Which server this is, if there are several."""
        bus = "on a bus" if self.room.bus else "no bus"
        return f" Server {self.server}, process {os.getpid()}, {bus}." if self.server else ""

    def talk(self, ws: WebSocket, pace: Pace) -> None:
        with self.seat(ws) as name:
            while True:
                text = ws.receive()
                if not isinstance(text, str):
                    with suppress(ConnectionClosed):
                        ws.close(UNSUPPORTED_DATA, "the chat takes text, this was binary")
                    return
                pace.spend(len(text))
                self.room.broadcast(f"{name}: {text}")


def blueprint(sock: Sock, live: Live) -> Blueprint:
    """`/ws/chat`."""
    bp = Blueprint("chat", __name__)
    chat = Chat(live.room("chat"), live.name)

    @sock.route("/ws/chat", bp=bp)
    def talk(ws: WebSocket) -> None:
        chat.talk(ws, Pace(here().closing.wait))

    return bp
