"""Two servers behind one address: who gets a connection, what is passed on, what is mended."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lessons.course.balancer import Balancer
from lessons.course.course import Course
from lessons.course.home import Home
from lessons.course.session import Session
from tests.lessons.course_tools import until
from tests.lessons.demo_wire import PATIENCE, exchange

ASKED = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
UPGRADE = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n"


class Named:
    """A server that says its name to everyone, and what it got when the client has ended."""

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        try:
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.answer, args=(client,), daemon=True).start()
        except OSError:
            pass

    def answer(self, client: socket.socket) -> None:
        with client:
            client.sendall(self.name)
            got = b"".join(iter(lambda: client.recv(65536), b""))
            client.sendall(b"got %d" % len(got))

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Balanced:
    def __init__(self) -> None:
        self.servers = [Named(b"A"), Named(b"B")]
        self.balancer = Balancer(0, [server.url for server in self.servers])
        self.port = int(self.balancer.url.rpartition(":")[2])
        threading.Thread(target=self.balancer.serve, daemon=True).start()
        self.open: list[socket.socket] = []

    def connect(self, sent: bytes = UPGRADE) -> tuple[socket.socket, bytes]:
        client = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        self.open.append(client)
        client.sendall(sent)
        return client, client.recv(1)

    def held(self) -> list[int]:
        return [server.held for server in self.balancer.servers]


@pytest.fixture
def balanced() -> Iterator[Balanced]:
    them = Balanced()
    yield them
    them.balancer.close()
    for client in them.open:
        client.close()
    for server in them.servers:
        server.listener.close()


def test_a_websocket_goes_where_fewest_are(balanced: Balanced) -> None:
    first, name = balanced.connect()
    assert name == b"A"
    assert [balanced.connect()[1] for _ in range(3)] == [b"B", b"A", b"B"]
    assert balanced.connect(ASKED)[1] == b"A"  # not counted
    assert balanced.held() == [2, 2]
    first.shutdown(socket.SHUT_WR)
    assert first.recv(99) == b"got %d" % len(UPGRADE)
    assert first.recv(99) == b""
    until(lambda: balanced.held() == [1, 2], "its end is noticed")
    assert balanced.connect()[1] == b"A"


def test_all_bytes_are_passed_on_both_ways(balanced: Balanced) -> None:
    client, _ = balanced.connect(ASKED)
    client.sendall(bytes(3_000_000))
    client.shutdown(socket.SHUT_WR)
    assert client.recv(99) == b"got %d" % (3_000_000 + len(ASKED))


def test_a_server_that_is_gone_is_passed_over(balanced: Balanced) -> None:
    balanced.servers[0].close()
    assert [balanced.connect()[1] for _ in range(2)] == [b"B", b"B"]
    balanced.servers[1].close()
    assert exchange(balanced.port, ASKED).startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert balanced.held() == [0, 2]


@pytest.mark.slow  # course verify 16 goes the same way
def test_a_session_shares_its_address(tmp_path: Path) -> None:
    with Session(Course().find("3"), Home(tmp_path / "home")) as session:
        page, url = session.page, session.demo_url
        session.share("A", "B")
        assert (session.page, session.demo_url) == (page, url)
        clients = [session.client("/ws/chat") for _ in range(2)]
        for name, client in zip("AB", clients, strict=True):
            pid = session.workers.pid(name)
            assert client.receive() == (
                f"* You are Otter@{name}. Here now: Otter@{name}. "
                f"Server {name}, process {pid}, no bus."
            )
        session.workers.kill("A")
        assert session.workers.pid("A") is None
        clients[0].wait_closed()
        assert session.client("/ws/chat").receive_until("You are").startswith("* You are Heron@B.")
        assert session.heal() == []  # that was meant
        pid = session.workers.pid("B")
        assert pid
        os.kill(pid, signal.SIGKILL)
        told: list[str] = []
        until(lambda: told.extend(session.heal()) or told, "it is mended")
        assert told == ["server B had ended by itself; it was started again: reload"]
        session.workers.start("A")
        assert session.get("/health").json()["server"] == "A"
