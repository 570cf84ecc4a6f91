"""What a filter wants of traffic."""

from __future__ import annotations

import zlib

import pytest

from inspector.core.frames import encode_close
from inspector.core.heads import parse_head
from inspector.core.http1 import Exchange
from inspector.files.dissect import Connection, Item
from inspector.files.entries import Entry
from inspector.filter import FIELDS, Filter, filtered, parse
from inspector.filter.tree import Compare, Has, Ref
from tests.filter.traffic import all_entries, chosen, client, key, server, talk


def deflated(text: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return (engine.compress(text) + engine.flush(zlib.Z_SYNC_FLUSH))[:-4]


LONG = b"a room with a view, " * 20
SQUEEZED = deflated(LONG)

CHAT = talk(
    client(1, b'{"room": "lobby"}'),  # 1
    client(9, b"there?"),  # 2
    server(10, b"there?"),  # 3
    server(1, SQUEEZED[:5], fin=False, rsv=4),  # 4
    server(9, b""),  # 5
    server(0, SQUEEZED[5:]),  # 6
    server(2, b"\xde\xad\xbe\xef" * 40),  # 7
    client(10, b""),  # 8
    client(1, b"\xff\xfe"),  # 9: no UTF-8
    server(3, b"?"),  # 10: a reserved opcode
    ("client", encode_close(1000, "bye", masking_key=b"\1\2\3\4")),  # 11
    ("server", encode_close(1001, "going")),  # 12
    asked="User-Agent: test/1\r\nX-Two: a\r\nX-Two: b\r\n",
    agreed="permessage-deflate",
    target="/chat?room=1",
)
EVERY = ["opened", *range(1, 13), "closed"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # The examples of the issue.
        ("from client and opcode == ping", [2]),
        ("finding.severity == error", [9, 10]),
        ("length > 64 and not compressed", [7]),
        ('text contains "room"', [1, 6]),
        # Entries
        ("type == frame", [*range(1, 13)]),
        ("type in {connection, close}", ["opened", "closed"]),
        ("from server", [3, 4, 5, 6, 7, 10, 12]),
        ("from != server", [1, 2, 8, 9, 11]),
        ("time < 250ms", ["opened", 1]),
        ("time in 400ms..499ms or time == 0s", [3]),
        ("offset == 0B", [1, 3]),
        # Frames
        ("frame <= 2", [1, 2]),
        ("frame", [*range(1, 13)]),
        ("opcode == ping or opcode == 10", [2, 3, 5, 8]),
        ("opcode >= close", [2, 3, 5, 8, 11, 12]),
        ('name matches "^reserved"', [10]),
        ("not fin", ["opened", 4, "closed"]),
        ("fin == false", [4]),
        ("fin != true", [4]),
        ("rsv1", [4]),
        ("rsv2 or rsv3", []),
        ("control and masked", [2, 8, 11]),
        (f"masking_key == 0x{key(9, b'there?').hex()}", [2]),
        ("masking_key != 0x00000000 and control", [2, 8, 11]),
        ("length_bits != 7", [7]),
        ("header_length == 4B", [7]),
        ("not complete", ["opened", "closed"]),
        ("payload contains 0xbeefde", [7]),
        ('payload == hex"746865 72653f"', [2, 3]),
        ('payload matches "\\\\xef$"', [7]),
        ('payload contains "?"', [2, 3, 10]),
        ("rtt", [3, 8]),
        ("rtt > 50ms and rtt < 150ms", [3]),
        ("rtt > 250ms", [8]),
        # Messages: what is true of the message is true of its fragments, its content of the last
        ("message == 2", [4, 6]),
        ("kind == text", [1, 4, 6, 9]),
        ("kind != text", [7]),
        ("compressed", [4, 6]),
        ("compressed == false", [1, 7, 9]),
        ("not compressed and not control and frame", [1, 7, 9, 10]),
        ('data contains "with"', [6]),
        ("data contains 0xfffe", [9]),
        ("json", [1]),
        ("json == false", [6]),
        ("message.length == 400", [6]),
        ("ratio < 0.5", [6]),
        ("fragments > 1", [6]),
        ("valid == false", [9]),
        # Findings
        ("finding and finding.severity > warning", [9, 10]),
        ("finding.rule == text-invalid-utf8", [9]),
        ("finding.rule != text-invalid-utf8 and finding.severity == error", [10]),
        ('finding.rule contains "opcode"', [10]),
        ('finding.rfc contains "8.1"', [9]),
        ("finding.severity == error and finding.severity != error", []),
        ("finding.from client and finding.severity == error", [9]),
        ("finding.stream == server and not finding.severity < error", [10]),
        ('finding.words contains "opcode 3"', [10]),
        # Closing
        ("close.code == 1000", [11, "closed"]),
        ("close.code in 1001..1015", [12]),
        ("close.code not in {1000}", [12]),
        ('close.reason == "bye"', [11, "closed"]),
        ("closed_by client and clean", ["closed"]),
        # Connections
        ("connection == 1", EVERY),
        ('host == "server.example.com" and path == "/chat" and query == "room=1"', EVERY),
        ('url matches "^ws://.*room"', EVERY),
        ('client.address == "127.0.0.1" and client.port == 50000 and server.port != 443', EVERY),
        ('method == "GET" and status == 101 and deflate', EVERY),
        ("subprotocol", []),
        ('header.user-agent == "test/1"', EVERY),
        ('request.header.x-two == "b" and header["X-TWO"] == "a"', EVERY),
        ('header.x-two != "a"', []),
        ('header.x-two != "c"', EVERY),
        ("response.header.x-two", []),
        ('response.header.upgrade matches "(?i)^WEBSOCKET$"', EVERY),
        # Together
        ("not (from client or from server)", ["opened", "closed"]),
        ("from client or clean and closed_by server", [1, 2, 8, 9, 11]),
        ("(from client or clean) and closed_by client", ["closed"]),
    ],
)
def test_what_it_wants(text: str, wanted: list[int | str]) -> None:
    assert chosen(text, CHAT) == wanted


@pytest.mark.parametrize("field", [field for field in FIELDS.values() if field.kind.operators])
def test_without_a_value_each_comparison_is_false(field: object) -> None:
    """`!=` wants a value, too; so nothing is both equal and not, and some things are neither."""
    assert isinstance(field, type(FIELDS["fin"]))
    ref = Ref(field, "x-none" if field.keyed else None)
    there = Filter(Has(ref))
    value = {"a number": 1, "a number of bytes": 1, "a duration": 1.0, "a text": "x"}
    wanted = value.get(field.kind.name, True if field.kind.name == "true or false" else "text")
    wanted = b"x" if field.kind.name == "bytes" else 1 if field.name == "opcode" else wanted
    equals = Filter(Compare(ref, "==", wanted))
    differs = Filter(Compare(ref, "!=", wanted))
    within = Filter(Compare(ref, "in", None, (wanted,)))
    beyond = Filter(Compare(ref, "not in", None, (wanted,)))
    for entry in all_entries():
        equal, other = equals.matches(entry), differs.matches(entry)
        assert (equal, other) == (within.matches(entry), beyond.matches(entry))
        assert not (equal and other)
        if field.kind.name != "true or false":
            assert (equal or other) == there.matches(entry)


def test_every_field_can_be_read_off_every_entry() -> None:
    for field in FIELDS.values():
        wanted = Filter(Has(Ref(field, "x" if field.keyed else None)))
        assert {type(wanted.matches(entry)) for entry in all_entries()} == {bool}


def test_filtered_items_are_whole_entries() -> None:
    items = [item for entry in CHAT for item in entry.items]
    kept = list(filtered(items, parse("finding or type == close")))
    assert kept == [
        item for entry in CHAT if chosen("finding or clean", [entry]) for item in entry.items
    ]
    assert len(kept) > 4
    assert list(filtered(items, parse("fin or not fin"))) == items


def test_connections_are_told_apart() -> None:
    one = talk(client(9, b"x"), server(10, b"x"), target="/one", number=1)
    two = talk(server(10, b"x"), client(1, b"y"), target="/two", number=2)
    mixed = [one[0], two[0], one[1], two[1], one[2], two[2], two[3], one[3]]
    assert chosen("rtt", mixed) == [2]
    assert chosen('request.header.host and path == "/two" and frame', mixed) == [1, 2]
    assert chosen("status == 101 and connection == 1", mixed) == ["opened", 1, 2, "closed"]
    assert chosen("method and frame", mixed[2:4]) == []  # the handshakes were not shown


def test_what_it_remembers_goes_with_the_connection() -> None:
    wanted = parse("rtt or status == 200")
    for number in range(50):
        for entry in talk(client(9, b"x"), server(10, b"x"), number=number):
            wanted.matches(entry)
    assert wanted._past._known == {}


def test_pings_of_a_flood_are_forgotten() -> None:
    wanted = parse("rtt")
    flood = [client(9, b"%d" % number) for number in range(3000)]
    entries = talk(*flood, server(10, b"2999"), server(10, b"0"))
    assert chosen(wanted, entries) == [3001]


def test_a_fragment_before_which_nothing_was_seen() -> None:
    cut = talk(client(0, b"x", fin=False), client(0, b"y"))
    assert chosen("compressed or kind == text or kind == binary", cut) == []


@pytest.mark.parametrize(
    ("text", "is_json"),
    [
        ('{"a": [1, 2.5e3, null]}', True),
        ("7", True),
        ("9" * 5000, True),
        ("1.0e999999", True),
        ("[" * 100_000, False),
        ("NaN", False),
        ("{'a': 1}", False),
        ("", False),
    ],
)
def test_what_is_json(text: str, is_json: bool) -> None:
    traffic = talk(client(1, text.encode()))
    assert chosen("json", traffic) == ([1] if is_json else [])
    assert chosen("json == false", traffic) == ([] if is_json else [1])


def test_plain_http() -> None:

    request = parse_head(b"GET /feed?a=1 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n")
    answer = parse_head(b"HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n")
    connection = Connection(1, ("::1", 1), ("::1", 80), 5.0)
    event = Exchange(request, 5.5, answer, 6.0)
    entry = Entry(connection, event, items=[Item(connection, event)])
    for text in (
        "type == http and time == 500ms",
        'url == "http://[::1]:80/feed?a=1" and path == "/feed"',
        'host == "::1" and query contains "a"',
        'method == "GET" and status == 404 and response.header.server',
    ):
        assert parse(text).matches(entry), text
    assert not parse("connection").matches(entry)
