"""The chat room: plain text both ways, one message one line of talk.

What a page sends is exactly what was typed ("hello" is five octets, before any compression that was
agreed), so that it can be found again on the wire. What the server sends is one of two kinds, told
apart by their start:

    Otter: hello          Otter said hello (the nickname is the server's choice)
    * Heron joined        the server itself speaks; nobody else's line can begin with "* "

The first line a page gets is `* You are Otter. Here now: Otter, Heron.`
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count

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


def nickname(room: Room, turn: int) -> str:
    """A name that nobody in the room has; each newcomer gets the next of the list."""
    taken = set(room.members.values())
    names = NICKNAMES[turn % len(NICKNAMES) :] + NICKNAMES[: turn % len(NICKNAMES)]
    more = (f"{name} {number}" for number in count(2) for name in names)
    return next((name for name in names if name not in taken), None) or next(
        name for name in more if name not in taken
    )


class Chat:
    """The room, and the turn in which names are given."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self._turns = count()

    @contextmanager
    def seat(self, ws: WebSocket) -> Iterator[str]:
        """Sit down in the room, with a name, and get up again."""
        room = self.room
        with room.lock:
            name = nickname(room, next(self._turns))
            room.broadcast(f"* {name} joined")
            room.members[ws] = name
        try:
            with room.lock:
                ws.send(f"* You are {name}. Here now: {', '.join(room.members.values())}.")
            yield name
        finally:
            with room.lock:
                del room.members[ws]
                room.broadcast(f"* {name} left")

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
    chat = Chat(live.room("chat"))

    @sock.route("/ws/chat", bp=bp)
    def talk(ws: WebSocket) -> None:
        chat.talk(ws, Pace(here().closing.wait))

    return bp
