"""The server of the check, from outside: started, visited by real clients, killed."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from inspector.core.frames import Frame
from inspector.core.rfc import TEXT
from lessons.course.client import Client
from lessons.course.wire import ScriptFailed

from .serving import PROGRAM

PATIENCE = 4.0
"""Seconds for an answer: more, and a lock is taken twice. (SQLite waits longer for its own.)"""

SILENT = (
    "no answer came: is a lock taken twice or never freed, or a change of the file never committed?"
)


class Stuck(Exception):
    """The server did not answer, or its code raised: `report` says what."""

    def __init__(self, words: str, report: dict[str, str] | None = None) -> None:
        super().__init__(words)
        self.report = report or {}


class Server:
    """A process that runs the learner's Room."""

    def __init__(self, exercise: Path, database: Path, **plan: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", PROGRAM, str(exercise), str(database), json.dumps(plan)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._told: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.visitors: list[Visitor] = []
        try:
            first = self._told.get(timeout=3 * PATIENCE)
        except queue.Empty:
            first = None
        if not first or "port" not in first:
            self.kill()
            raise Stuck("the server does not start: does exercise.py end when it is imported?")
        self.port: int = first["port"]

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with suppress(ValueError):
                self._told.put(json.loads(line))
        self._told.put(None)

    def report(self, patience: float = 0.0) -> dict[str, str] | None:
        """The next thing that the learner's code raised, if there is one."""
        with suppress(queue.Empty):
            return self._told.get(timeout=patience) if patience else self._told.get_nowait()
        return None

    def visit(self, room: str, last: int = 0) -> Visitor:
        visitor = Visitor(self, room, last)
        self.visitors.append(visitor)
        return visitor

    def kill(self) -> None:
        """SIGKILL, and the end of all that its clients hear."""
        self.process.kill()
        self.wait()

    def wait(self) -> None:
        """Until the process is gone, and everyone has heard it."""
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for visitor in self.visitors:
            with suppress(ScriptFailed):
                visitor.client.wait_closed(PATIENCE)
            visitor.client.wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        assert self.process.stdin
        self.process.stdin.close()


@dataclass(frozen=True)
class Came:
    """An event as it came: which frame of the connection, and where in its bytes."""

    text: str
    frame: Frame
    number: int
    offset: int

    @property
    def place(self) -> str:
        return f"frame {self.number} (byte {self.offset} of the connection)"


class Visitor:
    """One client in one room."""

    def __init__(self, server: Server, room: str, last: int) -> None:
        self.server, self.room, self.last = server, room, last
        self.client = Client.open("127.0.0.1", server.port, f"/{room}")
        self.client.send(f"resume {last}")

    def say(self, text: str) -> object:
        """Say something; what the learner's `say` returned."""
        self.client.send(text)
        return self._answer()

    def last_words(self, text: str) -> bool:
        """Say what ends the server; False if it goes on all the same."""
        self.client.send(text)
        try:
            while not str(self.client.receive(PATIENCE)).startswith("= "):
                pass
        except ScriptFailed:
            return self.client.closed is not None
        return False

    def sync(self) -> Visitor:
        """Until all that was sent so far has come."""
        self.client.send("sync")
        while self._answer() != "sync":
            pass
        return self

    def _answer(self) -> object:
        try:
            answer = ""
            while not answer.startswith("= "):
                answer = str(self.client.receive(PATIENCE))
        except ScriptFailed as fault:
            ended = self.client.closed is not None
            report = self.server.report(1.0 if ended else 0.0)
            words = str(fault) if ended else SILENT
            raise Stuck(words, report) from None
        return json.loads(answer.removeprefix("= "))

    def wait_for(self, events: int, said: int) -> None:
        """Until so many have come, or all that was said is answered."""
        deadline, answers = time.monotonic() + PATIENCE, 0
        while len(self.came) < events and answers < said:
            try:
                came = self.client.receive(max(0.01, deadline - time.monotonic()))
                answers += str(came).startswith("= ")
            except ScriptFailed as fault:
                raise Stuck(str(fault), self.server.report()) from None

    @property
    def came(self) -> list[Came]:
        """The events so far, counted from the first byte behind the handshake."""
        found, offset = [], 0
        for number, frame in enumerate(list(self.client.frames), 1):
            text = frame.payload.decode("utf-8", "replace")
            if frame.opcode == TEXT and not text.startswith("= "):
                found.append(Came(text, frame, number, offset))
            offset += len(frame.wire)
        return found

    @property
    def texts(self) -> list[str]:
        return [each.text for each in self.came]
