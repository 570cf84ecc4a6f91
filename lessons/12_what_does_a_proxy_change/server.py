"""The demo app of this lesson tells where one comes from, sends a message in pieces, and a lawful
one that not everybody can read.

    /between         the page
    /ws/between      "You come from 127.0.0.1:PORT.", then an answer to each message
    /ws/squeezed     a compressed message in two fragments, with a Ping between them
    /between/ends?direct=PORT&tapped=PORT    how the connections from these two ports ended
"""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict

from flask import Blueprint, abort, render_template, request
from simple_websocket import ConnectionClosed

from inspector.core.frames import encode_frame
from inspector.core.rfc import CONTINUATION, PING, TEXT
from lessons.demo.app import sock
from lessons.demo.live import Full, Pace, here
from lessons.demo.polite import ABNORMAL, PoliteServer
from lessons.demo.uncompressed import decline_compression

from .said import ENDS, GREETING, IN_PIECES, LINE, PAUSE, PIECES, SQUEEZED, WHOLE
from .said import PING as AMID

CONFIG = {"WS101_PAGES": (("/between", "Between"),), "SOCK_SERVER_OPTIONS": {"ping_interval": 20}}

bp = Blueprint(
    "between", __name__, template_folder="page", static_folder="page",
    static_url_path="/between/page",
)  # fmt: skip
KEPT = 200
PATIENCE = 8.0  # less than a script waits for an answer

ended: OrderedDict[str, str] = OrderedDict()
"""How the newest connections without a Close ended, by the client's port."""
one_more = threading.Condition()


@bp.before_app_request
def plain_bytes() -> None:
    """Compression hides what this lesson is to show, but for one line."""
    if request.path != SQUEEZED:
        decline_compression()


@bp.get("/between")
def page() -> str:
    return render_template("between.html")


@sock.route(LINE, bp=bp)
def between(ws: PoliteServer) -> None:
    port = str(request.environ["REMOTE_PORT"])
    ws.send(f"{GREETING}{request.environ['REMOTE_ADDR']}:{port}.")
    try:
        converse(ws)
    except ConnectionClosed as fault:
        if fault.reason == ABNORMAL:
            note_end(port, "end" if ws.their_fin else "reset")
        raise


def converse(ws: PoliteServer) -> None:
    pace = Pace(here().closing.wait)
    while True:
        said = ws.receive()
        pace.spend(len(said or ""))
        if said == IN_PIECES:
            send_in_pieces(ws)
        else:
            ws.send(f"heard: {said}")


def send_in_pieces(ws: PoliteServer) -> None:
    """A text in three fragments, each when it is ready, and a Ping after the first."""
    for number, piece in enumerate(PIECES):
        last = number == len(PIECES) - 1
        ws.write(encode_frame(CONTINUATION if number else TEXT, piece.encode(), fin=last))
        if number == 0:
            ws.write(encode_frame(PING, AMID))
        if not last:
            here().closing.wait(PAUSE)


@sock.route(SQUEEZED, bp=bp)
def squeezed(ws: PoliteServer) -> None:
    """RFC 7692 §6.1 lets a compressed message be fragmented, RFC 6455 §5.4 lets a Ping stand
    between the fragments."""
    deflate = zlib.compressobj(wbits=-15)
    data = deflate.compress(WHOLE.encode()) + deflate.flush(zlib.Z_SYNC_FLUSH)
    data = data.removesuffix(b"\x00\x00\xff\xff")
    half = len(data) // 2
    ws.write(encode_frame(TEXT, data[:half], fin=False, rsv=4))
    ws.write(encode_frame(PING, AMID))
    ws.write(encode_frame(CONTINUATION, data[half:]))
    while True:
        ws.receive()


def note_end(port: str, how: str) -> None:
    """`end`: reading came to the end of the stream (FIN); `reset`: reading failed (RST)."""
    with one_more:
        ended[port] = how
        while len(ended) > KEPT:
            ended.popitem(last=False)
        one_more.notify_all()


@bp.get(ENDS)
def ends() -> dict[str, str]:
    ports = {name: request.args.get(name, "") for name in ("direct", "tapped")}
    try:
        with here().slot(), one_more:
            there = one_more.wait_for(lambda: all(p in ended for p in ports.values()), PATIENCE)
            return {name: ended[port] for name, port in ports.items()} if there else abort(404)
    except Full:
        abort(503)
