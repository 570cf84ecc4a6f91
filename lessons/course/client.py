"""The scripted client: it acts on the demo app as a learner's browser would.

A plain socket and `inspector.core`, nothing else, so that a script can also send what no library
would. Keys and masking keys come from `os.urandom`; the head names what really sends it; no
extension is offered unless asked for. It reads in a thread of its own, so that a connection that a
lesson keeps open answers Pings while the learner reads. What goes wrong is a `ScriptFailed`, in
words.

    with Client.open("127.0.0.1", 8101, "/ws/chat") as ws:
        ws.receive()            # '* You are Otter. ...'
        ws.send("hello")
"""

from __future__ import annotations

import base64
import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, Self

from inspector.core.conversation import Conversation
from inspector.core.events import Closed, Framed, Messaged
from inspector.core.frames import Frame, encode_close, encode_frame
from inspector.core.heads import Head, parse_head
from inspector.core.messages import Message
from inspector.core.rfc import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, VERSION, Side
from lessons.course.wire import AGENT, PATIENCE, ScriptFailed, Wire, request_head

SIDES: Final[tuple[Side, Side]] = ("server", "client")


def new_key() -> str:
    """A `Sec-WebSocket-Key`: 16 random bytes in base64 (RFC 6455 §4.1)."""
    return base64.b64encode(os.urandom(16)).decode()


class Client:
    """One WebSocket as its client sees it. Open after `Client.open`, else `status` says why not."""

    def __init__(self, wire: Wire, request: Head, response: Head) -> None:
        self.wire = wire
        self.request = request
        self.response = response
        self.closed: Closed | None = None
        """How it ended, once it has."""
        self.frames: list[Frame] = []
        """Every frame that the server has sent."""
        self._messages: list[Message] = []
        self._ended = response.status != 101
        self._close_sent = False
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._conversation = Conversation()
        self._took("client", request.raw)
        early = self._took("server", response.raw + wire.take(len(wire.buffer)))
        self._answer(early)
        if not self._ended:
            threading.Thread(target=self._read, daemon=True).start()

    @classmethod
    def open(
        cls,
        host: str,
        port: int,
        path: str,
        *,
        fields: Iterable[tuple[str, str]] = (),
        extensions: str | None = None,
        subprotocol: str | None = None,
        key: str | None = None,
        origin: str | None = "",
    ) -> Self:
        """Shake hands. `origin` is the page's own unless given; None sends no such field."""
        wire = Wire(host, port)
        asked = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", key or new_key()),
            ("Sec-WebSocket-Version", VERSION),
            ("User-Agent", AGENT),
        ]
        if origin is not None:
            asked.append(("Origin", origin or f"http://{wire.authority}"))
        if extensions:
            asked.append(("Sec-WebSocket-Extensions", extensions))
        if subprotocol:
            asked.append(("Sec-WebSocket-Protocol", subprotocol))
        head = request_head("GET", path, wire.authority, [*asked, *fields])
        wire.send(head)
        return cls(wire, parse_head(head), wire.head(f"the answer to GET {path}"))

    @property
    def status(self) -> int | None:
        return self.response.status

    @property
    def local(self) -> tuple[str, int]:
        """Our own address and port of this connection."""
        host, port = self.wire.socket.getsockname()[:2]
        return host, port

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Sending

    def send(self, data: str | bytes) -> None:
        """One message in one frame: text for a str, binary for bytes."""
        opcode = TEXT if isinstance(data, str) else BINARY
        self.send_frame(opcode, data.encode() if isinstance(data, str) else data)

    def send_fragments(self, *pieces: str | bytes) -> None:
        """One message in as many frames as there are pieces (RFC 6455 §5.4)."""
        for number, piece in enumerate(pieces):
            data = piece.encode() if isinstance(piece, str) else piece
            kind = TEXT if isinstance(pieces[0], str) else BINARY
            last = number == len(pieces) - 1
            self.send_frame(CONTINUATION if number else kind, data, fin=last)

    def send_frame(
        self,
        opcode: int,
        payload: bytes = b"",
        *,
        fin: bool = True,
        rsv: int = 0,
        masked: bool = True,
        masking_key: bytes | None = None,
        length_bits: int | None = None,
    ) -> None:
        """One frame, legal or not; masked with a fresh key unless told otherwise."""
        key = masking_key or os.urandom(4) if masked else None
        frame = encode_frame(
            opcode, payload, masking_key=key, fin=fin, rsv=rsv, length_bits=length_bits
        )
        self.send_raw(frame)

    def send_raw(self, data: bytes) -> None:
        """Any bytes."""
        with self._sending:
            with self._changed:
                self._took("client", data)
            self.wire.send(data)

    def ping(self, payload: bytes = b"") -> None:
        """Send a Ping and wait for the Pong that repeats it."""
        before = len(self.frames)

        def answered() -> bool:
            return any(f.opcode == PONG and f.payload == payload for f in self.frames[before:])

        self.send_frame(PING, payload)
        self._wait(answered, "a Pong")

    # Receiving

    def receive(self, patience: float = PATIENCE) -> str | bytes:
        """The next message, inflated if it was compressed."""
        self._wait(lambda: bool(self._messages), "a message", patience)
        message = self._messages.pop(0)
        return message.data if message.text is None else message.text

    def receive_until(self, text: str) -> str:
        """The first message of text, among those to come, that contains `text`."""
        while True:
            said = self.receive()
            if isinstance(said, str) and text in said:
                return said

    def wait_closed(self, patience: float = PATIENCE) -> Closed:
        """Wait for the end of the connection. The server's Close is answered by itself."""
        self._wait(lambda: self._ended, "the end of the connection", patience)
        assert self.closed is not None
        return self.closed

    def close(self, code: int | None = 1000, reason: str = "") -> None:
        """Send Close, wait for the server's, and let it end TCP first (RFC 6455 §7.1.1).

        Idle the second time.
        """
        with suppress(ScriptFailed):
            if not self._ended and not self._close_sent:
                self._close_sent = True
                self.send_raw(encode_close(code, reason, masking_key=os.urandom(4)))
            if not self._ended:
                self.wait_closed()
        self.wire.close()

    def abandon(self) -> None:
        """End TCP without a word, as a tab does whose computer was unplugged."""
        self.wire.close()

    def _wait(self, true: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        with self._changed:
            self._changed.wait_for(lambda: true() or self._ended, patience)
            if true():
                return
        if self._ended:
            raise ScriptFailed(f"the connection ended before {what} came")
        raise ScriptFailed(f"waited {patience:.0f} s in vain for {what}")

    def _read(self) -> None:
        """In a thread: everything that comes, so that Pings find their Pong while nobody waits."""
        while data := self.wire.receive():
            with self._changed:
                came = self._took("server", data)
                self._changed.notify_all()
            self._answer(came)
        with self._changed:
            for side in SIDES:
                for event in self._conversation.end(side, None, time.time()):
                    self.closed = event if isinstance(event, Closed) else self.closed
            self._ended = True
            self._changed.notify_all()

    def _took(self, side: Side, data: bytes) -> list[Frame]:
        """Note what was sent or came; the server's frames in it."""
        came = []
        for event in self._conversation.receive(side, data, time.time()):
            if isinstance(event, Messaged) and event.message.side == "server":
                self._messages.append(event.message)
            elif isinstance(event, Framed) and event.frame.side == "server":
                came.append(event.frame)
        self.frames += came
        return came

    def _answer(self, frames: list[Frame]) -> None:
        """A Ping gets its Pong, a Close its Close (RFC 6455 §5.5)."""
        for frame in frames:
            with suppress(ScriptFailed):
                if frame.opcode == PING:
                    self.send_frame(PONG, frame.payload)
                elif frame.opcode == CLOSE and not self._close_sent:
                    self._close_sent = True
                    self.send_frame(CLOSE, frame.payload)
