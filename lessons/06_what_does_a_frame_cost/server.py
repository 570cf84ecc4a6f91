"""The demo app of this lesson has a page that sends payloads of chosen sizes, and gives them back.

    /cost            the page
    /ws/cost         gives back each message, in one frame
    /cost/echo       gives back the body of a POST

Compression is declined: it would change the payload, and here the header is weighed.
"""

from flask import Blueprint, Response, render_template, request

from lessons.demo.app import sock
from lessons.demo.live import Pace, WebSocket, here
from lessons.demo.uncompressed import decline_compression

CONFIG = {"WS101_PAGES": (("/cost", "Cost"),)}
SIZES = (0, 125, 126, 65535, 65536)
POSTED = (125, 65536)

bp = Blueprint(
    "cost", __name__,
    template_folder="page", static_folder="page/static", static_url_path="/cost/static",
)  # fmt: skip
bp.before_app_request(decline_compression)


@bp.get("/cost")
def page() -> str:
    return render_template("cost.html", sizes=SIZES, posted=POSTED)


@bp.post("/cost/echo")
def give_back() -> Response:
    return Response(request.get_data(), mimetype="text/plain")


@sock.route("/ws/cost", bp=bp)
def echo(ws: WebSocket) -> None:
    pace = Pace(here().closing.wait)
    while (message := ws.receive()) is not None:
        pace.spend(len(message))
        ws.send(message)
