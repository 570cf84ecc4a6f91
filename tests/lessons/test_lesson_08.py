"""Lesson 8: the solution agrees with the inspector, the check cuts rightly, the server does too."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inspector.core.conversation import Conversation
from inspector.core.events import Messaged
from lessons.course.client import Client
from lessons.course.course import Course, load
from lessons.course.evidence import Evidence
from lessons.demo.app import create_app
from lessons.demo.server import DemoServer
from tests.core.vectors import REQUEST, RESPONSE

LESSON = Course().find("8")
EXPERIMENT = load(LESSON, "experiment")
SERVER = load(LESSON, "server")
SOLUTION = load(LESSON, "solution")
CHECK = load(LESSON, "test_exercise")

MESSAGES = st.lists(st.one_of(st.text(max_size=20), st.binary(max_size=20)), max_size=4)


@given(MESSAGES, st.data())
def test_solution_and_inspector_agree(messages: list[str | bytes], data: st.DataObject) -> None:
    pieces = []
    for message in messages:
        size = len(message.encode() if isinstance(message, str) else message)
        ends = sorted(data.draw(st.lists(st.integers(0, size), max_size=3)))
        pieces += CHECK.cut(message, *ends)
    if data.draw(st.booleans()):
        pieces = CHECK.with_pings(pieces)
    assert SOLUTION.reassemble([piece.given for piece in pieces]) == messages
    conversation, seen = Conversation(), []
    told = [("client", f"{REQUEST}\r\n".encode()), ("server", f"{RESPONSE}\r\n".encode())]
    for side, wire in [*told, ("server", b"".join(piece.wire for piece in pieces))]:
        for event in conversation.receive(side, wire, 0.0):  # type: ignore[arg-type]
            if isinstance(event, Messaged):
                said = event.message
                seen.append(said.data if said.text is None else said.text)
    assert seen == messages


def test_a_picture_begins_with_the_message_that_is_meant() -> None:
    pieces = [*CHECK.cut("one"), CHECK.piece(9), *CHECK.cut("four", 2)]
    wire, mark = CHECK.picture(pieces, 1)
    assert wire == pieces[2].wire + pieces[3].wire
    assert wire[slice(*mark)] == b"\x80"  # the continuation, with FIN
    assert CHECK.picture(pieces, 0)[1] == (0, 1)


def test_the_server_sends_what_was_asked_for_and_never_waits_for_ever() -> None:
    app = create_app(SERVER.CONFIG, blueprints=[SERVER.bp])
    with DemoServer(app) as server, Client.open("127.0.0.1", server.port, "/ws/pieces") as line:
        for name, texts in EXPERIMENT.TEXTS.items():
            line.send("something else")
            line.send(name)
            assert tuple(line.receive() for _ in texts) == texts
        assert [frame.payload for frame in line.frames if frame.opcode == 9] == [b"still there?"]


def test_the_sample_shows_what_the_lesson_says() -> None:
    own = Evidence.read(LESSON.folder / "sample.pcapng")
    facts = dict(EXPERIMENT.facts(own, None))
    assert (facts["events"], facts["between"], facts["letter"]) == ("once", "at_once", "whole")
    assert (facts["writes"], facts["together"]) == ("whole", "three")
    assert all(claim.held for claim in EXPERIMENT.claims(own, None))
