"""The learner's Room, run as a real server: a process of its own that may be killed.

    python -I serving.py EXERCISE.PY DATABASE PLAN

Each connection is a thread; its path names a room. A client says `resume 7` first; from then on all
that it says is an event, but for `sync`. It is answered `= 3`, what `say` returned, in JSON, when
`say` is done, and `= "sync"`: so whoever has the answer has everything that was sent before.

PLAN is JSON, and says what shall go wrong:

    {"kill": "word"}     SIGKILL to itself, right after an event with that word has left
    {"gone": "word"}     sending an event with that word raises on the room's first connection
    {"between": "word"}  while a client is let in, at the first thing it is sent, somebody says that
    {"clock": -3600}     time.time and its like are so many seconds off

It prints its port, then what the learner's code raises, in JSON. It stands alone, so that it starts
in no time, and ends when standard input does.
"""

import base64
import datetime
import hashlib
import importlib.util
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path

PROGRAM = __file__
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PATIENCE = 1.5  # seconds for somebody who speaks while a client is let in: a lock makes them wait
LONGEST = 60  # seconds that this process may live
SERVER_FAULT = 1011

OUT = sys.stdout  # what the learner's code prints goes elsewhere
told = threading.Lock()


def report(**entry):
    with told:
        print(json.dumps(entry), file=OUT, flush=True)


def raised(fault):
    """What the learner's code raised, with the last line of it that is theirs."""
    frames = traceback.extract_tb(fault.__traceback__)
    theirs = [frame for frame in frames if Path(frame.filename).name == "exercise.py"]
    where = f"exercise.py, line {theirs[-1].lineno}:  {theirs[-1].line}" if theirs else ""
    report(raised=type(fault).__name__, words=str(fault)[:200], where=where[:200])


class Theirs(Exception):
    """The learner's code raised, and that was told."""


def ask(method, *arguments):
    """A call of the learner's code."""
    try:
        return method(*arguments)
    except BaseException as fault:
        raised(fault)
        raise Theirs from None


class Line:
    """One connection, as the learner's Room sees it: something that can `send`."""

    def __init__(self, server, sock, name, first):
        self._server, self._sock, self._name, self._first = server, sock, name, first
        self._sending = threading.Lock()
        self._entering = self._left = False

    def send(self, text):
        plan = self._server.plan
        if self._left:
            report(raised="after-leave", words="sent to a connection that had left", where="")
        if not isinstance(text, str):
            raise TypeError(f"send takes a str, not {type(text).__name__}")
        if self._first and plan.get("gone") and plan["gone"] in text:
            raise BrokenPipeError("this connection is gone")
        if self._entering and plan.get("between"):
            self._entering = False
            self._server.interrupt(self._name)
        self._frame(0x1, text.encode())
        if plan.get("kill") and plan["kill"] in text:
            os.kill(os.getpid(), signal.SIGKILL)

    def _frame(self, opcode, payload):
        size = len(payload)
        length = bytes([size]) if size < 126 else b"\x7e" + struct.pack("!H", size)
        with self._sending:
            self._sock.sendall(bytes([0x80 | opcode]) + length + payload)

    def _answer(self, value):
        try:
            text = json.dumps(value)
        except (TypeError, ValueError):
            text = json.dumps(repr(value))
        self._frame(0x1, f"= {text}".encode())


class Server:
    def __init__(self, room, database, plan, port):
        self.make, self.database, self.plan = room, database, plan
        self.authority = f"127.0.0.1:{port}".encode()
        self.rooms, self.lock = {}, threading.Lock()
        self.speaker = None

    def room(self, name):
        """The room of that name, and whether this is its first visitor."""
        with self.lock:
            first = name not in self.rooms
            if first:
                self.rooms[name] = ask(self.make, self.database, name)
            return self.rooms[name], first

    def interrupt(self, name):
        self.speaker = threading.Thread(target=self.say, args=(name,), daemon=True)
        self.speaker.start()
        self.speaker.join(PATIENCE)

    def say(self, name):
        with suppress(Theirs):
            ask(self.rooms[name].say, self.plan["between"])

    def serve(self, sock):
        with sock, sock.makefile("rb") as reader:
            target, fields = read_head(reader)
            ours = fields.get(b"host"), fields.get(b"origin")
            if ours != (self.authority, b"http://" + self.authority):
                return  # none of our clients
            digest = hashlib.sha1(fields.get(b"sec-websocket-key", b"") + GUID).digest()
            accept = base64.b64encode(digest)
            sock.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            try:
                self.converse(sock, reader, target.strip("/"))
            except (OSError, EOFError):
                pass
            except Theirs:
                sock.sendall(bytes([0x88, 2]) + SERVER_FAULT.to_bytes(2))

    def converse(self, sock, reader, name):
        room, first = self.room(name)
        line = Line(self, sock, name, first)
        last = int(read_message(reader).removeprefix("resume "))
        line._entering = True
        ask(room.join, line, last)
        line._entering = False
        if self.speaker:
            self.speaker.join(LONGEST)
        try:
            while True:
                said = read_message(reader)
                line._answer("sync" if said == "sync" else ask(room.say, said))
        except EOFError:
            pass
        ask(room.leave, line)
        line._left = True


def read_head(reader):
    target = reader.readline().split()[1].decode()
    fields = {}
    while field := reader.readline().strip():
        name, _, value = field.partition(b":")
        fields[name.lower()] = value.strip()
    return target, fields


def read_message(reader):
    """The next text of the client; its Close, or the end, is an EOFError."""
    first, second = reader.read(2) or (0x88, 0)
    size = second & 0x7F
    size = int.from_bytes(reader.read(2)) if size == 126 else size
    key, payload = reader.read(4), reader.read(size)
    if first & 0xF != 0x1:
        raise EOFError
    return bytes(byte ^ key[at % 4] for at, byte in enumerate(payload)).decode()


def set_clocks(seconds):
    """As if this machine's clock had been put right."""
    clock, nanoseconds = time.time, time.time_ns
    time.time = lambda: clock() + seconds
    time.time_ns = lambda: nanoseconds() + seconds * 10**9

    class Shifted(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(time.time(), tz)

        @classmethod
        def utcnow(cls):
            return cls.fromtimestamp(time.time(), datetime.UTC).replace(tzinfo=None)

    datetime.datetime = Shifted


def load(path):
    sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location("exercise", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["exercise"] = module
    spec.loader.exec_module(module)
    return module


def end_with_parent():
    while os.read(0, 1):
        pass
    os._exit(0)


def main(exercise, database, plan):
    plan = json.loads(plan)
    signal.alarm(LONGEST)
    threading.Thread(target=end_with_parent, daemon=True).start()
    if "clock" in plan:
        set_clocks(plan["clock"])
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout = sys.stderr
    port = listener.getsockname()[1]
    server = Server(load(Path(exercise)).Room, database, plan, port)
    report(port=port)
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=server.serve, args=(sock,), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
