"""Lesson 13 reads the lab's notes off a capture, and a capture may hold anything."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.events import Closed
from inspector.core.frames import Frame, encode_frame
from inspector.core.messages import Message
from lessons.course.course import Course, load
from lessons.course.evidence import Evidence, Said
from lessons.course.model import Missing
from lessons.course.wire import AGENT

LESSON = Course().find("13")
EXPERIMENT = load(LESSON, "experiment")
CLAIMS = load(LESSON, "claims")
SHELVES = load(LESSON, "shelves")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
NAMES = (
    "table",
    "attempt",
    "code",
    "kept",
    "size",
    "raised",
    "step",
    "back",
    "probe",
    "trials",
    "pid",
)
KINDS = ("hello", "tried", "read", "parts", "stranger", "browser", "browser-read", "descriptors")
NOTES = st.dictionaries(st.sampled_from(NAMES), JSON).flatmap(
    lambda note: st.sampled_from(KINDS).map(lambda kind: {**note, "lab": kind})
)


class Lab:
    """As much of a captured connection as the shelves ask for."""

    def __init__(
        self,
        *said: tuple[str, str],
        number: int = 1,
        by: str = "Mozilla",
        ended_by: str = "",
        file: str = "one",
    ) -> None:
        self.upgraded, self.path, self.number, self.file = True, "/ws/lab", number, Path(file)
        self.closed = Closed(ended_by, 1001, "", True) if ended_by else None  # type: ignore[arg-type]
        self.request = {"user-agent": by}
        self.messages = [self._said(at, *each) for at, each in enumerate(said, 1)]

    @staticmethod
    def _said(number: int, side: Any, text: str) -> Said:
        data = text.encode("utf-8", "replace")
        first = Frame(side, 0, encode_frame(1, data)[:2], data)
        return Said(number, Message(side, "text", (number,), data, data, True, first), 0.0)

    def ended(self, _side: str) -> None:
        return None


def evidence(*said: tuple[str, str]) -> Evidence:
    return Evidence(connections=[Lab(*said)])  # type: ignore[list-item]


def greeting(pid: int) -> tuple[str, str]:
    return "server", json.dumps({"lab": "hello", "pid": pid})


def test_the_first_connection_stays_the_one_that_is_told_of() -> None:
    """The learner opens the lab in a browser, the script goes on, the server is restarted."""
    browser = Lab(greeting(7), number=1)
    script = Lab(greeting(7), number=2, by=AGENT)
    own = Evidence(connections=[browser, script])  # type: ignore[list-item]
    assert SHELVES.yours(own).connection is browser
    with pytest.raises(Missing):
        SHELVES.lives(own)
    ended = [
        Lab(greeting(7), number=1, ended_by="server"),
        Lab(greeting(7), number=2, by=AGENT, ended_by="server"),
    ]
    after = Lab(greeting(8), number=3, by=AGENT)
    own = Evidence(connections=[*ended, after])  # type: ignore[list-item]
    old, new = SHELVES.lives(own)
    assert (old.connection, new.connection) == (ended[0], after)
    assert SHELVES.yours(own).connection is ended[0]
    assert SHELVES.opener(old.connection) == "your browser"
    assert SHELVES.opener(new.connection) == "the script"


def test_a_page_that_was_left_is_not_the_one() -> None:
    left = Lab(greeting(7), number=1, ended_by="client")
    held = Lab(greeting(7), number=2)
    own = Evidence(connections=[left, held])  # type: ignore[list-item]
    assert SHELVES.yours(own).connection is held


def test_the_connection_of_an_earlier_sitting_is_not_the_one() -> None:
    earlier = Lab(greeting(7), number=1)
    now = Lab(greeting(8), number=2, file="two")
    own = Evidence(connections=[earlier, now])  # type: ignore[list-item]
    assert SHELVES.yours(own).connection is now


def test_an_attempt_that_ends_on_another_shelf_breaks_a_claim(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = Evidence.read(LESSON.folder / "sample.pcapng")
    found = SHELVES.trials(own, "tried") | SHELVES.trials(own, "browser")
    assert len(found) == 22
    for name, trial in found.items():
        loud = trial.shelf == "loud"
        moved = replace(trial, raised=None if loud else "E: no", step=None if loud else "store")

        def trials(
            own: Evidence, *kinds: str, name: str = name, moved: object = moved
        ) -> dict[str, object]:
            real = SHELVES.trials(own, *kinds)
            return real | ({name: moved} if name in real else {})

        monkeypatch.setattr(CLAIMS, "trials", trials)
        astray = [claim for claim in EXPERIMENT.claims(own, None) if not claim.held]
        shelves = [claim for claim in astray if claim.words in CLAIMS.CLAIMED.values()]
        named = [claim for claim in shelves if f"; {moved.code}: " in claim.measured]
        assert len(named) == 1, name


def test_what_was_left_out_breaks_no_claim_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = Evidence.read(LESSON.folder / "sample.pcapng")
    for name in SHELVES.trials(own, "tried") | SHELVES.trials(own, "browser"):

        def without(own: Evidence, *kinds: str, name: str = name) -> dict[str, object]:
            return {key: each for key, each in SHELVES.trials(own, *kinds).items() if key != name}

        monkeypatch.setattr(CLAIMS, "trials", without)
        assert all(claim.held for claim in EXPERIMENT.claims(own, None)), name
        monkeypatch.setattr(EXPERIMENT, "trials", without)
        assert dict(EXPERIMENT.facts(own, None))["old_end"] == "ends"


def tried(**note: object) -> str:
    told = {"lab": "tried", "attempt": "x", "code": "x(ws)", "size": 3, "kept": "abc", **note}
    return json.dumps(told)


@pytest.mark.parametrize(
    ("note", "probe_arrived", "shelf"),
    [
        ({"raised": "TypeError: no", "step": "store", "probe": None}, False, "loud"),
        ({"raised": "ValueError: no", "step": "restore", "probe": None}, False, "loud"),
        ({"raised": "AttributeError: send", "step": "send", "probe": "probe x 1"}, False, "silent"),
        ({"raised": None, "step": None, "probe": "probe x 1"}, False, "silent"),
        ({"raised": None, "step": None, "probe": "probe x 1"}, True, "works"),
        ({"raised": None, "step": None, "probe": None}, True, "silent"),
    ],
)
def test_only_a_frame_makes_it_work(note: dict[str, Any], probe_arrived: bool, shelf: str) -> None:
    said = [("server", "probe x 1")] if probe_arrived else []
    found = SHELVES.trials(evidence(*said, ("server", tried(**note))), "tried")
    assert found["x"].shelf == shelf
    assert found["x"].words
    assert found["x"].measured


def test_a_probe_from_the_wrong_side_does_not_count() -> None:
    note = tried(raised=None, step=None, probe="probe x 1")
    found = SHELVES.trials(evidence(("client", "probe x 1"), ("server", note)), "tried")
    assert found["x"].shelf == "silent"


def test_a_page_can_not_speak_for_the_server() -> None:
    forged = ("client", tried(raised=None, step=None))
    assert SHELVES.trials(evidence(forged), "tried") == {}
    page = ("client", json.dumps({"lab": "browser", "attempt": "stringify", "kept": "{}"}))
    assert SHELVES.trials(evidence(page), "browser")["stringify"].kept == "{}"
    with pytest.raises(Missing):
        SHELVES.last(evidence(forged), "tried")


@given(st.lists(st.tuples(st.sampled_from(["client", "server"]), NOTES), max_size=5))
def test_any_note_is_read_without_complaint(said: list[tuple[str, dict[str, Any]]]) -> None:
    own = evidence(*((side, json.dumps(note)) for side, note in said))
    for kinds in (("tried",), ("browser",)):
        for trial in SHELVES.trials(own, *kinds).values():
            assert trial.shelf in ("loud", "silent", "works")
            assert trial.words
    with suppress(Missing):
        assert all(trial.words for trial in SHELVES.read_back(own).values())
    with suppress(Missing):
        assert all(row.what is not None for row in SHELVES.kernel_table(own)[1].values())


@given(st.text())
def test_any_text_is_read_without_complaint(text: str) -> None:
    for kind in KINDS:
        assert len(list(SHELVES.notes(evidence(("server", text)), kind))) <= 1


def test_deep_json_is_no_note() -> None:
    assert SHELVES.parsed("[" * 100_000) == {}


def test_the_sample_shows_what_the_lesson_says() -> None:
    own = Evidence.read(LESSON.folder / "sample.pcapng")
    claims = list(EXPERIMENT.claims(own, None))
    assert len(claims) >= 17
    assert [claim.words for claim in claims if not claim.held] == []
    facts = dict(EXPERIMENT.facts(own, None))
    assert facts["survivors"] == "none"
    assert facts["old_end"] == "ends"
    assert facts["stranger_key"] == "ran"
    assert (facts["session_when"], facts["session_found"]) == ("response", "none")
    assert facts["number_now"] == "other"
    assert {"local-storage", "stringify", "session-str"} <= SHELVES.read_back(own).keys()


SEED = (
    "No, you can't (and shouldn't) store a live WebSocket object in a database",
    "in-memory, live connection between a client and a server",
    "tied to a particular request",
    "not serializable",
    "Useless when stored",
    "dies when the server restarts or disconnects",
)


def test_each_sentence_of_the_seed_is_claimed_and_held() -> None:
    own = Evidence.read(LESSON.folder / "sample.pcapng")
    told = list(EXPERIMENT.claims(own, None))
    for words in SEED:
        assert [claim.held for claim in told if words in claim.words] == [True], words
