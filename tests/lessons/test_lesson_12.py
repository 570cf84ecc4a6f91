"""Lesson 12: the truth of its check, and what its app notes, without a proxy."""

from __future__ import annotations

import copy
import random

from inspector.core.rfc import CLOSE
from lessons.course.course import Course, load
from lessons.course.evidence import Evidence
from lessons.demo import create_app

LESSON = Course().find("12")
LEGS = load(LESSON, "legs")
MADE = load(LESSON, "made")
SAID = load(LESSON, "said")
SERVER = load(LESSON, "server")
SOLUTION = load(LESSON, "solution")


def test_what_was_put_in_is_what_is_found() -> None:
    for _ in range(150):
        kinds = random.sample(MADE.KINDS, random.randint(0, 5))
        near, far, truth = MADE.connection(*kinds)
        assert {kind for kind, _, _ in truth} == set(kinds)
        before = copy.deepcopy((near, far))
        assert LEGS.differences(near, far) == truth
        assert SOLUTION.differences(near, far) == truth
        assert (near, far) == before


def test_the_legs_of_the_sample_are_told_apart() -> None:
    evidence = Evidence.read(LESSON.folder / "sample.pcapng")
    assert evidence.faults == []
    pairs = LEGS.pairs(evidence, SAID.LINE)
    for near, far in pairs:
        assert near.server != far.server
        assert near.request.get("origin") == f"http://{near.server[0]}:{near.server[1]}"
    kinds = {kind for two in pairs for kind, _, _ in LEGS.differences(*map(LEGS.plain, two))}
    assert kinds >= {"field", "lost", "invented", "moved"}
    assert all(LEGS.close_code(leg, "server") is None for leg in LEGS.direct(evidence, SAID.LINE))


def test_what_never_ended_or_never_began_is_passed_over() -> None:
    def frame(opcode: int, fin: bool = True) -> dict[str, object]:
        return {"opcode": opcode, "fin": fin, "key": None, "payload": b"x"}

    frames = [frame(0), frame(1, fin=False), frame(9), frame(0, fin=False), frame(CLOSE)]
    assert [unit.opcode for unit in LEGS.units(frames)] == [9, CLOSE]
    assert [unit["opcode"] for unit in SOLUTION.units(frames)] == [9, CLOSE]


def test_frames_are_shown_in_a_few_letters() -> None:
    def frame(opcode: int, payload: bytes, fin: bool = True) -> dict[str, object]:
        return {"opcode": opcode, "fin": fin, "key": None, "payload": payload}

    whole = [frame(1, b"ab"), frame(9, b"x"), frame(1, b"cde"), frame(1, b"ab")]
    cut = [frame(1, b"c", fin=False), frame(9, b"x"), frame(0, b"d", fin=False), frame(0, b"e")]
    shapes = load(LESSON, "shapes").Shapes()
    assert shapes.of(whole) == "A ping1 B A"
    assert shapes.of([*cut, frame(1, b"never", fin=False)]) == "B( ping1 B- B) ?"
    assert shapes.of([]) == "nothing"


def test_how_a_connection_ended_is_told_by_its_port() -> None:
    client = create_app(SERVER.CONFIG, blueprints=[SERVER.bp]).test_client()
    SERVER.note_end("1", "reset")
    SERVER.note_end("2", "end")
    told = client.get(f"{SAID.ENDS}?direct=1&tapped=2")
    assert told.json == {"direct": "reset", "tapped": "end"}
    for port in range(SERVER.KEPT):
        SERVER.note_end(f"{port + 10}", "end")
    assert len(SERVER.ended) == SERVER.KEPT
    assert "1" not in SERVER.ended


def test_who_waits_for_an_end_takes_a_place() -> None:
    app = create_app({**SERVER.CONFIG, "WS101_MAX_CONNECTIONS": 0}, blueprints=[SERVER.bp])
    assert app.test_client().get(f"{SAID.ENDS}?direct=0&tapped=0").status_code == 503
