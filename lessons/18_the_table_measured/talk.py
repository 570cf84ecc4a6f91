"""A WebSocket connection that never was, written down as the tap writes down one that was.

Everything in it comes from dice: with the same seed, the same bytes. What has no fault in it keeps
every rule, so that whatever `ws101 lint` finds is the fault that was put in.
"""

from __future__ import annotations

import base64
import json
import random
import zlib

from inspector.core.encode import encode_close, encode_frame
from inspector.core.handshake import accept_for
from inspector.core.rfc import DEFLATE_TAIL, PING, PONG, TEXT, Side
from inspector.files.events import Manner
from inspector.files.recorder import Stream

__all__ = ["HOST", "PING", "TEXT", "Talk", "other"]

HOST = "chat.example"
NAMES = ("Otter", "Heron", "Lynx", "Robin", "Marten", "Wren")
WORDS = (
    "anyone seen the new release", "the build is green", "lunch at noon", "which port was it",
    "it works here", "try it again", "who broke the chat", "restart it", "the log says nothing",
    "see you tomorrow", "can you hear me", "one moment", "found it", "naïve café, schön",
)  # fmt: skip


def other(side: Side) -> Side:
    return "server" if side == "client" else "client"


class Talk:
    """A conversation being written. `frames` counts as `ws101 dump` does, over both sides."""

    def __init__(self, stream: Stream, dice: random.Random, begun: float) -> None:
        self.stream = stream
        self.dice = dice
        self.now = begun
        self.frames = 0
        self.seq = dice.randrange(20, 900)
        self.name = dice.choice(NAMES)
        self._deflate = zlib.compressobj(wbits=-15)

    # Bytes

    def later(self, least: float = 0.2, most: float = 4.0) -> None:
        self.now += self.dice.uniform(least, most)

    def raw(self, side: Side, data: bytes) -> None:
        self.now += self.dice.uniform(0.0005, 0.003)
        self.stream.data(side == "client", data, self.now)

    def shake(
        self,
        *,
        status: str = "101 Switching Protocols",
        key_for_accept: str = "",
        origin: str = f"https://{HOST}",
        version: str = "13",
        extensions: str = "",
        answered: tuple[str, ...] = (),
    ) -> None:
        """The handshake; `answered` are the fields of a refusal."""
        key = self.new_key()
        asked = [
            "GET /room HTTP/1.1", f"Host: {HOST}", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}", f"Sec-WebSocket-Version: {version}", f"Origin: {origin}",
        ]  # fmt: skip
        told = [f"HTTP/1.1 {status}"]
        if status.startswith("101"):
            accept = accept_for(key_for_accept or key)
            told += ["Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}"]
        if extensions:
            asked.append(f"Sec-WebSocket-Extensions: {extensions}")
            told.append(f"Sec-WebSocket-Extensions: {extensions}")
        self.raw("client", "\r\n".join([*asked, "", ""]).encode())
        self.raw("server", "\r\n".join([*told, *answered, "", ""]).encode())

    def new_key(self) -> str:
        return base64.b64encode(self.dice.randbytes(16)).decode()

    def frame(
        self,
        side: Side,
        opcode: int,
        payload: bytes = b"",
        *,
        masked: bool | None = None,
        fin: bool = True,
        rsv: int = 0,
        length_bits: int | None = None,
    ) -> int:
        """One frame, legal or not; its number."""
        key = self.dice.randbytes(4) if (side == "client" if masked is None else masked) else None
        self.raw(side, encode_frame(
            opcode, payload, masking_key=key, fin=fin, rsv=rsv, length_bits=length_bits,
        ))  # fmt: skip
        self.frames += 1
        return self.frames

    # What is said

    def words(self) -> bytes:
        """A line as a client says it."""
        return self.dice.choice(WORDS).encode()

    def told(self) -> bytes:
        """A line as the server passes it on, with the next number."""
        self.seq += 1
        line = {"seq": self.seq, "from": self.name, "say": self.dice.choice(WORDS)}
        return json.dumps(line, ensure_ascii=False).encode()

    def payload(self, side: Side) -> bytes:
        return self.words() if side == "client" else self.told()

    def say(self, side: Side) -> int:
        return self.frame(side, TEXT, self.payload(side))

    def squeezed(self, text: bytes, *, forgets: bool) -> bytes:
        """A message, compressed: with what went before as its dictionary, or as the first one."""
        if forgets:
            self._deflate = zlib.compressobj(wbits=-15)
        data = self._deflate.compress(text) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return data.removesuffix(DEFLATE_TAIL)

    def chat(self, least: int, most: int, *, pings: bool = True) -> None:
        """Some lines, both ways, now and then a Ping with its Pong."""
        for _ in range(self.dice.randint(least, most)):
            self.later()
            side: Side = "server" if self.dice.random() < 0.6 else "client"
            self.say(side)
            if pings and self.dice.random() < 0.25:
                self.later(0.1, 1.0)
                mark = self.dice.randbytes(4)
                self.frame("server", PING, mark)
                self.frame("client", PONG, mark)

    # The end

    def goodbye(self, first: Side, code: int = 1000) -> None:
        """Close from one side, Close from the other, TCP ended by the server first."""
        self.close(first, code)
        self.close(other(first), code)
        self.end("server")
        self.end("client")

    def close(self, side: Side, code: int) -> int:
        key = self.dice.randbytes(4) if side == "client" else None
        self.raw(side, encode_close(code, masking_key=key))
        self.frames += 1
        return self.frames

    def end(self, side: Side, how: Manner = "fin") -> None:
        self.now += self.dice.uniform(0.0005, 0.003)
        self.stream.end(side == "client", self.now, how=how)
