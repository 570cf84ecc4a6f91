"""What is explained is shown: each field and each part, in the picture and in JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from inspector.commands.explain import as_json
from inspector.core.explain import Part, explain
from inspector.core.fields import Field
from inspector.core.safe import safe
from inspector.screen.boxes import label
from inspector.screen.heads import PARTS_DRAWN
from inspector.screen.picture import picture
from tests.core.test_every_bit import pasted
from tests.core.vectors import REQUEST, RESPONSE, Vector, load
from tests.screen.test_picture import PICTURES, broken, squeezed

VECTORS = load()


def assert_shown(part: Part) -> None:
    text = "\n".join(line.plain for line in picture(part, 100))
    seen = squeezed(text)
    for field in part.fields:
        bits = field.bits[0] - part.fields[0].bits[0], field.bits[1] - part.fields[0].bits[0]
        assert squeezed(safe(field.words)) in seen or broken(field.words, text)
        if part.kind == "frame":
            assert label(field.name) in text
            place = str(bits[0]) if bits[1] - bits[0] == 1 else f"{bits[0]}-{bits[1] - 1}"
            assert any(line.split()[:1] == [place] for line in text.splitlines()), place
        for piece in [each for each in field.parts if each.name != "mark"][:PARTS_DRAWN]:
            assert squeezed(safe(piece.words)) in seen or broken(piece.words, text)


def from_json(told: object) -> tuple[Field, ...]:
    assert isinstance(told, list)
    return tuple(
        Field(
            each["name"], tuple(each["bits"]), each["value"], each["words"], each["rfc"],
            from_json(each.get("parts", [])),
        )
        for each in told
    )  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_each_picture_shows_every_field(name: str) -> None:
    for part in explain(PICTURES[name]):
        assert_shown(part)
        told = json.loads(json.dumps(as_json(part)))
        assert from_json(told["fields"]) == part.fields


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_the_picture_of_each_vector_shows_every_field(vector: Vector) -> None:
    steps = [step for step in [*vector.handshake, *vector.steps] if step.kind == "bytes"]
    for side in ("client", "server"):
        data = b"".join(step.value for step in steps if step.side == side)[:5_000]
        for part in explain(data)[:40]:
            assert_shown(part)


@given(pasted.map(b"".join))
def test_any_picture_shows_every_field(data: bytes) -> None:
    for part in explain(data):
        assert_shown(part)


def words_of(data: str) -> str:
    """What is said of a head's bytes; that pictures show it is what the tests above see to."""
    parts = explain(data.encode())
    told = [each for part in parts for field in part.fields for each in (field, *field.parts)]
    return "\n".join(field.words for field in told)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Origin: null", "a page that has no origin"),
        ("Origin: http://server.example.com", "the same host and port as in Host"),
        ("Origin: http://evil.example", "another site's page asks"),
        ("Cookie: theme=dark; session=abc", "a cookie that may be a login"),
        ("Authorization: Basic YTpi", "name and password in base64"),
        ("Sec-Fetch-Site: cross-site", "a page of another site asks"),
        ("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
         "the client can keep to a smaller window, if it is asked to"),
        ("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10",
         "2^10 = 1,024 bytes"),
        ("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=7",
         "has to be 8 to 15"),
        ("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover",
         "the server begins each message with an empty window"),
        ("Sec-WebSocket-Extensions: x-new; a=b", "an extension not known here"),
        ("Sec-WebSocket-Protocol: graphql-transport-ws", "offered: GraphQL over WebSocket"),
        ("Sec-WebSocket-Frame: x", "a field of WebSocket's that RFC 6455 does not know"),
        ("X-Anything: x", "not a part of the WebSocket handshake"),
    ],
)  # fmt: skip
def test_what_a_requests_field_means(line: str, words: str) -> None:
    assert words in words_of(f"{REQUEST}{line}\r\n\r\n")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("AAECAwQFBgcICQoLDA0ODw==", "the server has to answer Bz3qJYTGdOe8gUSpLosEdiLKDrk="),
        ("dGhlIHNhbXBsZSBub25jZQ==", "the very key that RFC 6455 prints, so not random"),
        ("AAEC", "3 bytes, and 16 are needed"),
        ("!", "no base64 of 16 bytes"),
    ],
)
def test_what_a_key_says(key: str, words: str) -> None:
    assert words in words_of(f"GET / HTTP/1.1\r\nSec-WebSocket-Key: {key}\r\n\r\n")


def test_the_accept_proof_is_derived_where_its_request_is_there() -> None:
    right = words_of(f"{REQUEST}\r\n{RESPONSE}\r\n")
    assert "SHA-1 of AAECAwQFBgcICQoLDA0ODw==258EAFA5-E914-47DA-95CA-C5AB0DC85B11 is" in right
    assert "073dea2584c674e7bc8144a92e8b047622ca0eb9, in base64 just this" in right
    wrong = words_of(f"{REQUEST}\r\n{RESPONSE.replace('Bz3q', 'Az3q')}\r\n")
    assert "in base64 Bz3qJYTGdOe8gUSpLosEdiLKDrk=, and not this" in wrong
    assert "the request's key tells if it is right" in words_of(f"{RESPONSE}\r\n")


def test_a_subprotocol_that_was_not_offered() -> None:
    asked = f"{REQUEST}Sec-WebSocket-Protocol: a, b\r\n\r\n"
    for name, words in (("a", "chosen: known"), ("c", "chosen, though the client did not offer")):
        assert words in words_of(f"{asked}{RESPONSE}Sec-WebSocket-Protocol: {name}\r\n\r\n")


@pytest.mark.parametrize(
    ("status", "words"),
    [(101, "both speak WebSocket"), (103, "early hints"), (403, "refused"), (999, "all else does")],
)
def test_a_status_in_words(status: int, words: str) -> None:
    assert words in words_of(f"HTTP/1.1 {status} X\r\n\r\n")


def test_a_target_with_a_query() -> None:
    text = words_of("GET /chat?room=1&token=abc HTTP/1.1\r\n\r\n")
    assert "the path: which resource" in text
    assert "note that servers and proxies log URLs" in text
