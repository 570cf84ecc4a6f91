"""wsproto and websockets are asked about the vectors' heads: would they have them, as we would?

Where they would not agree, the tables say why. An error of ours that no oracle minds is a rule that
the RFC has and they leave to somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from inspector.core.events import Opened
from tests.core import handshakers, vectors
from tests.core.vectors import Vector, findings, play

ORACLES: dict[str, Callable[[bytes], str | None]] = {
    "websockets": handshakers.websockets_request,
    "wsproto": handshakers.wsproto_request,
}

OFFERS = "was told to accept no extension, and does not read offers"
TARGET = "hands any target on to the application"
SUBPROTOCOLS = "was told of no subprotocol, and does not compare what is offered"
LAST = "takes the last of several"

LAX: dict[str, dict[str, str]] = {
    "websockets": {
        "pmd-offer-bad-value": OFFERS,
        "pmd-offer-duplicate-param": OFFERS,
        "pmd-offer-unknown-param": OFFERS,
        "req-ext-bad-syntax": OFFERS,
        "req-absolute-uri-mismatch": TARGET,
        "req-uri-fragment": TARGET,
        "req-host-duplicate": "leaves Host to whoever reads the HTTP before it",
        "req-host-missing": "leaves Host to whoever reads the HTTP before it",
        "req-protocol-bad-token": SUBPROTOCOLS,
        "req-protocol-duplicate": SUBPROTOCOLS,
    },
    "wsproto": {
        "pmd-offer-bad-value": OFFERS,
        "pmd-offer-duplicate-param": OFFERS,
        "pmd-offer-unknown-param": OFFERS,
        "req-ext-bad-syntax": OFFERS,
        "req-absolute-uri-mismatch": TARGET,
        "req-uri-fragment": TARGET,
        "req-header-malformed": "takes a bare LF for the end of a line, as RFC 9112 §2.2 lets it",
        "req-http-version-low": "takes HTTP/1.0",
        "req-key-bad-base64": "hashes the key and does not look at it",
        "req-key-wrong-length": "hashes the key and does not look at it",
        "req-key-duplicate": LAST,
        "req-version-duplicate": LAST,
        "req-protocol-bad-token": SUBPROTOCOLS,
        "req-protocol-duplicate": SUBPROTOCOLS,
    },
}
"""Errors in a request that an oracle lets pass, at least at times, and why."""

BODY = "wants no body with the request; the RFC only says that there is nothing to say in it"
UPGRADES = "wants the one protocol alone; it may be one of several, RFC 6455 §4.2.1"

STRICTER: dict[tuple[str, str], str] = {
    ("websockets", "requests: letters of any size, and lists"): UPGRADES,
    ("wsproto", "requests: letters of any size, and lists"): UPGRADES,
    ("websockets", "requests: HTTP/1.2 is higher, and fine"): "knows no version but 1.1",
    ("websockets", "requests: a body of five bytes is announced"): BODY,
    ("websockets", "requests: a body in chunks is announced"): BODY,
    ("websockets", "requests: a body of a length that is none"): BODY,
    ("wsproto", "requests: a body of a length that is none"): "its HTTP wants a number",
    ("websockets", "responses: a 101 to a request with warnings only"): BODY,
}
"""Requests without an error of ours that an oracle refuses, and why."""

ANSWERS: dict[str, str] = {
    "responses: 100 Continue before the 101 is not the answer": "takes it for the answer",
    "start_lines: a status line without a reason, and without its space": "wants the space,"
    " which RFC 9112 §4 asks of the sender",
}
"""Answers that websockets, as a client, refuses, and we have no error for, and why."""


def lone_requests() -> Iterator[Vector]:
    """Vectors that begin with the request for a WebSocket, whole, and nothing behind it."""
    for vector in vectors.load():
        head = vector.steps[0]
        whole = head.kind == "bytes" and head.value.find(b"\r\n\r\n") == len(head.value) - 4
        if whole and not vector.handshake and head.side == "client":
            told = play([head])
            if any(isinstance(event, Opened) for event in told) and len(head.value) < 8000:
                yield vector


REQUESTS = list(lone_requests())


def errors(vector: Vector, steps: int, stream: str) -> set[str]:
    return {
        finding.rule.id
        for finding in findings(play(vector.steps[:steps]))
        if finding.stream == stream and finding.rule.severity == "error"
    }


@pytest.mark.parametrize("oracle", ORACLES)
@pytest.mark.parametrize("vector", REQUESTS, ids=lambda vector: vector.name)
def test_a_request_is_refused_by_all_or_by_none(vector: Vector, oracle: str) -> None:
    refused = ORACLES[oracle](vector.steps[0].value)
    found = errors(vector, 1, "request")
    if refused:
        assert bool(found) == ((oracle, vector.name) not in STRICTER), (refused, found)
    else:
        assert found <= LAX[oracle].keys()
        assert (oracle, vector.name) not in STRICTER


def test_every_difference_is_one_that_is_tested() -> None:
    names = {vector.name for vector in REQUESTS}
    assert {name for _, name in STRICTER} <= names
    assert set(ANSWERS) <= {vector.name for vector, _ in answered()}


def answered() -> Iterator[tuple[Vector, set[str]]]:
    """Faultless requests that no extension is offered in, and the errors in their 101."""
    for vector in REQUESTS:
        if len(vector.steps) < 2 or errors(vector, 2, "request"):
            continue
        request, answer = vector.steps[:2]
        if (answer.kind, answer.side) != ("bytes", "server"):
            continue
        heads = request.value + answer.value
        opened = next(event for event in play([request, answer]) if isinstance(event, Opened))
        if opened.upgraded and b"Sec-WebSocket-Extensions" not in heads:
            yield vector, errors(vector, 2, "response")


@pytest.mark.parametrize(
    ("vector", "found"), list(answered()), ids=lambda value: getattr(value, "name", "")
)
def test_a_101_is_refused_by_both_or_by_none(vector: Vector, found: set[str]) -> None:
    request, answer = vector.steps[:2]
    refused = handshakers.websockets_response(request.value, answer.value)
    assert (bool(refused) == bool(found)) == (vector.name not in ANSWERS), (refused, found)
