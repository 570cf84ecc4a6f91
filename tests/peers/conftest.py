"""Servers, each started when first asked for and kept for the whole run."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.addons.proxies import Process
from tests.peers.node import ws_server
from tests.peers.serving import SERVERS

type Port = Callable[[str, str], int]


@pytest.fixture(scope="session")
def port() -> Iterator[Port]:
    """The port of a server by its name, compressing as told (flask-sock can't be told)."""
    started: dict[tuple[str, str], int] = {}
    servers = {**SERVERS, "ws": ws_server}
    with contextlib.ExitStack() as stack:

        def port(server: str, compressed: str) -> int:
            key = (server, "any" if server in {"werkzeug", "gunicorn"} else compressed)
            if key not in started:
                started[key] = stack.enter_context(servers[server](compressed))
            return started[key]

        yield port
    for process in Process.all:
        process.end(signal.SIGKILL)
