"""The shared whiteboard: small binary messages, the same both ways.

A message is one or more records, one after the other; numbers are big-endian, as everywhere in
RFC 6455. The board is 1000 units wide and 600 high, whatever the screen.

    line   10 octets   01  pen  x0 x0  y0 y0  x1 x1  y1 y1     pen 0 to 5, x 0 to 999, y 0 to 599
    wipe    1 octet    02                                      everything, for everyone

So `01 02 00 64 00 32 00 c8 00 32` is a line with pen 2 from (100, 50) to (200, 50), and on the wire
it is 10 octets of payload behind 6 of header (client) or 2 (server). What one page draws the server
sends to all, to the one that drew it too; a newcomer gets the lines that are on the board, in
messages of many records. Anything else is a fault and ends the connection: 1003 for text, 1008 for
binary that is no record.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import batched

from flask import Blueprint
from flask_sock import Sock
from simple_websocket import ConnectionClosed

from lessons.demo.live import Live, Pace, Room, WebSocket, here

LINE, WIPE = 1, 2
WIDTH, HEIGHT, PENS = 1000, 600, 6
RECORD = struct.Struct("!BBHHHH")
KEPT = 5000  # lines; older ones are forgotten
BATCH = 400  # lines a message to a newcomer

UNSUPPORTED_DATA, POLICY_VIOLATION = 1003, 1008  # RFC 6455 §7.4.1


def records(message: str | bytes) -> list[bytes]:
    """Cut a message into its records. ValueError, with the offset, if it is not made of them."""
    if isinstance(message, str):
        raise ValueError("text draws nothing")
    found: list[bytes] = []
    at = 0
    while at < len(message):
        kind = message[at]
        record = message[at : at + (1 if kind == WIPE else RECORD.size)]
        if kind == LINE and len(record) == RECORD.size:
            _, pen, x0, y0, x1, y1 = RECORD.unpack(record)
            if pen >= PENS or max(x0, x1) >= WIDTH or max(y0, y1) >= HEIGHT:
                raise ValueError(f"octet {at}: a line off the board")
        elif kind != WIPE:
            raise ValueError(f"octet {at}: no record of the whiteboard")
        found.append(record)
        at += len(record)
    if not found:
        raise ValueError("an empty message draws nothing")
    return found


class Board:
    """What is drawn, and who looks at it."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.lines: deque[bytes] = deque(maxlen=KEPT)
        room.keep = self.draw

    @contextmanager
    def seat(self, ws: WebSocket) -> Iterator[None]:
        """Show a newcomer what is there, then everything new, with nothing missed in between."""
        with self.room.lock:
            for lines in batched(self.lines, BATCH):
                ws.send(b"".join(lines))
            self.room.members[ws] = "someone"
        try:
            yield
        finally:
            with self.room.lock:
                del self.room.members[ws]

    def draw(self, message: str | bytes) -> None:
        """Put a message on the board; the room does, with all that is said in it."""
        for record in records(message):
            if record[0] == WIPE:
                self.lines.clear()
            else:
                self.lines.append(record)


def blueprint(sock: Sock, live: Live) -> Blueprint:
    """`/ws/board`."""
    bp = Blueprint("board", __name__)
    shared = Board(live.room("board"))

    @sock.route("/ws/board", bp=bp)
    def board(ws: WebSocket) -> None:
        pace = Pace(here().closing.wait)
        with shared.seat(ws), suppress(ConnectionClosed):
            while True:
                message = ws.receive()
                if not isinstance(message, bytes):
                    return ws.close(UNSUPPORTED_DATA, "the whiteboard takes binary, this was text")
                pace.spend(len(message))
                try:
                    records(message)
                except ValueError as fault:
                    return ws.close(POLICY_VIOLATION, str(fault))
                shared.room.broadcast(message)  # as it came

    return bp
