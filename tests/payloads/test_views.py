"""Views on payloads: right where they know, silent where they don't, bounded whatever comes."""

from __future__ import annotations

import json

import msgpack
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector.payloads.json_text import lay_out
from inspector.payloads.table import VIEWS, Decoded, look
from inspector.payloads.view import MAX_LINE, MAX_LINES, MAX_VIEWED, Guess, Hints, View

EIO = Hints(target="/socket.io/?EIO=4&transport=websocket")
EIO3 = Hints(target="/socket.io/?EIO=3&transport=websocket")
BINARY = Hints("binary")


def seen(data: bytes | str, hints: Hints | None = None) -> Decoded:
    data = data.encode() if isinstance(data, str) else data
    answer = look(data, hints or Hints())
    assert answer.failed == ()
    assert answer.decoded is not None
    assert answer.decoded.why
    return answer.decoded


# JSON


def test_json_is_laid_out_as_it_was_written() -> None:
    text = '{"b":1.50,"a":[1,2,{"c":null}],"long":"' + "x" * 60 + '","e":[],"o":{}}'
    assert seen(text).shown.lines == (
        "{",
        '  "b": 1.50,',
        '  "a": [1, 2, {"c": null}],',
        f'  "long": "{"x" * 60}",',
        '  "e": [],',
        '  "o": {}',
        "}",
    )


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ('{"id":9007199254740993}', "9007199254740993 is beyond 2^53"),
        ("[12345678901234567890123]", "is beyond 2^53"),
        ('{"a":1,"a":2}', 'the key "a" stands twice'),
        (r'{"a":1,"\u0061":2}', "stands twice"),
        ("[NaN]", "NaN is no JSON"),
        ("[-Infinity]", "-Infinity is no JSON"),
        ("[1e999]", "more than a double can hold"),
    ],
)
def test_where_readers_of_json_disagree(text: str, note: str) -> None:
    decoded = seen(text)
    assert decoded.view == "JSON"
    assert note in decoded.shown.notes[0]
    assert "".join(decoded.shown.lines).replace(" ", "") == text


def test_what_is_no_json() -> None:
    for text in ("{", "[1,]", "{a:1}", "[01]", '["\t"]', '{"a"}', "[1 2]", "[]]", "{]", '{"a":}'):
        assert lay_out(text) is None, text
        assert look(text.encode(), Hints()).decoded is None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(values, st.sampled_from([None, 2]), st.booleans())
def test_any_json_means_the_same_when_laid_out(value: object, indent: int, plain: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=plain)
    layout = lay_out(text)
    assert layout is not None
    assert repr(json.loads("\n".join(layout.lines))) == repr(value)


@given(st.text('[]{},:"\\ 1e.-nulINaf', max_size=30))
def test_the_grammar_is_that_of_pythons_own_reader(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        assert lay_out(text) is None
    else:
        assert lay_out(text) is not None


# MessagePack


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner, min_size=1),
        max_leaves=20,
    ).map(lambda value: {"value": value})
)
def test_any_message_pack_is_read(value: dict[str, object]) -> None:
    decoded = seen(msgpack.packb(value), BINARY)
    assert decoded.view == "MessagePack"
    assert decoded.shown.lines


def test_message_pack_says_what_json_can_not() -> None:
    data = msgpack.packb(
        {"at": msgpack.Timestamp(1, 5), 7: b"\x00\xff", "ext": msgpack.ExtType(3, b"abc")}
    )
    text = "\n".join(seen(data, BINARY).shown.lines)
    assert '"at": timestamp(1.000000005 s)' in text
    assert "7: bytes(2: 00 ff)" in text
    assert "extension(3, 3 bytes: 61 62 63)" in text
    twice = b"\x82\xa1a\x01\xa1a\x02"
    assert "twice" in seen(twice, BINARY).shown.notes[0]
    assert seen(twice, BINARY).shown.lines == ('{"a": 1, "a": 2}',)


@pytest.mark.parametrize(
    "data",
    [
        b"\xdd\xff\xff\xff\xff" + b"\xdd\xff\xff\xff\xff" * 500,
        b"\xdf\x00\x00\x00\x02\x01",
        b"\x91" * 100_000 + b"\x01",
        b"\xdc\x00\x01" * 2000 + b"\x01",
        b"\x82\xa1a\xc1\xa1b\x01",
        b"\x91\xda\xff\xffshort",
        b"\x91\xd7\xff" + bytes(3),
    ],
)
def test_hostile_message_pack_is_not_read_and_costs_nothing(data: bytes) -> None:
    answer = look(data, BINARY)
    assert (answer.decoded, answer.failed) == (None, ())


# Engine.IO and Socket.IO


def facts(decoded: Decoded) -> dict[str, str]:
    return dict(decoded.shown.facts)


def test_an_event_of_socket_io() -> None:
    decoded = seen('42/admin,7["say",{"text":"hi"}]', EIO)
    assert (decoded.view, decoded.shown.what) == ("Socket.IO", 'Socket.IO event "say"')
    told = facts(decoded)
    assert told["namespace"] == "/admin"
    assert told["number"].startswith("7: has to be acknowledged")
    assert told["event"] == '"say"'
    assert told["Engine.IO 4"] == "packet 4, message: what the application says"
    assert decoded.shown.lines == ('["say", {"text": "hi"}]',)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("40", "Socket.IO connect"),
        ('40{"sid":"x"}', "Socket.IO connect"),
        ("40/admin,", "Socket.IO connect"),
        ("41", "Socket.IO disconnect"),
        ('43/admin,7["ok"]', "Socket.IO acknowledgement"),
        ('44{"message":"no"}', "Socket.IO error"),
        ('451-["file",{"_placeholder":true,"num":0}]', 'Socket.IO binary event "file"'),
        ('461-7[{"_placeholder":true,"num":0}]', "Socket.IO binary acknowledgement"),
        ("2", "Engine.IO ping"),
        ("3probe", "Engine.IO pong"),
        ('0{"sid":"a","upgrades":[],"pingInterval":25000}', "Engine.IO open"),
        ("4hello", "Engine.IO message"),
    ],
)
def test_packets_of_engine_io_and_socket_io(text: str, what: str) -> None:
    assert seen(text, EIO).shown.what == what
    assert seen(text, EIO3).shown.what == what


def test_attachments_belong_to_the_event_before_them() -> None:
    earlier = b'452-["file",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'
    for target, data in ((EIO.target, b"\x89PNG"), (EIO3.target, b"\x04\x89PNG")):
        decoded = seen(data, Hints("binary", target=target, earlier=earlier))
        assert facts(decoded)["event"] == '"file"'
        assert "one of 2" in facts(decoded)["attachment"]
    unannounced = Hints("binary", target=EIO.target)
    assert look(b"\x89PNG", unannounced).decoded is None


def test_socket_io_is_guessed_without_its_target_only_where_it_looks_so() -> None:
    assert seen('42["chat","hi"]').view == "Socket.IO"
    for text in ("2", "3", "42", "4", "40"):
        answer = look(text.encode(), Hints())
        assert answer.decoded is None, text


# The others


def test_graphql_shows_its_query_as_text() -> None:
    text = json.dumps({"id": "1", "type": "subscribe", "payload": {"query": "query {\n  a\n}"}})
    decoded = seen(text, Hints(subprotocol="graphql-transport-ws"))
    assert decoded.view == "GraphQL"
    assert decoded.shown.lines[-4:] == ("the query:", "query {", "  a", "}")
    assert facts(decoded)["type"] == "subscribe: an operation begins"
    assert seen("[1]", Hints(subprotocol="graphql-ws")).view == "JSON"


def test_signalr_has_records() -> None:
    text = '{"protocol":"json","version":1}\x1e{"type":1,"target":"Say","arguments":["hi"]}\x1e'
    decoded = seen(text)
    assert (decoded.view, decoded.shown.what) == ("SignalR", "SignalR, 2 records")
    assert facts(decoded) == {
        "record 1": "handshake: protocol json, version 1",
        "record 2": "type 1, invocation of Say",
    }
    assert facts(seen("{}\x1e"))["record"] == "answer to the handshake"


def test_stomp() -> None:
    hints = Hints(subprotocol="v12.stomp")
    decoded = seen('SEND\ndestination:/a\\cb\n\n{"x":1}\0\n', hints)
    assert decoded.shown.what == "STOMP SEND"
    assert facts(decoded)["destination"] == "/a:b"
    assert decoded.shown.lines == ('{"x": 1}',)
    assert "heartbeat" in seen("\n", hints).shown.what
    assert seen("CONNECTED\r\nversion:1.2\r\n\r\n\0").shown.what == "STOMP CONNECTED"


def test_mqtt() -> None:
    hints = Hints("binary", subprotocol="mqtt")
    connect = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03abc"
    publish = b"\x30\x06\x00\x03a/bX"
    decoded = seen(connect + publish, hints)
    assert decoded.shown.what == "MQTT, 2 packets"
    assert "MQTT 3.1.1, client 'abc'" in facts(decoded)["packet 1"]
    assert "topic 'a/b'" in facts(decoded)["packet 2"]
    assert "3 more stand in the next message" in facts(seen(publish[:-3], hints))["packet 1"]


# What holds for all


hints = st.builds(
    Hints,
    st.sampled_from(["text", "binary"]),
    st.sampled_from(["", "json", "mqtt", "v12.stomp", "graphql-ws", "wamp.2.msgpack"]),
    st.sampled_from(["", EIO.target, EIO3.target]),
    st.binary(max_size=20) | st.just(b'451-["a"]'),
)
pieces = st.sampled_from(
    [b'42["a",', b"451-", b"{", b"[", b"]", b"}", b'"type":', b"1", b"\x1e", b"\x82\xa1a",
     b"\0", b"SEND\n", b"a:b\n\n", b"\x30\x06", b",", b'"', b"\\", b"\xff", b"/n,", b"NaN"]
)  # fmt: skip


@given(st.binary() | st.lists(pieces).map(b"".join), hints)
@example(b"4" + b"9" * 5000, EIO)
def test_no_view_fails_on_anything(data: bytes, hints: Hints) -> None:
    answer = look(data, hints)
    assert answer.failed == ()
    for view in VIEWS:  # each alone, whatever it guesses
        shown = view.view(data, hints) if data else None
        if shown is not None:
            assert len(shown.lines) <= MAX_LINES
            told = [*shown.lines, *shown.notes, *(value for _, value in shown.facts), shown.what]
            assert all(len(text) <= MAX_LINE + 40 for text in told)


MANY = MAX_VIEWED - 10


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        b"[" * MANY,
        b"[" * (MANY // 2) + b"]" * (MANY // 2),
        b'{"a":' * (MANY // 5),
        b"[" + b"1," * (MANY // 2 - 1) + b"1]",
        b'42["a",' + b"[" * MANY,
        b"{}\x1e" * (MANY // 3),
        b"SEND\n" + b"\r\n" * (MANY // 2),
        b'["' + b"\\" * MANY,
        b"[" + b"9" * MANY + b"]",
        b"\x91" * MANY,
        b"\x82" + b"\x91" * MANY,
        b"\x80" * MANY,
        b"4" * MANY,
    ],
    ids=lambda data: repr(data[:8]),
)
def test_bombs_are_looked_at_in_time_that_grows_with_their_length(data: bytes) -> None:
    """Each would take hours, or break the stack, if views went into what is nested, or searched
    anew; how long it takes is bounded by the time a whole test may take."""
    for hints in (
        Hints(target=EIO.target),
        Hints(subprotocol="v12.stomp"),
        Hints(subprotocol="graphql-ws"),
        Hints("binary", "msgpack"),
        Hints("binary", "mqtt"),
    ):
        assert look(data, hints).failed == ()


def test_beyond_its_limit_no_view_is_asked() -> None:
    assert look(b'"' + b"a" * MAX_VIEWED + b'"', Hints()).decoded is None
    many = json.dumps([["x" * 70]] * 1000)
    shown = seen(many).shown
    assert len(shown.lines) == MAX_LINES
    assert shown.left_out == 1000 * 3 + 2 - MAX_LINES


def test_a_view_that_fails_fails_alone() -> None:
    def bad(data: bytes, hints: Hints) -> None:
        raise RecursionError

    broken = View("broken", lambda data, hints: Guess(99, "always"), bad)
    answer = look(b"[1]", Hints(), (broken, *VIEWS))
    assert answer.failed == ("broken: RecursionError",)
    assert answer.decoded is not None
    assert answer.decoded.view == "JSON"


def test_plain_text_and_plain_bytes_are_nobodys() -> None:
    for text in ("Hello", "", "1.07", "ping", "null", "GET / HTTP/1.1"):
        assert look(text.encode(), Hints()).decoded is None
    for data in (b"\x00", b"\x89PNG\r\n", b"\x01", b"\xff" * 20, bytes(range(256))):
        assert look(data, BINARY).decoded is None
