"""Lesson 15: its room without a browser, and the log that outlives it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lessons.course.client import Client
from lessons.course.course import Course, load
from lessons.course.evidence import Evidence
from lessons.course.wire import Answer, HttpClient, ScriptFailed
from lessons.demo import create_app
from lessons.demo.server import DemoServer

LESSON = Course().find("15")
HALL, IDENTITY, LOG, SIGHTINGS = (
    load(LESSON, name) for name in ("hall", "identity", "log", "sightings")
)
YOURS = f"{HALL.SOCKETS}/yours"


class Room:
    """The demo app of the lesson, and a name to come in with."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address
        with HttpClient(*self.address) as http:
            given = http.get(HALL.PAGE).head.get("set-cookie") or ""
        self.given = given
        self.token = given.partition("=")[2].partition(";")[0]

    def fields(self, token: str) -> list[tuple[str, str]]:
        return [("Cookie", f"{IDENTITY.COOKIE}={token}")]

    def client(self) -> Client:
        return Client.open(*self.address, YOURS, fields=self.fields(self.token))

    def status(self, token: str, origin: str = "") -> int | None:
        """What a handshake with this token is answered."""
        fields = self.fields(token)
        with Client.open(*self.address, YOURS, fields=fields, origin=origin) as ws:
            return ws.status

    def say(self, text: bytes) -> Answer:
        with HttpClient(*self.address) as http:
            return http.post(HALL.SAY, text, self.fields(self.token))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WS101_LAB_FOLDER", str(tmp_path_factory.mktemp("lab")))
        added = load(LESSON, "server")
        try:
            with DemoServer(create_app(added.CONFIG, blueprints=[added.bp])) as server:
                parts = urlsplit(server.url)
                yield Room((str(parts.hostname), int(parts.port or 0)))
            added.hall().log.close()
        finally:
            added.folder.cache_clear()
            added._stored.cache_clear()


# Who may come in


def test_the_cookie_is_for_this_page_and_out_of_reach_of_scripts(room: Room) -> None:
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/room"):
        assert attribute in room.given


@pytest.mark.parametrize(
    "token",
    ["", "u000000", "u000000." + "0" * 32, "x" * 5000],
    ids=["none", "unsigned", "made up", "long"],
)
def test_who_is_not_known_gets_no_websocket(room: Room, token: str) -> None:
    assert room.status(token) == 403


def test_another_name_under_the_same_signature_is_refused(room: Room) -> None:
    altered = IDENTITY.altered(room.token)
    assert altered != room.token
    assert room.status(altered) == 403
    assert IDENTITY.altered(altered) != altered


def test_a_page_of_another_origin_is_refused_though_the_cookie_comes_along(room: Room) -> None:
    assert room.status(room.token, "http://evil.example") == 403
    assert room.status(room.token) == 101


def test_two_who_come_first_at_once_share_the_dict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = load(LESSON, "server")
    monkeypatch.setattr(added, "folder", lambda: tmp_path)
    monkeypatch.setattr(added, "_stored", cache(added._stored.__wrapped__))
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(added.hall())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1
    added.hall().log.close()


# What may be said


@pytest.mark.parametrize(
    "said",
    ["resume", "resume -1", "resume 9999999999", "join kitchen", "", "x" * 3000, b"resume 1"],
    ids=["no number", "below zero", "too high", "kitchen", "empty", "long", "binary"],
)
def test_what_is_no_word_of_the_room_ends_the_connection(room: Room, said: str | bytes) -> None:
    with room.client() as ws:
        ws.send(said)
        assert ws.wait_closed().code == 1008


def test_nobody_resumes_who_has_not_joined_nor_joins_twice(room: Room) -> None:
    stranger = Room(room.address)
    with stranger.client() as ws:
        ws.send("resume 0")
        assert ws.wait_closed().code == 1008
    with stranger.client() as ws:
        ws.send("join garden")
        ws.receive_until("* ")
        ws.send("resume 0")
        assert ws.wait_closed().code == 1008


@pytest.mark.parametrize("text", [b"", b"x" * 101, b"two\nlines", b"\x1b[2J"])
def test_an_event_is_one_short_line(room: Room, text: bytes) -> None:
    assert room.say(text).status == 400


def test_a_number_that_is_not_there_yet_is_waited_for(room: Room) -> None:
    with room.client() as ws:
        ws.send("join garden")
        ws.receive_until("* ")
    with room.client() as ws:
        ws.send("resume 999999999")
        ws.receive_until("* ")
        number = room.say(b"hello").text.strip()
        assert ws.receive_until("hello") == f"{number} hello"
        with pytest.raises(ScriptFailed):
            ws.receive(0.05)


# The log


def test_two_processes_count_as_one(tmp_path: Path) -> None:
    with closing(LOG.Log(tmp_path)) as one, closing(LOG.Log(tmp_path)) as other:
        numbers = [log.append("garden", "x") for _ in range(3) for log in (one, other)]
        assert numbers == [1, 2, 3, 4, 5, 6]
        assert one.append("kitchen", "x") == 1
        assert [number for number, _ in other.after("garden", 4)] == [5, 6]


def test_a_log_that_begins_anew_has_another_name(tmp_path: Path) -> None:
    with closing(LOG.Log(tmp_path)) as log:
        name = log.name
        log.append("garden", "x")
        log.begin_anew()
        assert (log.size, log.belongs("u1", "garden")) == (0, False)
        assert log.name != name
    with closing(LOG.Log(tmp_path)) as again:
        assert again.name != name


def test_a_full_log_takes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LOG, "FULL", 2)
    with closing(LOG.Log(tmp_path)) as log:
        log.append("garden", "x")
        log.append("garden", "x")
        with pytest.raises(LOG.LogFull):
            log.append("garden", "x")


# The sample


def test_the_sample_shows_all_that_the_lesson_says() -> None:
    sample = Evidence.read(LESSON.folder / "sample.pcapng")
    back = SIGHTINGS.back(sample)
    assert {way: (bool(told.lost), bool(told.twice)) for way, told in back.items()} == {
        "live": (True, False), "all": (False, True), "sent": (False, False),
        "yours": (False, False),
    }  # fmt: skip
    assert SIGHTINGS.busy(sample)
    assert SIGHTINGS.inwords([1, 2, 3, 5, 7, 8]) == "1 to 3, 5, 7 to 8"
