"""Lessons taken by keyboard, at a terminal of 80x24, against the real demo app and the real tap."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.core.rfc import GUID
from lessons.course.client import Client
from lessons.course.course import Course
from lessons.course.evidence import Evidence
from lessons.course.home import Home
from lessons.course.program import command
from lessons.course.progress import LessonState, Progress
from tests.lessons.course_tools import ROOT, SOLUTION, alive, children_of, until
from tests.lessons.sitting import Sitting


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def sitting(home: Path) -> Iterator[Sitting]:
    with Sitting("learn", "3", "--dir", str(home)) as sitting:
        yield sitting


def page(sitting: Sitting) -> tuple[str, int]:
    """Where the learner is told to go."""
    found = re.search(r"http://(127\.0\.0\.1):(\d+)/chat", sitting.look())
    assert found
    return found[1], int(found[2])


def progress(home: Path) -> dict[str, object]:
    return json.loads((home / "progress.json").read_text("utf-8"))["lessons"]["03_handshake"]


def lock(sitting: Sitting, key: str) -> None:
    sitting.sees("your answer?")
    sitting.press(key)
    sitting.sees(f"your answer: {key}")
    sitting.press("enter")
    sitting.sees(f"locked: {key}")


def to_the_hello(sitting: Sitting, key: str = "1") -> None:
    sitting.sees("It begins as HTTP")
    lock(sitting, key)
    sitting.sees("waiting for your hello")


def through(sitting: Sitting, until: str) -> None:
    """Go on, a screen at a time, until these words are seen."""

    def there(text: str) -> bool:
        return until in " ".join(text.split())

    def prompted(text: str) -> bool:
        return there(text) or "[Enter]" in text or "-- more" in text

    while not there(sitting.until(prompted, f"a prompt on the way to {until!r}")):
        before = len(sitting.said)
        sitting.press("enter")
        sitting.until(lambda _, before=before: len(sitting.said) > before, "that Enter was read")


def test_lesson_3_from_its_start_to_a_passing_exercise(sitting: Sitting, home: Path) -> None:
    # The learner's own browser is a client that the runner knows nothing of.
    to_the_hello(sitting, "1")
    with Client.open(*page(sitting), "/ws/chat") as browser:
        browser.receive_until("You are")
        browser.send("hello")
        sitting.sees("after it crossed the wire")
        through(sitting, "You predicted: in its method, which is not GET. It was: in its head")
        assert "The method was GET" in sitting.look()
        assert browser.request.get("sec-websocket-key") in sitting.look()

        through(sitting, "After the 101")
        lock(sitting, "1")
        through(sitting, "So it was.")
        assert f"port {browser.local[1]}" in sitting.look()
    through(sitting, "A key that opens nothing")
    lock(sitting, "2")
    sitting.sees("waiting for a second handshake")
    sitting.press("s")
    sitting.sees("the script did it: leave the chat, open it again")
    through(sitting, "2 handshakes, 2 different keys")
    through(sitting, "What the answer proves")
    lock(sitting, "3")
    through(sitting, "Your turn")

    exercise = home / "03_handshake" / "exercise.py"
    until(exercise.exists, "the exercise is handed over")
    sitting.sees("watching [c] check [e] edit [h] hint [Enter] later [?] keys [q] quit")
    sitting.press("c")
    sitting.sees("0 of 4 checks pass.")
    assert "expected 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='" in " ".join(sitting.look().split())
    sitting.press("h")
    sitting.sees("Hint 1 of 3")
    exercise.write_text(SOLUTION, "utf-8")  # saving is enough
    sitting.sees("all 4 checks pass.")
    sitting.press("enter")
    sitting.sees("checked on the bytes just captured")
    assert "NOT HELD" not in sitting.said
    sitting.sees("3 of 4 predictions came out as you said.")
    sitting.press("q")
    assert sitting.ends() == 0

    assert f"Come back with: {command('learn')}" in " ".join(sitting.look().split())
    assert sitting.manners
    assert sitting.screen.strange == []
    assert sitting.screen.wrapped == []
    state = progress(home)
    assert state["done"] is True
    assert state["exercise"]["passed"] is True  # type: ignore[index]
    captured = Evidence.read(home / "captures" / "03_handshake.pcapng")
    assert len(captured.connections) == 2
    assert captured.faults == []


def test_kill_9_loses_nothing_and_leaves_nothing(sitting: Sitting, home: Path) -> None:
    to_the_hello(sitting, "3")
    with Client.open(*page(sitting), "/ws/chat") as browser:
        browser.send("hello")
        sitting.sees("after it crossed the wire")
        through(sitting, "It was: in its head")
        through(sitting, "After the 101")
        lock(sitting, "2")
        key = browser.request.get("sec-websocket-key")
        servers = children_of(sitting.process.pid)
        assert len(servers) == 2
        sitting.kill(signal.SIGKILL)
        sitting.ends()
        for pid in servers:
            until(lambda pid=pid: not alive(pid), f"the server {pid} ends with its runner")

    with Sitting("learn", "--dir", str(home)) as again:
        again.sees("next step 2 of 5 of lesson 3 The handshake")
        again.sees("http://127.0.0.1:")
        again.press("enter")
        again.sees("After the 101")
        again.sees("your prediction, locked: 2 on a new one, to another port of the server")
        through(again, "It was: on the same TCP connection.")
        through(again, "A key that opens nothing")
        assert str(key) in again.look()  # read from the capture of the killed run
        again.press("q")
        assert again.ends() == 0


def test_q_and_ctrl_c_keep_the_place(home: Path) -> None:
    for leave in ("q", "\x03"):
        with Sitting("learn", "3", "--dir", str(home)) as sitting:
            sitting.sees("It begins as HTTP")
            sitting.sees("waiting for your hello" if leave != "q" else "your answer?")
            if leave == "q":
                sitting.press("2")
                sitting.sees("your answer: 2")
                sitting.press("enter")
                sitting.sees("locked: 2")
            servers = children_of(sitting.process.pid)
            sitting.press(leave)
            assert sitting.ends() == 0
            assert "Traceback" not in sitting.said
            assert sitting.manners
            assert not any(map(alive, servers))
    assert progress(home)["predictions"]["asks"]["choice"] == "fields"  # type: ignore[index]


def test_a_closed_window_ends_everything(sitting: Sitting) -> None:
    to_the_hello(sitting)
    servers = children_of(sitting.process.pid)
    sitting.kill(signal.SIGHUP)
    sitting.ends()
    assert not any(map(alive, servers))
    assert sitting.manners


def test_the_map_shows_every_lesson_and_goes_to_any(home: Path) -> None:
    with Sitting("learn", "--dir", str(home)) as sitting:
        sitting.sees("ws101: the course of WebSocket, read off your own wire")
        sitting.sees("http://127.0.0.1:")
        text = sitting.look()
        for folder in sorted((ROOT / "lessons").glob("[0-9][0-9]_*")):
            assert re.search(rf"(?:^|  )>? +{int(folder.name[:2])} \S", text, re.MULTILINE)
        sitting.press("9", "9", "enter")
        sitting.sees("There is no lesson 99 yet.")
        sitting.press("3")
        sitting.sees("lesson 3 [Enter] go there")
        sitting.press("enter")
        sitting.sees("It begins as HTTP")
        sitting.press("m")
        sitting.sees("step 1")
        sitting.sees("> 3 The handshake")
        sitting.press("q")
        assert sitting.ends() == 0
        assert sitting.screen.wrapped == []


def test_keys_are_explained_and_steps_can_be_gone_back(sitting: Sitting) -> None:
    to_the_hello(sitting)
    sitting.press("?")
    sitting.sees("not now, leave out the rest of this step")
    sitting.press("b")
    sitting.sees("No browser opens from here: go to http://127.0.0.1:")
    sitting.press("s")
    through(sitting, "After the 101")
    lock(sitting, "1")
    through(sitting, "From the very next byte on")
    sitting.press("p")
    sitting.sees("It begins as HTTP")
    sitting.sees("seen already")


def test_a_question_can_be_gone_back_from_and_is_not_answered_unseen(sitting: Sitting) -> None:
    sitting.press_unasked("2", "enter")  # before anything was there to read
    sitting.sees("your answer?")
    sitting.press("enter")
    sitting.sees("your answer? [1-4] choose first")
    sitting.press("p")  # there is no step before the first
    lock(sitting, "1")
    sitting.sees("waiting for your hello")
    sitting.press("s")
    through(sitting, "After the 101")
    sitting.sees("your answer?")
    sitting.press("p")
    sitting.sees("It begins as HTTP")
    sitting.sees("your prediction, locked: 1")


@pytest.mark.slow
def test_what_stands_before_questions_asked_again_is_read_first(home: Path) -> None:
    with Sitting("learn", "18", "--dir", str(home)) as sitting:
        sitting.sees("Answer from memory")
        sitting.sees("[Enter] go on")
        sitting.press("enter")
        sitting.sees("Who may send the next message?")
        sitting.press("1", "enter")
        sitting.sees("It is: either of them")
        sitting.press("enter")
        sitting.sees("with three pictures")


def test_from_the_last_screen_p_leads_back_to_the_exercise(home: Path) -> None:
    with Sitting("learn", "3", "--dir", str(home)) as sitting:
        to_the_hello(sitting)
        sitting.press("n")
        for step, key in (("After the 101", "1"), ("A key that opens nothing", "2")):
            through(sitting, step)
            lock(sitting, key)
        through(sitting, "waiting for a second handshake")
        sitting.press("n")
        through(sitting, "What the answer proves")
        lock(sitting, "1")
        through(sitting, "watching [c] check")
        sitting.press("enter")
        through(sitting, "[p] back to the exercise")
        sitting.press("p")
        sitting.sees("step 5 of 5")
        sitting.sees("watching [c] check")


def test_a_lesson_that_is_over_begins_anew(home: Path) -> None:
    """Its exercise is all that is left of the course: the map leads back, to fresh servers."""

    def finish(state: LessonState) -> None:
        state.done = state.exercise.passed = True

    for lesson in Course().lessons:
        if lesson.number != 3:
            Progress(Home(home)).change(lesson.slug, finish)
    with Sitting("learn", "3", "--dir", str(home)) as sitting:
        lock(sitting, "1")
        through(sitting, "waiting for your hello")
        sitting.press("s")
        through(sitting, "After the 101")
        lock(sitting, "1")
        through(sitting, "A key that opens nothing")
        lock(sitting, "2")
        through(sitting, "waiting for a second handshake")
        sitting.press("n")
        through(sitting, "What the answer proves")
        lock(sitting, "1")
        through(sitting, "watching [c] check")
        sitting.press("enter")
        through(sitting, "[p] back to the exercise")
        sitting.press("m")
        sitting.sees("next the exercise of lesson 3")
        sitting.sees("through the tap")
        sitting.press("enter")
        sitting.sees("your prediction, locked: 1")
        sitting.sees("waiting for your hello")


def test_the_map_goes_where_the_arrows_point_and_the_servers_stay(home: Path) -> None:
    with Sitting("learn", "--dir", str(home)) as sitting:
        sitting.sees("through the tap")
        servers = set(children_of(sitting.process.pid))
        first, second = Course().lessons[:2]
        sitting.press("\x1b[B")
        sitting.sees(f"> {second.number} {second.title}")
        sitting.press("\x1b[A")
        sitting.sees(f"> {first.number} {first.title}")
        sitting.press("enter")
        sitting.sees(first.steps[0].title)
        sitting.press("m")
        sitting.sees(f"next lesson {first}")
        sitting.sees("through the tap")
        assert set(children_of(sitting.process.pid)) == servers
        sitting.press("5")
        sitting.sees("lesson 5 [Enter] go there")
        sitting.press("enter")
        sitting.sees("Anatomy of a frame · step 1")
        sitting.press("q")
        assert sitting.ends() == 0
        shown = "".join(sitting.look().split())  # a long path is torn at the screen's edge
        told = f"Come back with: {command('learn')} --dir {home}"
        assert "".join(told.split()) in shown


def test_a_server_that_dies_is_started_again(sitting: Sitting) -> None:
    import os

    to_the_hello(sitting)
    for pid in children_of(sitting.process.pid):
        os.kill(pid, signal.SIGKILL)
    sitting.sees("the demo app had ended by itself; it was started again")
    sitting.sees("the tap had ended by itself; it was started again")
    sitting.press("s")
    through(sitting, "It was: in its head")


def test_a_step_can_be_left_out(sitting: Sitting, home: Path) -> None:
    to_the_hello(sitting)
    sitting.press("n")
    sitting.sees("left out for now")
    through(sitting, "That was not measured in this run")
    sitting.until(lambda _: progress(home)["skipped"] == ["hello"], "it is noted")


def test_it_reads_without_colour(home: Path) -> None:
    with Sitting("learn", "3", "--dir", str(home), env={"NO_COLOR": "1"}) as sitting:
        to_the_hello(sitting)
        sitting.press("s")
        through(sitting, "You predicted: in its method, which is not GET. It was: in its head")
        assert sitting.screen.colours == 0


def test_it_reads_on_a_terminal_that_can_do_nothing(home: Path) -> None:
    with Sitting("learn", "3", "--dir", str(home), term="dumb") as sitting:
        sitting.sees("your answer?")
        sitting.press("1", "enter")
        sitting.sees("waiting for your hello")
        sitting.press("s")
        sitting.sees("the script did it")
        assert "\x1b" not in sitting.said
        sitting.press("q")
        assert sitting.ends() == 0


def test_what_a_stranger_says_can_not_write_on_the_terminal(sitting: Sitting) -> None:
    to_the_hello(sitting)
    with Client.open(*page(sitting), "/ws/chat", fields=[("X-Bad", "\x1b]0;owned\x07")]) as bad:
        bad.send("\x1b[2J\x1b]0;owned\x07 hello")
        sitting.sees("after it crossed the wire")
        through(sitting, "After the 101")
        lock(sitting, "1")
        through(sitting, "So it was.")
    assert sitting.screen.strange == []
    assert "\x1b]" not in sitting.said


def test_a_folder_that_can_not_be_written_does_not_stop_a_lesson(tmp_path: Path) -> None:
    blocked = tmp_path / "home"
    blocked.write_text("a file stands where the folder should be")
    with Sitting("learn", "3", "--dir", str(blocked)) as sitting:
        sitting.sees("this run's capture is not kept")
        sitting.sees("progress is not kept")
        lock(sitting, "1")
        through(sitting, "waiting for your hello")
        sitting.press("s")
        through(sitting, "It was: in its head")
        sitting.press("q")
        assert sitting.ends() == 0
        assert "Traceback" not in sitting.said
    assert blocked.read_text() == "a file stands where the folder should be"


def test_a_broken_progress_file_is_kept_aside_and_said(home: Path) -> None:
    home.mkdir()
    (home / "progress.json").write_text("{ this is no JSON")
    with Sitting("learn", "--dir", str(home)) as sitting:
        sitting.sees("was not readable")
        sitting.sees("begun anew")
        sitting.press("q")
        assert sitting.ends() == 0
    (kept,) = home.glob("progress-broken-*.json")
    assert kept.read_text() == "{ this is no JSON"


def test_the_guid_of_the_lesson_is_the_rfc_s() -> None:
    words = (ROOT / "lessons/03_handshake/en.md").read_text("utf-8")
    assert GUID.decode() in words


def test_an_editor_can_have_the_terminal(home: Path) -> None:
    editor = "sed -i 's/return \"\"/return GUID/'"
    with Sitting("learn", "3", "--dir", str(home), env={"EDITOR": editor}) as sitting:
        to_the_hello(sitting)
        sitting.press("n")  # nothing has to be done to get to the exercise
        sitting.sees("left out for now")
        through(sitting, "After the 101")
        lock(sitting, "1")
        through(sitting, "A key that opens nothing")
        lock(sitting, "1")
        sitting.press("n")
        through(sitting, "What the answer proves")
        lock(sitting, "1")
        through(sitting, "watching [c] check")
        sitting.press("e")
        sitting.sees("0 of 4 checks pass.")
        assert "got '258EAFA5" in " ".join(sitting.look().split())
        sitting.press("q")
        assert sitting.ends() == 0
        assert sitting.manners


def test_a_small_terminal_pages_and_nothing_is_lost(home: Path) -> None:
    with Sitting("learn", "3", "--dir", str(home), rows=14) as sitting:
        sitting.sees("It begins as HTTP")
        through(sitting, "your answer?")
        sitting.press("1", "enter")
        sitting.sees("waiting for your hello")
        sitting.press("s")
        through(sitting, "an ordinary GET")
        through(sitting, "proof: the key was read")
        through(sitting, "It was: in its head")
        sitting.press("q")
        assert sitting.ends() == 0
