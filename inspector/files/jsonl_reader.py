"""JSON lines read back: from what `jsonl` wrote to the bytes of both directions.

Four types of lines hold bytes: `connection` (both heads), `frame` (its payload is masked again with
its key), `raw` and `http`; `end` and `close` say what else was seen. All others, and keys that are
not known, are passed over: messages and findings are found anew in the bytes.

Bytes are put in the place that their `offset` tells, and what is missing between is a `Gap`. Times
are those of the frames; raw bytes have the time of what came before them.

What can not be had: how the bytes were cut into packets, and the bodies of plain HTTP exchanges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from inspector.core.frames import MAX_PAYLOAD, Frame
from inspector.core.masking import apply_mask
from inspector.core.rfc import SIDES, Side
from inspector.files.events import (
    CaptureEvent,
    Counts,
    Data,
    Ended,
    Fault,
    Forgotten,
    Gap,
    Manner,
    Opened,
)
from inspector.files.jsonl_line import (
    Broken,
    Object,
    address,
    data_of,
    early_of,
    head_of,
    number_of,
    offset_of,
    parse,
    side_of,
    size_of,
    time_of,
)
from inspector.files.source import CannotOpen, Source, open_source
from inspector.files.spill import Spill
from inspector.files.text_lines import TextLine, text_lines

type Events = Iterator[CaptureEvent]

MAX_CONNECTIONS: Final = 32_768
"""Open at a time."""
MAX_SPILLS: Final = 64
"""Frames too long to keep whose line is waited for, at a time."""

_PASSED_OVER: Final = re.compile(rb'\s*\{\s*"type"\s*:\s*"(?:message|finding)"')
"""Lines without bytes, often long: told by their beginning, as `jsonl` writes it."""
_BEGINS: Final = re.compile(rb'\s*\{\s*"(?!log"\s*:)')


@dataclass(slots=True)
class _Rebuilt:
    """A connection, as far as its lines have told."""

    id: int
    time: float
    at: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(SIDES, 0))
    """How far each side has come after its head."""
    ahead: dict[Side, Spill] = field(default_factory=dict)
    """Raw bytes of a frame too long to keep: its line comes after them."""
    early: int = 0
    """So many bytes of the client come before the `answer`."""
    answer: Data | None = None
    reset: Ended | None = None
    """Told last: what the reset cut off has its lines after that of the end."""
    ended: set[Side] = field(default_factory=set)


@dataclass(slots=True)
class _Handshake:
    """Heads that wait for what stood before them: raw lines with an offset below 0."""

    connection: _Rebuilt
    heads: dict[Side, bytes]
    times: dict[Side, float]
    early: int
    before: dict[Side, bytes] = field(default_factory=lambda: dict.fromkeys(SIDES, b""))


def looks(window: bytes) -> bool:
    """Does a file that begins so hold JSON lines?"""
    return _BEGINS.match(window) is not None


def read_lines(source: Source, counts: Counts) -> Events:
    """The events of a source of JSON lines; a `Fault` at the first line that is none."""
    return _Reader(source, counts).events()


class _Reader:
    def __init__(self, source: Source, counts: Counts) -> None:
        self.source = source
        self.counts = counts
        self.connections: dict[int, _Rebuilt] = {}
        self.opened = 0
        """TCP connections so far, plain ones included."""
        self.handshake: _Handshake | None = None
        self.latest = 0
        """The highest number of a connection so far."""
        self.spills: set[Spill] = set()
        self.older: dict[int, Object] | None = None
        """Lines of connections that were opened before others, but upgraded after them."""

    def events(self) -> Events:
        try:
            yield from self._events()
        finally:
            for spill in self.spills:
                spill.close()

    def _events(self) -> Events:
        fault: Fault | None = None
        for line in text_lines(self.source):
            if isinstance(line, Fault):
                fault = line
                break
            self.counts.packets += 1
            if line.ended and _PASSED_OVER.match(line.data):
                continue
            try:
                told = parse(line.data)
                if told is not None:
                    yield from self._line(told)
            except Broken as error:
                if line.ended:
                    fault = Fault(line.offset, f"line {line.number} {error}")
                else:
                    fault = Fault(line.offset, f"it ends inside line {line.number}", cut=True)
                break
        yield from self._settle()
        for connection in self.connections.values():
            yield from self._let_go(connection)
            if connection.reset is not None:
                yield connection.reset
        if fault is not None:
            yield fault

    def _line(self, line: Object) -> Events:
        kind = line.get("type")
        if kind == "raw" and offset_of(line) < 0:
            waiting = self.handshake
            if waiting is not None and waiting.connection is self._connection(line):
                waiting.before[side_of(line)] += data_of(line, "bytes")
                return
        yield from self._settle()
        match kind:
            case "connection":
                yield from self._heads(line)
            case "frame":
                yield from self._frame(line)
            case "raw":
                yield from self._raw(line)
            case "gap":
                yield from self._gap(line)
            case "end":
                yield from self._end(line)
            case "close":
                yield from self._close(line)
            case "http":
                yield from self._http(line)

    def _connection(self, line: Object) -> _Rebuilt | None:
        """The connection that a line is about, None if no line has opened it."""
        return self.connections.get(number_of(line))

    def _orphan(self) -> None:
        self.counts.orphans += 1

    def _heads(self, line: Object) -> Events:
        number = number_of(line)
        heads: dict[Side, bytes] = {
            "client": head_of(line, "request"),
            "server": head_of(line, "response"),
        }
        opened = time_of(line, "opened", 0.0)
        if number not in self.connections:
            if number > self.latest + 1:
                yield from self._open_older(number)
            if len(self.connections) >= MAX_CONNECTIONS:
                yield from self._forget()
            yield self._open(number, line)
            self.latest = max(self.latest, number)
        connection = self.connections[number]
        answered = time_of(line, "answered", max(opened, connection.time))
        asked = time_of(line, "requested", min(max(opened, connection.time), answered))
        connection.at = dict.fromkeys(SIDES, 0)
        times: dict[Side, float] = {"client": asked, "server": answered}
        self.handshake = _Handshake(connection, heads, times, early_of(line))

    def _open(self, number: int, line: Object) -> Opened:
        opened = self._opened(line, time_of(line, "opened", 0.0))
        self.connections[number] = _Rebuilt(opened.connection_id, opened.time)
        return opened

    def _opened(self, line: Object, time: float) -> Opened:
        self.opened += 1
        facts = line.get("facts")
        return Opened(
            self.opened,
            address(line.get("client")),
            address(line.get("server")),
            time,
            facts if isinstance(facts, dict) else None,
            line.get("midstream") is True,
        )

    def _open_older(self, number: int) -> Events:
        """Open connections of lower numbers whose lines come later: numbers count first packets."""
        if self.older is None:
            self.older = _out_of_order(self.source)
        for older in sorted(each for each in self.older if self.latest < each < number):
            if older not in self.connections:
                yield self._open(older, self.older[older])

    def _settle(self) -> Events:
        """The heads of the last handshake: nothing stood before them that has not been told."""
        handshake, self.handshake = self.handshake, None
        if handshake is None:
            return
        connection = handshake.connection
        for side in SIDES:
            if data := handshake.before[side] + handshake.heads[side]:
                head = Data(connection.id, side == "client", data, handshake.times[side])
                if side == "server" and handshake.early:
                    connection.answer, connection.early = head, handshake.early
                else:
                    yield head
        connection.time = handshake.times["server"]

    def _frame(self, line: Object) -> Events:
        connection = self._connection(line)
        if connection is None:
            self._orphan()
            return
        side, offset = side_of(line), offset_of(line)
        header, payload = data_of(line, "header"), data_of(line, "payload")
        if header and (key := Frame(side, 0, header).masking_key):
            payload = apply_mask(payload, key)
        connection.time = time_of(line, "time", connection.time)
        yield from self._put(connection, side, offset, header + payload)
        spill = connection.ahead.get(side)
        if spill is not None and spill.begins <= connection.at[side]:
            yield from self._release(connection, side)

    def _gap(self, line: Object) -> Events:
        """Bytes that the capture did not have, either: told when that was noticed."""
        connection = self._connection(line)
        if connection is None:
            self._orphan()
            return
        side, end = side_of(line), offset_of(line) + size_of(line)
        connection.time = time_of(line, "time", connection.time)
        if side not in connection.ahead:  # else it is known by what comes behind it
            yield from self._put(connection, side, end, b"")

    def _raw(self, line: Object) -> Events:
        connection = self._connection(line)
        if connection is None:
            self._orphan()
            return
        side, offset, data = side_of(line), offset_of(line), data_of(line, "bytes")
        spill = connection.ahead.get(side)
        if spill is not None and spill.ends == offset:
            spill.add(data)
        elif self._is_ahead(connection, side, offset):
            connection.ahead[side] = Spill(offset, data)
            self.spills.add(connection.ahead[side])
        else:
            yield from self._put(connection, side, offset, data)

    def _is_ahead(self, connection: _Rebuilt, side: Side, offset: int) -> bool:
        """Can raw bytes be the end of a frame whose line comes after them?"""
        room = side not in connection.ahead and len(self.spills) < MAX_SPILLS
        return room and offset - connection.at[side] > MAX_PAYLOAD

    def _put(self, connection: _Rebuilt, side: Side, offset: int, data: bytes) -> Events:
        """Bytes in their place: what is missing before them is a gap, what was told is not new."""
        if side == "client" and connection.answer is not None:
            early = data[: max(0, connection.early - offset)]
            if early:
                connection.at[side] = offset + len(early)
                yield Data(connection.id, True, early, connection.time)
            data, offset = data[len(early) :], offset + len(early)
        if data or side == "server":
            yield from self._answer(connection)
        missing = offset - connection.at[side]
        if missing > 0:
            self.counts.gaps += 1
            self.counts.lost_bytes += missing
            connection.at[side] = offset
            yield Gap(connection.id, side == "client", missing, connection.time)
        elif missing < 0:
            repeated = min(-missing, len(data))
            self.counts.repeated_bytes += repeated
            data, offset = data[repeated:], offset + repeated
        if data:
            connection.at[side] = offset + len(data)
            yield Data(connection.id, side == "client", data, connection.time)

    def _release(self, connection: _Rebuilt, side: Side) -> Events:
        """Raw bytes whose frame has come, or does not come any more."""
        spill = connection.ahead.pop(side)
        offset = spill.begins
        for data in spill.blocks():
            yield from self._put(connection, side, offset, data)
            offset += len(data)
        self.spills.discard(spill)

    def _answer(self, connection: _Rebuilt) -> Events:
        """The 101, if it waited for what came before it."""
        answer, connection.answer = connection.answer, None
        if answer is not None:
            yield answer

    def _let_go(self, connection: _Rebuilt) -> Events:
        yield from self._answer(connection)
        for side in tuple(connection.ahead):
            yield from self._release(connection, side)

    def _end(self, line: Object) -> Events:
        connection = self._connection(line)
        if connection is None:
            self._orphan()
            return
        side = side_of(line)
        how: Manner | None = {"fin": "fin", "rst": "rst"}.get(str(line.get("how")))  # type: ignore[assignment]
        if side in connection.ended:
            return
        connection.ended |= set(SIDES) if how == "rst" else {side}
        connection.time = time_of(line, "time", connection.time)
        yield from self._let_go(connection)
        ended = Ended(connection.id, side == "client", how, connection.time)
        if how == "rst":
            connection.reset = ended
        else:
            yield ended

    def _close(self, line: Object) -> Events:
        """Nothing more comes of a connection, whether or not its ends were seen."""
        connection = self.connections.pop(number_of(line), None)
        if connection is None:
            self._orphan()
            return
        yield from self._let_go(connection)
        if connection.reset is not None:
            yield connection.reset
        elif len(connection.ended) < len(SIDES):
            yield Forgotten(connection.id, connection.time)

    def _forget(self) -> Events:
        """Let go of the connection that was opened first."""
        connection = self.connections.pop(next(iter(self.connections)))
        self.counts.forgotten += 1
        yield from self._let_go(connection)
        yield Forgotten(connection.id, connection.time)

    def _http(self, line: Object) -> Events:
        """A plain exchange, on a connection of its own: bodies between heads are not told."""
        asked = time_of(line, "time", 0.0)
        opened = self._opened(line, asked)
        yield opened
        self.counts.heads_only += 1
        for side, key, time in (
            ("client", "request", asked),
            ("server", "response", time_of(line, "answered", asked)),
        ):
            if head := head_of(line, key):
                yield Data(opened.connection_id, side == "client", head, time)
        yield Forgotten(opened.connection_id, asked)


def _out_of_order(source: Source) -> dict[int, Object]:
    """Of a file: the lines of those connections that come after one of a higher number."""
    found: dict[int, Object] = {}
    if source.path is None:
        return found
    try:
        again = open_source(source.path)
    except CannotOpen:
        return found
    latest = 0
    try:
        for line in text_lines(again):
            if isinstance(line, Fault):
                break
            if opens := _opens(line):
                number, told = opens
                if number < latest:
                    found.setdefault(number, told)
                latest = max(latest, number)
    finally:
        again.close()
    return found


def _opens(line: TextLine) -> tuple[int, Object] | None:
    """Number and facts of a `connection` line, None for any other."""
    if b'"connection"' not in line.data or b'"opened"' not in line.data:
        return None
    try:
        told = parse(line.data)
        if told is None or told.get("type") != "connection":
            return None
        kept = {key: told.get(key) for key in ("client", "server", "opened", "facts", "midstream")}
        return number_of(told), kept
    except Broken:
        return None
