"""Heads: read as far as they go, each fault at its line, and never raising."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.heads import MAX_HEAD, found_in, head_length, is_token, parse_head
from inspector.core.http1 import HttpReader, body_framing

REQUEST = b"GET /chat?a=b HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket, h2c\r\nupgrade:\tx \r\n\r\n"


def test_a_request() -> None:
    head = parse_head(REQUEST)
    assert (head.line, head.method, head.target, head.version) == (
        "GET /chat?a=b HTTP/1.1",
        "GET",
        "/chat?a=b",
        "HTTP/1.1",
    )
    assert [(field.name, field.value, field.offset) for field in head.fields] == [
        ("Host", "a", 24),
        ("Upgrade", "WebSocket, h2c", 33),
        ("upgrade", "x", 58),
    ]
    assert head.faults == ()
    assert head.get("UPGRADE") == "WebSocket, h2c"
    assert head.get("Connection") is None
    assert head.elements("upgrade") == ["WebSocket", "h2c", "x"]
    assert head.elements("connection") == []
    assert (head.offset_of("upgrade"), head.offset_of("connection")) == (33, 0)
    assert head.has_token("upgrade", "websocket")
    assert not head.has_token("upgrade", "web")
    assert (head.is_response, head.status, head.complete, head.upgrades) == (
        *(False, None, True, False),
    )
    assert head.is_websocket


def test_a_response() -> None:
    head = parse_head(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    assert (head.is_response, head.status, head.version, head.upgrades) == (
        *(True, 101, "HTTP/1.1", True),
    )
    assert not head.is_websocket
    assert parse_head(b"HTTP/1.1 101\r\n").upgrades is False
    for line in (b"HTTP/1.1", b"HTTP/1.1 1x1", b"HTTP/1.1 1011 x", b"FTP/1.1 101"):
        assert parse_head(line + b"\r\n\r\n").status is None


@pytest.mark.parametrize(
    "line", ["GET  /à HTTP/1.1", " GET\t/à\x0bHTTP/1.1\t", "GET /à HTTP/1.1 x"]
)
def test_a_crooked_request_line_is_read_as_far_as_it_goes(line: str) -> None:
    head = parse_head(f"{line}\r\n\r\n".encode())
    assert (head.method, head.target, head.version) == ("GET", "/Ã\xa0", "HTTP/1.1")
    assert not head.is_response


@pytest.mark.parametrize("line", ["HTTP/1.1  101 x", " HTTP/1.1\t101", "HTTP/1.1 \r101"])
def test_a_crooked_status_line_is_read_as_far_as_it_goes(line: str) -> None:
    head = parse_head(f"{line}\r\n\r\n".encode())
    assert (head.is_response, head.version, head.status) == (True, "HTTP/1.1", 101)


REQUEST_LINES = ["GET / HTTP/1.1", "x!y * HTTP/0.9", "CONNECT a:1 HTTP/2.0", "GET http://a/?b#c"]
STATUS_LINES = ["HTTP/1.1 101 a  b\t", "HTTP/1.0 999 ", "HTTP/1.1 200"]
NEITHER = [
    *("", "GET", "GET ", "GET  / HTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/1.1 ", "GET / HTTP/1"),
    *("GET / http/1.1", "GET / HTTP/1.10", "G@T / HTTP/1.1", "GET /\tHTTP/1.1", "GET / b HTTP/1.1"),
    *("HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1  101", "HTTP/1.1 1x1 a", "HTTP/1.1 101\ta"),
    *("FTP/1.1 101 a", "garbage that is no http"),
]


@pytest.mark.parametrize("line", [*REQUEST_LINES, *STATUS_LINES, *NEITHER])
def test_what_is_a_start_line(line: str) -> None:
    head = parse_head(f"{line}\r\nA: b\r\n\r\n".encode())
    assert bool(head.faults_as("request")) == (line not in REQUEST_LINES)
    assert bool(head.faults_as("response")) == (line not in STATUS_LINES)
    for fault in [*head.faults_as("request"), *head.faults_as("response")]:
        assert (fault.offset, fault.line) == (0, 1)
        assert repr(line) in fault.words


def test_of_a_start_line_cut_short_nobody_knows() -> None:
    assert [fault.line for fault in parse_head(b"GE").faults_as("request")] == [0]
    assert [fault.line for fault in parse_head(b"GE\r\n").faults_as("request")] == [1, 0]


def test_a_finding_names_the_lines() -> None:
    crooked = parse_head(b"GET / HTTP/1.1\r\nA\r\nB: b\r\nC : c\nD: d\r\n\r\n")
    assert found_in(crooked.faults_as("request")) == (
        16,
        "line 2: a field line without a colon; "
        "line 4: the line ends in a bare LF, not in CR LF; "
        "line 4: white space between the field name and its colon",
    )
    found = found_in(parse_head(b"GET\nA\n B\nC").faults_as("request"))
    assert found is not None
    assert found[0] == 0
    assert found[1].startswith("line 1: 'GET' is no request line (")
    assert found[1].endswith("; line 2: the line ends in a bare LF, not in CR LF; and 4 more")
    assert found_in(parse_head(b"GET / HTTP/1.1\r\n").faults) == (
        *(0, "the head never ends in an empty line"),
    )
    assert found_in(()) is None


@pytest.mark.parametrize(
    ("version", "low"),
    [
        ("HTTP/1.1", False),
        ("HTTP/1.2", False),
        ("HTTP/2.0", False),
        ("HTTP/1.0", True),
        ("HTTP/0.9", True),
        ("", True),
        ("HTTP/2", False),
        ("nonsense", False),
    ],
)
def test_versions(version: str, low: bool) -> None:
    assert parse_head(f"GET / {version}\r\n\r\n".encode()).is_before_http_1_1 == low


@pytest.mark.parametrize(
    ("raw", "faults"),
    [
        (b"GET / HTTP/1.1\nA: b\r\n\r\n", [(0, "bare LF")]),
        (b"GET / HTTP/1.1\r\nA: b\n\n", [(16, "bare LF"), (21, "bare LF")]),
        (b"GET / HTTP/1.1\r\nA b\r\n\r\n", [(16, "without a colon")]),
        (b"GET / HTTP/1.1\r\nA : b\r\n\r\n", [(16, "white space")]),
        (b"GET / HTTP/1.1\r\n: b\r\n\r\n", [(16, "not a token")]),
        (b"GET / HTTP/1.1\r\n b: c\r\n\r\n", [(16, "folded")]),
        (b"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", [(16, "0x0d")]),
        (b"GET /\x00 HTTP/1.1\r\nA: \x7f\r\n\r\n", [(0, "0x00"), (17, "0x7f")]),
        (b"GET / HTTP/1.1\r\nA: b", [(0, "never ends")]),
        (b"GET / HTTP/1.1\r\n", [(0, "never ends")]),
        (b"GET / HTTP/1.1\r\n\r", [(0, "never ends")]),
        (b"", [(0, "never ends")]),
    ],
)
def test_faults(raw: bytes, faults: list[tuple[int, str]]) -> None:
    found = parse_head(raw).faults
    assert [fault.offset for fault in found] == [offset for offset, _ in faults]
    assert all(words in fault.words for fault, (_, words) in zip(found, faults, strict=True))


@given(st.binary(max_size=80) | st.text("GET /:\r\n\t AHTTP1.0", max_size=60).map(str.encode))
def test_any_bytes_are_read_as_far_as_they_go(data: bytes) -> None:
    size = head_length(data)
    head = parse_head(data[:size])
    assert head.raw == data[:size]
    assert (size is not None) == head.complete
    for at in [*(line.offset for line in head.fields), *(fault.offset for fault in head.faults)]:
        assert at == 0 or data[at - 1 : at] == b"\n"
    for searched in range(len(data) if size is None else size):
        assert head_length(data, searched) == size


@pytest.mark.parametrize("text", ["a", "!#$%&'*+-.^_`|~", "0"])
def test_tokens(text: str) -> None:
    assert is_token(text)


@pytest.mark.parametrize("text", ["", " ", "a b", "a,", "a/b", "ä", "(", "a\n"])
def test_no_tokens(text: str) -> None:
    assert not is_token(text)


# Bodies


@pytest.mark.parametrize(
    ("head", "method", "framing"),
    [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5", "GET", ("length", 5)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5", "HEAD", ("none", 0)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5, 5", "GET", ("until close", 0)),
        ("HTTP/1.1 200 OK\r\nContent-Length: +5", "GET", ("until close", 0)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: gzip, Chunked", "GET", None),
        ("HTTP/1.1 200 OK", "CONNECT", ("none", 0)),
        ("HTTP/1.1 407 Who", "CONNECT", ("until close", 0)),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 5", "GET", ("none", 0)),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5", "GET", ("none", 0)),
        ("HTTP/1.1 100 Continue\r\nContent-Length: 5", "GET", ("none", 0)),
        ("GET / HTTP/1.1", "", ("none", 0)),
        ("POST / HTTP/1.1\r\nContent-Length: 7", "", ("length", 7)),
    ],
)
def test_how_a_body_ends(head: str, method: str, framing: tuple[str, int] | None) -> None:
    parsed = parse_head(f"{head}\r\n\r\n".encode())
    assert body_framing(parsed, method) == (framing or ("chunked", 0))


def read(portions: list[bytes]) -> tuple[list[str], bool]:
    """Start lines of what a reader finds, each head's body passed over; did it overflow?"""
    reader, lines = HttpReader(), []
    for portion in portions:
        reader.feed(portion)
        while (head := reader.next_head()) is not None:
            lines.append(head.line)
            reader.expect(*body_framing(head))
    return lines, reader.overflown


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
NEXT = b"HTTP/1.1 201 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 202 OK\r\n\r\nuntil the end"


@pytest.mark.parametrize(
    ("body", "overflown"),
    [
        (b"5\r\nhello\r\n0\r\n\r\n", False),
        (b"5;a=b\r\nhello\r\n \t03 \r\nabc\r\n0\r\n\r\n", False),
        (b"0\r\nA: b\r\nC: d\r\n\r\n", False),
        (b"0\n\n", False),
        (b"0\r\n" + b"A: b\r\n" * 11_000 + b"\r\n", True),
        (b"5" + b";" * MAX_HEAD + b"\r\nhello\r\n0\r\n\r\n", True),
        (b"x\r\n", True),
        (b"\r\n", True),
        (b"1000000000000000\r\n", True),
    ],
)
def test_chunks_are_passed_over(body: bytes, overflown: bool) -> None:
    wire = CHUNKED + body + NEXT
    told = read([wire])
    assert told == read([bytes([octet]) for octet in wire])
    lines = ["HTTP/1.1 200 OK", "HTTP/1.1 201 OK", "HTTP/1.1 202 OK"]
    assert told == (lines[: 1 if overflown else 3], overflown)


@pytest.mark.parametrize("size", [MAX_HEAD, MAX_HEAD + 1])
def test_how_long_a_head_may_be(size: int) -> None:
    start = b"GET / HTTP/1.1\r\nA: "
    head = start + b"b" * (size - len(start) - 4) + b"\r\n\r\n"
    told = read([head])
    assert told == read([head[:100], head[100:-1], head[-1:]])
    assert told == (["GET / HTTP/1.1"] if size == MAX_HEAD else [], size > MAX_HEAD)


def test_a_head_that_was_cut() -> None:
    reader = HttpReader()
    assert reader.cut_head() is None
    reader.feed(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab")
    head = reader.next_head()
    assert head is not None
    reader.expect(*body_framing(head))
    assert reader.cut_head() is None  # it is in a body
    reader.feed(b"cGET / HT")
    cut = reader.cut_head()
    assert cut is not None
    assert (cut.line, cut.complete) == ("GET / HT", False)
    assert reader.rest() == b""
