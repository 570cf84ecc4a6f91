"""Lesson 14: its heirs end with their connections, and hostile bytes do its two readers no harm."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from inspector.core.encode import encode_frame
from lessons.course.client import Client
from lessons.course.course import Course, load
from lessons.course.evidence import Evidence
from lessons.course.model import Missing
from lessons.course.wire import ScriptFailed
from lessons.demo.app import create_app
from lessons.demo.live import live_of
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import exchange, handshake, status, until

LESSON = Course().find("14")
EXPERIMENT = load(LESSON, "experiment")
HEIR = load(LESSON, "heir")
PASSING = load(LESSON, "passing")
SERVER = load(LESSON, "server")


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(create_app(SERVER.CONFIG, blueprints=[SERVER.bp])) as running:
        yield running


def connect(server: DemoServer, case: str) -> Client:
    return Client.open("127.0.0.1", server.port, f"/ws/heir/{case}")


def note(said: str | bytes) -> dict[str, object]:
    found: dict[str, object] = PASSING.parsed(said if isinstance(said, str) else "")
    return found


def push(line: Client, times: int) -> None:
    for _ in range(times):
        line.wire.send(bytes(65536))


def is_gone(pid: object) -> bool:
    try:
        os.kill(int(str(pid)), 0)
    except ProcessLookupError:
        return True
    return False


def test_an_heir_ends_with_its_connection(server: DemoServer) -> None:
    line = connect(server, "main")
    line.receive()
    line.send("stay")
    line.receive()
    line.send("are you there?")
    heir = note(line.receive())
    assert heir["who"] == "the heir"
    assert not is_gone(heir["pid"])
    line.abandon()  # no Close, no goodbye
    until(lambda: is_gone(heir["pid"]), "the heir's end")
    until(lambda: not live_of(server.app).connections, "the connection's end in the registry")


def test_a_frame_that_never_ends_is_not_waited_for(server: DemoServer) -> None:
    head = encode_frame(1, b"", masking_key=b"abcd", length_bits=64)[:2]
    for stays in (False, True):
        with connect(server, "main") as line:
            line.receive()
            if stays:
                line.send("stay")
                line.receive()
            line.wire.send(head + (1 << 40).to_bytes(8) + b"abcd")
            with pytest.raises(ScriptFailed):  # it hangs up long before 1 TiB
                push(line, 500)


def test_what_was_never_compressed_is_no_server_error(server: DemoServer) -> None:
    with Client.open("127.0.0.1", server.port, "/ws/heir/window",
                     extensions="permessage-deflate") as line:  # fmt: skip
        line.send_frame(1, b"\xff\xff\xff", rsv=4)
        line.wait_closed()


def test_only_its_own_page_may_open_one(server: DemoServer) -> None:
    for path, fields, wanted in (
        ("/ws/heir/nobody", (), 404),
        ("/ws/heir/main", ("Origin: http://evil.example",), 403),
    ):
        assert status(exchange(server.port, handshake(path, server.port, *fields))) == wanted


def test_the_sample_shows_every_trial() -> None:
    sample = Evidence.read(LESSON.folder / "sample.pcapng")
    for name, action in EXPERIMENT.ACTIONS.items():
        if name != "stay":  # which looks for a connection that is open now
            assert action.seen(sample), name


def test_a_step_left_out_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def left_out(evidence: Evidence) -> None:
        raise Missing("left out")

    sample = Evidence.read(LESSON.folder / "sample.pcapng")
    monkeypatch.setattr(EXPERIMENT, "torn", left_out)
    facts = dict(EXPERIMENT.facts(sample, None))
    assert "torn_key" not in facts
    assert (facts["shutdown_key"], facts["kill_key"]) == ("fin", "goes_on")


def test_a_button_pressed_too_late_is_answered(server: DemoServer) -> None:
    with connect(server, "main") as line:
        line.receive()
        line.send("stay")
        line.receive()
        line.send("pass")
        assert "reload the page" in str(note(line.receive())["says"])


def test_both_readers_take_frames_alike() -> None:
    stream = encode_frame(1, b"Hello", masking_key=b"abcd") + encode_frame(
        2, bytes(300), masking_key=b"efgh"
    )
    whole = list(HEIR.frames(bytearray(stream)))
    assert whole == [(0x81, b"Hello"), (0x82, bytes(300))]
    for cut in range(len(stream)):
        came = bytearray(stream[:cut])
        first = list(HEIR.frames(came))
        assert first + list(HEIR.frames(came + stream[cut:])) == whole
