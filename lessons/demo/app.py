"""The Flask app of the demo: `create_app()` puts the rooms together.

    create_app(config, blueprints=[lesson.bp])

`config` (any of them may be left out):

    WS101_EXTRA_HOSTS        names besides the loopback ones that Host may carry      ()
    WS101_NAME               what this server is called, among several                ""
    WS101_BUS                the URL of a Redis that joins their rooms (bus.py)       ""
    WS101_TICK_SECONDS       seconds from tick to tick                                1.0
    WS101_LONG_POLL_SECONDS  how long a long poll waits                               20.0
    WS101_MAX_CONNECTIONS    WebSockets, long polls and event streams at once         200
    WS101_KEEP_ALIVE         TCP connections stay open for more requests (handler.py)  False
    WS101_POLL_SECONDS       how long the page /feed waits before it polls again       0.4
    WS101_FEED_TICKS         after so many ticks that page stops; 0: when told to      0
    WS101_PAGES              pages that a lesson adds to the list: (("/cost", "Cost"),)  ()
    SOCK_SERVER_OPTIONS      flask-sock's own: ping_interval, max_message_size, and
                             max_outbox, close_timeout, fin_timeout (see polite.py)

**The hook for lessons.** A blueprint given in `blueprints` is registered behind the same gate as
all else and may use `live_of(app)` (lessons/demo/live.py), the registry of live connections. For a
WebSocket of its own it takes `sock`, an ordinary flask-sock decorator with the clean close:

    from lessons.demo.app import sock
    bp = Blueprint("lesson13", __name__)
    @sock.route("/ws/lesson13", bp=bp)
    def handler(ws): ...
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Blueprint, Flask
from flask_sock import Sock

from lessons.demo import board, bus, chat, feed, pages
from lessons.demo.gate import Gate
from lessons.demo.live import Live, live_of
from lessons.demo.sock import PoliteSock

__all__ = ["create_app", "live_of", "sock"]

DEFAULTS: Mapping[str, Any] = {
    "WS101_EXTRA_HOSTS": (),
    "WS101_NAME": "",
    "WS101_BUS": "",
    "WS101_TICK_SECONDS": 1.0,
    "WS101_LONG_POLL_SECONDS": 20.0,
    "WS101_MAX_CONNECTIONS": 200,
    "WS101_KEEP_ALIVE": False,
    "WS101_POLL_SECONDS": 0.4,
    "WS101_FEED_TICKS": 0,
    "WS101_PAGES": (),
    "SOCK_SERVER_OPTIONS": {"ping_interval": 10, "max_message_size": 256 * 1024},
    "MAX_CONTENT_LENGTH": 1 << 20,
}

sock = PoliteSock()


def create_app(
    config: Mapping[str, Any] | None = None,
    *,
    blueprints: Iterable[Blueprint] = (),
    sock: Sock = sock,
) -> Flask:
    """A new demo app, with its own registry, rooms and feed."""
    app = Flask(__name__)
    given = dict(config or {})
    options = {**DEFAULTS["SOCK_SERVER_OPTIONS"], **given.pop("SOCK_SERVER_OPTIONS", {})}
    app.config.from_mapping({**DEFAULTS, **given, "SOCK_SERVER_OPTIONS": options})
    name, url = app.config["WS101_NAME"], app.config["WS101_BUS"]
    joined = bus.Bus(url, name) if url else None
    live = app.extensions["ws101"] = Live(app.config["WS101_MAX_CONNECTIONS"], joined, name)
    ticks = feed.Feed(app.config["WS101_TICK_SECONDS"])

    app.register_blueprint(chat.blueprint(sock, live))
    app.register_blueprint(board.blueprint(sock, live))
    patience = app.config["WS101_LONG_POLL_SECONDS"]
    app.register_blueprint(feed.blueprint(sock, live, ticks, patience))
    app.register_blueprint(pages.bp)
    for lesson in blueprints:
        app.register_blueprint(lesson)

    @app.get("/health")
    def health() -> dict[str, Any]:
        return {
            "ok": True,
            "pid": os.getpid(),
            "started": live.started,
            "open": len(live.connections),
            "opened": live.opened,
            "dropped": live.dropped,
            **({"server": name} if name else {}),
            **({"bus": joined.connected, "refused": joined.refused} if joined else {}),
        }

    app.wsgi_app = Gate(app.wsgi_app, app.config["WS101_EXTRA_HOSTS"])  # type: ignore[method-assign]
    if joined:
        joined.start()
    return app
