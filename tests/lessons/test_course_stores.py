"""Private database servers: real ones, for one session only, that no one else can reach."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from lessons.course.course import Course
from lessons.course.home import Home
from lessons.course.model import Unavailable
from lessons.course.moments import Act, Ask, Begin, LeftOut, Moment, Reveal, Say, StepEnd
from lessons.course.progress import LessonState, Progress
from lessons.course.runner import Run, play
from lessons.course.session import Session
from lessons.course.stores import STORES, Stores
from tests.lessons.course_tools import ROOT, alive, children_of, environment, until
from tests.lessons.private_stores import private_stores
from tests.lessons.sitting import Sitting
from tests.needs import program


@pytest.fixture(scope="module")
def stores() -> Iterator[Stores]:
    with private_stores("redis", "postgres") as running:
        yield running


def family(pid: int) -> list[int]:
    """A process and all that came of it."""
    return [pid, *(each for child in children_of(pid) for each in family(child))]


def keepers(stores: Stores) -> list[int]:
    listed = subprocess.run(
        ["ps", "-e", "-ww", "-o", "pid=,args="], capture_output=True, text=True, check=True
    )
    lines = [line for line in listed.stdout.splitlines() if str(stores.scratch) in line]
    return [int(line.split()[0]) for line in lines if "course.child store" in line]


def test_they_work_and_keep_nothing_for_later(stores: Stores) -> None:
    with redis.Redis.from_url(stores.ask("redis"), decode_responses=True) as client:
        client.set("key", "value")
        assert client.get("key") == "value"
        assert client.config_get("save", "appendonly") == {"save": "", "appendonly": "no"}
    with psycopg.connect(stores.ask("postgres")) as client:
        assert client.execute("SELECT 'grüße'::text").fetchone() == ("grüße",)


def test_nobody_else_reaches_them(stores: Stores) -> None:
    for name in STORES:
        inside = stores.socket(name)
        assert stat.S_IMODE(inside.stat().st_mode) == 0o700
        assert stat.S_IMODE(inside.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(stores.scratch.stat().st_mode) & 0o067 == 0
    with redis.Redis.from_url(stores.ask("redis")) as client:
        assert client.config_get("port", "bind")["port"] == "0"
    with psycopg.connect(stores.ask("postgres")) as client:
        assert client.execute("SHOW listen_addresses").fetchone() == ("",)
    if os.geteuid() == 0:  # whom else may one be, but as root?
        for name in STORES:
            stranger = subprocess.run(
                ["ls", str(stores.socket(name))], user="nobody", group=65534, extra_groups=(),
                capture_output=True, text=True, check=False, cwd="/",
            )  # fmt: skip
            assert "Permission denied" in stranger.stderr, stranger


def test_what_is_not_installed_says_how_to_get_it(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("WS101_REDIS_SERVER", raising=False)
    monkeypatch.setenv("WS101_POSTGRES", "")  # it hides outside PATH, too
    for name, words in (
        ("redis", "no Redis is installed here (apt install redis-server, brew install redis, or "),
        ("postgres", "no PostgreSQL is installed here (apt install postgresql, brew install "),
    ):
        with pytest.raises(Unavailable) as told:
            Stores(tmp_path, {}).ask(name)
        assert str(told.value).startswith(words)
        assert "\n" not in str(told.value)
    monkeypatch.setenv("WS101_REDIS_SERVER", "/bin/false")
    with pytest.raises(Unavailable, match="a private Redis does not start: it ended with exit"):
        Stores(tmp_path, {}).ask("redis")


@pytest.mark.parametrize("name", ["redis", pytest.param("postgres", marks=pytest.mark.slow)])
def test_one_that_dies_is_started_again_and_that_is_said(name: str) -> None:
    with private_stores(name) as stores:
        title = STORES[name].title
        assert stores.heal() == []
        (keeper,) = keepers(stores)
        (server,) = children_of(keeper)
        os.kill(server, signal.SIGKILL)
        until(lambda: not stores.runs(name), "its keeper ends, too")
        assert stores.heal() == [
            f"the private {title} had ended by itself; it runs again, and is empty"
        ]
        (keeper,) = keepers(stores)
        everyone = family(keeper)
        os.kill(keeper, signal.SIGKILL)  # nobody is left to end the server
        until(lambda: not stores.runs(name), "the keeper ends")
        assert len(stores.heal()) == 1
        for pid in everyone:
            until(lambda pid=pid: not alive(pid), "the server without a keeper ends")
        assert stores.runs(name)


def test_one_that_dies_again_and_again_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lessons.course.stores.MENDS", 1)
    with private_stores("redis") as stores:
        os.kill(keepers(stores)[0], signal.SIGTERM)
        until(lambda: not stores.runs("redis"), "it ends")
        assert "it runs again" in stores.heal()[0]
        os.kill(keepers(stores)[0], signal.SIGTERM)
        until(lambda: not stores.runs("redis"), "it ends")
        assert stores.heal() == [
            "the private Redis had ended by itself; now the private Redis ended again and again"
        ]
        assert stores.heal() == []
        with pytest.raises(Unavailable, match="again and again"):
            stores.ask("redis")


def test_they_end_with_the_runner_even_after_kill_9(tmp_path: Path) -> None:
    code = """
import sys, time
from pathlib import Path
from lessons.course.course import Course
from lessons.course.home import Home
from lessons.course.progress import Progress
from lessons.course.session import Session
home = Home(Path(sys.argv[1]))
session = Session(Course().find("13"), home)
session.start()
Progress(home).change("13_can_i_store_it", lambda state: setattr(state, "step", 5))
session.redis(), session.postgres()
print(session.scratch, flush=True)
time.sleep(1000)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, env=environment(),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    scratch = Path(process.stdout.readline().strip())
    everyone = family(process.pid)
    assert len(everyone) > 6  # the runner, four that it started, what they started
    process.kill()
    process.wait()
    process.stdout.close()
    for pid in everyone:
        until(lambda pid=pid: not alive(pid), "they end")
    until(lambda: not scratch.exists(), "the last of them has swept")
    assert Progress(Home(tmp_path))["13_can_i_store_it"].step == 5


def test_a_learner_is_told_what_starts_and_what_is_left_out(tmp_path: Path) -> None:
    program("redis-server")
    home = Home(tmp_path)
    Progress(home).change("13_can_i_store_it", lambda state: setattr(state, "step", 5))
    with Sitting("learn", "13", "--dir", str(tmp_path), env={"WS101_POSTGRES": ""}) as sitting:
        sitting.sees("r.set(key, ws)")
        sitting.press("1", "enter")
        sitting.sees("started a private Redis, for this sitting only (")
        sitting.sees("waiting for your browser")
        everyone = family(sitting.process.pid)
        assert len(everyone) == 5  # the runner, the demo app, the tap, the keeper, Redis
        sitting.press("s")
        sitting.sees("the script did it")
        sitting.sees("You predicted: works, but. It was: fails loudly")
        sitting.press("enter")
        sitting.sees("PostgreSQL is strict.")
        sitting.sees("The rest of this step can't be done here: no PostgreSQL is installed here")
        sitting.sees("For `ws` itself PostgreSQL knows no type")
        assert "Into the strict one" not in sitting.look()  # nobody is asked what can't be measured
        sitting.kill()
        sitting.ends()
        assert sitting.screen.wrapped == []
        for pid in everyone:
            until(lambda pid=pid: not alive(pid), "they end with the runner")
    kept = Progress(home)["13_can_i_store_it"]
    assert kept.predictions["redis"].answer == "loud"
    assert "postgres_json" not in kept.predictions
    assert kept.skipped == ["postgres"]


def moments_of(home: Home, title: str) -> tuple[list[Moment], LessonState]:
    """What somebody meets in a step of lesson 16, whose script finds that it lacks something."""
    lesson, progress = Course().find("16"), Progress(home)
    step = next(place for place, step in enumerate(lesson.steps) if step.title == title)
    progress.change(lesson.slug, lambda state: setattr(state, "step", step))
    moments = play(Run(Course(), lesson, Session(lesson, home), progress))
    told, reply = [next(moments)], None
    while not isinstance(told[-1], StepEnd):
        match told[-1]:
            case Ask():
                reply = told[-1].options[0].key
            case Act():
                reply = "lacking"
            case _:
                reply = None
        told.append(moments.send(reply))
    return told, progress[lesson.slug]


def test_what_can_not_be_measured_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WS101_REDIS_SERVER", "/none")
    for title, kinds, name, words in (
        ("A bus", [Begin, Say, LeftOut, Say, StepEnd], "bus", "stay two rooms"),
        ("How many copies?", [Begin, LeftOut, Say, StepEnd], "copies", "sends it out twice"),
        ("The echo", [Begin, Say, LeftOut, Say, StepEnd], "order", "sooner than others"),
        ("A gap", [Begin, Say, LeftOut, Say, StepEnd], "gap", "never comes"),
    ):
        told, state = moments_of(Home(tmp_path), title)
        assert [type(moment) for moment in told] == kinds
        (why,) = (moment.why for moment in told if isinstance(moment, LeftOut))
        assert why.startswith("no Redis is installed here (apt install redis-server, ")
        assert isinstance(told[-2], Say)
        assert words in told[-2].text
        assert name in state.skipped
        assert not state.predictions


def test_one_that_is_there_and_does_not_start_is_told_in_words_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WS101_REDIS_SERVER", sys.executable)
    told, state = moments_of(Home(tmp_path), "A gap")
    assert [type(moment) for moment in told] == [Begin, Say, Ask, Act, Reveal, Say, StepEnd]
    assert isinstance(told[4], Reveal)
    assert told[4].answer_key is None
    assert state.skipped == ["gap"]


def test_a_session_starts_none_unasked_and_ends_what_it_started(tmp_path: Path) -> None:
    with Session(Course().find("3"), Home(tmp_path)) as session:
        assert len(children_of(os.getpid())) >= 2
        assert session.stores
        assert keepers(session.stores) == []
        address = session.redis()
        assert session.redis() == address
        (keeper,) = keepers(session.stores)
        everyone = family(keeper)
        inside = session.stores.socket("redis")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(inside))
    assert [pid for pid in everyone if alive(pid)] == []
    assert not inside.exists()
