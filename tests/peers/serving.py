"""Servers that others wrote, each on a port of its own, each answering as `manners` has it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus

from aiohttp import WSMsgType, web
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve
from wsproto import ConnectionType, WSConnection, events
from wsproto.extensions import PerMessageDeflate

from tests.addons.peers import PATIENCE
from tests.addons.proxies import Process
from tests.peers.manners import answer
from tests.peers.script import DEFLATES, SUBPROTOCOLS


@contextlib.contextmanager
def websockets(compressed: str) -> Iterator[int]:
    """`websockets`, its threaded server."""

    def handle(ws: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):  # it raises unless the code is 1000
            for data in ws:
                said = answer(data)
                if said.ping is not None:
                    ws.ping(said.ping)
                for message in said.messages:
                    ws.send(message)
                if said.close:
                    ws.close(*said.close)

    def refuse(ws: ServerConnection, request: Request) -> Response | None:
        return ws.respond(HTTPStatus.FORBIDDEN, "not you") if request.path == "/refuse" else None

    extensions = []
    if deflate := DEFLATES.get(compressed):
        extensions.append(
            ServerPerMessageDeflateFactory(
                server_no_context_takeover=not deflate.takeover,
                client_no_context_takeover=not deflate.takeover,
                server_max_window_bits=deflate.window_bits,
                client_max_window_bits=deflate.window_bits,
            )
        )
    with serve(
        handle,
        "127.0.0.1",
        0,
        compression=None,
        extensions=extensions,
        subprotocols=SUBPROTOCOLS,  # type: ignore[arg-type]
        process_request=refuse,
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1]
        server.shutdown()
        thread.join(PATIENCE)


def wsproto_extensions(compressed: str) -> list[PerMessageDeflate]:
    deflate = DEFLATES.get(compressed)
    if deflate is None:
        return []
    return [
        PerMessageDeflate(
            client_no_context_takeover=not deflate.takeover,
            server_no_context_takeover=not deflate.takeover,
            client_max_window_bits=deflate.window_bits,
            server_max_window_bits=deflate.window_bits,
        )
    ]


@contextlib.contextmanager
def wsproto(compressed: str) -> Iterator[int]:
    """wsproto, with as little around it as will do."""
    listener = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                threading.Thread(target=serve_wsproto, args=(sock, compressed)).start()

    threading.Thread(target=listen, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def serve_wsproto(sock: socket.socket, compressed: str) -> None:
    ws = WSConnection(ConnectionType.SERVER)
    parts: list[str | bytes] = []

    def on(event: events.Event) -> bool:
        """Answer it; False when it was the last."""
        match event:
            case events.Request(target="/refuse"):
                headers = [(b"content-length", b"7")]
                sock.sendall(
                    ws.send(events.RejectConnection(403, headers, has_body=True))
                    + ws.send(events.RejectData(b"not you"))
                )
                return False
            case events.Request():
                accept = events.AcceptConnection(
                    SUBPROTOCOLS[0],
                    extensions=wsproto_extensions(compressed),  # type: ignore[arg-type]
                )
                sock.sendall(ws.send(accept))
            case events.Ping():
                sock.sendall(ws.send(event.response()))
            case events.CloseConnection():
                if ws.state.name == "REMOTE_CLOSING":
                    sock.sendall(ws.send(event.response()))
                return False
            case events.Message():
                parts.append(event.data)
                if event.message_finished:
                    whole = parts[0][:0].join(parts)  # type: ignore[arg-type]
                    parts.clear()
                    respond(whole)
        return True

    def respond(data: str | bytes) -> None:
        said = answer(data)
        if said.ping is not None:
            sock.sendall(ws.send(events.Ping(said.ping)))
        for message in said.messages:
            pieces = message if isinstance(message, list) else [message]
            for number, piece in enumerate(pieces, 1):
                last = number == len(pieces)
                sock.sendall(ws.send(events.Message(piece, message_finished=last)))
        if said.close:
            sock.sendall(ws.send(events.CloseConnection(*said.close)))

    with sock:
        sock.settimeout(PATIENCE)
        while data := sock.recv(1 << 16):
            ws.receive_data(data)
            if not all(map(on, ws.events())):
                break
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1 << 16):
            pass


@contextlib.contextmanager
def aiohttp(compressed: str) -> Iterator[int]:
    """aiohttp's server, in a loop of its own."""

    async def echo(request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse(protocols=SUBPROTOCOLS, compress=compressed != "off")
        await ws.prepare(request)
        async for message in ws:
            assert message.type in (WSMsgType.TEXT, WSMsgType.BINARY)
            said = answer(message.data)
            if said.ping is not None:
                await ws.ping(said.ping)
            for data in said.messages:
                assert not isinstance(data, list)
                await (ws.send_str(data) if isinstance(data, str) else ws.send_bytes(data))
            if said.close:
                await ws.close(code=said.close[0], message=said.close[1].encode())
        return ws

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=403, text="not you")

    async def run() -> None:
        app = web.Application()
        app.add_routes([web.get("/echo", echo), web.get("/refuse", refuse)])
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port.append(runner.addresses[0][1])
        stop.append(asyncio.Event())
        ready.set()
        await stop[0].wait()
        await runner.cleanup()

    port: list[int] = []
    stop: list[asyncio.Event] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()

    def thread() -> None:
        loop.run_until_complete(run())
        loop.close()

    running = threading.Thread(target=thread)
    running.start()
    assert ready.wait(PATIENCE)
    yield port[0]
    loop.call_soon_threadsafe(stop[0].set)
    running.join(PATIENCE)


@contextlib.contextmanager
def process(command: list[str], announces: str, env: dict[str, str] | None = None) -> Iterator[int]:
    """A server in a process of its own, which says where it listens."""
    running = Process(command, env=env)
    yield int(running.wait_for(announces)[1])
    running.end(signal.SIGKILL)


def werkzeug(compressed: str) -> contextlib.AbstractContextManager[int]:
    """flask-sock on Werkzeug's development server; it accepts any offer."""
    command = [sys.executable, "-m", "tests.peers.flask_app"]
    return process(command, r"listening on (\d+)")


def gunicorn(compressed: str) -> contextlib.AbstractContextManager[int]:
    """flask-sock on gunicorn, as its documentation advises: threads."""
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--threads", "8"]
    command += ["--worker-class", "gthread", "tests.peers.flask_app:app"]
    return process(command, r"Listening at: http://127\.0\.0\.1:(\d+)")


SERVERS: dict[str, Callable[[str], contextlib.AbstractContextManager[int]]] = {
    "websockets": websockets,
    "wsproto": wsproto,
    "aiohttp": aiohttp,
    "werkzeug": werkzeug,
    "gunicorn": gunicorn,
}
