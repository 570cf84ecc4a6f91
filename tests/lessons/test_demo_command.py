"""`ws101 demo` as a process: its one line, its end by signal, its faults in one line."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from lessons.demo.command import demo
from tests.lessons.demo_wire import BINARY, PATIENCE, Client, get, get_json, masked

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"ws101 demo listening on http://(127\.0\.0\.1|localhost|\[::1\]):(\d+)\n")


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The command as a process, and the port that its line names."""
    command = [sys.executable, "-m", "lessons.demo", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            line = LINE.fullmatch(process.stdout.readline())
            assert line
            yield process, int(line[2])
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_1001_to_everyone(number: signal.Signals) -> None:
    with ExitStack() as stack:
        process, port = stack.enter_context(running("--listen", "127.0.0.1:0"))
        clients = [stack.enter_context(Client.open("/ws/chat", port)) for _ in range(20)]
        assert get_json(port, "/health")["pid"] == process.pid
        process.send_signal(number)
        for client in clients:
            assert client.ending() == (1001, b"the server is going away")
            client.sock.close()
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert (out, err) == ("", "")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_it_listens_on_loopback_alone(host: str) -> None:
    if host == "[::1]" and not ipv6():
        host = "127.0.0.1"  # a machine without IPv6 has no [::1] to listen on
    with running("--listen", f"{host}:0") as (process, port):
        listening = socket.AF_INET6 if host == "[::1]" else socket.AF_INET
        with socket.socket(listening) as client:
            client.settimeout(PATIENCE)
            client.connect((host.strip("[]"), port))
            client.sendall(f"GET /health HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert process.poll() is None


def ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_dirty_is_the_specimen() -> None:
    with running("--listen", "127.0.0.1:0", "--dirty") as (_, port):
        with Client.open("/ws/chat", port) as client:
            client.send(masked(BINARY, b"x"))
            while not client.ended:
                client.more()
            assert b"HTTP/1.1 200 OK\r\n" in client.stream
        assert get(port, "/chat")[0] == 200


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(demo, ["--listen", f"127.0.0.1:{port}"])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == (
        f"ws101 demo: cannot listen on 127.0.0.1:{port}: Address already in use; "
        "try --listen 127.0.0.1:0\n"
    )


BAD = ", 8100, :8100, 127.0.0.1, 127.0.0.1:, 127.0.0.1:x, 127.0.0.1:99999, 127.0.0.1:-1, [::1]"
NOT_OURS = "0.0.0.0:0, 192.168.0.1:0, example.org:80, [::]:0, \x1b[31m:1"


@pytest.mark.parametrize("listen", f"{BAD}, {NOT_OURS}".split(", "))
def test_an_address_that_will_not_do(listen: str) -> None:
    result = CliRunner().invoke(demo, ["--listen", listen])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("ws101 demo: --listen ")
    assert result.stderr.count("\n") == 1
    assert "\x1b" not in result.stderr


def test_others_may_come_by_the_names_that_were_given() -> None:
    wide = ["--listen", "0.0.0.0:0", "--host", "chat.example", "--host", "192.0.2.1"]
    command = [sys.executable, "-m", "lessons.demo", *wide]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        assert (
            "others can reach this server, as chat.example, 192.0.2.1" in process.stderr.readline()
        )
        port = int(process.stdout.readline().rpartition(":")[2])
        assert get(port, "/health", host="chat.example")[0] == 200
        assert get(port, "/health", host="192.0.2.1:80")[0] == 200
        assert get(port, "/health", host="evil.example")[0] == 421
        process.kill()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "a b"], "--host 'a b' is no name"),
        (["--host", "chat.example:80"], "--host 'chat.example:80' is no name"),
        (["--host", "chat.example", "--listen", "chat.example:0"], "is no IP address"),
        (["--bus", "redis://127.0.0.1"], "--bus needs --name"),
        (["--bus", "http://me:secret@h", "--name", "A"], "--bus 'http://h' is no address"),
        (["--bus", "redis://:a/secret@h", "--name", "A"], "--bus 'redis://h' is no address"),
        (["--bus", "redis://h?nonsense=1", "--name", "A"], "unexpected keyword argument"),
        (["--name", "a.b"], "--name 'a.b' is not"),
        (["--dirty", "--name", "A"], "--dirty is a specimen"),
        (["--dirty", "--host", "chat.example", "--listen", "0.0.0.0:0"], "this machine alone"),
    ],
)
def test_options_that_will_not_do(options: list[str], words: str) -> None:
    result = CliRunner().invoke(demo, options)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("ws101 demo: ")
    assert words in result.stderr
    assert "secret" not in result.stderr
    assert result.stderr.count("\n") == 1
