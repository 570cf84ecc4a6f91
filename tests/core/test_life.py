"""The life of a connection is what its table says."""

from __future__ import annotations

import pytest

from inspector.core.life import LIFE, STATES, STEPS, Life, State, Step, life_as_text
from inspector.core.rfc import Side
from tests.core import vectors

PICTURE = """\
connecting  upgraded -> open, refused -> refused, end -> broken
refused     upgraded -> open, refused -> refused, end -> ended
open        close -> closing, end -> broken
closing     close -> closing, end -> ended
ended       (the end)
broken      (the end)"""


def test_the_picture_is_printed_from_the_table() -> None:
    assert life_as_text() == PICTURE


def test_all_that_the_table_names_is_explained() -> None:
    assert LIFE.keys() == STATES.keys()
    assert {step for steps in LIFE.values() for step in steps} == STEPS.keys()
    assert {target for steps in LIFE.values() for target in steps.values()} <= LIFE.keys()


def test_every_state_is_reached_from_the_first() -> None:
    reached: set[State] = set()
    todo: list[State] = ["connecting"]
    while todo:
        state = todo.pop()
        if state not in reached:
            reached.add(state)
            todo += LIFE[state].values()
    assert reached == STATES.keys()


def test_every_step_of_the_table_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: set[tuple[State, Step]] = set()
    step = Life.step

    def watched(life: Life, side: Side, name: Step) -> None:
        taken.add((life.states[side], name))
        step(life, side, name)

    monkeypatch.setattr(Life, "step", watched)
    for vector in vectors.load():
        if len(vector.steps) < 10:
            vectors.play([*vector.handshake, *vector.steps], vector.max_payload)
    assert {(state, name) for state, steps in LIFE.items() for name in steps} <= taken


def test_a_step_that_the_table_has_not_leaves_the_state() -> None:
    life = Life()
    life.step("client", "close")  # frames that were sent before the 101
    assert life.states["client"] == "connecting"
    assert life.closed_by == "client"
    assert not life.clean


def test_who_closed() -> None:
    life = Life()
    life.upgrade(True)
    life.step("client", "end")
    assert life.closed_by == "client"
    life.step("server", "close")
    assert life.closed_by == "server"
    life.step("client", "close")
    assert life.closed_by == "server"
    assert life.clean
    assert not life.over
    life.step("server", "end")
    assert life.over
    assert life.states == {"client": "broken", "server": "ended"}
