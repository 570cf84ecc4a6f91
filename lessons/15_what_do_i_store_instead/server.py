"""The demo app of this lesson has a room whose events outlive the process.

    /room               the page; it gives the browser a signed name, as a cookie
    /room/ws/WAY        the room, delivered in one of four ways (hall.py)
    /room/say           a POST: its text becomes the room's next event
    /room/seam/HOW      joins a room while somebody speaks (seam.py)

What is stored lies in `WS101_LAB_FOLDER`; without one, in a folder that ends with the process.
Nobody becomes a WebSocket here without a name that this server has signed.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
import threading
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, make_response, render_template, request

from lessons.demo.app import sock
from lessons.demo.live import Pace, WebSocket, here
from lessons.demo.sock import plain
from lessons.demo.uncompressed import decline_compression

from .hall import PAGE, ROOM, SAY, SEAM, SOCKETS, WAYS, Hall
from .identity import COOKIE, key_in, name_in, new_token
from .log import FULL, Log, LogFull
from .seam import HOWS, Race

CONFIG = {"WS101_PAGES": ((PAGE, "Resume"),), "MAX_CONTENT_LENGTH": 4096}
POLICY = 1008
LONGEST = 100  # characters of an event
COST = 16 * 1024  # octets that one request counts for: each is written to the disk
_RESUME = re.compile(r"resume ([0-9]{1,9})", re.ASCII)

bp = Blueprint(
    "room", __name__, template_folder="page", static_folder="page", static_url_path="/room/page"
)
bp.before_app_request(decline_compression)


@cache
def folder() -> Path:
    if named := os.environ.get("WS101_LAB_FOLDER"):
        return Path(named)
    made = Path(tempfile.mkdtemp(prefix="ws101-room-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


_making = threading.Lock()


@cache
def _stored() -> tuple[bytes, Hall]:
    log = Log(folder())
    if log.size >= FULL // 2:
        log.begin_anew()
    return key_in(folder()), Hall(log)


def stored() -> tuple[bytes, Hall]:
    """The key, and the one dict of this process: two threads that come at once share it."""
    with _making:
        return _stored()


def key() -> bytes:
    return stored()[0]


def hall() -> Hall:
    return stored()[1]


def who() -> str | None:
    return name_in(key(), request.cookies.get(COOKIE, ""))


@bp.before_request
def know_them() -> Response | None:
    """No name, no WebSocket, no word: asked before anything answers the handshake."""
    open_to_all = (f"{bp.name}.page", f"{bp.name}.static")
    if request.endpoint in open_to_all or who():
        return None
    return plain(403, "Nobody whom this server knows: the cookie is missing, or not its own.\n")


@bp.get(PAGE)
def page() -> Response:
    answer = make_response(render_template("room.html", log=hall().log.name))
    if not who():
        answer.set_cookie(COOKIE, new_token(key()), path=PAGE, httponly=True, samesite="Strict")
    return answer


@bp.post(SAY)
def say() -> Response:
    text = request.get_data().decode("utf-8", "replace")
    if not 0 < len(text) <= LONGEST or not text.isprintable():
        return plain(400, f"An event is a line of 1 to {LONGEST} characters.\n")
    try:
        return plain(200, f"{hall().say(text)}\n")
    except LogFull:
        return plain(507, "The log is full: quit the lesson and start it again.\n")


@sock.route(f"{SOCKETS}/<any({', '.join(WAYS)}):way>", bp=bp)
def converse(ws: WebSocket, way: str) -> None:
    pace = Pace(here().closing.wait)
    with hall().hold(ws, who() or "", way, request.args.get("tab", "")[:40]) as member:
        while True:
            said = ws.receive()
            pace.spend(COST)
            text = said if isinstance(said, str) else ""
            if text == f"join {ROOM}":
                hall().log.join(member.who, ROOM)
                resumed = "0"
            elif found := _RESUME.fullmatch(text):
                resumed = found[1]
            else:
                return ws.close(POLICY, f"say: join {ROOM}, or: resume NUMBER")
            if member.inside:
                return ws.close(POLICY, "you are in the room already")
            if not hall().resume(member, int(resumed)):
                return ws.close(POLICY, "you have not joined any room")


@sock.route(f"{SEAM}/<any({', '.join(HOWS)}):how>", bp=bp)
def join_while_somebody_speaks(ws: WebSocket, how: str) -> None:
    Race(hall().log, ws).run(how)
