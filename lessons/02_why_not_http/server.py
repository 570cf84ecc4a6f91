"""This lesson's demo app keeps connections alive, ticks faster, and has two strangers' books.

    /memory            the page
    /memory/plain      who asks? Nothing in the request tells
    /memory/cookie     who asks? The cookie tells, from the second time on
    /ws/memory         who speaks? The connection tells; the count is a variable of its handler

And it declines compression on WebSockets, so that bytes are compared with bytes: HTTP's answers
here are not compressed either (lesson 11 turns it on again).
"""

from __future__ import annotations

import secrets
import threading
from itertools import count
from pathlib import Path

from flask import Blueprint, Response, render_template, request

from lessons.demo.app import sock
from lessons.demo.live import Pace, WebSocket, here
from lessons.demo.uncompressed import decline_compression
from lessons.four_ways.ways import RACE_CONFIG

CONFIG = {**RACE_CONFIG, "WS101_PAGES": (("/memory", "Who was that?"),)}
COOKIE, COOKIE_PATH = "stranger", "/memory/cookie"
MOST_KNOWN = 1000  # strangers in the book; then it begins anew

PAGE = Path(__file__).parent / "page"
bp = Blueprint(
    "why",
    __name__,
    template_folder=str(PAGE / "templates"),
    static_folder=str(PAGE / "static"),
    static_url_path="/memory/static",
)
bp.before_app_request(decline_compression)
_numbers = count(1)
_known: dict[str, tuple[int, int]] = {}
"""By cookie: the stranger's number, and how often they came."""
_lock = threading.Lock()


@bp.get("/memory")
def memory() -> str:
    return render_template("memory.html")


@bp.get("/memory/plain")
def plain() -> dict[str, int]:
    """Everybody is new here."""
    with _lock:
        return {"stranger": next(_numbers), "times": 1}


@bp.get(COOKIE_PATH)
def cookie() -> Response:
    """Whoever brings the cookie back is known."""
    shown = request.cookies.get(COOKIE, "")
    with _lock:
        if shown not in _known:
            if len(_known) >= MOST_KNOWN:
                _known.clear()
            shown = secrets.token_hex(8)
            _known[shown] = (next(_numbers), 0)
        number, times = _known[shown]
        _known[shown] = (number, times + 1)
    answer = Response(
        f'{{"stranger": {number}, "times": {times + 1}}}\n', mimetype="application/json"
    )
    if times == 0:
        answer.set_cookie(COOKIE, shown, path=COOKIE_PATH, httponly=True, samesite="Lax")
    return answer


@sock.route("/ws/memory", bp=bp)
def remember(ws: WebSocket) -> None:
    pace, times = Pace(here().closing.wait), 0
    with _lock:
        number = next(_numbers)
    while True:
        said = ws.receive()
        pace.spend(len(said or ""))
        times += 1
        ws.send(f'{{"stranger": {number}, "times": {times}}}')
