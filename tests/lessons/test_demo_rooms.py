"""What the rooms say: chat, whiteboard, and the registry of who is there."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.demo import create_app
from lessons.demo.board import HEIGHT, PENS, RECORD, WIDTH, records
from lessons.demo.chat import NICKNAMES, Chat, nickname
from lessons.demo.live import Room, live_of
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import BINARY, TEXT, Client, get_json, masked, until


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(create_app()) as running:
        yield running


def test_chat_says_what_was_typed(server: DemoServer) -> None:
    with Client.open("/ws/chat", server.port) as one:
        assert one.text() == "* You are Otter. Here now: Otter."
        with Client.open("/ws/chat", server.port) as two:
            assert one.text() == "* Heron joined"
            assert two.text() == "* You are Heron. Here now: Otter, Heron."
            one.send(masked(TEXT, b"hello"))
            assert one.frame().payload == two.frame().payload == b"Otter: hello"
            two.say("* Otter left")  # nobody can speak as the server
            assert one.text() == two.text() == "Heron: * Otter left"
            two.send(masked(TEXT, b"frag", 0), masked(0, b"men", 0), masked(0, b"ted"))
            assert one.text() == two.text() == "Heron: fragmented"
            two.say("")
            assert one.text() == two.text() == "Heron: "
            two.farewell()
        assert one.text() == "* Heron left"
        one.farewell()


def test_all_hear_the_same_in_the_same_order(server: DemoServer) -> None:
    clients: list[Client] = []
    for _ in range(4):  # one is seated, not just connected, before the next one comes
        clients.append(Client.open("/ws/chat", server.port))
        assert clients[-1].text().startswith("* You are ")
    for number, client in enumerate(clients):
        for _ in clients[number + 1 :]:
            assert client.text().endswith(" joined")
    for turn in range(25):
        for client in clients:
            client.say(str(turn))
    heard = [[client.text() for _ in range(100)] for client in clients]
    assert all(lines == heard[0] for lines in heard)
    for client in clients:
        client.sock.close()


def test_the_greeting_comes_first_whoever_speaks_just_then() -> None:
    room = Room("chat")
    heard: list[str | bytes] = []

    class Newcomer:
        send = staticmethod(heard.append)

    class Lock:
        """Each time that it is let go, somebody speaks."""

        depth = 0

        def __enter__(self) -> None:
            self.depth += 1

        def __exit__(self, *_: object) -> None:
            if self.depth == 1:
                room.deliver("Wren: hello")
            self.depth -= 1

    room.lock = Lock()  # type: ignore[assignment]
    with Chat(room).seat(Newcomer()):  # type: ignore[arg-type]
        assert heard[:2] == ["* You are Otter. Here now: Otter.", "Wren: hello"]


@given(st.integers(0, 100), st.integers(0, 60))
def test_nicknames_are_unique(turn: int, crowd: int) -> None:
    room = Room("chat")
    for number in range(crowd):
        name = nickname(room, turn + number)
        assert name not in room.members.values()
        assert name.split()[0] in NICKNAMES
        room.members[object()] = name  # type: ignore[index]


def test_board_shows_newcomers_what_is_there(server: DemoServer) -> None:
    line = RECORD.pack(1, 2, 100, 50, 200, 50)
    assert line.hex(" ") == "01 02 00 64 00 32 00 c8 00 32"  # as the module says
    with Client.open("/ws/board", server.port) as one:
        one.send(masked(BINARY, line), masked(BINARY, line * 500))
        assert [one.frame().payload for _ in range(2)] == [line, line * 500]
        with Client.open("/ws/board", server.port) as two:
            assert [two.frame().payload for _ in range(2)] == [line * 400, line * 101]
            two.send(masked(BINARY, b"\x02"))
            assert one.frame().payload == two.frame().payload == b"\x02"
            two.farewell()
        with Client.open("/ws/board", server.port) as three:
            three.send(masked(BINARY, line))
            assert three.frame().payload == line  # and nothing before it: the board was empty
            three.farewell()
        one.farewell()


lines = st.builds(
    RECORD.pack,
    st.just(1),
    st.integers(0, PENS - 1),
    *[st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1)] * 2,
)


@given(st.lists(st.one_of(lines, st.just(b"\x02")), min_size=1))
def test_records_are_cut_as_they_were_joined(drawn: list[bytes]) -> None:
    assert records(b"".join(drawn)) == drawn


@given(st.binary(max_size=60))
def test_any_message_is_records_or_a_value_error(message: bytes) -> None:
    with suppress(ValueError):
        assert b"".join(records(message)) == message


def test_registry_knows_the_live_connections(server: DemoServer) -> None:
    live = live_of(server.app)
    with Client.open("/ws/chat", server.port) as one, Client.open("/ws/board", server.port) as two:
        chat = live.find(path="/ws/chat")
        assert chat is live.find(key=one.key)
        assert chat is not None
        assert chat.peer == one.sock.getsockname()
        assert chat.environ["HTTP_SEC_WEBSOCKET_KEY"] == one.key
        until(lambda: chat.ws in live.room("chat").members, "it is in its room")
        assert live.find(path="/ws/chat", key=two.key) is None
        assert get_json(server.port, "/health")["open"] == len(live.connections) == 2
        one.text()
        chat.ws.send("straight from the registry")
        assert one.text() == "straight from the registry"
        one.farewell()
        two.farewell()
    until(lambda: not live.connections, "both are gone")
    assert get_json(server.port, "/health")["opened"] == 2


def test_a_live_socket_is_no_value(server: DemoServer) -> None:
    """What lesson 13 tries, on this app's own `ws`: as loud and as silent as flask-sock's."""
    with Client.open("/ws/chat", server.port) as client:
        connection = live_of(server.app).find(key=client.key)
        assert connection
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(connection.ws)
        with pytest.raises(TypeError, match="JSON"):
            json.dumps(connection.ws)
        assert "object at 0x" in json.dumps(connection.ws, default=str)
        client.farewell()
