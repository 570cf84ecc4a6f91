"""The demo app of this lesson compresses, and has something to hide.

    /squeeze              the page
    /ws/squeeze           repeats what it is told; compresses as agreed, and remembers
    /ws/squeeze/forgets   the same, but nothing is kept from one message to the next, by either side

For the second one the server says two parameters more in its answer than it was offered, which it
may (RFC 7692 §7.1.1.1, §7.1.1.2). It does so by reading them into the offer.
"""

import secrets

from flask import Blueprint, render_template, request

from inspector.core.frames import encode_frame
from inspector.core.rfc import CONTINUATION, DEFLATE, PING, TEXT
from lessons.demo.app import sock
from lessons.demo.live import Pace, here
from lessons.demo.polite import PoliteServer

from .squeeze import (
    ANIMALS,
    ASK_PIECES,
    ASK_ZEROS,
    FORGETS,
    GUESS,
    HEARD,
    PATH,
    PIECES,
    PLAIN,
    SENTENCE,
    ZEROS,
    answer,
)

CONFIG = {"WS101_PAGES": (("/squeeze", "Squeeze"),)}
OFFER = "HTTP_SEC_WEBSOCKET_EXTENSIONS"
BOTH_FORGET = f"{DEFLATE}; server_no_context_takeover; client_no_context_takeover"
REPEATED = 200  # what is longer is not repeated
COST = 64 * 1024  # octets that a question for zeros counts for

bp = Blueprint(
    "squeeze",
    __name__,
    template_folder="page",
    static_folder="page",
    static_url_path="/squeeze/page",
)


@bp.before_app_request
def forget() -> None:
    """Who offers compression on that path is taken to have offered to forget."""
    if request.path == FORGETS and DEFLATE in request.environ.get(OFFER, ""):
        request.environ[OFFER] = BOTH_FORGET


@bp.get("/squeeze")
def page() -> str:
    return render_template("squeeze.html", sentence=SENTENCE, animals=ANIMALS)


@sock.route(PATH, bp=bp)
def remembers(ws: PoliteServer) -> None:
    converse(ws)


@sock.route(FORGETS, bp=bp)
def forgets(ws: PoliteServer) -> None:
    converse(ws)


def converse(ws: PoliteServer) -> None:
    pace = Pace(here().closing.wait)
    secret = secrets.choice(ANIMALS)
    while True:
        said = ws.receive()
        pace.spend(len(said or ""))
        if not isinstance(said, str) or len(said) > REPEATED or said.startswith(HEARD):
            continue
        if said == ASK_PIECES:
            three_frames(ws)
        elif said == ASK_ZEROS:
            pace.spend(COST)
            ws.send("0" * ZEROS)
        elif said.startswith(GUESS):
            ws.send(answer(secret, said.removeprefix(GUESS)[:20]))
        else:
            ws.send(said)


def three_frames(ws: PoliteServer) -> None:
    """One compressed message, cut in three with a Ping between; then one that is not compressed."""
    whole = ws.encode(PIECES)
    payload = whole[-whole[1] :]  # a server's frame with the short length: no masking key
    third = len(payload) // 3
    rsv1 = 4 if whole[0] & 0x40 else 0
    ws.write(
        encode_frame(TEXT, payload[:third], fin=False, rsv=rsv1)
        + encode_frame(CONTINUATION, payload[third : 2 * third], fin=False)
        + encode_frame(PING, b"between")
        + encode_frame(CONTINUATION, payload[2 * third :])
        + encode_frame(TEXT, PLAIN.encode())
    )
