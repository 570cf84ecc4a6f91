"""The demo app of this lesson has a bench for altered handshakes, another site, and a proxy.

    /refused               the bench: a button for each altered handshake
    /refused/send/NAME     send one, through the tap by which this request came
    /refused/elsewhere     on to the other site (another port, so another origin)
    /refused/proxy         on to the chat, by way of a proxy that knows no WebSocket
    /refused/told          where the other site's script writes down what it was told

The tap's address is the one under which this app was asked: the gate lets only names of loopback
pass.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from lessons.course.wire import ScriptFailed
from lessons.demo.gate import authority

from .altered import ALTERED, send
from .elsewhere import Elsewhere
from .proxy import Proxy

bp = Blueprint(
    "refused", __name__, template_folder="page", static_folder="page", url_prefix="/refused"
)
CONFIG = {"WS101_PAGES": (("/refused", "Altered"),)}
BENCH = ("forged", "no-key", "version-8", "post")

elsewhere = cache(Elsewhere)
proxy = cache(Proxy)
NOWHERE = ("127.0.0.1", 9)


def the_tap() -> tuple[str, int]:
    """Where this request came through."""
    found = authority(request.host)
    if found is None:
        abort(400)
    host, port = found
    return host.strip("[]"), port or 80


@bp.get("")
def bench() -> str:
    return render_template("bench.html", altered={name: ALTERED[name] for name in BENCH})


@bp.post("/send/<name>")
def send_one(name: str) -> dict[str, Any]:
    if name not in BENCH:
        abort(404)
    try:
        answer = send(ALTERED[name], *the_tap())
    except ScriptFailed as fault:
        return {"answer": str(fault)}
    return {"answer": answer.line}


@bp.get("/elsewhere")
def to_elsewhere() -> Answer:
    site = elsewhere(NOWHERE)
    site.target = the_tap()
    answer = redirect(f"{site.url}/{'?act' if 'act' in request.args else ''}")
    # For this host and whatever port: a handshake from there carries it, too (RFC 6265 §8.5).
    answer.set_cookie("ws101-refused", "yours", max_age=600, path="/ws", httponly=True,
                      samesite="Lax")  # fmt: skip
    return answer


@bp.get("/proxy")
def to_proxy() -> Answer:
    between = proxy(NOWHERE)
    between.target = the_tap()
    return redirect(f"{between.url}/chat")


@bp.get("/told")
def told() -> Response:
    return Response(status=204)
