"""Clients that others wrote, each of which says a `Script` and hears the answers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable

import aiohttp as aiohttp_
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.sync.client import connect
from wsproto import ConnectionType, WSConnection, events

from tests.addons.peers import PATIENCE
from tests.peers.script import SUBPROTOCOLS, Content, Ping, Script
from tests.peers.serving import wsproto_extensions


def content(data: str | bytes | bytearray) -> Content:
    return ("text", data.encode()) if isinstance(data, str) else ("binary", bytes(data))


def websockets(port: int, script: Script) -> None:
    """`websockets`, its threaded client. A message in pieces gets an empty last frame from it."""
    extensions = []
    if deflate := script.deflate:
        extensions.append(
            ClientPerMessageDeflateFactory(
                server_no_context_takeover=not deflate.takeover,
                client_no_context_takeover=not deflate.takeover,
                server_max_window_bits=deflate.window_bits,
                client_max_window_bits=deflate.window_bits or True,
            )
        )
    with contextlib.ExitStack() as stack:
        ws = connect(
            f"ws://127.0.0.1:{port}{script.path}",
            compression=None,
            extensions=extensions or None,  # an empty list makes an empty field line
            subprotocols=SUBPROTOCOLS,  # type: ignore[arg-type]
            proxy=None,
        )
        stack.enter_context(ws)
        for step in script.steps:
            if isinstance(step, Ping):
                assert ws.ping(step.payload).wait(PATIENCE)
                continue
            pieces = [each.decode() if step.kind == "text" else each for each in step.pieces]
            ws.send(pieces[0] if len(pieces) == 1 else pieces)
            if step.answer:
                assert content(ws.recv(PATIENCE)) == step.answer
        if script.closer == "client":
            ws.close(*script.close)
        else:
            with contextlib.suppress(ConnectionClosed):
                ws.recv(PATIENCE)
            assert (ws.close_code, ws.close_reason) == script.close


class Wsproto:
    """wsproto's client, with as little around it as will do."""

    def __init__(self, port: int, script: Script) -> None:
        self.ws = WSConnection(ConnectionType.CLIENT)
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.parts: list[str | bytes] = []
        self.coming: deque[events.Event | Content] = deque()
        self.script = script

    def talk(self) -> None:
        with self.sock:
            request = events.Request(
                "127.0.0.1",
                self.script.path,
                subprotocols=SUBPROTOCOLS,
                extensions=wsproto_extensions(self.script.compressed),  # type: ignore[arg-type]
            )
            self.send(request)
            came = self.next()
            if isinstance(came, events.RejectConnection):
                raise ConnectionRefusedError(came.status_code)
            assert isinstance(came, events.AcceptConnection), came
            for step in self.script.steps:
                if isinstance(step, Ping):
                    self.send(events.Ping(step.payload))
                    pong = self.next()
                    assert isinstance(pong, events.Pong)
                    assert bytes(pong.payload) == step.payload
                    continue
                for number, piece in enumerate(step.pieces, 1):
                    data = piece.decode() if step.kind == "text" else piece
                    self.send(events.Message(data, message_finished=number == len(step.pieces)))
                if step.answer:
                    assert self.next() == step.answer
            if self.script.closer == "client":
                self.send(events.CloseConnection(*self.script.close))
            self.close()
            while self.sock.recv(1 << 16):  # the server ends first, RFC 6455 §7.1.1
                pass

    def close(self) -> None:
        try:
            closed = self.next()
        except EOFError:  # no answer: that is the server's fault, and the judge sees it
            assert self.script.closer == "client"
            return
        assert isinstance(closed, events.CloseConnection)
        if self.script.closer == "server":
            assert (closed.code, closed.reason) == self.script.close
            self.send(closed.response())

    def send(self, event: events.Event) -> None:
        self.sock.sendall(self.ws.send(event))

    def next(self) -> events.Event | Content:
        """What comes next, Pings answered and fragments joined."""
        while not self.coming:
            if not (data := self.sock.recv(1 << 16)):
                raise EOFError("the server ended TCP, and had more to say")
            self.ws.receive_data(data)
            for event in self.ws.events():
                if isinstance(event, events.Ping):
                    self.send(event.response())
                elif isinstance(event, events.Message):
                    self.parts.append(event.data)
                    if event.message_finished:
                        whole = self.parts[0][:0].join(self.parts)  # type: ignore[arg-type]
                        self.parts.clear()
                        self.coming.append(content(whole))
                else:
                    self.coming.append(event)
        return self.coming.popleft()


def wsproto(port: int, script: Script) -> None:
    Wsproto(port, script).talk()


async def _aiohttp(port: int, script: Script) -> None:
    deflate = script.deflate
    bits = 0 if deflate is None else deflate.window_bits or 15
    async with (
        aiohttp_.ClientSession() as session,
        session.ws_connect(
            f"http://127.0.0.1:{port}{script.path}",
            protocols=SUBPROTOCOLS,
            compress=bits,
            autoping=False,
        ) as ws,
    ):

        async def hear() -> aiohttp_.WSMessage:
            message = await ws.receive(PATIENCE)
            while message.type is aiohttp_.WSMsgType.PING:
                await ws.pong(message.data)
                message = await ws.receive(PATIENCE)
            return message

        for step in script.steps:
            if isinstance(step, Ping):
                await ws.ping(step.payload)
                pong = await hear()
                assert (pong.type, bytes(pong.data)) == (aiohttp_.WSMsgType.PONG, step.payload)
                continue
            (piece,) = step.pieces
            await (ws.send_str(piece.decode()) if step.kind == "text" else ws.send_bytes(piece))
            if step.answer:
                assert content((await hear()).data) == step.answer
        if script.closer == "client":
            code, reason = script.close
            await ws.close(code=code, message=reason.encode())
        else:
            closed = await hear()
            assert closed.type is aiohttp_.WSMsgType.CLOSE
            assert (closed.data, closed.extra) == script.close


def aiohttp(port: int, script: Script) -> None:
    asyncio.run(_aiohttp(port, script))


REFUSED = (InvalidStatus, ConnectionRefusedError, aiohttp_.WSServerHandshakeError)
"""What these clients raise when the server says 403."""

Client = Callable[[int, Script], None]
CLIENTS: dict[str, Client] = {
    "websockets": websockets,
    "wsproto": wsproto,
    "aiohttp": aiohttp,
}
