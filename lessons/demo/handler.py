"""How one TCP connection to the demo app is served: one request, or many (`WS101_KEEP_ALIVE`).

Werkzeug's server ends the connection after each response and says so (`Connection: close`). That is
the app's default, too: lesson 1 looks at it. With `KeepAlive` the connection stays open for the
next request, as HTTP/1.1 has it unless somebody says otherwise (RFC 9112 §9.3).
"""

from __future__ import annotations

import io
import os
from functools import cache
from typing import Any

from werkzeug.serving import WSGIRequestHandler

from lessons.demo.live import Live, live_of

REQUEST_SECONDS = 30  # a request head that takes longer is given up; so is a stuck event stream
IDLE_SECONDS = 60  # how long a connection is kept for a next request


class Handler(WSGIRequestHandler):
    """One request a connection, as Werkzeug means it, and nothing in the log."""

    timeout = REQUEST_SECONDS
    disable_nagle_algorithm = (
        True  # head and body are written apart: the body does not wait (40 ms)
    )

    def run_wsgi(self) -> None:
        try:
            super().run_wsgi()
        finally:
            # After an upgrade no response says "Connection: close": never read the rest as HTTP.
            self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: the wire is the log of this course."""


@cache
def _ended() -> int:
    """A descriptor with nothing more to read: it is always at its end."""
    reading, writing = os.pipe()
    os.close(writing)
    return reading


class KeepAlive(Handler):
    """Many requests a connection, one after another.

    A connection is kept only where that is plain: HTTP/1.1, a request without a body or an upgrade,
    whose client did not say `close`, and a whole response. All else ends it.
    """

    timeout = IDLE_SECONDS
    protocol_version = "HTTP/1.1"
    _may = False
    """May this connection go on after the response under way?"""
    _kept = False
    """Did its head leave that open?"""

    @property
    def live(self) -> Live:
        return live_of(self.server.app)  # type: ignore[arg-type]

    def run_wsgi(self) -> None:
        wire, reader = self.connection, self.rfile
        self.live.idle.discard(wire)
        # http.server has read what the client says of it, `Connection: close`, into this.
        self._may = not self.close_connection and self._is_plain() and not self._is_closing()
        self._kept = self.close_connection = False
        try:
            WSGIRequestHandler.run_wsgi(self)
        finally:
            self.connection, self.rfile = wire, reader
            kept = self._kept and not self.close_connection
            self._may = False
            if kept:
                self.live.idle.add(wire)  # then we look; whoever closes does it the other way round
            self.close_connection = not kept or self._is_closing()

    def _is_plain(self) -> bool:
        fields = ("Content-Length", "Transfer-Encoding", "Upgrade")
        return self.request_version == "HTTP/1.1" and not any(
            name in self.headers for name in fields
        )

    def _is_closing(self) -> bool:
        return self.live.closing.is_set()

    def make_environ(self) -> dict[str, Any]:
        """Once a response is out, Werkzeug waits for what else the client may send, and drops it.
        That would be the next request, so Werkzeug is shown a connection at its end."""
        environ = super().make_environ()
        if self._may:
            self.connection, self.rfile = _ended(), io.BytesIO()
        return environ

    def send_header(self, keyword: str, value: str) -> None:
        """Leave out Werkzeug's `Connection: close`: silence means that the connection is kept."""
        if self._may and (keyword, value) == ("Connection", "close"):
            self._kept = True
        else:
            super().send_header(keyword, value)

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        self._kept = False

    def finish(self) -> None:
        self.live.idle.discard(self.connection)
        super().finish()
