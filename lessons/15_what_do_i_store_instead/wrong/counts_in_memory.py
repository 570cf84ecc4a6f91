"""Near miss: the number is counted in memory, so it begins at 1 again after a restart."""

import sqlite3
import threading
from contextlib import suppress


class Room:
    """One room of one server process."""

    def __init__(self, path, name):
        self.name = name
        self.here = set()
        self.number = 0
        self.lock = threading.Lock()
        self.db = sqlite3.connect(path, check_same_thread=False)
        with self.db:
            self.db.execute(
                "CREATE TABLE IF NOT EXISTS events (room TEXT, number INTEGER, text TEXT)"
            )

    def say(self, text):
        with self.lock:
            with self.db:  # committed at the end of this block: only then may anybody see it
                self.number += 1
                row = (self.number,)
                self.db.execute(
                    "INSERT INTO events VALUES (?, ?, ?)", (self.name, self.number, text)
                )
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
