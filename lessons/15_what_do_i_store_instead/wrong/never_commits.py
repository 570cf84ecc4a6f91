"""Near miss: never commits. Others who write to the file wait, and a kill takes all of it back."""

import sqlite3
import threading
from contextlib import suppress

APPEND = """
INSERT INTO events SELECT :room, COALESCE(MAX(number), 0) + 1, :text FROM events
WHERE room = :room RETURNING number
"""


class Room:
    """One room of one server process."""

    def __init__(self, path, name):
        self.name = name
        self.here = set()
        self.lock = threading.Lock()
        self.db = sqlite3.connect(path, check_same_thread=False)
        with self.db:
            self.db.execute(
                "CREATE TABLE IF NOT EXISTS events"
                " (room TEXT, number INTEGER, text TEXT, PRIMARY KEY (room, number))"
            )

    def say(self, text):
        with self.lock:
            row = self.db.execute(APPEND, {"room": self.name, "text": text}).fetchone()
            for ws in self.here:
                with suppress(OSError):  # it is gone: its own thread will call leave
                    ws.send(f"{row[0]} {text}")
            return row[0]

    def join(self, ws, last):
        with self.lock:  # nothing is said between reading and joining
            asked = "SELECT number, text FROM events WHERE room = ? AND number > ? ORDER BY number"
            for number, text in self.db.execute(asked, (self.name, last)).fetchall():
                ws.send(f"{number} {text}")
            self.here.add(ws)

    def leave(self, ws):
        with self.lock:
            self.here.discard(ws)
