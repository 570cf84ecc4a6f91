"""A WebSocket client made of a socket and nothing else: what the demo app's tests look through.

It reads frames by itself, in a few lines, so that the server is not judged by the library it uses.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
RSV1 = 0x40
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 §1.3
PATIENCE = 20.0  # seconds, for what must happen anyway


def until(true: Callable[[], object], what: str) -> None:
    """Wait, bounded, for something that happens in another thread."""
    give_up = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < give_up, f"never happened: {what}"
        time.sleep(0.005)


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame off the wire."""

    first: int
    masked: bool
    payload: bytes

    @property
    def opcode(self) -> int:
        return self.first & 15

    @property
    def code(self) -> int | None:
        return int.from_bytes(self.payload[:2]) if len(self.payload) > 1 else None


def cut(stream: bytes, at: int = 0, *, rsv: int = 0) -> tuple[list[Frame], int]:
    """The whole frames of a server's stream from octet `at` on, and where what is left begins.

    `rsv` are the RSV bits that were negotiated (0x40 with deflate).
    """
    frames = []
    while len(stream) - at >= 2:
        first, second = stream[at], stream[at + 1]
        length, header = second & 127, 2
        if length > 125:
            header += 2 if length == 126 else 8
            length = int.from_bytes(stream[at + 2 : at + header])
        if first & 0x70 & ~rsv or first & 15 not in (0, TEXT, BINARY, CLOSE, PING, PONG):
            break
        if len(stream) - at < header + length:
            break
        payload = stream[at + header : at + header + length]
        frames.append(Frame(first, bool(second & 128), payload))
        at += header + length
    return frames, at


def masked(opcode: int, payload: bytes = b"", first: int = 0x80) -> bytes:
    """One frame as a client sends it."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 65536:
        length = bytes([0x80 | 126]) + size.to_bytes(2)
    else:
        length = bytes([0x80 | 127]) + size.to_bytes(8)
    key = os.urandom(4)
    body = bytes(octet ^ key[i % 4] for i, octet in enumerate(payload))
    return bytes([first | opcode]) + length + key + body


def close_frame(code: int = 1000, reason: str = "") -> bytes:
    return masked(CLOSE, code.to_bytes(2) + reason.encode())


def request(path: str, port: int, *fields: str, method: str = "GET", host: str = "") -> bytes:
    """A request head; give `fields` to add some, `Host` is the server's own."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host or f'127.0.0.1:{port}'}", *fields]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def handshake(path: str, port: int, *fields: str, host: str = "", key: str = KEY) -> bytes:
    """A client's opening handshake."""
    asked = ["Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}"]
    return request(path, port, *asked, "Sec-WebSocket-Version: 13", *fields, host=host)


def exchange(port: int, sent: bytes) -> bytes:
    """Send bytes, take all that comes until the server ends the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def get(port: int, path: str, *fields: str, host: str = "") -> tuple[int, str, bytes]:
    """Status, head and body of a plain GET."""
    head, _, body = exchange(port, request(path, port, *fields, host=host)).partition(b"\r\n\r\n")
    return status(head), head.decode("latin-1"), body


def get_json(port: int, path: str) -> Any:
    code, head, body = get(port, path)
    assert code == 200, head
    return json.loads(body)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@dataclass(slots=True)
class Client:
    """One WebSocket connection, open after `Client.open(...)`."""

    sock: socket.socket
    key: str = ""  # its Sec-WebSocket-Key: how the server's registry knows it
    head: bytes = b""
    stream: bytearray = field(default_factory=bytearray)  # all octets after the 101
    ended: str = ""  # "fin" or "rst"
    frames: list[Frame] = field(default_factory=list)  # as far as they were cut
    _cut: int = 0  # octets
    _read: int = 0  # frames handed out
    _inflate: Any = None  # where deflate was agreed

    @classmethod
    def open(cls, path: str, port: int, *fields: str, receive_buffer: int = 0) -> Self:
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(PATIENCE)
        sock.connect(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        sock.sendall(handshake(path, port, *fields, key=key))
        self = cls(sock, key)
        while b"\r\n\r\n" not in self.stream:
            self.more()
            assert not self.ended, bytes(self.stream)
        head, _, rest = bytes(self.stream).partition(b"\r\n\r\n")
        self.head = head + b"\r\n\r\n"
        self.stream = bytearray(rest)
        assert head.startswith(b"HTTP/1.1 101 "), head
        if b"permessage-deflate" in head:
            self._inflate = zlib.decompressobj(-15)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def more(self) -> None:
        """Read once."""
        try:
            data = self.sock.recv(65536)
        except ConnectionError:
            self.ended = "rst"
        else:
            self.stream += data
            self.ended = "" if data else "fin"

    def send(self, *frames: bytes) -> None:
        self.sock.sendall(b"".join(frames))

    def say(self, text: str) -> None:
        self.send(masked(TEXT, text.encode()))

    def cut(self) -> None:
        rsv = RSV1 if self._inflate else 0
        frames, self._cut = cut(bytes(self.stream), self._cut, rsv=rsv)
        self.frames += frames

    def frame(self) -> Frame:
        """The next whole frame."""
        while len(self.frames) == self._read:
            self.cut()
            if len(self.frames) > self._read:
                break
            assert not self.ended, f"the stream ended ({self.ended}): {bytes(self.stream)!r}"
            self.more()
        self._read += 1
        return self.frames[self._read - 1]

    def text(self) -> str:
        """The next text message; pings are answered, as every peer must."""
        while (frame := self.frame()).opcode in (PING, PONG):
            if frame.opcode == PING:
                self.send(masked(PONG, frame.payload))
        assert frame.opcode == TEXT, frame
        if frame.first & RSV1:
            return str(self._inflate.decompress(frame.payload + b"\0\0\xff\xff"), "utf-8")
        return frame.payload.decode()

    def until_close(self) -> Frame:
        """The next Close; what comes before it is passed over."""
        while (frame := self.frame()).opcode != CLOSE:
            pass
        return frame

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def drain(self) -> list[Frame]:
        """Read to the end of the stream; all its frames. Nothing but whole frames is allowed."""
        while not self.ended:
            self.more()
        self.cut()
        rest = bytes(self.stream[self._cut :])
        assert not rest, f"no frame: {rest[:200]!r} after {self.frames[-3:]}"
        assert not any(frame.masked for frame in self.frames), "a server must not mask (§5.1)"
        return self.frames

    def clean_end(self) -> Frame:
        """Read to the end, which must be: whole frames, exactly one Close, it is the last, FIN."""
        frames = self.drain()
        assert self.ended == "fin"
        assert [frame.opcode for frame in frames].count(CLOSE) == 1, frames[-3:]
        assert frames[-1].opcode == CLOSE, frames[-3:]
        return frames[-1]

    def farewell(self) -> None:
        """Close from this side, and see that it is answered cleanly."""
        self.send(close_frame())
        self.clean_end()

    def ending(self) -> tuple[int | None, bytes]:
        """The server's Close, answered: its code and reason. Then the end, which must be clean."""
        close = self.until_close()
        self.send(close_frame())
        self.clean_end()
        return close.code, close.payload[2:]
