"""The first process: it answers the handshake, and then hands the connection on.

It reads and writes its socket by itself, one thread and plain calls, so that it is known to the
byte what it has read, and when. A `Helper` is the heir, as this process sees it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any, Self

from inspector.core.handshake import accept_for

from .heir import (
    A_DAY,
    CLOSE,
    COMPRESSED,
    MOST,
    PATIENCE,
    PING,
    PONG,
    PROGRAM,
    TAIL,
    TEXT,
    frame,
    frames,
    seen,
)
from .heir import note as noted

HALF = 12
"""Octets of the payload that the first process writes before the heir writes its frame."""
FIRST_WORDS, HEIRS_WORDS = "first process: good morning", "heir: hello"
MIDDLE = 1000
"""Octets of a long frame that the first process reads."""
WINDOW = 1 << 15


class Helper:
    """The other process, for as long as the `with` lasts; it stays longer if it was told to."""

    def __enter__(self) -> Self:
        self.control, theirs = socket.socketpair()
        self.control.settimeout(PATIENCE)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", PROGRAM, str(theirs.fileno())],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self.control.close()  # nobody tells it anything any more: it ends
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def order(self, name: str, argument: object = None) -> None:
        self.control.sendall(json.dumps([name, argument]).encode() + b"\n")

    def answer(self) -> Any:
        line = b""
        while not line.endswith(b"\n"):
            if not (data := self.control.recv(65536)):
                raise ConnectionAbortedError("the heir ended")
            line += data
        return json.loads(line)

    def ask(self, name: str, argument: object = None) -> Any:
        self.order(name, argument)
        return self.answer()

    def hand(self, sock: socket.socket, name: str, argument: object = None) -> None:
        """A command with a descriptor beside it: this is the whole hand-over."""
        line = json.dumps([name, argument]).encode() + b"\n"
        socket.send_fds(self.control, [line], [sock.fileno()])

    def give(self, sock: socket.socket, name: str, argument: object = None) -> Any:
        self.hand(sock, name, argument)
        return self.answer()


class Holder:
    """One connection, in the process that answered its handshake."""

    connected = True

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self.sock: socket.socket = environ["werkzeug.socket"]
        self.sock.setblocking(False)
        # A client in a hurry sends frames before it has seen the 101: they lie in the HTTP reader.
        self.came = bytearray(environ["wsgi.input"].read1(65536) or b"")
        self.sock.settimeout(PATIENCE)
        self.inflater = zlib.decompressobj(-15)
        self.window = b""
        offered = environ.get("HTTP_SEC_WEBSOCKET_EXTENSIONS", "")
        self.compresses = "permessage-deflate" in offered

    def accept(self, key: str, *, compressed: bool) -> None:
        fields = ["Upgrade: websocket", "Connection: Upgrade"]
        fields.append(f"Sec-WebSocket-Accept: {accept_for(key)}")
        if compressed:
            fields.append("Sec-WebSocket-Extensions: permessage-deflate")
        head = ["HTTP/1.1 101 Switching Protocols", *fields, "", ""]
        self.sock.sendall("\r\n".join(head).encode())

    def say(self, **fields: object) -> None:
        self.sock.sendall(noted(who="the first", **fields))

    def hear(self) -> str | None:
        """The next text; None at the end of the connection."""
        while True:
            for first, payload in frames(self.came):
                if first == CLOSE:
                    self.sock.sendall(frame(CLOSE, payload))
                    return None
                if first == PING:
                    self.sock.sendall(frame(PONG, payload))
                elif first & ~COMPRESSED == TEXT:
                    return self.clear(first, payload)
            if not self.read():
                return None

    def clear(self, first: int, payload: bytes) -> str:
        if first & COMPRESSED:
            payload = self.inflater.decompress(payload + TAIL, MOST)
            self.window = (self.window + payload)[-WINDOW:]
        return payload.decode(errors="replace")

    def read(self, most: int = 65536) -> bool:
        """More bytes out of the kernel and into this process; False at the end."""
        if len(self.came) >= MOST:
            return False
        data = self.sock.recv(most)
        self.came += data
        return bool(data)

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """The server goes: say so (RFC 6455 §7.4.1), and end the reading."""
        with suppress(OSError):
            self.sock.sendall(frame(CLOSE, (code or 1000).to_bytes(2) + (reason or "").encode()))
            self.sock.shutdown(socket.SHUT_RD)

    def end(self) -> None:
        """Our FIN, then theirs. What still comes is read, lest we reset; but not for ever."""
        with suppress(OSError):
            self.sock.settimeout(1)
            self.sock.shutdown(socket.SHUT_WR)
            give_up, left = monotonic() + 1, MOST
            while monotonic() < give_up and left > 0 and (data := self.sock.recv(65536)):
                left -= len(data)


# What is done on each path


def main(holder: Holder) -> None:
    """The connection that is kept: it answers, and is passed on when asked."""
    holder.say(says="hello", **seen(holder.sock))
    holder.sock.settimeout(A_DAY)
    while (said := holder.hear()) is not None:
        if said == "pass":
            pass_on(holder)
        elif said == "stay":
            with Helper() as heir:
                heir.hand(holder.sock, "stay")
                holder.say(says="I pass it on for good")  # who hears that may kill us: it is done
                heir.control.settimeout(None)  # as long as the connection lasts
                heir.answer()
            return
        else:
            holder.say(heard=said[:80])


def pass_on(holder: Holder) -> None:
    """Frames of three processes, one after the other."""
    with Helper() as heir:
        alone = heir.ask("number", holder.sock.fileno())
        holder.sock.setblocking(True)
        holder.say(says="I pass it on", alone=alone, blocks=blocks(holder), **seen(holder.sock))
        heir.give(holder.sock, "say", "I have it")
        heir.ask("unblock")
        blocked = blocks(holder)
        holder.sock.settimeout(A_DAY)
        heir.ask("fork", "I was born with it")
        heir.ask("say", "I still have it")
    holder.say(says="so do I, alone again", blocks=blocked, **seen(holder.sock))


def blocks(holder: Holder) -> bool:
    """What the kernel has noted of it: will a read wait?"""
    return os.get_blocking(holder.sock.fileno())


def torn(holder: Holder) -> None:
    """Half a frame of the first process, a whole one of the heir, the other half."""
    whole = frame(TEXT, FIRST_WORDS.encode())
    with Helper() as heir:
        heir.give(holder.sock, "number", holder.sock.fileno())
        holder.sock.sendall(whole[: 2 + HALF])
        heir.ask("write", HEIRS_WORDS)
        holder.sock.sendall(whole[2 + HALF :])
    holder.hear()


def unread(holder: Holder) -> None:
    """Three messages lie in this process when it hands the connection on."""
    while len(list(frames(bytearray(holder.came)))) < 3:
        if not holder.read():
            return
    holder.say(heard=holder.hear())
    left = len(holder.came)
    with Helper() as heir:
        holder.say(says="I pass it on", left=left)
        heir.give(holder.sock, "stay")


def middle(holder: Holder) -> None:
    """A frame is half read when this process hands the connection on."""
    while (want := MIDDLE - len(holder.came)) > 0:
        if not holder.read(want):
            return
    with Helper() as heir:
        first, second = heir.give(holder.sock, "look")
        heir.ask("say", f"{first:02x} {second:02x}")
    holder.say(says="I had read", octets=len(holder.came))
    holder.sock.sendall(frame(CLOSE, (1002).to_bytes(2) + b"no frame begins here"))


def window(holder: Holder) -> None:
    """The heir gets the second of two messages that are compressed in one go."""
    if not holder.compresses or (first := holder.hear()) is None:
        return
    with Helper() as heir:
        holder.say(heard=first)
        told = heir.give(holder.sock, "inflate", holder.window.hex())
        heir.ask("say", "I read the second")
    if isinstance(told, dict):
        holder.say(says="it told me", window=len(holder.window), **told)
    holder.hear()


def close(holder: Holder) -> None:
    """close() in one process, while the other holds the connection."""
    with Helper() as heir:
        heir.give(holder.sock, "say", "I have it, too")
        holder.say(says="I call close()")
        os.close(holder.sock.detach())  # Werkzeug has a file on it, for which close() would wait
        heir.ask("say", "I have it alone")
        heir.ask("stay")


def shutdown(holder: Holder) -> None:
    """shutdown() in one process, while the other holds the connection."""
    with Helper() as heir:
        heir.give(holder.sock, "say", "I have it, too")
        holder.say(says="I call shutdown()")
        holder.sock.shutdown(socket.SHUT_WR)
        heir.ask("say", "I have it, and nobody hears me")
        holder.hear()


CASES: Mapping[str, Callable[[Holder], None]] = {
    "main": main,
    "torn": torn,
    "unread": unread,
    "middle": middle,
    "window": window,
    "close": close,
    "shutdown": shutdown,
}
