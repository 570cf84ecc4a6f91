"""What is stored instead of sockets: who belongs to which room, and what was said there, numbered.

A SQLite file in the learner's folder. An event is committed before `append` returns, so whoever has
seen its number can rely on it: a SIGKILL a moment later does not take it back. Several processes
may have the file open; each statement is a transaction of its own.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from lessons.demo.shelf import PATIENCE

FILE = "room.sqlite"
FULL = 500
"""Events that it takes. A fresh start of the server empties it before that, at half of it."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS events
    (room TEXT, number INTEGER, text TEXT, PRIMARY KEY (room, number));
CREATE TABLE IF NOT EXISTS members (who TEXT, room TEXT, PRIMARY KEY (who, room));
CREATE TABLE IF NOT EXISTS sent (who TEXT PRIMARY KEY, number INTEGER);
CREATE TABLE IF NOT EXISTS name (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT);
"""
APPEND = """
INSERT INTO events SELECT :room, COALESCE(MAX(number), 0) + 1, :text FROM events WHERE room = :room
RETURNING number
"""

type Event = tuple[int, str]


class LogFull(Exception):
    """It takes no more events."""


class Log:
    """Safe to use from any thread."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / FILE
        self.path.touch(mode=0o600)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(
            self.path, timeout=PATIENCE, check_same_thread=False, autocommit=True
        )
        self._database.executescript(SCHEMA)
        self._ask("INSERT OR IGNORE INTO name VALUES (1, ?)", secrets.token_hex(4))

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def _ask(self, statement: str, *values: Any, **named: Any) -> list[tuple[Any, ...]]:
        """One statement, committed when this returns."""
        with self._lock:
            return self._database.execute(statement, named or values).fetchall()

    @property
    def name(self) -> str:
        """Another log has another name: numbers of the one mean nothing to the other."""
        return str(self._ask("SELECT name FROM name")[0][0])

    @property
    def size(self) -> int:
        return int(self._ask("SELECT COUNT(*) FROM events")[0][0])

    def begin_anew(self) -> None:
        """Forget everything, under a new name."""
        for table in ("events", "members", "sent"):
            self._ask(f"DELETE FROM {table}")
        self._ask("UPDATE name SET name = ?", secrets.token_hex(4))

    # Events

    def append(self, room: str, text: str) -> int:
        """Store an event; its number, one more than that of the room's last."""
        if self.size >= FULL:
            raise LogFull
        return int(self._ask(APPEND, room=room, text=text)[0][0])

    def after(self, room: str, number: int) -> list[Event]:
        """The room's events with a higher number, in order."""
        found = self._ask(
            "SELECT number, text FROM events WHERE room = ? AND number > ? ORDER BY number",
            room, number,
        )  # fmt: skip
        return [(int(number), str(text)) for number, text in found]

    def forget(self, room: str) -> None:
        with suppress(sqlite3.Error):
            self._ask("DELETE FROM events WHERE room = ?", room)

    # Who belongs where

    def join(self, who: str, room: str) -> None:
        self._ask("INSERT OR IGNORE INTO members VALUES (?, ?)", who, room)

    def belongs(self, who: str, room: str) -> bool:
        return bool(self._ask("SELECT 1 FROM members WHERE who = ? AND room = ?", who, room))

    # What the server believes to have been delivered: the mistake of one of the ways

    def sent(self, who: str) -> int | None:
        found = self._ask("SELECT number FROM sent WHERE who = ?", who)
        return int(found[0][0]) if found else None

    def note_sent(self, who: str, number: int) -> None:
        self._ask("INSERT OR REPLACE INTO sent VALUES (?, ?)", who, number)
