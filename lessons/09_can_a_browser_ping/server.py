"""The demo app of this lesson pings often, and lets go early of whom it does not hear.

Both WebSockets do the same; the second is for the peer that will be frozen, so that it is found
again in the capture.
"""

from flask import Blueprint, render_template

from lessons.demo.app import sock
from lessons.demo.live import Pace, here
from lessons.demo.polite import PoliteServer
from lessons.demo.uncompressed import decline_compression

from .quiet import HANGING, INTERVAL, PAYLOAD, PEER, QUESTION, QUIET

CONFIG = {
    "SOCK_SERVER_OPTIONS": {"ping_interval": INTERVAL, "close_timeout": 0.3, "fin_timeout": 0.3}
}

bp = Blueprint(
    "quiet", __name__, template_folder="page", static_folder="page", static_url_path="/quiet/page"
)
bp.before_app_request(decline_compression)


@bp.get("/quiet")
def page() -> str:
    return render_template("quiet.html")


@sock.route(QUIET, bp=bp)
def quiet(ws: PoliteServer) -> None:
    converse(ws)


@sock.route(PEER, bp=bp)
def peer(ws: PoliteServer) -> None:
    converse(ws)


def converse(ws: PoliteServer) -> None:
    """A Ping with something in it; then a word only to whom says one."""
    pace = Pace(here().closing.wait)
    ws.ping(PAYLOAD)
    while True:
        said = ws.receive()
        pace.spend(len(said or ""))
        if said == "ping":
            ws.send("pong")
        elif said == HANGING:
            ws.send(QUESTION)
