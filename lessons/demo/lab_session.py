"""The lab's session: Flask's own, a signed cookie; what becomes of a WebSocket in it (lesson 13).

    POST /lab/session        in a view: session["ws"] = ws, or = str(ws)
    POST /lab/session/read   in the next request: send on what the session holds now

Both take JSON: {"key": ..., "attempt": ...}; `key` is the Sec-WebSocket-Key of the connection that
is meant. What came of it is told on that connection, like all that the lab tells. (A view that
sends on a WebSocket of another request can do so because both are in one process.)

`in_handler` does the same in a socket handler, where it comes too late: the one response of that
connection, the 101, is out.
"""

from __future__ import annotations

import json
import os
import secrets
from typing import Any

from flask import Blueprint, Response, abort, g, request, session
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import InternalServerError

from lessons.demo.attempts import Attempt, Trial, preview, read_back
from lessons.demo.live import here
from lessons.demo.sock import plain

COOKIE = "ws101_lab"
"""Cookies know no ports: one called `session` would be taken for another app's on this machine."""
KEY = "WS101_LAB_KEY"
"""Environment variable: the secret that signs the cookie. The course makes one for each sitting, so
that it outlives a restart of the app, as a real app's does; without it, one a process."""
SLOTS = {"session": "ws", "session-str": "ws", "session-socket": "mine"}
SESSION = {
    attempt.name: attempt
    for attempt in [
        Attempt("session", 'session["ws"] = ws', lambda ws: ws, lambda kept: kept, "session"),
        Attempt("session-str", 'session["ws"] = str(ws)', str, lambda kept: kept, "session"),
        Attempt(
            "session-socket",
            'session["mine"] = str(ws), in the socket handler',
            str,
            lambda kept: kept,
            "session",
        ),
    ]
}


def kept_in_session() -> dict[str, Any]:
    """What the cookie of this request brought back."""
    kept = session.get("ws")
    return {"session-str": kept} if isinstance(kept, str) else {}


def in_handler(ws: Any) -> dict[str, Any]:
    """Write into the session in a socket handler. Nothing complains."""
    session[SLOTS["session-socket"]] = SESSION["session-socket"].store(ws)
    return {"lab": "session", "holds": sorted(map(str, session))}


def add_session(bp: Blueprint) -> None:
    """The two views, and the key that signs."""

    @bp.record_once
    def with_key(state: BlueprintSetupState) -> None:
        app = state.app
        app.secret_key = app.secret_key or os.environ.get(KEY) or secrets.token_hex(32)
        app.config["SESSION_COOKIE_NAME"] = COOKIE
        app.config["SESSION_COOKIE_SAMESITE"] = "Strict"

    @bp.post("/lab/session")
    def put() -> Response:
        ws, attempt = _meant()
        slot = SLOTS[attempt.name]
        g.lab_undo = {slot: session[slot]} if slot in session else {}
        session[slot] = attempt.store(ws)  # a dict takes anything
        return plain(200, "This view is done. The session is saved after it.\n")

    @bp.post("/lab/session/read")
    def read() -> Response:
        ws, attempt = _meant()
        kept = session.get(SLOTS[attempt.name])
        told = Trial(attempt.name, attempt.code)
        if kept is not None:
            told.kept, told.size = preview(kept), len(request.cookies.get(COOKIE, ""))
        _tell(ws, read_back(attempt, kept, told))
        return plain(200, "Told on the WebSocket.\n")

    @bp.errorhandler(500)
    def failed(error: InternalServerError) -> Response:
        """Saving the session raised: the view's own response is lost, this one is sent instead."""
        fault = error.original_exception or error
        if (undo := g.pop("lab_undo", None)) is not None:
            session.pop("ws", None)  # or saving would raise once more
            session.update(undo)
            session.modified = False
            ws, attempt = _meant()
            _tell(ws, Trial(attempt.name, attempt.code).failed("store", fault))
        return plain(500, f"Internal Server Error\n\n{type(fault).__name__}: {fault}\n")


def _meant() -> tuple[Any, Attempt]:
    """The live connection and the attempt that a request names; else the request ends here."""
    asked = request.get_json(force=True, silent=True)
    asked = asked if isinstance(asked, dict) else {}
    attempt = SESSION.get(str(asked.get("attempt")))
    connection = here().find(path="/ws/lab", key=str(asked.get("key")))
    if attempt is None or connection is None:
        abort(plain(404, "No such attempt, or no such connection is open.\n"))
    return connection.ws, attempt


def _tell(ws: Any, told: Trial) -> None:
    ws.send(json.dumps({"lab": "tried", "pid": os.getpid(), **told.as_dict()}))
