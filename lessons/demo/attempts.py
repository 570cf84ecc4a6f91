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
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from lessons.demo.shelf import Absent, Shelves

Step = Literal["store", "restore", "send"]
SERVERS = {"redis": "Redis", "postgres": "PostgreSQL"}
PREVIEW = 120  # characters of a kept value that are shown


@dataclass(frozen=True, slots=True)
class Attempt:
    """`kept_in` says into which shelf goes what `store` returns, and in PostgreSQL into which
    column; if it is empty, into none."""

    name: str
    code: str
    store: Callable[[Any], Any]
    restore: Callable[[Any], Any]
    kept_in: str = "sqlite"

    @property
    def server(self) -> str:
        """The database server that it needs, if it needs one."""
        where = self.kept_in.partition(" ")[0]
        return where if where in SERVERS else ""


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
        Attempt("copy", "copy.copy(ws)", copy.copy, _itself, kept_in=""),
        Attempt("deepcopy", "copy.deepcopy(ws)", copy.deepcopy, _itself, kept_in=""),
        Attempt("sqlite", "INSERT ... VALUES (ws)", _itself, _itself),
        Attempt("sqlite-str", "INSERT ... VALUES (str(ws))", str, _itself),
        Attempt(
            "sqlite-pickle", "INSERT ... VALUES (pickle.dumps(ws))", pickle.dumps, pickle.loads
        ),
        Attempt("redis", "r.set(key, ws)", _itself, _itself, "redis"),
        Attempt("redis-repr", "r.set(key, repr(ws))", repr, _itself, "redis"),
        Attempt("postgres", "INSERT (as_text) VALUES (ws)", _itself, _itself, "postgres as_text"),
        Attempt(
            "postgres-json",
            "INSERT (as_json) VALUES (json.dumps(ws, default=str))",
            lambda ws: json.dumps(ws, default=str),
            _itself,  # the driver has read the JSON already
            "postgres as_json",
        ),
        Attempt(
            "postgres-pickle",
            "INSERT (as_bytes) VALUES (pickle.dumps(ws))",
            pickle.dumps,
            pickle.loads,
            "postgres as_bytes",
        ),
    ]
}
PIPE = Attempt("pipe", "pipe.send(ws.sock)", _itself, pickle.loads)


@dataclass(slots=True)
class Trial:
    """What became of one attempt. `size` counts the bytes that are kept of it."""

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


def trial(attempt: Attempt, ws: Any, shelf: Shelves | None) -> Trial:
    """Store `ws`, read it back in the same process, and send on what came back. Raises `Absent`
    if there is no such shelf here."""
    told = Trial(attempt.name, attempt.code)
    try:
        value = attempt.store(ws)
        if shelf:
            value = shelf.put(attempt.name, value)
            told.size = size(value)
    except Absent:
        raise
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
