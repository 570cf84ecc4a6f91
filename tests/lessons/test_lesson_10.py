"""Lesson 10: the solution is the definition; bare connections are gated as all others are."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from lessons.course.course import Course, load
from lessons.demo.app import create_app

LESSON = Course().find("10")
SEEN = load(LESSON, "seen")
SERVER = load(LESSON, "server")
CHECK = load(LESSON, "test_exercise")
SOLUTION = load(LESSON, "solution")

SIDES = st.sampled_from(["client", "server"])
CLOSES = st.tuples(SIDES, st.just("close"), st.sampled_from([b"", b"\x03\xe8", b"\x0f\xa0bye"]))
OTHERS = st.tuples(SIDES, st.sampled_from(["text", "end", "ping"]), st.just(b""))


def by_definition(tail: list[tuple[str, str, bytes]]) -> tuple[object, ...]:
    """What the exercise's docstring says, one sentence after the other."""
    closes = [step for step in tail if step[1] == "close"]
    ends = [step for step in tail if step[1] == "end"]
    who = (closes or ends or [(None,)])[0][0]
    if not ends:
        return who, None, None, False
    told: list[int] = []
    for other in ("server", "client"):
        sent = [payload for side, _, payload in closes if side == other]
        told.append(1006 if not sent else 1005 if not sent[0] else sent[0][0] * 256 + sent[0][1])
    return who, *told, {side for side, _, _ in closes} == {"client", "server"}


@given(st.lists(st.one_of(CLOSES, OTHERS), max_size=8))
def test_the_solution_is_the_definition(tail: list[tuple[str, str, bytes]]) -> None:
    assert SOLUTION.classify(tail) == by_definition(tail)


def test_random_ends_are_what_they_were_made_from() -> None:
    for _ in range(200):
        tail, verdict = CHECK.random_end()
        assert by_definition(tail) == verdict


@pytest.mark.parametrize(("early", "signs"), [(2.5, 0), (1.5, 1)])
def test_a_ping_that_is_due_as_the_server_goes_on_ends_the_silence(
    early: float, signs: int
) -> None:
    def said(text: str, *times: float) -> list[SimpleNamespace]:
        return [SimpleNamespace(text=text, time=time, frames=(int(time * 10),)) for time in times]

    talk = {
        "client": said(SEEN.ANYBODY, 1.0, 1.2, 1.8, 2.0),
        "server": said(SEEN.ASK, 0.8) + said(SEEN.YES, 2.6, 2.7, 2.8, 2.9),
    }
    reads = [SimpleNamespace(side="server", time=time) for time in (0.8, early, 2.6)]
    end = SEEN.End(SimpleNamespace(said=talk.get, reads=reads, ends=[]), "hold", None)
    assert SEEN.silence(end) == (1.0, 2.5 if signs == 0 else 2.6, 4)
    assert SEEN.signs(end) == signs
    assert SEEN.asking(end) == (8, 29)


@pytest.fixture
def client() -> FlaskClient:
    return create_app(SERVER.CONFIG, blueprints=[SERVER.bp]).test_client()


@pytest.mark.parametrize("path", ["hangs-up", "crosses", "specimen"])
def test_who_comes_from_elsewhere_is_refused(client: FlaskClient, path: str) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Host": "127.0.0.1"}
    elsewhere = {**upgrade, "Origin": "http://evil.example"}
    assert client.get(f"/ws/ended/{path}", headers=elsewhere).status_code == 403
    assert client.get(f"/ws/ended/{path}", headers=upgrade | {"Host": "evil"}).status_code == 421


@pytest.mark.parametrize("path", ["hangs-up", "crosses"])
def test_a_bare_connection_takes_a_handshake_and_nothing_else(
    client: FlaskClient, path: str
) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Host": "127.0.0.1"}
    assert client.get(f"/ws/ended/{path}", headers=upgrade).status_code == 426
    assert client.get(f"/ws/ended/{path}", headers={"Host": "127.0.0.1"}).status_code == 400


def test_only_this_page_may_ask_around(client: FlaskClient) -> None:
    headers = {"Host": "127.0.0.1", "Origin": "http://evil.example"}
    assert client.post("/ended/ask", headers=headers).status_code == 403
    assert client.post("/ended/ask", headers={"Host": "127.0.0.1"}).status_code == 204
