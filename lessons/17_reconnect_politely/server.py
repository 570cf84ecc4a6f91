"""The demo app of this lesson can be lost, and can say in many ways that it does not want to talk.

/reconnect          the page
/ws/again/NAME      two connections of the page: one that comes again, one that does not
/ws/crowd/WAY       the crowd's
/ws/ends/KIND       ended at once with that close code, or refused with that HTTP status
/ws/flap/NAME       accepted, and ended at once, as by a server that crashes at start
"""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, Response, render_template, request
from simple_websocket import ConnectionClosed

from lessons.demo.app import sock
from lessons.demo.live import WebSocket
from lessons.demo.sock import plain
from lessons.demo.uncompressed import decline_compression

from .pace import (
    BUSY,
    CROWD,
    ENDS,
    FIRST,
    FLAP,
    GOOD,
    KINDS,
    MOST,
    PATIENCE,
    REFUSED,
    RETRY_AFTER,
    SPEED,
    WAYS,
)

CONFIG = {
    "WS101_PAGES": (("/reconnect", "Reconnect"),),
    "SOCK_SERVER_OPTIONS": {"ping_interval": None},
}
FAILED = 1011

bp = Blueprint(
    "again", __name__, template_folder="page", static_folder="page", static_url_path="/again/page"
)
bp.before_app_request(decline_compression)


@bp.get("/reconnect")
def page() -> str:
    numbers = {"speed": SPEED, "first": FIRST, "most": MOST, "good": GOOD, "patience": PATIENCE}
    return render_template("reconnect.html", numbers=numbers, kinds=KINDS)


@sock.route("/ws/again/<name>", bp=bp)
def again(ws: WebSocket, name: str) -> None:
    listen(ws)


@sock.route(f"{CROWD}<way>", bp=bp)
def crowd(ws: WebSocket, way: str) -> None:
    if way in WAYS:
        listen(ws)


@sock.route(f"{FLAP}<name>", bp=bp)
def flap(ws: WebSocket, name: str) -> None:
    with suppress(ConnectionClosed):
        ws.close(FAILED, "it crashed")


@bp.before_request
def refuse() -> Response | None:
    """Two of the ends come before there is a connection."""
    if request.path == f"{ENDS}{BUSY}":
        return plain(BUSY, "Not now: too many are here.\n", Retry_After=str(RETRY_AFTER))
    if request.path == f"{ENDS}{REFUSED}":
        return plain(REFUSED, "Not you.\n")
    return None


@sock.route(f"{ENDS}<int:kind>", bp=bp)
def end(ws: WebSocket, kind: int) -> None:
    with suppress(ConnectionClosed):
        ws.close(kind if kind in KINDS else 1000, "as you asked")


def listen(ws: WebSocket) -> None:
    """Say nothing, until the other side goes."""
    while True:
        ws.receive()
