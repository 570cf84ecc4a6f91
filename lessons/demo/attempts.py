"""Ways to store a live WebSocket that people really try, each tried for real (lesson 13).

An `Attempt` is two functions: `store` makes of the live `ws` something that can be kept, `restore`
makes of what was kept something to send with. Nothing here decides whether it worked. That is read
off the wire: `trial` sends a text that nobody else sends on whatever came back, and either a frame
with it reaches the browser or none does.

    loud      storing or reading back raised an exception
    silent    neither did, yet what came back reaches nobody, be it that sending raises
    works     the text arrived: look for the "but"
"""

from __future__ import annotations

import copy
import json
import pickle
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Step = Literal["store", "restore", "send"]
PREVIEW = 120  # characters of a kept value that are shown


@dataclass(frozen=True, slots=True)
class Attempt:
    """`on_disk` says whether what `store` returns goes into the database, too."""

    name: str
    code: str
    store: Callable[[Any], Any]
    restore: Callable[[Any], Any]
    on_disk: bool = True


def _itself(value: Any) -> Any:
    return value


ATTEMPTS = {
    attempt.name: attempt
    for attempt in [
        Attempt("pickle", "pickle.dumps(ws)", pickle.dumps, pickle.loads),
        Attempt("json", "json.dumps(ws)", json.dumps, json.loads),
        Attempt(
            "json-str",
            "json.dumps(ws, default=str)",
            lambda ws: json.dumps(ws, default=str),
            json.loads,
        ),
        Attempt("copy", "copy.copy(ws)", copy.copy, _itself, on_disk=False),
        Attempt("deepcopy", "copy.deepcopy(ws)", copy.deepcopy, _itself, on_disk=False),
        Attempt("sqlite", "INSERT ... VALUES (ws)", _itself, _itself),
        Attempt("sqlite-str", "INSERT ... VALUES (str(ws))", str, _itself),
        Attempt(
            "sqlite-pickle", "INSERT ... VALUES (pickle.dumps(ws))", pickle.dumps, pickle.loads
        ),
    ]
}
PIPE = Attempt("pipe", "pipe.send(ws.sock)", _itself, pickle.loads)


@dataclass(slots=True)
class Trial:
    """What became of one attempt. `size` counts the bytes that lie on disk after it."""

    attempt: str
    code: str
    kept: str | None = None
    size: int = 0
    raised: str | None = None
    step: Step | None = None
    back: str | None = None
    probe: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def failed(self, step: Step, fault: BaseException) -> Trial:
        self.raised, self.step = f"{type(fault).__name__}: {fault}", step
        return self


class Shelf:
    """A SQLite file: what was stored outlives the process that stored it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / "lab.sqlite"
        self.path.touch(mode=0o600)
        with closing(self._open()) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS kept (attempt TEXT PRIMARY KEY, value)")

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=5)

    def put(self, attempt: str, value: Any) -> None:
        """Store a value under the attempt's name, in place of an older one."""
        with closing(self._open()) as database, database:
            database.execute("DELETE FROM kept WHERE attempt = ?", (attempt,))
        with closing(self._open()) as database, database:
            database.execute("INSERT INTO kept VALUES (?, ?)", (attempt, value))

    def all(self) -> dict[str, Any]:
        with closing(self._open()) as database:
            return dict(database.execute("SELECT attempt, value FROM kept ORDER BY attempt"))


def trial(attempt: Attempt, ws: Any, shelf: Shelf) -> Trial:
    """Store `ws`, read it back in the same process, and send on what came back."""
    told = Trial(attempt.name, attempt.code)
    try:
        value = attempt.store(ws)
        if attempt.on_disk:
            shelf.put(attempt.name, value)
            told.size = size(value)
    except Exception as fault:
        return told.failed("store", fault)
    told.kept = preview(value)
    return read_back(attempt, value, told)


def read_back(attempt: Attempt, value: Any, told: Trial | None = None) -> Trial:
    """Restore a kept value, and send on what came back."""
    told = told or Trial(attempt.name, attempt.code, preview(value), size(value))
    try:
        back = attempt.restore(value)
    except Exception as fault:
        return told.failed("restore", fault)
    told.back = f"{type(back).__name__}: {preview(back)}"
    told.probe = probe(attempt.name)
    try:
        back.send(told.probe)
    except Exception as fault:
        return told.failed("send", fault)
    return told


def probe(attempt: str) -> str:
    """A text that nobody else sends: when a frame carries it, this attempt sent that frame."""
    return f"probe {attempt} {secrets.token_hex(4)}"


def preview(value: Any) -> str:
    text = value.hex(" ") if isinstance(value, bytes) else str(value)
    return text if len(text) <= PREVIEW else f"{text[:PREVIEW]}…"


def size(value: Any) -> int:
    """Bytes of a str (UTF-8) or bytes value."""
    return len(value.encode() if isinstance(value, str) else value)


def refusals(ws: Any) -> list[tuple[str, str, str]]:
    """The parts of `ws` that can't be pickled: their names, their types and the reasons."""
    refused = []
    for name, part in vars(ws).items():
        try:
            pickle.dumps(part)
        except Exception as fault:
            refused.append((name, type(part).__name__, str(fault)))
    return refused


STRANGER = b"cos\ngetpid\n(tR."
"""Bytes that somebody calls a pickled WebSocket. What they say: import os, call os.getpid()."""


def unpickle_stranger() -> Any:
    """`pickle.loads` of a stranger's bytes: they run what they like. These only ask for our pid."""
    return pickle.loads(STRANGER)
