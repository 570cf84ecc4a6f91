"""docs/two-servers.md: its commands are run as they stand there, only the ports are free ones."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lessons.demo_wire import Client, get, get_json, until
from tests.needs import program

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "two-servers.md").read_text("utf-8")
pytestmark = pytest.mark.slow


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def commands(title: str, name: str) -> list[str]:
    """The indented commands of a section in which a program of that name is run."""
    code = re.sub(r"\\\n\s*", "", "\n".join(re.findall(r"^    (.*)$", section(title), re.M)))
    return [line for line in code.splitlines() if re.search(rf"(^|\s){name}\b", line)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def running(line: str, ready: str) -> Iterator[subprocess.Popen[str]]:
    """A command line of the page, as soon as it has said so."""
    words = shlex.split(line)
    settings = dict(word.split("=", 1) for word in words if re.match(r"[A-Z0-9_]+=", word))
    words = [word for word in words if not re.match(r"[A-Z0-9_]+=", word)]
    ours = [sys.executable, "-m", "lessons.cli"]
    command = [*(ours if words[0] == "ws101" else [program(words[0])]), *words[1:]]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | settings, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            said = []
            while not said or ready not in said[-1]:
                said.append(process.stdout.readline())
                assert said[-1], said
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()


@contextmanager
def a_redis(port: int) -> Iterator[None]:
    (line,) = commands("On one host", "redis-server")
    assert "6379" in line
    with running(f"{line.replace('6379', str(port))} --save ''", "eady to accept connections"):
        yield


def hear_each_other(*ports: int) -> None:
    """A client at each; they are on two servers, and hear the same."""
    clients: list[Client] = []
    nicks = []
    for port in ports:
        client = Client.open("/ws/chat", port)
        greeting = re.match(r"\* You are (Otter@[AB])\.", client.text())
        assert greeting
        nicks.append(greeting[1])
        for other in clients:
            assert other.text() == f"* {nicks[-1]} joined"
        clients.append(client)
    assert sorted(nicks) == ["Otter@A", "Otter@B"]
    clients[0].say("hello")
    for client in clients:
        lines = iter(client.text, "")  # that somebody joined may come late, too, over the bus
        assert next(line for line in lines if " joined" not in line) == f"{nicks[0]}: hello"
        client.reset()


def test_two_servers_on_one_host() -> None:
    redis, *ports = free_port(), free_port(), free_port()
    lines = commands("On one host", "ws101")
    for number, (line, port) in enumerate(zip(lines, ports, strict=True), 1):
        assert f"--listen 127.0.0.1:811{number} " in line
        lines[number - 1] = line.replace(f":811{number}", f":{port}").replace(":6379", f":{redis}")
    ready = "ws101 demo listening on "
    with a_redis(redis), running(lines[0], ready), running(lines[1], ready):
        for port in ports:
            until(lambda port=port: get_json(port, "/health")["bus"], "it is on the bus")
        hear_each_other(*ports)
        health = get_json(ports[1], "/health")
        shown = re.search(r"^    (\{.*)\.\.\.\}$", section("On one host"), re.MULTILINE)
        assert shown
        assert set(re.findall(r'"([a-z]+)":', shown[1])) <= set(health)
        assert (health["server"], health["bus"]) == ("B", True)


ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has 127.0.0.2 unasked")


@contextmanager
def two_addresses() -> Iterator[tuple[int, int]]:
    """Two addresses in the place of two hosts: nothing else in the commands is changed. Their
    ports."""
    redis, ports = free_port(), (free_port(), free_port())
    lines = commands("On two hosts", "ws101")
    assert len(lines) == 2
    for at, port in enumerate(ports):
        line = lines[at].replace(":PASSWORD@", "").replace("10.0.0.1:6379", f"127.0.0.1:{redis}")
        assert f"10.0.0.{at + 2}:8111" in line
        lines[at] = line.replace(f"10.0.0.{at + 2}:8111", f"127.0.0.{at + 2}:{port}")
    ready = "ws101 demo listening on http://127.0.0."
    with a_redis(redis), running(lines[0], ready), running(lines[1], ready):
        yield ports


@ON_LINUX
def test_two_servers_on_two_addresses() -> None:
    with two_addresses() as ports:
        for host, port in zip(("127.0.0.2", "127.0.0.3"), ports, strict=True):
            for name, status in (("chat.example", 200), ("evil.example", 421)):
                with socket.create_connection((host, port)) as client:
                    client.sendall(f"GET /health HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
                    assert client.recv(65536).startswith(f"HTTP/1.1 {status} ".encode())


@ON_LINUX
def test_one_address_in_front() -> None:
    """The page's balancer, a real nginx."""
    found = program("nginx")
    with two_addresses() as ports, nginx(found, ports) as front:
        named = f"chat.example:{front}"
        assert get(front, "/health", "Connection: close", host=named)[0] == 200
        hear_each_other(front, front)


@contextmanager
def nginx(found: str, ports: tuple[int, int]) -> Iterator[int]:
    """The page's nginx, in front of these: its port."""
    port = free_port()
    block = re.search(r"^```nginx\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert block
    text = block[1].replace("listen 80;", f"listen 127.0.0.1:{port};")
    for at, behind in enumerate(ports):
        text = text.replace(f"10.0.0.{at + 2}:8111", f"127.0.0.{at + 2}:{behind}")
    with tempfile.TemporaryDirectory() as folder:
        paths = "".join(
            f"{name}_temp_path {folder}/{name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config = Path(folder) / "nginx.conf"
        config.write_text(
            f"daemon off; pid {folder}/pid; error_log stderr; events {{}}\n"
            f"http {{ access_log off; {paths}\n{text}\n}}\n"
        )
        with subprocess.Popen([found, "-p", folder, "-c", str(config)]) as process:
            try:
                until(lambda: answers(port), "nginx answers")
                yield port
            finally:
                process.terminate()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
