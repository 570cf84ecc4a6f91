"""The demo app of this lesson ends connections in all manners that a lesson can ask for.

    /ended              the page: a button for each way to end
    /ended/tab          a page with one connection, to be shut
    /ended/told         where a page (or script) says what its `close` event told it
    /ended/ask          the held connections are asked to ask whether anybody is there
    /ws/ended           a polite connection; closes or fails when asked to
    /ws/ended/hangs-up  ends TCP when a Close comes, and sends none
    /ws/ended/crosses   begins to close before it has read the Close that comes
    /ws/ended/specimen  plain flask-sock, which says HTTP after its Close (lessons/demo/dirty.py)

Compression is declined: it has nothing to say here.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

from flask import Blueprint, Response, render_template, request
from simple_websocket import ConnectionClosed

from inspector.core.frames import encode_close
from inspector.core.handshake import accept_for
from lessons.demo.app import sock
from lessons.demo.dirty import DirtySock
from lessons.demo.live import Full, Pace, WebSocket, here
from lessons.demo.sock import Upgraded, plain, refusal
from lessons.demo.uncompressed import decline_compression

from .ways import ANYBODY, ASK, CROSSES, ENOUGH, FAIL, HANGS_UP, LEAVE, PATH, SPECIMEN, THEIRS, YES

CONFIG = {"WS101_PAGES": (("/ended", "Ways to end"),)}
PATIENCE = 10.0  # seconds that a bare connection waits for the client
SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"

bp = Blueprint(
    "ended", __name__, template_folder="page", static_folder="page", static_url_path="/ended/page"
)
bp.before_app_request(decline_compression)


@bp.get("/ended")
def page() -> str:
    return render_template("ended.html")


@bp.get("/ended/tab")
def tab() -> str:
    return render_template("tab.html")


@bp.post("/ended/told")
def told() -> Response:
    """What was told stands in the address: it is read off the wire."""
    return Response(status=204)


@bp.post("/ended/ask")
def ask() -> Response:
    for connection in list(here().connections.values()):
        if connection.path == PATH and "way=hold" in connection.environ.get("QUERY_STRING", ""):
            with suppress(ConnectionClosed):
                connection.ws.send(ASK)
    return Response(status=204)


@sock.route(PATH, bp=bp)
def ended(ws: WebSocket) -> None:
    pace = Pace(here().closing.wait)
    while True:
        said = ws.receive()
        pace.spend(len(said or ""))
        if said == LEAVE:
            ws.close(*ENOUGH)
        elif said == FAIL:
            raise RuntimeError("a mistake, as was asked for")
        elif said == ANYBODY:
            ws.send(YES)


@DirtySock().route(SPECIMEN, bp=bp)
def specimen(ws: WebSocket) -> None:
    """Waits for a word, and returns: what follows is flask-sock's."""
    ws.receive(timeout=PATIENCE)


# Connections without a library, since no library would do this


@bp.route(HANGS_UP, websocket=True)
def hangs_up() -> Response:
    return bare(lambda wire: None)


@bp.route(CROSSES, websocket=True)
def crosses() -> Response:
    return bare(lambda wire: wire.sendall(encode_close(*THEIRS)))


def bare(act: Callable[[socket.socket], object]) -> Response:
    """Shake hands, wait for the client's first bytes, and without a look at them: `act`, and go."""
    if refused := refusal(request.environ):
        return refused
    wire: socket.socket = request.environ["werkzeug.socket"]
    accept = accept_for(request.headers["Sec-WebSocket-Key"].strip())
    try:
        with here().slot(), suppress(OSError):
            wire.settimeout(PATIENCE)
            wire.sendall(f"{SWITCHED}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
            wire.recv(4096)
            act(wire)
            wire.shutdown(socket.SHUT_WR)
            while wire.recv(4096):  # read to its end, lest our end becomes a reset
                pass
    except Full:
        return plain(503, "Too many connections are open here.\n", Retry_After="5")
    return Upgraded()
