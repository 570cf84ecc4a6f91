"""What only several connections show: every vector of a capture, and what is kept of the past."""

from __future__ import annotations

import pytest

from inspector.core.heads import parse_head
from inspector.core.rules import cross
from inspector.core.rules.cross import Across, Asker
from inspector.files.events import Data
from inspector.files.events import Opened as TcpOpened
from tests.core.vectors import REQUEST, RESPONSE
from tests.files import captures
from tests.files.captures import CaptureVector
from tests.files.test_dissect import items

VECTORS = captures.load()


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector.name) for vector in VECTORS])
def test_vector(vector: CaptureVector) -> None:
    told = captures.play(vector.capture)
    assert captures.transcript(told) == vector.expect
    assert {finding.rule.id for finding in captures.findings(told)} == vector.breaks
    assert not vector.keeps & vector.breaks


def asker(number: int, server: str = "10.0.0.2:80") -> Asker:
    return Asker(number, "10.0.0.1", 50_000 + number, server)


def request(key: str) -> bytes:
    return f"{REQUEST}\r\n".replace(captures.KEY, key).encode()


def test_the_words_name_who_else_it_was() -> None:
    across = Across()
    assert across.asks(asker(1), parse_head(request(captures.KEY))) == []
    parallel, reused = across.asks(asker(2), parse_head(request(captures.KEY)))
    first = "the connection from port 50001 of 10.0.0.1"
    assert parallel.words == f"{first} still waited for 10.0.0.2:80 to answer"
    assert reused.words == f"the key '{captures.KEY}' was that of {first}, too"
    assert (reused.stream, reused.offset) == ("request", request("").index(b"Sec-WebSocket-Key"))
    (behind,) = across.asks(asker(3, "10.0.0.3:80"), parse_head(request(captures.KEY)))
    assert behind.words.endswith("; or a proxy passed on the one as the other")


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross, "MAX_KEYS", 3)
    across = Across()
    for number, key in enumerate(["a", "b", "c", "a", "d", "a", "b", "x" * 65, "x" * 65]):
        found = across.asks(asker(number), parse_head(request(key)))
        across.waits_no_more(asker(number))
        # When the second b comes, d, c and a are known; a key beyond all measure never is.
        assert [finding.rule.id for finding in found] == ["req-key-reused"] * (number in (3, 5))
    assert across._waiting == {}
    assert len(across._keys) == 3


def test_two_answers_in_one_read_are_two_requests() -> None:
    """A refusal and the 101 to what was sent behind it: the second request is looked at, too."""
    refusal = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    again = request("EBESExQVFhcYGRobHB0eHw==")
    told = items(
        [
            TcpOpened(1, ("10.0.0.1", 50_001), ("10.0.0.2", 80), 0.0, {}, False),
            Data(1, True, again, 0.0),
            Data(1, False, f"{RESPONSE}\r\n".encode(), 0.0),
            TcpOpened(2, ("10.0.0.1", 50_002), ("10.0.0.2", 80), 0.0, {}, False),
            Data(2, True, request(captures.KEY) + again, 0.0),
            Data(2, False, refusal + f"{RESPONSE}\r\n".encode(), 0.0),
        ]
    )
    found = captures.findings(told)
    assert [each.rule.id for each in found if each.rule.phase == "hs-req"] == ["req-key-reused"]


@pytest.mark.parametrize(("servers", "parallel"), [("ab", False), ("aa", True)])
def test_behind_one_proxy_the_servers_are_those_that_it_connects_to(
    servers: str, parallel: bool
) -> None:
    """All connections go to the proxy's address; the capture says where they went from there."""
    told = []
    for stream, name in enumerate(servers, 1):
        facts = {"server": f"{name}.example.com:80"}
        told += [
            TcpOpened(stream, ("10.0.0.1", 50_000 + stream), ("10.0.0.2", 80), 0.0, facts, False),
            Data(stream, True, request("AAECAwQFBgcICQoLDA0OD" + "gw"[stream - 1] + "=="), 0.0),
        ]
    found = [finding.rule.id for finding in captures.findings(items(told))]
    assert found == ["req-parallel-connecting"] * parallel


def test_strangers_text_in_the_words_is_harmless() -> None:
    """The name of a server comes from a comment in the capture: from anybody."""
    across = Across()
    for number in (1, 2):
        found = across.asks(
            asker(number, "\x1b]0;owned\x07" * 50), parse_head(request(str(number)))
        )
    (parallel,) = found
    assert parallel.words.isprintable()
    assert len(parallel.words) < 500
