"""Lesson 4: its proxy and its heads, without a browser."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from inspector.core.heads import parse_head
from inspector.core.rules.request import request_findings
from lessons.course.course import Course, load
from lessons.course.evidence import Evidence
from lessons.course.model import Show
from lessons.course.show import drawn

LESSON = Course().find("4")
ALTERED = load(LESSON, "altered")
CHECK = load(LESSON, "test_exercise")
EXPERIMENT = load(LESSON, "experiment")
PROXY = load(LESSON, "proxy")
SOLUTION = load(LESSON, "solution")
TRAPS = load(LESSON, "traps")


@pytest.fixture(scope="module")
def sample() -> Evidence:
    return Evidence.read(LESSON.folder / "sample.pcapng")


# The heads of the check


def test_the_inspector_agrees_with_the_cause_of_every_made_head() -> None:
    rules = {rule: cause for cause, rules in CHECK.BROKEN for rule in rules}
    random.seed(4)
    made = [(TRAPS.untidy(trap), trap.cause) for trap in TRAPS.TRAPS for _ in range(3)]
    made += [(raw, faults[0]) for raw, faults in (CHECK.made() for _ in range(300))]
    for raw, cause in made:
        found = [rules[each.rule.id] for each in request_findings(parse_head(raw))
                 if each.rule.id in rules]  # fmt: skip
        first = next((name for name, _ in CHECK.BROKEN if name in found), None)
        if cause in ("stripped-by-proxy", "no-upgrade"):
            cause = "upgrade"
        assert first == (None if cause in ("wrong-origin", "none") else cause), raw


def test_each_cause_is_in_the_sample(sample: Evidence) -> None:
    causes = {CHECK.cause_of(each) for each in sample.connections}
    causes |= {SOLUTION.diagnose(each.request.raw) for each in sample.http}
    assert causes >= set(TRAPS.SECTIONS)


def test_what_is_no_head_is_answered_too() -> None:
    for raw in (b"", b"\r\n\r\n", b"GET", b"GET / HTTP/1.1\r\n: \r\nx\r\n\r\n", bytes(range(256))):
        assert SOLUTION.diagnose(raw) in TRAPS.SECTIONS


# What is drawn


def test_a_refused_handshake_is_drawn_with_what_is_missing(sample: Evidence) -> None:
    number = EXPERIMENT.stripped(sample).number
    show = Show("handshake", (), 1, str(number))
    lines = [line.plain for line in drawn(show, {}, sample, EXPERIMENT, None)]
    text = "\n".join(lines)
    assert "!! req-upgrade-missing   RFC 6455 §4.1(5)" in text
    assert "ask for this protocol" in text
    assert "not agreed" in text
    assert max(map(len, lines)) <= 80


# The proxy


def test_what_connection_names_goes_no_further() -> None:
    head = parse_head(
        b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: X-Mine,\r\nCONNECTION: upgrade\r\n"
        b"Upgrade: websocket\r\nx-mine: 1\r\nKeep-Alive: 5\r\nSec-WebSocket-Key: k\r\n\r\n"
    )
    assert PROXY.passed_on(head) == (
        b"GET /x HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: k\r\n"
        b"Via: 1.1 ws101-proxy\r\nConnection: close\r\n\r\n"
    )


@pytest.fixture
def upstream() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        yield listening


@pytest.fixture
def proxy(upstream: socket.socket) -> Iterator[tuple[str, int]]:
    running = PROXY.Proxy(upstream.getsockname())
    yield "127.0.0.1", running.port
    running.close()


def everything(sock: socket.socket) -> bytes:
    data = b""
    with suppress(ConnectionResetError):
        while more := sock.recv(65536):
            data += more
    return data


def test_a_body_passes_both_ways_in_pieces(proxy: tuple[str, int], upstream: socket.socket) -> None:
    body = bytes(range(256)) * 800
    seen: list[bytes] = []

    def serve() -> None:
        far, _ = upstream.accept()
        with far:
            data = b""
            while not data.endswith(b"the end"):
                data += far.recv(65536)
            seen.append(data)
            far.sendall(b"HTTP/1.1 200 OK\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + body)

    server = threading.Thread(target=serve)
    server.start()
    with socket.create_connection(proxy, 10) as near:
        size = len(body) + 7
        near.sendall(f"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode())
        near.sendall(body)
        near.sendall(b"the end")
        answer = everything(near)
    server.join(10)
    assert seen[0].endswith(body + b"the end")
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert rest == body
    assert head.split(b"\r\n")[1:] == [b"Via: 1.1 ws101-proxy", b"Connection: close"]


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTT",
        b"x" * 200_000,
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ids=["nothing", "half a head", "no head", "chunked"],
)
def test_what_can_not_be_passed_on_is_hung_up_on(proxy: tuple[str, int], sent: bytes) -> None:
    with socket.create_connection(proxy, 10) as near:
        with suppress(OSError):
            near.sendall(sent)
            near.shutdown(socket.SHUT_WR)
        assert everything(near) == b""
