"""Start the demo app on Werkzeug's threaded server, and end it with a goodbye to everyone.

    with DemoServer(create_app()) as server:      # in the background, for tests and the runner
        server.url                                # "http://127.0.0.1:49321"

    serve(create_app(), "127.0.0.1", 8100)        # in the foreground, until SIGINT or SIGTERM

Loopback only; no debugger, no reloader (they would hand the learner's Python to whoever asks).
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from lessons.demo.live import live_of

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
DEFAULT_PORT = 8100
GOODBYE_SECONDS = 5.0  # longer than close_timeout and fin_timeout of one connection
REQUEST_SECONDS = 30  # a request head that takes longer is given up; so is a stuck event stream


class Handler(WSGIRequestHandler):
    """One request a connection, as Werkzeug means it, and nothing in the log."""

    timeout = REQUEST_SECONDS

    def run_wsgi(self) -> None:
        try:
            super().run_wsgi()
        finally:
            # After an upgrade no response says "Connection: close": never read the rest as HTTP.
            self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: the wire is the log of this course."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on a loopback address. OSError if the port is taken."""
    if host not in LOOPBACK:
        raise ValueError(f"{host} is not a loopback address")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


class DemoServer:
    """The app on its own threads. It accepts connections from the moment this object exists."""

    def __init__(
        self,
        app: Flask,
        host: str = "127.0.0.1",
        port: int = 0,
        handler: type[WSGIRequestHandler] = Handler,
    ) -> None:
        self.app = app
        with listen(host, port) as listener:
            self.port: int = listener.getsockname()[1]
            self._httpd = make_server(
                host, self.port, app, threaded=True, request_handler=handler, fd=listener.fileno()
            )
        self.host = host
        self.url = f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
        self._thread = threading.Thread(
            target=self._httpd.serve_forever, kwargs={"poll_interval": 0.05}, name="ws101 demo"
        )
        self._thread.start()

    def stop(self) -> bool:
        """Accept nobody new, close every WebSocket with 1001, wait (bounded) for the closes.
        True if all of them ended in time."""
        live = live_of(self.app)
        live.closing.set()
        self._httpd.shutdown()
        self._thread.join()  # serve_forever closes the listening socket as it ends
        return live.close_all(GOODBYE_SECONDS)

    def __enter__(self) -> DemoServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def serve(
    app: Flask,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    *,
    on_ready: Callable[[DemoServer], object] | None = None,
    handler: type[WSGIRequestHandler] = Handler,
) -> None:
    """Serve until SIGINT or SIGTERM (main thread only). A second signal ends it at once."""
    enough = threading.Event()

    def end(signum: int, _frame: FrameType | None) -> None:
        signal.signal(signum, signal.SIG_DFL)
        enough.set()

    signals = (signal.SIGINT, signal.SIGTERM)
    with DemoServer(app, host, port, handler) as server:
        before = [signal.signal(number, end) for number in signals]
        if on_ready:
            on_ready(server)
        while not enough.wait(1):  # a wait without end can't be interrupted everywhere
            pass
    for number, previous in zip(signals, before, strict=True):
        signal.signal(number, previous)
