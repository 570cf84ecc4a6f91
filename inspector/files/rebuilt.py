"""Connections rebuilt from messages: what HAR files and mitmproxy's flows tell of a WebSocket.

Such a file holds header fields and whole messages. From these come heads of the same fields, and a
frame a message, masked with a key of our making where the client sent it. Nothing else is made up:
what is missing stays missing, and no end is seen.

So most rules prove nothing here: a field may have been left out by whoever wrote the file, and it
was us who made the frames. A connection of which `facts` say that it was `rebuilt` is found at
fault only by the rules in `PROVEN`, which look at what the file really holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from inspector.core.encode import encode_frame
from inspector.core.masking import KEY_LENGTH
from inspector.files.events import Address, CaptureEvent, Data, Forgotten, Opened

PROVEN: Final = frozenset(
    {
        "close-code-local-only",
        "close-code-out-of-range",
        "close-code-undefined",
        "close-reason-invalid-utf8",
        "req-key-bad-base64",
        "req-key-reused",
        "req-key-wrong-length",
        "req-method-not-get",
        "req-protocol-duplicate",
        "req-version-not-13",
        "resp-accept-wrong",
        "resp-status-not-101",
        "text-invalid-utf8",
        "text-utf8-incomplete",
    }
)

_LINE_ENDS: Final = re.compile(r"[\r\n]+")

UNKNOWN: Final[Address] = ("0.0.0.0", 0)


class Said(NamedTuple):
    """A message, or a control frame where a file holds such."""

    from_client: bool
    opcode: int
    payload: bytes
    time: float


@dataclass(slots=True)
class Start:
    """A head: its start line, and its fields in order."""

    line: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    encoding: str = "utf-8"

    @property
    def wire(self) -> bytes:
        """The head in HTTP/1.1, one line a field; line ends inside a value would be new lines."""
        lines = [self.line, *(f"{name}: {value}" for name, value in self.fields)]
        text = "\r\n".join(_LINE_ENDS.sub(" ", line) for line in lines)
        return f"{text}\r\n\r\n".encode(self.encoding, "replace")


@dataclass(slots=True)
class Rebuilt:
    """One connection as a file tells it."""

    request: Start | None
    response: Start | None
    opened: float
    answered: float
    client: Address = UNKNOWN
    server: Address = UNKNOWN
    facts: dict[str, Any] = field(default_factory=dict)
    said: Iterable[Said] = ()

    def events(self, number: int) -> Iterator[CaptureEvent]:
        """Its events; `number` counts the TCP connections."""
        yield Opened(number, self.client, self.server, self.opened, self.facts, False)
        if self.request is not None:
            yield Data(number, True, self.request.wire, self.opened)
        if self.response is not None:
            yield Data(number, False, self.response.wire, self.answered)
        last = self.answered
        for count, (from_client, opcode, payload, last) in enumerate(self.said):
            key = masking_key(number, count) if from_client else None
            frame = encode_frame(opcode, payload, masking_key=key)
            yield Data(number, from_client, frame, last)
        yield Forgotten(number, last)


def masking_key(connection: int, count: int) -> bytes:
    """A key for a client's frame: the same each time a file is read, and no other frame's."""
    return blake2b(f"{connection}/{count}".encode(), digest_size=KEY_LENGTH).digest()


def proves(facts: Mapping[str, object], rule: str) -> bool:
    """May this rule find fault with a connection of which these facts are known?"""
    return "rebuilt" not in facts or rule in PROVEN
