"""One run on the wire: the real demo app behind the real tap, scripts, and what goes wrong."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.core.rfc import PING
from lessons.course.course import Course
from lessons.course.evidence import Connection, Evidence
from lessons.course.home import Home
from lessons.course.model import Missing, Unavailable
from lessons.course.process import SessionFailed, StartFailed, frozen
from lessons.course.session import SETTINGS, Session, switches
from lessons.course.wire import ScriptFailed
from tests.lessons.course_tools import ROOT, alive, children_of, environment, until
from tests.needs import program

LESSON = Course().find("handshake")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One that tests only talk through."""
    with Session(LESSON, Home(tmp_path_factory.mktemp("home"))) as session:
        yield session


@pytest.fixture
def own_session(tmp_path: Path) -> Iterator[Session]:
    """One to break."""
    with Session(LESSON, Home(tmp_path / "home")) as session:
        yield session


def test_what_a_script_says_is_in_the_evidence(session: Session) -> None:
    with session.client("/ws/chat") as chat:
        chat.receive_until("You are")
        chat.send("grüße")
        chat.receive_until("grüße")
        port = chat.local[1]
    evidence = session.wait_for(lambda e: mine(e, port).closed is not None, "the close")
    connection = mine(evidence, port)
    assert (connection.path, connection.status, connection.upgraded) == ("/ws/chat", 101, True)
    assert connection.proof.ok is True
    assert connection.proof.key == chat.request.get("sec-websocket-key")
    assert connection.answered_at >= connection.asked_at >= connection.opened
    assert 0 <= connection.answered_in < 60
    assert [said.text for said in connection.said("client")] == ["grüße"]
    assert [said.number for said in connection.messages] == [1, 2, 3]
    sent = connection.frames_from("client")
    assert [framed.frame.name for framed in sent] == ["text", "close"]
    assert connection.frame(sent[0].number) is sent[0]
    heads = len(connection.request.raw), len(connection.response.raw)
    for side, head in zip(("client", "server"), heads, strict=True):
        frames = sum(len(framed.frame.wire) for framed in connection.frames_from(side))
        assert connection.bytes_from(side) == head + frames
    assert connection.closed is not None
    assert (connection.closed.code, connection.closed.clean) == (1000, True)
    assert connection.findings == []
    assert chat.closed == connection.closed
    with pytest.raises(Missing, match="frames, no 99"):
        connection.frame(99)
    with pytest.raises(Missing, match="no connection on /nowhere"):
        evidence.connection("/nowhere")
    with pytest.raises(Missing, match="no 999"):
        evidence.numbered(999)


def mine(evidence: Evidence, port: int):  # type: ignore[no-untyped-def]
    found = [each for each in evidence.connections if each.client[1] == port]
    if not found:
        raise Missing("not yet")
    return found[-1]


def test_plain_http_is_evidence_too(session: Session) -> None:
    before = len(session.evidence().http)
    answer = session.get("/health")
    assert (answer.status, answer.json()["ok"]) == (200, True)
    evidence = session.wait_for(lambda e: len(e.http) > before, "the exchange")
    http = evidence.http[-1]
    assert (http.path, http.status) == ("/health", 200)
    assert http.responded is not None
    assert http.responded >= http.requested
    with session.http() as client:
        assert [client.get("/feed/poll").status for _ in range(2)] == [200, 200]
    assert session.post("/nowhere", b"x").status == 404
    with pytest.raises(ScriptFailed, match="not JSON"):
        session.get("/chat").json()


def test_fragments_pings_and_binary(session: Session) -> None:
    with session.client("/ws/chat") as chat:
        chat.ping(b"are you there")
        chat.send_fragments("he", "ll", "o")
        chat.receive_until(": hello")
        port = chat.local[1]
    connection = mine(session.wait_for(lambda e: mine(e, port).closed is not None, "it"), port)
    said = connection.said("client")[0]
    assert (said.text, len(said.frames)) == ("hello", 3)
    assert connection.frames_from("client")[0].frame.payload == b"are you there"
    with session.client("/ws/chat") as chat:
        chat.send(b"\x00\x01")  # the chat takes text: it closes with 1003
        closed = chat.wait_closed()
        assert (closed.closed_by, closed.code, closed.clean) == ("server", 1003, True)
        assert "You are" in str(chat.receive())
        with pytest.raises(ScriptFailed, match="the connection ended before"):
            chat.receive_until("more than that others come and go")


def test_deflate_is_offered_only_when_asked_for(session: Session) -> None:
    with session.client("/ws/chat") as chat:
        assert chat.request.get("sec-websocket-extensions") is None
    with session.client("/ws/chat", extensions="permessage-deflate") as chat:
        assert "permessage-deflate" in (chat.response.get("sec-websocket-extensions") or "")
        assert "You are" in str(chat.receive())  # inflated


def test_a_kept_connection_answers_pings_by_itself(session: Session) -> None:
    chat = session.keep(session.client("/ws/chat"))
    port = chat.local[1]
    session.wait_for(lambda e: any(f.frame.opcode == PING for f in mine(e, port).frames), "a ping",
                     patience=40)  # fmt: skip
    session.wait_for(
        lambda e: any(f.frame.name == "pong" for f in mine(e, port).frames_from("client")), "a pong"
    )
    chat.close()
    chat.close()


def test_what_is_refused_is_no_exception(session: Session) -> None:
    with session.client("/ws/chat", origin="http://evil.example") as refused:
        assert refused.status == 403
    evidence = session.wait_for(
        lambda e: any(c.status == 403 for c in e.connections), "the refusal"
    )
    assert not evidence.connections[-1].upgraded
    assert evidence.connection("/ws/chat").upgraded  # the newest that was


def test_waiting_has_an_end(session: Session) -> None:
    with pytest.raises(ScriptFailed, match="waited 0 s in vain for the moon"):
        session.wait_for(lambda e: False, "the moon", patience=0.2)
    board = session.client("/ws/board")  # where nobody is heard coming or going
    with board, pytest.raises(ScriptFailed, match="in vain for a message"):
        board.receive(patience=0.2)


def test_a_real_browser_can_be_sent_to_a_page(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WS101_CHROMIUM", program("chromium"))

    def visits(evidence: Evidence) -> list[Connection]:
        agents = ((each, each.request.get("user-agent") or "") for each in evidence.connections)
        return [each for each, agent in agents if "HeadlessChrome" in agent]

    evidence = session.browse("/chat", lambda e: bool(visits(e) and visits(e)[-1].said("server")))
    (visit,) = visits(evidence)
    assert (visit.path, visit.upgraded) == ("/ws/chat", True)


def test_without_a_browser_it_says_so(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WS101_CHROMIUM", "")
    assert session.chromium is None
    with pytest.raises(Unavailable, match="no Chromium is installed here"):
        session.browse("/chat", lambda e: True)


def test_a_restart_keeps_the_address_and_forgets_the_rest(own_session: Session) -> None:
    session = own_session
    chat = session.keep(session.client("/ws/chat"))
    before = session.get("/health").json()
    session.restart_demo()
    assert chat.wait_closed().code == 1001
    after = session.get("/health").json()
    assert after["pid"] != before["pid"]
    assert after["opened"] == 0
    session.kill_demo()
    assert session.demo_pid is None
    assert session.get("/health").status == 502
    session.start_demo()
    assert session.get("/health").status == 200
    assert session.heal() == []  # all of that was meant


def test_servers_that_die_are_started_again_and_evidence_goes_on(own_session: Session) -> None:
    session = own_session
    page = session.page
    session.client("/ws/chat").close()
    session.wait_for(lambda e: len(e.connections) == 1, "a connection")
    ours = [pid for pid in children_of(os.getpid()) if "lessons.course.child" in command_of(pid)]
    for pid in ours:
        os.kill(pid, signal.SIGKILL)
    for pid in ours:
        until(lambda pid=pid: not alive(pid), "it dies")
    told: list[str] = []
    until(lambda: told.extend(session.heal()) or len(told) >= 2, "both are mended")
    assert [words.split(" had")[0] for words in told] == ["the demo app", "the tap"]
    assert session.page == page
    session.client("/ws/chat").close()
    evidence = session.wait_for(lambda e: len(e.connections) == 2, "one more")
    assert [each.number for each in evidence.connections] == [1, 2]
    assert [path.name for path in session.captures] == [
        "03_handshake.pcapng", "03_handshake-2.pcapng",
    ]  # fmt: skip
    again = Evidence.read(*session.captures)
    assert len(again.connections) == 2


def test_what_dies_again_and_again_is_given_up(own_session: Session) -> None:
    with pytest.raises(SessionFailed, match=r"the demo app ended .*, for the 6th time"):
        die_for_ever(own_session)


def die_for_ever(session: Session) -> None:
    while True:
        if session.demo_pid:
            os.kill(session.demo_pid, signal.SIGKILL)
        until(lambda: session.demo_pid is None, "it dies")
        session.heal()


def command_of(pid: int) -> str:
    listed = subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout


def test_a_taken_port_is_said_and_another_one_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with Session(LESSON, Home(tmp_path / "home"), port=port) as session:
            assert f":{port}" not in session.page
            assert session.get("/health").status == 200
            (told,) = session.heal()
            assert told.startswith(f"port {port} is taken")


def test_a_capture_that_can_not_be_kept_is_made_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with Session(LESSON, Home(tmp_path / "home")) as session:
        (told,) = session.heal()
        assert told.startswith("this run's capture is not kept: ")
        session.client("/ws/chat").close()
        session.wait_for(lambda e: len(e.connections) == 1, "a connection")
        scratch = session.scratch
    assert not scratch.exists()


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits another process: Linux only")
def test_a_full_disk_is_told_and_the_lesson_goes_on(own_session: Session) -> None:
    session = own_session
    (tap,) = (pid for pid in children_of(os.getpid()) if f"-o {session.capture}" in command_of(pid))
    # The capture may not grow any more: what a full disk looks like to a writer.
    size = session.capture.stat().st_size
    resource.prlimit(tap, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    with session.client("/ws/chat") as chat:
        assert "You are" in str(chat.receive())
    told: list[str] = []
    until(lambda: told.extend(session.heal()) or told, "it is told")
    assert told == [
        "the capture is incomplete: File too large: make room for it, then reload the page"
    ]


def test_an_empty_capture_is_not_left_behind(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with Session(LESSON, home) as session:
        assert session.capture.exists()
    assert list(home.captures.iterdir()) == []


def test_everything_ends_with_the_runner_even_after_kill_9(tmp_path: Path) -> None:
    code = """
import sys, time
from pathlib import Path
from lessons.course.course import Course
from lessons.course.home import Home
from lessons.course.session import Session
session = Session(Course().find("3"), Home(Path(sys.argv[1])))
session.start()
session.keep(session.client("/ws/chat"))
print(session.page, session.scratch, flush=True)
time.sleep(1000)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, env=environment(),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    page, scratch = process.stdout.readline().split()
    servers = children_of(process.pid)
    assert len(servers) == 2
    process.kill()
    process.wait()
    process.stdout.close()
    for pid in servers:
        until(lambda pid=pid: not alive(pid), "the servers end")
    until(lambda: not Path(scratch).exists(), "the last of them has swept")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(page.rpartition(":")[2])), 5)
    (capture,) = (tmp_path / "captures").glob("*.pcapng")
    assert len(Evidence.read(capture).connections) == 1


def test_what_is_frozen_ends_with_the_runner_too(tmp_path: Path) -> None:
    code = """
import time
from lessons.course.process import Child, frozen
child = Child("balancer", "0", "http://127.0.0.1:1")
child.ready("listening")
with frozen(child.pid):
    print(child.pid, flush=True)
    time.sleep(1000)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    pid = int(process.stdout.readline())
    ours = children_of(process.pid)
    assert pid in ours
    process.kill()
    process.wait()
    process.stdout.close()
    for each in ours:
        until(lambda each=each: not alive(each), "it goes on, and ends")


def test_what_does_not_run_is_not_frozen() -> None:
    with pytest.raises(Unavailable, match="does not run"), frozen(None):
        pass


def test_a_capture_that_is_none_is_a_fault_not_an_exception(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    assert "no such file" in Evidence.read(path).faults[0]
    path.write_bytes(b"this is no capture at all")
    assert "as no capture does" in Evidence.read(path).faults[0]
    path.write_bytes(b"")
    assert Evidence.read(path).connections == []


def test_a_lesson_taken_anew_has_its_proxy_as_it_comes(tmp_path: Path) -> None:
    home, earlier = Home(tmp_path / "home"), (tmp_path / "earlier.pcapng",)
    notes = {SETTINGS: ["keep_host_header=true"], "other": 1}
    assert Session(LESSON, home, earlier=earlier, notes=dict(notes)).notes == notes
    assert Session(LESSON, home, notes=dict(notes)).notes == {"other": 1}


def test_of_noted_settings_only_switches_are_taken() -> None:
    noted = ["keep_host_header=true", "scripts=/tmp/x.py", "save_stream_file=true\nx", 5]
    assert switches({SETTINGS: noted}) == ["keep_host_header=true"]
    assert switches({SETTINGS: 5}) == switches({}) == []


def test_a_balancer_that_starts_no_more_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken() -> list[str]:
        raise StartFailed("its port is taken")

    session = Session(LESSON, Home(tmp_path))
    monkeypatch.setattr(session.workers, "heal", taken)
    with pytest.raises(SessionFailed, match="the balancer does not start again: its port is taken"):
        session.heal()


@pytest.mark.slow
def test_a_proxy_that_dies_is_started_again_with_its_settings(tmp_path: Path) -> None:
    lesson = Course().find("12")
    with Session(lesson, Home(tmp_path / "home")) as session:
        session.set_proxy("keep_host_header=true")
        proxied = session.proxied
        (stock,) = (pid for pid in children_of(os.getpid()) if " stock " in command_of(pid))
        os.kill(stock, signal.SIGKILL)
        told: list[str] = []
        until(lambda: told.extend(session.heal()) or told, "it is mended")
        assert told == ["the proxy had ended by itself; it was started again: reload the page"]
        assert session.proxied == proxied
        line = session.client("/ws/between", proxied=True)
        assert line.status == 101  # with the setting
        key = line.request.get("sec-websocket-key")
        evidence = session.wait_for(lambda e: len(e.connections) == 2, "both legs")
        assert {each.proof.key for each in evidence.connections} == {key}
        assert len(session.captures) == 4
        line.close()
    assert len(session.kept) == 2
