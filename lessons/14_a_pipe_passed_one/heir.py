"""The other process: it is given a connection, and does with it what it is told.

    python -I heir.py DESCRIPTOR    of a Unix socket, over which the first process speaks to it

A command is a line of JSON, [name, argument], and so is its answer. The descriptor of a connection
comes beside a line (SCM_RIGHTS). Where the first process is gone, this one goes on as long as its
connection does. It stands alone, so that it starts in no time; the first process reads with the
same `frames`.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

PROGRAM = __file__
TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A  # with FIN, RFC 6455 §5.2
COMPRESSED = 0x40  # RSV1 of a first byte, RFC 7692 §6
TAIL = b"\x00\x00\xff\xff"  # which a compressed message leaves out, RFC 7692 §7.2.1
PATIENCE = 10.0
A_DAY = 86400.0
"""A timeout, and not None: whether reads wait is noted once, for all who hold a socket."""
OWN_FILES = 20
MOST = 1 << 20
"""Octets of a frame that are waited for, and of a message that is inflated."""


def frame(first: int, payload: bytes) -> bytes:
    """A server's frame: short, and without a mask."""
    size = len(payload)
    length = bytes((size,)) if size < 126 else b"\x7e" + size.to_bytes(2)
    return bytes((first,)) + length + payload


def note(**fields: Any) -> bytes:
    """A text frame with a note in JSON, in which a process says who it is."""
    return frame(TEXT, json.dumps({"pid": os.getpid(), **fields}).encode())


def frames(came: bytearray) -> Iterator[tuple[int, bytes]]:
    """Take a client's whole frames out of `came`: the first byte, and the payload unmasked."""
    while len(came) >= 2:
        size, at = came[1] & 0x7F, 2
        if size >= 126:
            at = 4 if size == 126 else 10
            size = int.from_bytes(came[2:at])
        end = at + 4 + size
        if len(came) < end:
            return
        key, first = came[at : at + 4], came[0]
        payload = bytes(byte ^ key[n % 4] for n, byte in enumerate(came[at + 4 : end]))
        del came[:end]
        yield first, payload


def seen(sock: socket.socket) -> dict[str, Any]:
    """How this process knows its connection: by a number of its own, by the kernel's name for it
    (where there is a /proc), by its two addresses."""
    kernel = None
    with suppress(OSError):
        kernel = os.readlink(f"/proc/self/fd/{sock.fileno()}")
    ends = [*sock.getsockname()[:2], *sock.getpeername()[:2]]
    return {"number": sock.fileno(), "kernel": kernel, "ends": ends}


class Heir:
    """Its commands are its methods; what they return is the answer."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.sock: socket.socket | None = None
        self.came = bytearray()

    def work(self) -> None:
        """Do as told, until nobody tells any more."""
        while line := self.command():
            name, argument = json.loads(line)
            try:
                answer = getattr(self, name)(argument)
            except OSError as fault:
                answer = f"{type(fault).__name__}: {fault.strerror or fault}"
            with suppress(OSError):  # it may be gone meanwhile
                self.control.sendall(json.dumps(answer).encode() + b"\n")

    def command(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            data, descriptors, _, _ = socket.recv_fds(self.control, 1 << 17, 1)
            for descriptor in descriptors:
                self.sock = socket.socket(fileno=descriptor)
            if not data:
                return b""
            line += data
        return line

    def number(self, number: int) -> str:
        """Is it any use here, the number alone?"""
        with socket.socket(fileno=os.dup(number)) as sock:
            return f"it is {sock.getpeername()}"

    def unblock(self, _: object) -> None:
        """Set O_NONBLOCK, by this descriptor."""
        self.line.setblocking(False)
        self.line.settimeout(PATIENCE)

    def say(self, words: str) -> None:
        self.line.sendall(note(who="the heir", says=words, **seen(self.line)))

    def write(self, words: str) -> None:
        self.line.sendall(frame(TEXT, words.encode()))

    def fork(self, words: str) -> int:
        """A child by os.fork, which says who it is, and ends."""
        child = os.fork()
        if not child:
            status = 1
            with suppress(OSError):
                self.line.sendall(note(who="its child", says=words, **seen(self.line)))
                status = 0
            os._exit(status)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def look(self, _: None) -> list[int]:
        """The next two bytes to come, taken for what the first two of a frame are."""
        while len(self.came) < 2 and (data := self.line.recv(65536)):
            self.came += data
        return list(self.came[:2])

    def inflate(self, window: str) -> dict[str, Any]:
        """The next message, inflated with what a new process knows, and with a window."""
        found = list(frames(self.came))
        while not found and len(self.came) < MOST and (data := self.line.recv(65536)):
            self.came += data
            found = list(frames(self.came))
        payload = found[0][1]
        told: dict[str, Any] = {"payload": payload.hex(" ")}
        for name, known in (("alone", b""), ("with", bytes.fromhex(window))):
            inflater = zlib.decompressobj(-15, zdict=known)
            try:
                told[name] = inflater.decompress(payload + TAIL, MOST).decode()
            except (zlib.error, ValueError) as fault:
                told[name] = f"{type(fault).__name__}: {fault}"
        return told

    def stay(self, _: object) -> None:
        """Answer each message until the connection ends, whoever else is still there."""
        self.line.settimeout(A_DAY)
        while len(self.came) < MOST and (data := self.line.recv(65536)):
            self.came += data
            for first, payload in frames(self.came):
                if first == CLOSE:
                    self.line.sendall(frame(CLOSE, payload))
                    self.line.shutdown(socket.SHUT_WR)
                elif first == PING:
                    self.line.sendall(frame(PONG, payload))
                elif first == TEXT:
                    heard = payload.decode(errors="replace")[:80]
                    told = {"heard": heard}
                    if heard in ("pass", "stay"):  # a button of the page, pressed too late
                        told["says"] = "I have nobody to pass it on to: reload the page"
                    self.line.sendall(note(who="the heir", **told))

    @property
    def line(self) -> socket.socket:
        if self.sock is None:
            raise OSError("no connection was given to this process")
        return self.sock


if __name__ == "__main__":
    # As any program has: so it will hardly know the connection by the number of the first process.
    own = [os.open(os.devnull, os.O_RDONLY) for _ in range(OWN_FILES)]
    with socket.socket(fileno=int(sys.argv[1])) as told:
        Heir(told).work()
