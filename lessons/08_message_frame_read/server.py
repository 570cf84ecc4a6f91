"""The demo app of this lesson has a page that is sent messages in pieces.

Compression is declined, as in lesson 5, and the server pings only where a trial says so: a Ping of
its own could fall into the middle of a frame that a trial writes in parts.
"""

from flask import Blueprint, render_template

from lessons.demo.app import sock
from lessons.demo.live import Pace, here
from lessons.demo.polite import PoliteServer
from lessons.demo.uncompressed import decline_compression

from .pieces import PATH, TRIALS

CONFIG = {"SOCK_SERVER_OPTIONS": {"ping_interval": None, "max_message_size": 1 << 20}}

bp = Blueprint(
    "pieces", __name__, template_folder="page", static_folder="page", static_url_path="/pieces/page"
)
bp.before_app_request(decline_compression)


@bp.get("/pieces")
def page() -> str:
    return render_template("pieces.html")


@sock.route(PATH, bp=bp)
def pieces(ws: PoliteServer) -> None:
    wait = here().closing.wait
    pace = Pace(wait)
    while True:
        said = ws.receive()
        pace.spend(len(said or ""))
        if trial := TRIALS.get(str(said)):
            trial(ws, wait)
