"""Another site: a page of another origin, whose script opens a WebSocket to the demo app.

It is served by the demo app's process on a port of its own, and a port is part of an origin. What
its script is told of the refusal it writes down at `/refused/told`, through the tap, so that this
is on the wire, too.
"""

from __future__ import annotations

import threading
from pathlib import Path

from flask import Flask, Response, render_template, send_from_directory
from werkzeug.serving import make_server

import lessons.demo
from lessons.demo.server import Handler

PAGE = Path(__file__).with_name("page")
STATIC = Path(lessons.demo.__file__).with_name("static")


class Elsewhere:
    """The other site, listening on a free port; `target` is the demo app as (host, port)."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        app = Flask("elsewhere", static_folder=str(STATIC), template_folder=str(PAGE))
        app.add_url_rule("/", view_func=self.page)
        app.add_url_rule("/elsewhere.js", view_func=self.script)
        app.after_request(self.guard)
        self._httpd = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
        threading.Thread(target=self._httpd.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._httpd.server_port}"

    @property
    def authority(self) -> str:
        """Of the demo app."""
        host, port = self.target
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def close(self) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()

    def page(self) -> str:
        return render_template("elsewhere.html", there=self.authority)

    def script(self) -> Response:
        return send_from_directory(PAGE, "elsewhere.js")

    def guard(self, response: Response) -> Response:
        """Its own files, and the demo app: this page may try to connect there."""
        there = self.authority
        rules = f"script-src 'self'; style-src 'self'; connect-src ws://{there} http://{there}"
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; {rules}; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
