"""The server's end of one WebSocket, with a close that is clean on the wire.

Its one rule: **one thread owns the socket**. flask-sock on Werkzeug's server lets three write to it
(whoever calls `send`, the thread that reads, and at last Werkzeug, which answers the upgraded
request a second time with `HTTP/1.1 200 OK`), and lets two close it. So a close can lose the
answering Close frame, or end in a reset. `dirty.py` keeps that as a specimen.

Here `send` and `close` only put frames into an outbox; the connection's own thread writes them,
reads, pings, and hangs up as RFC 6455 asks: after the 101 nothing but whole frames, one Close from
each side (§5.5.1), then the server's FIN first (§7.1.1), then the client's. Whoever waits for
the peer waits for a bounded time. The outbox is bounded too: a peer that does not read is told 1013
and let go, and nobody else in the room waits for it.

`PoliteServer` is a `simple_websocket.Server`, so it is what flask-sock would hand out: `send`,
`receive`, `close`. `PoliteSock` (in `sock.py`) is the flask-sock that makes it.
"""

from __future__ import annotations

import logging
import selectors
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

from simple_websocket import ConnectionClosed, Server
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError

from lessons.demo.deflate import Deflate

log = logging.getLogger(__name__)

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
EARLY = 65536  # more than http.server's reader can have buffered behind the request head
SEND_BUFFER = 128 * 1024  # octets in the kernel: a peer that doesn't read is noticed early

NORMAL, PROTOCOL_ERROR, ABNORMAL = 1000, 1002, 1006
POLICY, TOO_BIG, TRY_AGAIN_LATER = 1008, 1009, 1013  # RFC 6455 §7.4.1 and its registry


class PoliteServer(Server):  # type: ignore[misc]
    """One connection. Times in seconds, sizes in octets; other options as simple_websocket's.

    `accepted` is called with it when the handshake is good and the 101 not yet sent.
    """

    incoming_message_len: int

    def __init__(
        self,
        environ: dict[str, Any],
        *,
        accepted: Callable[[PoliteServer], object] = id,
        max_outbox: int = 1 << 20,
        max_inbox: int = 32,
        close_timeout: float = 2.0,
        fin_timeout: float = 1.0,
        **options: Any,
    ) -> None:
        self.max_outbox, self.max_inbox = max_outbox, max_inbox
        self.close_timeout, self.fin_timeout = close_timeout, fin_timeout
        self._accepted = accepted
        self.pongs = 0  # that have come
        self.dropped = False  # did we let a slow or silent peer go?
        self._changed = threading.Condition()
        self._outbox = bytearray()
        self._parts: list[Any] = []  # of the message that is arriving
        self._over = False  # nothing more to read that matters
        self.their_fin = False  # did their TCP come to its end, rather than break?
        self._deadline = 0.0  # once closing: when to stop waiting for the peer
        connection: socket.socket = environ["werkzeug.socket"]
        timeout = connection.gettimeout()
        connection.setblocking(False)
        # A client in a hurry sends frames before it has seen the 101; they lie in the HTTP reader.
        self._early: bytes = environ["wsgi.input"].read1(EARLY)
        self._alarm, self._bell = socket.socketpair()
        self._alarm.setblocking(False)
        self._bell.setblocking(False)
        try:
            super().__init__(environ, **options)  # the handshake, then the thread
        except BaseException:
            self._alarm.close()
            self._bell.close()
            connection.settimeout(timeout)  # Werkzeug is to write the refusal
            raise

    # What a handler calls, from any thread

    def send(self, data: str | bytes) -> None:
        """Queue one message: bytes go as binary, anything else as text. Never blocks."""
        with self._changed:
            if not self.connected:
                raise ConnectionClosed(self.close_reason, self.close_message)
            if self._piled_up():
                raise ConnectionClosed(self.close_reason, self.close_message)
            self._outbox += self.encode(data)
        self._ring()

    def encode(self, data: str | bytes) -> bytes:
        """The frame of one message, compressed if that was agreed. Who does not `send` it has to
        `write` its payload all the same, in its place: the next ones may lean on it (lesson 11)."""
        with self._changed:
            if isinstance(data, bytes | bytearray | memoryview):
                return bytes(self.ws.send(BytesMessage(bytes(data))))
            return bytes(self.ws.send(TextMessage(str(data))))

    def receive(self, timeout: float | None = None) -> str | bytes | None:
        """The next message, in order; None after `timeout` seconds; ConnectionClosed at the end."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.input_buffer or not self.connected, timeout):
                return None
            if not self.input_buffer:
                raise ConnectionClosed(self.close_reason, self.close_message)
            message: str | bytes = self.input_buffer.pop(0)
        self._ring()  # there may be room to read on
        return message

    def ping(self, payload: bytes = b"", timeout: float = 0) -> bool:
        """Queue a Ping, and wait `timeout` seconds for a Pong: did one come?"""
        with self._changed:
            if not self.connected:
                raise ConnectionClosed(self.close_reason, self.close_message)
            before = self.pongs
            self._outbox += self.ws.send(Ping(payload))
            self._ring()
            self._changed.wait_for(lambda: self.pongs > before or not self.connected, timeout)
            return self.pongs > before

    def write(self, data: bytes) -> None:
        """Queue bytes as they stand: frames that no library would cut so (lesson 8)."""
        with self._changed:
            if not self.connected or self._piled_up():
                raise ConnectionClosed(self.close_reason, self.close_message)
            self._outbox += data
        self._ring()

    def close(self, reason: int | None = None, message: str | None = None) -> None:
        """Begin the closing handshake; `join` waits for its end."""
        with self._changed:
            if not self.connected:
                raise ConnectionClosed(self.close_reason, self.close_message)
            self._leave(CloseConnection(reason or NORMAL, message))
        self._ring()

    def join(self) -> None:
        """Wait until nothing of this connection is left to do; bounded, as every step is."""
        if self.thread is not threading.current_thread():
            self.thread.join()

    # The protocol; the lock is held

    def _handle_events(self) -> bool:
        handled: dict[type[Event], Callable[[Any], None]] = {
            Request: self._accept,
            CloseConnection: self._their_close,
            Ping: self._answer_ping,
            Pong: self._note_pong,
            TextMessage: self._collect,
            BytesMessage: self._collect,
        }
        with self._changed:
            for event in self.ws.events():
                handled[type(event)](event)
            self._changed.notify_all()
            return bool(self.connected)

    def _accept(self, request: Request) -> None:
        self.subprotocol = self.choose_subprotocol(request)
        answer = AcceptConnection(subprotocol=self.subprotocol, extensions=[Deflate()])
        self._outbox += self.ws.send(answer)
        self.connected = True
        self._accepted(self)
        del self._accepted  # once is enough, and a live connection shall hold no stray references

    def _their_close(self, event: CloseConnection) -> None:
        """Their Close, or wsproto's word for bytes that break the protocol (state still OPEN)."""
        self._over = True
        if self.connected:
            self._leave(event.response())

    def _answer_ping(self, event: Ping) -> None:
        if self.connected and not self._piled_up():
            self._outbox += self.ws.send(event.response())

    def _note_pong(self, _event: Pong) -> None:
        self.pong_received = True
        self.pongs += 1

    def _collect(self, event: TextMessage | BytesMessage) -> None:
        if not self.connected:
            return  # §5.5.1: after our Close their data no longer matters
        if event.data:
            self._parts.append(event.data)
            data = event.data.encode() if isinstance(event.data, str) else event.data
            self.incoming_message_len += len(data)
        if self.max_message_size and self.incoming_message_len > self.max_message_size:
            self._parts.clear()
            limit = f"more than {self.max_message_size} octets in one message"
            self._leave(CloseConnection(TOO_BIG, limit))
        elif event.message_finished:
            glue = "" if isinstance(event, TextMessage) else b""
            self.input_buffer.append(glue.join(self._parts))
            self._parts.clear()
            self.incoming_message_len = 0

    def _piled_up(self) -> bool:
        """Does the peer leave its messages unread? Then it is let go."""
        if len(self._outbox) <= self.max_outbox:
            return False
        self._drop(TRY_AGAIN_LATER, "too slow: your messages piled up here")
        return True

    def _leave(self, close: CloseConnection) -> None:
        """Send our Close, the last frame of this side."""
        self._outbox += self.ws.send(close)
        self._end(int(close.code), close.reason)

    def _drop(self, code: int, words: str) -> None:
        self.dropped = True
        self._leave(CloseConnection(code, words))

    def _end(self, code: int, reason: str | None) -> None:
        self.connected = False
        self.close_reason, self.close_message = code, reason
        self._deadline = monotonic() + self.close_timeout
        self._changed.notify_all()

    # The thread that owns the socket

    def _ring(self) -> None:
        """Wake the thread; a full or closed bell means that it is awake or gone."""
        with suppress(OSError):
            self._bell.send(b"!")

    def _thread(self) -> None:
        try:
            with selectors.DefaultSelector() as selector, suppress(OSError):
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
                self._converse(selector)
                self._hang_up()
        finally:
            with self._changed:
                if self.connected:
                    self._end(ABNORMAL, None)  # the line broke: reset, or out of sockets
            self._alarm.close()
            self._bell.close()

    def _converse(self, selector: selectors.BaseSelector) -> None:
        """Read, write and ping until both sides have said all, or it is no use to wait."""
        selector.register(self._alarm, READ)
        self._digest(self._early)
        next_ping = monotonic() + self.ping_interval if self.ping_interval else None
        while True:
            with self._changed:
                now = monotonic()
                if not self.connected and (
                    now >= self._deadline or (self._over and not self._outbox)
                ):
                    return
                if next_ping and self.connected and now >= next_ping:
                    self._ping()
                    next_ping = now + self.ping_interval
                full = self.connected and len(self.input_buffer) >= self.max_inbox
                wanted = 0 if full or self._over else READ
                wanted |= WRITE if self._outbox else 0
                until = next_ping if self.connected else self._deadline
            self._watch(selector, wanted)
            for key, ready in selector.select(None if until is None else max(0, until - now)):
                if key.fileobj is self._alarm:
                    self._alarm.recv(4096)
                    continue
                if ready & WRITE:
                    self._write()
                if ready & READ:
                    self._read()

    def _watch(self, selector: selectors.BaseSelector, wanted: int) -> None:
        watched = self.sock in selector.get_map()
        if wanted and watched:
            selector.modify(self.sock, wanted)
        elif wanted:
            selector.register(self.sock, wanted)
        elif watched:
            selector.unregister(self.sock)

    def _write(self) -> None:
        with self._changed, suppress(BlockingIOError):
            sent = self.sock.send(self._outbox[:EARLY])
            del self._outbox[:sent]

    def _read(self) -> None:
        with suppress(BlockingIOError):
            data = self.sock.recv(self.receive_bytes)
            if data:
                self._digest(data)
                return
            with self._changed:
                self._over = self.their_fin = True
                if self.connected:
                    self._end(ABNORMAL, None)  # a FIN without a Close: nothing to answer

    def _digest(self, data: bytes) -> None:
        with self._changed:
            if self._over or not data:
                return
            try:
                self.ws.receive_data(data)
                self._handle_events()
            except Exception as fault:  # wsproto tripped over a peer's bytes
                if not isinstance(fault, LocalProtocolError):
                    log.exception("wsproto could not read a frame")
                self._over = True
                if self.connected and self.ws.state is ConnectionState.OPEN:
                    self._leave(CloseConnection(PROTOCOL_ERROR, "unreadable frame"))

    def _ping(self) -> None:
        reading = len(self.input_buffer) < self.max_inbox
        if reading and not self.pong_received:
            self._drop(POLICY, f"no pong in {self.ping_interval:g} seconds")
            return
        self.pong_received = False
        self._outbox += self.ws.send(Ping())

    def _hang_up(self) -> None:
        """Our FIN, then theirs. What still comes is read and thrown away, lest we reset."""
        self.sock.shutdown(socket.SHUT_WR)
        give_up = monotonic() + self.fin_timeout
        with selectors.DefaultSelector() as selector:
            selector.register(self.sock, READ)
            while not self.their_fin and (left := give_up - monotonic()) > 0:
                if selector.select(left):
                    with suppress(BlockingIOError):
                        self.their_fin = not self.sock.recv(EARLY)
