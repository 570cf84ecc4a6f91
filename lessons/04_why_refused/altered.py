"""Handshakes as no browser sends them: one thing is altered, or made up, and sent as bytes.

A page can't do that. `new WebSocket(...)` has no place for field lines, and `fetch` refuses to set
these (the Fetch standard's forbidden request-headers). So a program has to: this one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from inspector.core.frames import encode_close
from inspector.core.heads import Head
from inspector.core.rfc import VERSION
from lessons.course.client import new_key
from lessons.course.wire import AGENT, PATIENCE, Wire, request_head

CHAT = "/ws/chat"
ELSEWHERE = "http://elsewhere.example"


@dataclass(frozen=True, slots=True)
class Altered:
    """`words` say what is altered; `changed` has the fields that are, None for one left out."""

    words: str
    method: str = "GET"
    changed: Mapping[str, str | None] = field(default_factory=dict)


ALTERED = {
    "no-key": Altered("without Sec-WebSocket-Key", changed={"Sec-WebSocket-Key": None}),
    "version-8": Altered("Sec-WebSocket-Version: 8", changed={"Sec-WebSocket-Version": "8"}),
    "post": Altered("POST instead of GET", "POST", changed={"Content-Length": "0"}),
    "elsewhere": Altered("the Origin of another site", changed={"Origin": ELSEWHERE}),
    "forged": Altered("whole, with the Origin of the chat's own page"),
}


def request(altered: Altered, authority: str) -> bytes:
    """The head, with a fresh key."""
    fields: dict[str, str | None] = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": new_key(),
        "Sec-WebSocket-Version": VERSION,
        "User-Agent": AGENT,
        "Origin": f"http://{authority}",
        **altered.changed,
    }
    lines = [(name, value) for name, value in fields.items() if value is not None]
    return request_head(altered.method, CHAT, authority, lines)


def send(altered: Altered, host: str, port: int) -> Head:
    """Send it, and read to the end of the connection. A WebSocket that opens is closed politely.
    Raises `ScriptFailed`."""
    wire = Wire(host, port)
    try:
        wire.send(request(altered, wire.authority))
        answer = wire.head("the answer")
        if answer.upgrades:
            wire.send(encode_close(1000, masking_key=os.urandom(4)))
        deadline = time.monotonic() + PATIENCE
        while not wire.ended:
            wire.more(deadline, "the end of the connection")
        return answer
    finally:
        wire.close()
