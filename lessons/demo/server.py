"""Start the demo app on Werkzeug's threaded server, and end it with a goodbye to everyone.

    with DemoServer(create_app()) as server:      # in the background, for tests and the runner
        server.url                                # "http://127.0.0.1:49321"

    serve(create_app(), "127.0.0.1", 8100)        # in the foreground, until SIGINT or SIGTERM

Loopback only, unless `WS101_EXTRA_HOSTS` says what others call it; no debugger, no reloader (they
would hand the learner's Python to whoever asks).
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from lessons.demo.handler import Handler, KeepAlive
from lessons.demo.live import live_of

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
DEFAULT_PORT = 8100
BUS_SECONDS = 3.0  # for it to be there when the server says that it is ready
GOODBYE_SECONDS = 5.0  # longer than close_timeout and fin_timeout of one connection


def listen(host: str, port: int, *, loopback_only: bool = True) -> socket.socket:
    """A listening socket, on a loopback address. OSError if the port is taken."""
    if loopback_only and host not in LOOPBACK:
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
        handler: type[WSGIRequestHandler] | None = None,
    ) -> None:
        self.app = app
        if handler is None:
            handler = KeepAlive if app.config["WS101_KEEP_ALIVE"] else Handler
        named = bool(app.config["WS101_EXTRA_HOSTS"])
        with listen(host, port, loopback_only=not named) as listener:
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
        for connection in list(live.idle):  # they wait for a request that nobody would answer
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        ended = live.close_all(GOODBYE_SECONDS)
        if live.bus:
            live.bus.close()
        return ended

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
    handler: type[WSGIRequestHandler] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM (main thread only). A second signal ends it at once."""
    enough = threading.Event()

    def end(signum: int, _frame: FrameType | None) -> None:
        signal.signal(signum, signal.SIG_DFL)
        enough.set()

    signals = (signal.SIGINT, signal.SIGTERM)
    with DemoServer(app, host, port, handler) as server:
        if bus := live_of(app).bus:
            bus.wait(BUS_SECONDS)
        before = [signal.signal(number, end) for number in signals]
        if on_ready:
            on_ready(server)
        while not enough.wait(1):  # a wait without end can't be interrupted everywhere
            pass
    for number, previous in zip(signals, before, strict=True):
        signal.signal(number, previous)
