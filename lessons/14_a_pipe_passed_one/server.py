"""The demo app of this lesson hands connections on to other processes.

    /heir             the page
    /ws/heir/CASE     a WebSocket, and what is done with it (holder.py)

No library stands between: a handler has the bare socket, and reads no byte that it does not want.
"""

from __future__ import annotations

import socket
import zlib
from contextlib import suppress

from flask import Blueprint, Response, abort, render_template, request

from lessons.demo.live import Full, here
from lessons.demo.sock import Upgraded, plain, refusal, upgrade_required

from .holder import CASES, Holder

CONFIG = {"WS101_PAGES": (("/heir", "Heirs"),)}

bp = Blueprint(
    "heir", __name__, template_folder="page", static_folder="page", static_url_path="/heir/page"
)


@bp.get("/heir")
def page() -> str:
    return render_template("heir.html")


@bp.get("/ws/heir/<case>", websocket=False)
def explain(case: str) -> Response:
    return upgrade_required()


@bp.get("/ws/heir/<case>", websocket=True)
def upgrade(case: str) -> Response:
    act = CASES.get(case) or abort(404)
    refused = refusal(request.environ)
    if refused:
        return refused
    if not hasattr(socket, "send_fds"):
        return plain(501, "This system can't pass a descriptor on (Windows has no SCM_RIGHTS).\n")
    live = here()
    try:
        with live.slot():
            holder = Holder(request.environ)
            met = live.register(holder, request.environ)  # type: ignore[arg-type]
            try:
                compressed = case == "window" and holder.compresses
                key = request.environ["HTTP_SEC_WEBSOCKET_KEY"].strip()
                holder.accept(key, compressed=compressed)
                with suppress(OSError, ValueError, zlib.error):
                    act(holder)
                holder.end()
            finally:
                live.forget(met)
    except Full:
        return plain(503, "Too many connections are open here.\n", Retry_After="5")
    return Upgraded()
