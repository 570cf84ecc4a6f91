"""What begins a connection in the listing: no start line is lost, however narrow the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.core.http1 import Exchange
from inspector.files.dissect import Item, dissect
from inspector.files.events import Data, Opened
from tests.screen.harm import assert_harmless
from tests.screen.specimens import request, response
from tests.screen.test_listing import listed, recorded

LONG = "/" + "a" * 60 + "?b c"


def begun(said: list[tuple[bool, bytes]]) -> list[Item]:
    """A connection of which the recorder told nothing but its bytes."""
    addresses = ("127.0.0.1", 50312), ("127.0.0.1", 8101)
    events = [Data(1, from_client, data, 1e9) for from_client, data in said]
    told = dissect([Opened(1, *addresses, 1e9, {}, False), *events])
    return [item for item in told if isinstance(item, Item)]


def text_of(items: list[Item], width: int = 80) -> str:
    text = "".join(f"{line.plain}\n" for line in listed(items, width))
    assert_harmless(text, width)
    return text


def squeezed(text: str) -> str:
    """Without white space, and without the number before each line of one of several."""
    return "".join(text.replace("│", " ").split())


@pytest.mark.parametrize("width", [40, 41, 56, 71, 72, 79, 80, 120])
def test_no_start_line_is_lost(width: int, tmp_path: Path) -> None:
    several = recorded(tmp_path, "several")
    assert any(isinstance(item.event, Exchange) for item in several)
    text = squeezed(text_of(several, width))
    for told in (
        *("client ->  GET /secret HTTP/1.1", "<- server  HTTP/1.1 403 Forbidden"),
        "refused: no WebSocket begins",
        *("GET /feed HTTP/1.1  (head 44 bytes)", "HTTP/1.1 200 OK  (head 38 bytes)  5.0 ms later"),
    ):
        assert squeezed(told) in text


@pytest.mark.parametrize("width", [40, 80])
def test_a_long_start_line_goes_on_below(width: int) -> None:
    refusal = b"HTTP/1.1 403 No, and this is why: you did not say please\r\n\r\n"
    text = squeezed(text_of(begun([(True, request(LONG)), (False, refusal)]), width))
    assert squeezed(f"client -> GET {LONG} HTTP/1.1") in text
    assert squeezed("this is why: you did not say please") in text


def test_an_upgrade_that_nobody_asked_for() -> None:
    text = text_of(begun([(False, response())]))
    assert text.startswith("connection 1  an address that is not known\n")
    assert "\n  request      none was seen before this answer\n" in text


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("GET  /chat HTTP/1.1", "ws://127.0.0.1:8101/chat"),
        ("GET", "an address that is not known"),
    ],
)
def test_a_crooked_request_was_asked_all_the_same(line: str, title: str) -> None:
    crooked = request().replace(b"GET /chat HTTP/1.1", line.encode())
    text = text_of(begun([(True, crooked), (False, response())]))
    assert text.startswith(f"connection 1  {title}\n")
    assert f"\n  client ->    {line}\n" in text
    assert "req-header-malformed" in text
    assert "nobody asked" not in text
