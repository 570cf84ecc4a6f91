"""Several servers of one lesson, behind one address: processes of their own, as on several hosts.

session.share("A", "B")                         # two demo apps, and a balancer in front
session.share("A", "B", bus=session.redis())    # the same, their rooms joined by a Redis
session.workers.kill("A")                       # SIGKILL; the balancer passes it over
session.workers.start("A")                      # again, at its old address
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final
from urllib.parse import urlsplit

from lessons.course.process import Child, frozen

READY: Final = r"ws101 balancer listening on (http://\S+)"

type Start = Callable[[int, dict[str, str]], tuple[Child, str]]
"""Starts a demo app on a port (0 for any), with these settings; its process and its address."""


class Workers:
    """The servers of a session, by name, and the balancer before them."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._children: dict[str, Child] = {}
        self._places: dict[str, str] = {}
        self._balancer: Child | None = None
        self._bus = ""
        self.url = ""
        """Of the balancer."""

    def share(self, names: tuple[str, ...], bus: str = "", url: str = "") -> str:
        """Start all of them anew, at `url` if it is given; where the balancer is."""
        self._bus = bus
        for name in list(self._children):
            self._end(name)
        for name in names:
            self.start(name)
        if self._balancer is None or set(self._places) != set(names):
            self.url = url or self.url
            self._places = {name: self._places[name] for name in names}
            self._start_balancer()
        return self.url

    def start(self, name: str) -> None:
        """Start one; where it was before, if it was there before."""
        self._end(name)
        port = urlsplit(self._places.get(name, "")).port or 0
        settings = {"WS101_LAB_NAME": name, "WS101_LAB_BUS": self._bus}
        self._children[name], self._places[name] = self._start(port, settings)

    def _start_balancer(self) -> None:
        if self._balancer:
            self._balancer.end()
        port = urlsplit(self.url).port or 0
        self._balancer = Child("balancer", str(port), *self._places.values())
        self.url = self._balancer.ready(READY)[1]

    def pid(self, name: str) -> int | None:
        """Of a server that runs."""
        child = self._children.get(name)
        return child.pid if child and child.exit_code is None else None

    def kill(self, name: str) -> None:
        """End one without a word (SIGKILL)."""
        if name in self._children:
            self._children[name].end(signal.SIGKILL)

    def frozen(self, name: str) -> AbstractContextManager[None]:
        """One is stopped meanwhile (SIGSTOP), and goes on afterwards."""
        return frozen(self.pid(name))

    def _end(self, name: str) -> None:
        if child := self._children.pop(name, None):
            child.end()

    def heal(self) -> list[str]:
        """Start again what died by itself; a line for each."""
        told = []
        for name, child in list(self._children.items()):
            if child.exit_code is not None and not child.expected_end:
                self.start(name)
                told.append(f"server {name} had ended by itself; it was started again: reload")
        balancer = self._balancer
        if balancer and balancer.exit_code is not None and not balancer.expected_end:
            self._start_balancer()
            told.append("the balancer had ended by itself; it was started again: reload the pages")
        return told

    def close(self) -> None:
        if self._balancer:
            self._balancer.end()
        for name in list(self._children):
            self._end(name)
