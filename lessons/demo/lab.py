"""The lab: a live WebSocket that the learner tries to store (lesson 13).

    /lab             the page
    /ws/lab          the connection that is to be stored; it opens with a `hello`
    /ws/lab/pipe     a side connection, whose socket is passed to another process

The page (or a script) speaks in plain words, the server answers in JSON, so that all of it can be
read off the wire again:

    try pickle       {"lab": "tried", "attempt": "pickle", "raised": "TypeError: ...", ...}
                     {"lab": "absent", "attempt": "redis", "words": "no Redis"} where there is none
    parts            {"lab": "parts", "refused": [["sock", "socket", "cannot pickle ..."], ...]}
    descriptors      {"lab": "descriptors", "table": [[3, "socket:[44364]", "TCP, ..."], ...]}
    session          {"lab": "session", ...}: written into Flask's session (see lab_session.py)
    stranger         {"lab": "stranger", "bytes": "636f73...", "back": 4711, "pid": 4711}
    read             {"lab": "read", "trials": [...]}: all that was kept, tried again
    {"lab": ...}     the page's own trials, written down here so that they are on the wire, too

Between the two lines of a trial stands its probe: `probe copy 1f3a09bc`, a frame sent on what came
back. If it isn't there, what came back reached nobody.

What is kept lies in `WS101_LAB_FOLDER` (the app's configuration, else the environment), so that it
outlives the server; without one, in a folder that ends with the process. `WS101_LAB_REDIS` and
`WS101_LAB_POSTGRES` are the addresses of the private servers, whether they run or not.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, render_template, request
from flask_sock import Sock

from lessons.demo import descriptors
from lessons.demo.attempts import (
    ATTEMPTS,
    PIPE,
    SERVERS,
    STRANGER,
    Trial,
    preview,
    probe,
    read_back,
    refusals,
    trial,
    unpickle_stranger,
)
from lessons.demo.heir import kernel_name, pass_on
from lessons.demo.lab_session import SESSION, add_session, in_handler, kept_in_session
from lessons.demo.live import Pace, WebSocket, here
from lessons.demo.shelf import Absent, PostgresShelf, RedisShelf, Shelf, Shelves

COST = 16 * 1024  # octets that one request counts for: an attempt is work


@cache
def _passing_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ws101-lab-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def setting(name: str) -> str | None:
    """From this app's configuration, else from the environment."""
    return current_app.config.get(name) or os.environ.get(name)


def shelf(kept_in: str = "sqlite") -> Shelves | None:
    """Where this app keeps what was stored."""
    where, _, column = kept_in.partition(" ")
    match where:
        case "sqlite":
            named = setting("WS101_LAB_FOLDER")
            return Shelf(Path(named) if named else _passing_folder())
        case "redis":
            return RedisShelf(setting("WS101_LAB_REDIS"))
        case "postgres":
            return PostgresShelf(setting("WS101_LAB_POSTGRES"), column or "as_text")
    return None


def everything_kept() -> dict[str, Any]:
    """What lies on all shelves that are here."""
    kept: dict[str, Any] = {}
    for where in ("sqlite", *SERVERS):
        with suppress(Absent):
            if found := shelf(where):
                kept |= found.all()
    return kept | kept_in_session()


def hello(ws: Any) -> dict[str, Any]:
    """What this connection is, seen from inside the process that holds it."""
    sock = ws.sock
    environ = request.environ
    return {
        "lab": "hello",
        "pid": os.getpid(),
        "class": type(ws).__name__,
        "address": hex(id(ws)),
        "descriptor": sock.fileno(),
        "kernel": kernel_name(sock.fileno()),
        "here": list(sock.getsockname()[:2]),
        "there": list(sock.getpeername()[:2]),
        "request": f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}",
        "key": environ.get("HTTP_SEC_WEBSOCKET_KEY", "").strip(),
    }


def answer(ws: Any, words: str) -> dict[str, Any] | None:
    """The answer to one request of the page; None for what is only to be on the wire."""
    if words.startswith("try ") and (attempt := ATTEMPTS.get(words.removeprefix("try "))):
        try:
            return {"lab": "tried", **trial(attempt, ws, shelf(attempt.kept_in)).as_dict()}
        except Absent as fault:
            return {"lab": "absent", "attempt": attempt.name, "words": str(fault)}
    if words == "parts":
        return {"lab": "parts", "refused": refusals(ws)}
    if words == "descriptors":
        own = ws.sock.fileno()
        rows, more = descriptors.table(own)
        told = {"lab": "descriptors", "pid": os.getpid(), "own": own}
        return {**told, "table": rows, "more": more}
    if words == "session":
        return in_handler(ws)
    if words == "stranger":
        back = unpickle_stranger()
        return {"lab": "stranger", "bytes": STRANGER.hex(), "back": back, "pid": os.getpid()}
    if words == "read":
        kept = everything_kept()
        known = {**ATTEMPTS, PIPE.name: PIPE, **SESSION}
        trials = [read_back(known[name], kept[name]) for name in kept if name in known]
        found = [each.as_dict() for each in trials]
        return {"lab": "read", "pid": os.getpid(), "trials": found}
    if words.startswith("{"):
        return None
    return {"lab": "unknown", "asked": preview(words)}


def pipe_trial(ws: Any) -> dict[str, Any]:
    """Pass this connection's socket to another process, and let that one speak."""
    told = Trial(PIPE.name, PIPE.code, probe=probe(PIPE.name))
    try:
        passed = pass_on(ws.sock, told.probe or "")
    except OSError as fault:
        told.probe = None
        return {"lab": "tried", "pid": os.getpid(), **told.failed("send", fault).as_dict()}
    if kept := shelf():
        kept.put(PIPE.name, passed.ticket)
    told.size, told.kept = len(passed.ticket), preview(passed.ticket)
    told.back = f"socket, in process {passed.heir}"
    return {
        "lab": "tried",
        "pid": os.getpid(),
        "heir": passed.heir,
        "kernel": passed.kernel,
        "heirs_kernel": passed.heirs_kernel,
        **told.as_dict(),
    }


def blueprint(sock: Sock) -> Blueprint:
    """The page and its two WebSockets."""
    bp = Blueprint("lab", __name__)
    add_session(bp)

    @bp.get("/lab")
    def lab() -> str:
        return render_template(
            "lab.html", attempts=ATTEMPTS.values(), servers=SERVERS, pipe=PIPE, session_=SESSION
        )

    @sock.route("/ws/lab", bp=bp)
    def bench(ws: WebSocket) -> None:
        pace = Pace(here().closing.wait)
        ws.send(json.dumps(hello(ws)))
        while True:
            words = ws.receive()
            pace.spend(COST)
            told = answer(ws, words if isinstance(words, str) else repr(words))
            if told is not None:
                ws.send(json.dumps(told))

    @sock.route("/ws/lab/pipe", bp=bp)
    def side(ws: WebSocket) -> None:
        ws.send(json.dumps(pipe_trial(ws)))
        ws.receive(timeout=5)  # the page closes, or we do

    return bp
