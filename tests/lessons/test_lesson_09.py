"""Lesson 9: the solution is the definition, the sample shows it, and a frozen peer is let go."""

from __future__ import annotations

import ast
import os
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.course.course import Course, load
from lessons.course.evidence import Evidence
from lessons.course.wire import ScriptFailed
from lessons.demo.app import create_app
from lessons.demo.live import Live, live_of
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import until

LESSON = Course().find("9")
EXPERIMENT = load(LESSON, "experiment")
FROZEN = load(LESSON, "frozen")
SERVER = load(LESSON, "server")
QUIET = load(LESSON, "quiet")
CHECK = load(LESSON, "test_exercise")

NUMBERS = st.tuples(st.integers(1, 30), st.integers(1, 30), st.integers(-50, 50))
LIVES = st.lists(st.tuples(st.sampled_from(["tick", "heard"]), st.integers(0, 40)), max_size=30)


def by_definition(numbers: tuple[int, int, int], steps: list[tuple[str, int]]) -> list[str | None]:
    """What the exercise's docstring says, read off the whole history each time."""
    interval, patience, opened = numbers
    told: list[str | None] = []
    for number, (what, now) in enumerate(steps):
        answer = None
        if what == "tick":
            pings = [at for at, said in enumerate(told) if said == "ping"]
            since = pings[-1] if pings else -1
            sent = steps[since][1] if pings else opened
            waits = bool(pings) and ("heard" not in [w for w, _ in steps[since:number]])
            if "dead" in told or (waits and now - sent >= patience):
                answer = "dead"
            elif not waits and now - sent >= interval:
                answer = "ping"
        told.append(answer)
    return told


@given(NUMBERS, LIVES)
def test_the_solution_is_the_definition(
    numbers: tuple[int, int, int], life: list[tuple[str, int]]
) -> None:
    now, steps = numbers[2], []
    for what, later in life:
        now += later
        steps.append((what, now))
    assert CHECK.answers(CHECK.RIGHT, numbers, steps) == by_definition(numbers, steps)


def test_the_docstring_shows_what_the_check_asks_first() -> None:
    words = ast.get_docstring(ast.parse((LESSON.folder / "exercise.py").read_text()).body[1]) or ""  # type: ignore[arg-type]
    lines = [line.split("#") for line in words.splitlines() if line.strip().startswith("heart.t")]
    shown = [(each[0].strip(), each[1].split(":")[0].strip().strip('"')) for each in lines]
    steps = [*CHECK.tick(9, 10, 12), *CHECK.heard(13), *CHECK.tick(20, 24, 25)]
    told = CHECK.answers(CHECK.RIGHT, (10, 5, 0), steps)
    ticks = [
        (f"heart.tick({n})", str(t)) for (w, n), t in zip(steps, told, strict=True) if w == "tick"
    ]
    assert shown == ticks


def test_the_sample_shows_what_the_lesson_says() -> None:
    own = Evidence.read(LESSON.folder / "sample.pcapng")
    facts = dict(EXPERIMENT.facts(own, None))
    assert (facts["answers"], facts["pong_holds"]) == ("browser", "same")
    assert (facts["empty_back"], facts["tells"]) == ("nothing", "nothing")
    assert facts["hang"] == "on", "the sample was recorded without Chromium"
    assert all(claim.held for claim in EXPERIMENT.claims(own, None))
    numbers, steps, _ = CHECK.replay(EXPERIMENT.frozen(own).line)
    assert CHECK.answers(CHECK.RIGHT, numbers, steps)[-1] == "dead"


def test_whoever_answered_in_the_same_millisecond_is_not_told_to_be_dead() -> None:
    own = Evidence.read(LESSON.folder / "sample.pcapng")
    numbers, steps, _ = CHECK.replay(EXPERIMENT.quiet(own))
    told = CHECK.answers(CHECK.RIGHT, numbers, steps)
    assert "ping" in told
    assert "dead" not in told


def pongs(live: Live) -> int:
    peer = live.find(path=QUIET.PEER)
    return peer.ws.pongs if peer else 0  # type: ignore[attr-defined]


def test_a_frozen_peer_is_let_go_and_what_was_sent_to_it_lies_there() -> None:
    patient = {"ping_interval": 1.5}  # others use this machine, too
    options = SERVER.CONFIG["SOCK_SERVER_OPTIONS"] | patient
    app = create_app({"SOCK_SERVER_OPTIONS": options}, blueprints=[SERVER.bp])
    live = live_of(app)
    with DemoServer(app) as server:
        address = ("127.0.0.1", server.port)

        def answered() -> None:
            until(lambda: pongs(live) >= 2, "two pongs")

        def given_up() -> None:
            until(lambda: live.dropped == 1, "the server to let the peer go")

        unread = FROZEN.freeze_a_peer(address, QUIET.PEER, answered, given_up)
        assert unread.startswith(b"\x89\x00")
        assert b"\x88\x18\x03\xf0no pong in 1.5 seconds" in unread
        with pytest.raises(ScriptFailed, match="does not become a WebSocket"):
            FROZEN.freeze_a_peer(address, "/quiet", answered, given_up)


RUNNER = """
import os, sys
from lessons.course.course import Course, load
freeze = load(Course().find("9"), "frozen").freeze_a_peer
freeze(("127.0.0.1", int(sys.argv[1])), "/", int, lambda: (print(os.getpid(), flush=True), input()))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="nothing can be frozen")
def test_a_frozen_peer_does_not_stay_when_its_runner_is_killed() -> None:
    """Not even where a shell outlives the runner, as in a script: stopped, it would lie there."""
    shell = ["sh", "-c", '"$@"; cat', "sh", sys.executable, "-c", RUNNER]
    with socket.create_server(("127.0.0.1", 0)) as takes:
        port = str(takes.getsockname()[1])
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "start_new_session": True}
        with subprocess.Popen([*shell, port], **pipes) as script, takes.accept()[0] as line:  # type: ignore[call-overload]
            line.settimeout(20)
            while not line.recv(65536).endswith(b"\r\n\r\n"):
                pass
            line.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
            os.kill(int(script.stdout.readline()), signal.SIGKILL)
            line.shutdown(socket.SHUT_WR)  # it would see that, could it run
            assert line.recv(1) == b""


@pytest.mark.parametrize(
    ("last_pong", "kept"), [(1.9, [0.5, 1.0, 1.8]), (2.1, [0.5, 1.0]), (None, [0.5, 1.0, 1.8])]
)
def test_a_ping_at_the_very_end_of_a_hang_proves_nothing(
    last_pong: float | None, kept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its Pong and the page's word may cross; one that never came is no such case."""

    def at(time: float) -> SimpleNamespace:
        return SimpleNamespace(time=time)

    rounds = [EXPERIMENT.Round(at(sent), at(sent + 0.01)) for sent in (0.5, 1.0)]
    rounds.append(EXPERIMENT.Round(at(1.8), at(last_pong) if last_pong else None))
    monkeypatch.setattr(EXPERIMENT, "rounds", lambda line: rounds)
    hang = EXPERIMENT.Hang(None, at(0.0), at(0.0), at(2.0))
    assert [each.ping.time for each in hang.pings] == kept
