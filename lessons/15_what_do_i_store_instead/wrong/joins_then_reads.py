"""Near miss: joins first and sends the log afterwards; what is said between comes first."""

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
            with self.db:  # committed at the end of this block: only then may anybody see it
                row = self.db.execute(APPEND, {"room": self.name, "text": text}).fetchone()
            for ws in self.here:
                with suppress(OSError):  # it is gone: its own thread will call leave
                    ws.send(f"{row[0]} {text}")
            return row[0]

    def join(self, ws, last):
        with self.lock:
            self.here.add(ws)
            asked = "SELECT number, text FROM events WHERE room = ? AND number > ? ORDER BY number"
            found = self.db.execute(asked, (self.name, last)).fetchall()
        for number, text in found:
            ws.send(f"{number} {text}")

    def leave(self, ws):
        with self.lock:
            self.here.discard(ws)
