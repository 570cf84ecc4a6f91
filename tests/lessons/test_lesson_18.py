"""Lesson 18: its captures have the fault that they are said to have, and no other; its players play
the same piece each time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from inspector.core.findings import Finding
from lessons.course.client import Client
from lessons.course.course import Course, load
from lessons.course.evidence import Evidence
from lessons.course.home import Home
from lessons.course.progress import Progress
from lessons.demo.app import create_app
from lessons.demo.server import DemoServer

LESSON = Course().find("18")
CAPTURES = load(LESSON, "captures")
CASES = load(LESSON, "cases")
FAULTS = load(LESSON, "faults").FAULTS
CHECK = load(LESSON, "test_exercise")
SERVER = load(LESSON, "server")
HINTS = {tag for hint in LESSON.hints for tag in hint.for_mistake}
WORDS = (LESSON.folder / "exercise.py").read_text("utf-8")
FOLLOWS = {  # findings that a fault brings along, none of them of severity error
    "close-missing", "resp-status-not-101", "ping-unanswered", "pmd-not-compressed",
    "close-code-not-echoed",
}  # fmt: skip


def findings(folder: Path, what: str, name: str) -> tuple[object, list[Finding]]:
    truth = CAPTURES.make(folder / "one.pcapng", name, 1, FAULTS[what])
    evidence = Evidence.read(folder / "one.pcapng")
    assert evidence.faults == []
    (connection,) = evidence.connections
    assert truth.frame <= len(connection.frames)
    return truth, connection.findings


@pytest.mark.parametrize("what", FAULTS)
def test_the_inspector_finds_what_is_said_to_be_wrong(what: str, tmp_path: Path) -> None:
    rule = FAULTS[what].lint
    for name in "abcde":
        truth, found = findings(tmp_path, what, name)
        errors = [each for each in found if each.rule.severity == "error"]
        ours = [each for each in found if each.rule.id == rule]
        assert {each.rule.id for each in found} - {rule, "message-unfinished"} <= FOLLOWS
        assert bool(ours) == bool(rule)
        assert len({each.side for each in errors}) <= 1
        if errors:
            assert errors[0].side == truth.who
        if rule and truth.frame and ours[0].frame:
            assert ours[0].frame == truth.frame


def test_each_fault_has_its_line_in_the_exercise() -> None:
    assert [word for word in FAULTS if f"\n        {word} " not in WORDS] == []


def test_a_set_has_a_fault_of_each_part_and_two_for_the_eye() -> None:
    for number in range(100):
        faults = CAPTURES.faults_of(str(number))
        assert sorted(fault.part for fault in faults) == sorted(CAPTURES.PARTS)
        assert sum(not fault.told for fault in faults) >= 2


def test_captures_are_handed_out_once_and_mended(tmp_path: Path) -> None:
    _, sample = CAPTURES.hand_out(tmp_path, CAPTURES.SAMPLE)
    name, made = CAPTURES.hand_out(tmp_path)
    assert name != CAPTURES.SAMPLE
    before = [path.read_bytes() for path in CAPTURES.files(tmp_path)]
    next(iter(CAPTURES.files(tmp_path))).write_bytes(b"")
    assert CAPTURES.hand_out(tmp_path, CAPTURES.SAMPLE) == (name, made)
    assert [path.read_bytes() for path in CAPTURES.files(tmp_path)] == before
    assert made != sample


def test_what_is_said_of_a_wrong_finding_does_not_give_the_right_one_away(tmp_path: Path) -> None:
    for name in "abc":
        for truth in CAPTURES.make_set(tmp_path, name):
            path = tmp_path / truth.file
            connection = Evidence.read(path).connections[0]
            right = (truth.what, truth.who, truth.frame)
            assert CHECK.judged(right, truth) == CHECK.RIGHT
            near = [CHECK.about_what(what, truth) for what in FAULTS if what != truth.what]
            near += [CHECK.about_who(who, truth) for who in ("server", "nobody")]
            near += [
                CHECK.about_frame(frame, truth, connection)
                for frame in range(-1, 40)
                if frame != truth.frame
            ]
            assert {each.tag for each in near} <= HINTS
            assert not [each for each in near if truth.what in each.words]


def test_a_wrong_frame_is_told_whose_frame_is_asked_for(tmp_path: Path) -> None:
    """Where an answer is missing, the frame that waits for it is not of the side to blame."""

    def told(what: str, further: int) -> str:
        truth, _ = findings(tmp_path, what, "a")
        connection = Evidence.read(tmp_path / "one.pcapng").connections[0]
        frames = {each.number: each.frame for each in connection.frames}
        alike = [n for n in frames if frames[n].opcode == frames[truth.frame].opcode]
        frame = alike[alike.index(truth.frame) + further] if further > 0 else truth.frame + further
        return CHECK.about_frame(frame, truth, connection).tag

    assert told("pings-not-answered", 1) == "frame"
    assert told("data-after-close", -1) == "the-close"


def test_on_another_machine_the_progress_knows_whose_captures_they_are(tmp_path: Path) -> None:
    home = Home(tmp_path)
    name, made = CAPTURES.hand_out(home.folder(LESSON))
    there = Home(tmp_path / "there")
    there.prepare()
    Progress(there).change(LESSON.slug, lambda state: state.notes.update({CAPTURES.NOTE: name}))
    assert CAPTURES.hand_out(there.folder(LESSON)) == (name, made)


def test_the_server_plays_its_part_and_hands_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WS101_LAB_FOLDER", str(tmp_path))
    app = create_app(SERVER.CONFIG, blueprints=[SERVER.bp])
    parts = app.test_client().get("/gallery/cases").json
    assert {case.name: case.title for case in CASES.CASES}.keys() == parts.keys()
    assert app.test_client().post("/exam").status_code == 200
    assert all(path.exists() for path in CAPTURES.files(tmp_path))
    with DemoServer(app) as server:
        with Client.open("127.0.0.1", server.port, f"{CASES.PREFIX}editing") as line:
            line.send("key")
            answer = "a" * CASES.BY_NAME["editing"].answers
            while line.receive() != answer:  # what it says by itself may come before
                pass
        with Client.open("127.0.0.1", server.port, f"{CASES.PREFIX}nothing") as line:
            line.wait_closed()


def test_clicks_that_come_at_once_draw_one_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WS101_LAB_FOLDER", str(tmp_path))
    app = create_app(SERVER.CONFIG, blueprints=[SERVER.bp])
    with ThreadPoolExecutor(8) as clicks:
        said = list(clicks.map(lambda _: app.test_client().post("/exam").status_code, range(8)))
    assert said == [200] * 8
    there = [path.read_bytes() for path in CAPTURES.files(tmp_path)]
    CAPTURES.make_set(tmp_path / "again", CAPTURES.own_set(tmp_path))
    own = [(tmp_path / "again" / path.name).read_bytes() for path in CAPTURES.files(tmp_path)]
    assert there == own
