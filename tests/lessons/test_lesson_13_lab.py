"""The lab over a real socket: what it tells is what happened, and hostile words do it no harm."""

from __future__ import annotations

import json
import os
import pickle
import re
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lessons.course.stores import Stores
from lessons.demo import lab
from lessons.demo.app import create_app, sock
from lessons.demo.attempts import ATTEMPTS, STRANGER, preview, refusals
from lessons.demo.heir import pass_on
from lessons.demo.live import live_of
from lessons.demo.live_line import LiveLine
from lessons.demo.server import DemoServer
from lessons.demo.shelf import Shelf
from tests.lessons.demo_wire import BINARY, Client, exchange, handshake, masked, request, status
from tests.lessons.private_stores import lab_settings, private_stores

LOUD = {"pickle", "json", "deepcopy", "sqlite", "sqlite-pickle", "redis", "postgres"}
LOUD |= {"postgres-pickle"}
SILENT = {"json-str", "sqlite-str", "redis-repr", "postgres-json"}
KEPT = {*SILENT, "pipe"}


def serve(folder: Path, port: int = 0, **settings: str) -> DemoServer:
    settings["WS101_LAB_FOLDER"] = str(folder)
    return DemoServer(create_app(settings, blueprints=[lab.blueprint(sock)]), port=port)


@pytest.fixture(scope="module")
def stores() -> Iterator[Stores]:
    with private_stores("redis", "postgres") as running:
        yield running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DemoServer]:
    """One without database servers."""
    with serve(tmp_path / "lab") as running:
        yield running


@pytest.fixture
def bench(server: DemoServer) -> Iterator[Client]:
    with Client.open("/ws/lab", server.port) as client:
        yield client


def told(client: Client) -> tuple[dict[str, Any], list[str]]:
    """The lab's next note, and the texts that came before it."""
    before = []
    while not (text := client.text()).startswith("{"):
        before.append(text)
    return json.loads(text), before


def asked(client: Client, words: str) -> tuple[dict[str, Any], list[str]]:
    client.say(words)
    return told(client)


def test_hello_says_what_the_process_knows(server: DemoServer, bench: Client) -> None:
    hello, _ = told(bench)
    connection = live_of(server.app).find(path="/ws/lab")
    assert connection is not None
    assert hello["lab"] == "hello"
    assert hello["pid"] == os.getpid()
    assert hello["address"] == hex(id(connection.ws))
    assert hello["there"] == list(bench.sock.getsockname())
    assert hello["here"] == ["127.0.0.1", server.port]
    assert hello["key"] == connection.environ["HTTP_SEC_WEBSOCKET_KEY"]
    assert hello["request"] == "GET /ws/lab"
    assert isinstance(hello["descriptor"], int)


def test_each_attempt_is_told_as_it_was_and_of_no_use_after_a_restart(
    tmp_path: Path, stores: Stores
) -> None:
    where = lab_settings(stores)
    with serve(tmp_path, **where) as server, Client.open("/ws/lab", server.port) as first:
        told(first)
        for name in ATTEMPTS:
            note, before = asked(first, f"try {name}")
            assert (note["lab"], note["attempt"]) == ("tried", name)
            if name in LOUD:
                assert note["step"] == "store"
                assert note["raised"]
                assert note["size"] == 0
            elif name in SILENT:
                assert note["step"] == "send"
                assert note["size"] > 0
                assert "PoliteServer object at" in note["kept"]
            else:
                assert note["raised"] is None
            assert before == ([note["probe"]] if name == "copy" else [])
        with Client.open("/ws/lab/pipe", server.port) as side:
            told(side)
    with (
        serve(tmp_path, server.port, **where),
        Client.open("/ws/lab", server.port) as second,
    ):
        told(second)
        note, before = asked(second, "read")
        assert before == []  # no probe reached anybody
        steps = {trial["attempt"]: trial["step"] for trial in note["trials"]}
        assert steps == {**dict.fromkeys(SILENT, "send"), "pipe": "restore"}
        assert steps.keys() == KEPT


def test_a_database_that_is_not_here_is_no_attempt_that_failed(bench: Client) -> None:
    told(bench)
    for name in ("redis", "redis-repr", "postgres", "postgres-json"):
        note, _ = asked(bench, f"try {name}")
        assert note == {"lab": "absent", "attempt": name, "words": note["words"]}
        assert note["words"] in ("no Redis", "no PostgreSQL")
    assert asked(bench, "read")[0]["trials"] == []


def test_a_database_that_goes_takes_along_what_it_kept_and_nothing_else(tmp_path: Path) -> None:
    with (
        private_stores("redis") as stores,
        serve(tmp_path, **lab_settings(stores)) as server,
        Client.open("/ws/lab", server.port) as bench,
    ):
        told(bench)
        for name in ("redis-repr", "sqlite-str"):
            assert asked(bench, f"try {name}")[0]["lab"] == "tried"
        stores.close()
        assert asked(bench, "try redis-repr")[0]["lab"] == "absent"
        note, _ = asked(bench, "read")
        assert [trial["attempt"] for trial in note["trials"]] == ["sqlite-str"]


def test_pipe_lets_another_process_speak(server: DemoServer, tmp_path: Path) -> None:
    with Client.open("/ws/lab/pipe", server.port) as side:
        note, before = told(side)
        assert before == [note["probe"]]
        assert note["pid"] == os.getpid() != note["heir"]
        assert note["kernel"] == note["heirs_kernel"]
        assert note["size"] == len(Shelf(tmp_path / "lab").all()["pipe"])
        side.send(masked(8, (1000).to_bytes(2)))
        assert side.drain()[-1].code == 1000


def test_parts_and_stranger(bench: Client) -> None:
    told(bench)
    note, _ = asked(bench, "parts")
    kinds = {name: kind for name, kind, _ in note["refused"]}
    assert kinds["sock"] == "socket"
    assert kinds["thread"] == "Thread"
    note, _ = asked(bench, "stranger")
    assert bytes.fromhex(note["bytes"]) == STRANGER
    assert note["back"] == note["pid"] == os.getpid()


@pytest.mark.parametrize(
    "words",
    ["", "try", "try ", "try ../../etc", "try pipe", "try \x1b]52;c;x\x07", "READ", "x" * 9000],
)
def test_other_words_are_refused_kindly(bench: Client, words: str) -> None:
    told(bench)
    note, _ = asked(bench, words)
    assert note["lab"] == "unknown"
    assert len(note["asked"]) <= 121
    assert asked(bench, "parts")[0]["lab"] == "parts"  # and it goes on


def test_notes_of_the_page_are_only_noted(bench: Client) -> None:
    told(bench)
    bench.say('{"lab": "browser", "attempt": "stringify"}')
    bench.say("{ this is no JSON")
    bench.send(masked(BINARY, b"\xff\x00"))
    assert told(bench)[0] == {"lab": "unknown", "asked": "b'\\xff\\x00'"}


def test_strangers_pages_stay_out(server: DemoServer) -> None:
    answer = exchange(server.port, handshake("/ws/lab", server.port, "Origin: http://evil.example"))
    assert status(answer) == 403
    assert status(exchange(server.port, request("/ws/lab", server.port))) == 426
    page = exchange(server.port, request("/lab", server.port))
    assert status(page) == 200
    assert b"default-src 'none'" in page


def test_the_shelf_is_private_and_survives(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "lab"
    shelf = Shelf(folder)
    shelf.put("pickle", b"one")
    shelf.put("pickle", b"two")
    assert Shelf(folder).all() == {"pickle": b"two"}
    assert stat.S_IMODE(shelf.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with pytest.raises(sqlite3.ProgrammingError):
        shelf.put("pickle", object())
    with closing(sqlite3.connect(shelf.path)) as database:
        assert database.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_without_a_folder_nothing_outlives_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WS101_LAB_FOLDER", raising=False)
    app = create_app(blueprints=[lab.blueprint(sock)])
    with app.app_context():
        kept = lab.shelf()
        assert isinstance(kept, Shelf)
        assert kept.path.parent.name.startswith("ws101-lab-")


def test_live_line_hears_what_is_sent_and_nothing_else() -> None:
    with LiveLine() as line:
        assert not line.heard("hello")
        line.ws.send("hello")
        assert line.heard("hello")
        assert not line.heard("hell")
        pass_on(line.ws.sock, "from another process")
        assert line.heard("from another process")
        assert line.texts == ["hello", "from another process"]
        assert line.alive
        line.ws.close()
        assert not line.alive


def test_preview_is_short_and_refusals_name_parts() -> None:
    assert preview(b"\x00\x01") == "00 01"
    assert len(preview("x" * 500)) == 121

    class Thing:
        def __init__(self) -> None:
            self.good, self.bad = 1, (n for n in ())

    with pytest.raises(TypeError):
        pickle.dumps(Thing().bad)
    assert [name for name, _, _ in refusals(Thing())] == ["bad"]


# The session


def asks(server: DemoServer, path: str, cookie: str = "", **what: object) -> tuple[int, str]:
    """A POST to the session's views: the status, and the cookie that was set."""
    body = json.dumps(what).encode()
    fields = [f"Content-Length: {len(body)}", *([f"Cookie: {cookie}"] if cookie else [])]
    head = request(path, server.port, *fields, method="POST")
    answer = exchange(server.port, head + body)
    found = re.search(rb"\r\nSet-Cookie: ([^;\r]*)", answer.partition(b"\r\n\r\n")[0])
    return status(answer), found[1].decode() if found else ""


def test_a_session_takes_the_object_and_fails_over_it_later(
    server: DemoServer, bench: Client
) -> None:
    hello, _ = told(bench)
    key = hello["key"]
    code, kept = asks(server, "/lab/session", key=key, attempt="session-str")
    assert (code, kept.partition("=")[0]) == (200, "ws101_lab")
    code, cookie = asks(server, "/lab/session", kept, key=key, attempt="session")
    assert (code, cookie) == (500, "")
    note, _ = told(bench)
    assert (note["attempt"], note["step"]) == ("session", "store")
    assert "not JSON serializable" in note["raised"]
    assert asks(server, "/lab/session/read", kept, key=key, attempt="session-str")[0] == 200
    note, before = told(bench)
    assert (note["attempt"], note["step"], before) == ("session-str", "send", [])
    assert "PoliteServer object" in note["kept"]


def test_what_a_socket_handler_puts_into_the_session_is_lost(
    server: DemoServer, bench: Client
) -> None:
    hello, _ = told(bench)
    note, _ = asked(bench, "session")
    assert note == {"lab": "session", "holds": ["mine"]}
    code, _ = asks(server, "/lab/session/read", key=hello["key"], attempt="session-socket")
    assert code == 200
    note, _ = told(bench)
    assert (note["kept"], note["step"]) == (None, "send")


@pytest.mark.parametrize(
    "what",
    [{}, {"attempt": "session"}, {"key": "x", "attempt": "session"}, {"key": [], "attempt": {}}],
)
def test_the_session_needs_a_connection_that_is_open(
    server: DemoServer, what: dict[str, Any]
) -> None:
    for path in ("/lab/session", "/lab/session/read"):
        assert asks(server, path, **what)[0] == 404


def test_a_forged_cookie_is_no_session(server: DemoServer, bench: Client) -> None:
    hello, _ = told(bench)
    forged = "ws101_lab=eyJ3cyI6ImZvcmdlZCJ9.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"
    asks(server, "/lab/session/read", forged, key=hello["key"], attempt="session-str")
    assert told(bench)[0]["kept"] is None


def test_the_kernels_table_knows_this_connection(server: DemoServer, bench: Client) -> None:
    hello, _ = told(bench)
    note, _ = asked(bench, "descriptors")
    rows = {number: (name, what) for number, name, what in note["table"]}
    assert note["own"] == hello["descriptor"]
    here, there = (":".join(map(str, hello[end])) for end in ("here", "there"))
    assert rows[note["own"]] == (hello["kernel"], f"TCP, {here} to {there}")
    assert f"TCP, takes calls at {here}" in [what for _, what in rows.values()]
    assert not any((name or "").startswith("/") for name, _ in rows.values() if name != "/dev/null")
