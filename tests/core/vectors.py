"""Vectors: what went over a connection, and all that has to be told about it.

They stand in `tests/vectors/*.toml`. A vector's `steps` are what was seen, in order: bytes of one
side, or the end of its TCP direction. Bytes are written as on paper:

    81 85 [37fa213d 'Hello']    hex; text in quotes; brackets: a key, and what it masks
    'a'*125 00*4 (00 01 'a')*9  so many times

`expect` is the whole transcript, one line an event. Unless it has `handshake = false`, a vector
begins with a handshake without faults; `agreed` are its extensions, offered and accepted. `breaks`
names the rules that it breaks, `keeps` those that it only just keeps. Steps come a second apart,
unless they say `at`; the capture ends at once, unless `until` says when.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal, NamedTuple

from inspector.core.conversation import Conversation
from inspector.core.events import Closed, Ended, Event, Framed, Gap, Messaged, Opened
from inspector.core.findings import Finding
from inspector.core.frames import MAX_PAYLOAD, Raw
from inspector.core.http1 import Exchange
from inspector.core.rfc import Side

FOLDER = Path(__file__).parents[1] / "vectors"

REQUEST = (
    "GET /chat HTTP/1.1\r\n"
    "Host: server.example.com\r\n"
    "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n"
    "Sec-WebSocket-Version: 13\r\n"
)
RESPONSE = (
    "HTTP/1.1 101 Switching Protocols\r\n"
    "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Accept: Bz3qJYTGdOe8gUSpLosEdiLKDrk=\r\n"
)


class Step(NamedTuple):
    """Something that was seen: `bytes` of a side, its `end` and how, or a `gap` and its size."""

    kind: Literal["bytes", "end", "gap"]
    side: Side
    value: Any
    time: float = 0.0


@dataclass(frozen=True, slots=True)
class Vector:
    name: str
    why: str
    steps: list[Step]
    expect: list[str]
    breaks: frozenset[str] = frozenset()
    keeps: frozenset[str] = frozenset()
    max_payload: int = MAX_PAYLOAD
    until: float | None = None
    tail: bool = True
    """May more bytes follow? Not where it ends inside a frame: they would belong to it."""
    handshake: list[Step] = field(default_factory=list)

    @property
    def long(self) -> bool:
        """Is it one of the few that take seconds to be written and read anew?"""
        return sum(len(step.value) for step in self.steps if step.kind == "bytes") > 50_000


@functools.cache
def load() -> list[Vector]:
    """All vectors, by file and in the order in which they stand there."""
    return [
        _vector(f"{path.stem}: {table['name']}", table)
        for path in sorted(FOLDER.glob("*.toml"))
        for table in tomllib.loads(path.read_text("utf-8"))["vector"]
    ]


def _vector(name: str, table: dict[str, Any]) -> Vector:
    unknown = table.keys() - {
        *("name", "why", "handshake", "agreed", "steps", "expect", "breaks", "keeps"),
        *("max_payload", "tail", "until"),
    }
    assert not unknown, f"{name}: {unknown}"
    agreed = table.get("agreed", "")
    return Vector(
        name,
        table.get("why", ""),
        [step(row, row.get("at", time)) for time, row in enumerate(table["steps"], 1)],
        table["expect"].strip().splitlines(),
        frozenset(table.get("breaks", ())),
        frozenset(table.get("keeps", ())),
        table.get("max_payload", MAX_PAYLOAD),
        table.get("until"),
        table.get("tail", True),
        handshake(agreed) if table.get("handshake", True) else [],
    )


def handshake(agreed: str = "") -> list[Step]:
    """A handshake that breaks no rule; `agreed` are the extensions offered and accepted."""
    line = f"Sec-WebSocket-Extensions: {agreed}\r\n" if agreed else ""
    return [
        Step("bytes", "client", f"{REQUEST}{line}\r\n".encode()),
        Step("bytes", "server", f"{RESPONSE}{line}\r\n".encode()),
    ]


def step(table: dict[str, Any], time: float) -> Step:
    """A row of a vector's `steps`."""
    side: Side
    for side in ("client", "server"):
        if side in table:
            return Step("bytes", side, parse_bytes(table[side]), time)
        if f"{side}_head" in table:
            head = table[f"{side}_head"].replace("\n", "\r\n")
            return Step("bytes", side, head.encode("iso-8859-1"), time)
    for how in ("fin", "rst"):
        if how in table:
            return Step("end", table[how], how, time)
    return Step("gap", table["gap"], table["size"], time)


_TOKEN = re.compile(
    r"\s+|(?:'([^']*)'|((?:[0-9a-f]{2})+)|\(([^)]*)\))(?:\*(\d+))?|\[([0-9a-f]{8}) ([^]]*)\]"
)


def parse_bytes(text: str) -> bytes:
    """The bytes that a vector writes as hex, quoted text, repetitions and masked brackets."""
    out = bytearray()
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        assert token, f"no bytes: {text[at : at + 20]!r}"
        quoted, digits, group, times, key, masked = token.groups()
        if key is not None:
            out += bytes.fromhex(key) + mask(parse_bytes(masked), bytes.fromhex(key))
        elif quoted is not None:
            out += quoted.encode() * int(times or 1)
        elif digits is not None:
            out += bytes.fromhex(digits) * int(times or 1)
        elif group is not None:
            out += parse_bytes(group) * int(times or 1)
        at = token.end()
    return bytes(out)


def mask(data: bytes, key: bytes) -> bytes:
    """RFC 6455 §5.3, as it stands there: octet i XOR octet i modulo 4 of the key."""
    return bytes(octet ^ key[i % 4] for i, octet in enumerate(data))


# Feeding


def whole(steps: Iterable[Step]) -> list[Step]:
    """Each step in one portion."""
    return list(steps)


def bytewise(steps: Iterable[Step]) -> list[Step]:
    """Each step byte by byte."""
    pieces: list[Step] = []
    for step in steps:
        if step.kind == "bytes":
            pieces += [step._replace(value=bytes([octet])) for octet in step.value]
        else:
            pieces.append(step)
    return pieces


def with_tail(steps: Iterable[Step], tail: bytes = b"\x81") -> list[Step]:
    """Up to the first end, with the first half of a header after each direction's last bytes.

    A client waits with it until the server has said everything: before a 101 it would be too early.
    """
    pieces = list(takewhile(lambda step: step.kind == "bytes", steps))
    last = {step.side: at for at, step in enumerate(pieces)}
    if "client" in last and last["client"] < last.get("server", -1):
        pieces.append(pieces[last["client"]]._replace(value=b"", time=pieces[-1].time))
        last["client"] = len(pieces) - 1
    for at in last.values():
        pieces[at] = pieces[at]._replace(value=pieces[at].value + tail)
    return pieces


def play(
    steps: Iterable[Step],
    max_payload: int = MAX_PAYLOAD,
    *,
    finish: bool = True,
    until: float | None = None,
    midstream: bool = False,
) -> list[Event]:
    """All events of a connection."""
    conversation = Conversation(max_payload, midstream=midstream)
    events: list[Event] = []
    for step in steps:
        if step.kind == "bytes":
            events += conversation.receive(step.side, step.value, step.time)
        elif step.kind == "end":
            events += conversation.end(step.side, step.value, step.time)
        else:
            events += conversation.gap(step.side, step.value, step.time)
    if finish:
        events += conversation.finish(until)
    return events


# Telling


def transcript(events: Iterable[Event]) -> list[str]:
    """One line an event; of very many, the first and the last."""
    lines = [_LINES[type(event)](event) for event in events]
    if len(lines) > 60:
        lines[5:-5] = [f"… {len(lines) - 10} more …"]
    return lines


def findings(events: Iterable[Event]) -> list[Finding]:
    return [event for event in events if isinstance(event, Finding)]


def _shown(data: bytes) -> str:
    text = repr(data[:16])[1:]
    return text if len(data) <= 16 else f"{text}… ({len(data)} bytes)"


def _line(line: str) -> str:
    return line.encode("unicode_escape").decode()


def _opened(event: Opened) -> str:
    def words() -> Iterator[str]:
        yield _line(event.request.line) if event.request else "(no request)"
        yield "->"
        yield _line(event.response.line) if event.response else "(no response)"
        if event.proof.ok is not None:
            yield f"accept={'right' if event.proof.ok else 'wrong'}"
        if event.agreement.subprotocol:
            yield f"subprotocol={event.agreement.subprotocol}"
        for extension in event.agreement.extensions:
            yield f"extension={extension.name}"
        for side, agreed in (event.agreement.deflate or {}).items():
            yield f"{side}={agreed.window_bits}{'' if agreed.context_takeover else '/no-takeover'}"

    return " ".join(["opened", *words()])


def _framed(event: Framed) -> str:
    frame = event.frame
    flags = [name for name in ("fin", "rsv1", "rsv2", "rsv3") if getattr(frame, name)]
    notes = [
        *([f"length={frame.length}"] if frame.length not in (None, len(frame.payload)) else []),
        *([f"bits={frame.length_bits}"] if frame.length_bits not in (None, 7) else []),
        *(["cut"] if not frame.complete else []),
        *([f"spilled={frame.spilled}"] if frame.spilled else []),
        *([f"message={event.message}"] if event.message is not None else []),
    ]
    place = f"frame {event.number} {frame.side} @{frame.offset}"
    return " ".join([place, *flags, frame.name, _shown(frame.payload), *notes])


def _messaged(event: Messaged) -> str:
    message = event.message
    frames = ",".join(map(str, message.frames))
    if len(message.frames) > 8:
        frames = f"{message.frames[0]}..{message.frames[-1]}"
    state = {True: "valid", False: "invalid", None: "not-kept"}[message.valid]
    compressed = " compressed" if message.compressed else ""
    place = f"message {event.number} {message.side} frames={frames}"
    return f"{place} {message.kind}{compressed} {_shown(message.data)} {state}"


def _finding(event: Finding) -> str:
    frame = "" if event.frame is None else f" frame={event.frame}"
    return f"finding {event.rule.id} {event.side} {event.stream}@{event.offset}{frame}"


def _raw(event: Raw) -> str:
    return f"raw {event.side} @{event.offset} {_shown(event.data)}: {event.why}"


def _gap(event: Gap) -> str:
    return f"gap {event.side} @{event.offset}: {event.size} bytes"


def _closed(event: Closed) -> str:
    reason = "" if event.reason is None else f" {event.reason!r}"
    by, clean = event.closed_by or "nobody", "clean" if event.clean else "not clean"
    return f"closed by {by} {event.code}{reason} {clean}"


def _exchange(event: Exchange) -> str:
    assert event.response is not None
    return f"http {event.request.line} -> {event.response.line}"


def _ended(event: Ended) -> str:
    return f"end {event.side} {event.how}"


_LINES: dict[type, Any] = {
    Opened: _opened,
    Framed: _framed,
    Messaged: _messaged,
    Finding: _finding,
    Raw: _raw,
    Gap: _gap,
    Ended: _ended,
    Closed: _closed,
    Exchange: _exchange,
}
