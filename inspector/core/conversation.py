"""One TCP connection, from its first request to its end.

Bytes of both directions and their times go in, in the order in which they were seen; events come
out. First HTTP is read (`opening`); when a server answers 101, frames (`framing`); in the end it is
told who closed, and how.

    bytes -> heads -> 101 -> frames -> messages -> end
                \\______________\\________\\________\\___ findings

Nothing that a peer sent raises, and what can not be read comes out as `Raw`, with the reason.
"""

from collections.abc import Iterator
from typing import Final, Literal

from inspector.core.events import Closed, Ended, Event, Gap, How, Opened
from inspector.core.findings import Finding
from inspector.core.frames import MAX_PAYLOAD, Raw
from inspector.core.framing import Framing
from inspector.core.handshake import Agreement, verify_accept
from inspector.core.http1 import Exchange
from inspector.core.life import Life
from inspector.core.midstream import Kept, Midstream
from inspector.core.opening import Opening
from inspector.core.rfc import PEER, SIDES, Side
from inspector.core.rules.closing import close_code, close_reason

MAX_JOINS: Final = 8
"""Gaps in one connection after which it is looked anew what is spoken."""


class Conversation:
    """Decode one TCP connection. Each method returns the events that became known by it."""

    def __init__(self, max_payload: int = MAX_PAYLOAD, *, midstream: bool = False) -> None:
        """`midstream`: its first bytes are not the connection's first, as far as is known."""
        self.life = Life()
        self.max_payload = max_payload
        self._opening = Opening(self.life)
        self._framing: Framing | None = None
        self._midstream = Midstream() if midstream else None
        self._joins = 0
        self._origins: dict[Side, int] = {"client": 0, "server": 0}
        """Where in each stream begins what is read now, after a gap that nothing bridged."""
        self.swapped = False
        """Was the client taken for the server? Sides mean what they are in all that is told."""
        self._time = 0.0
        self._ends: list[Ended] = []
        self._closed = False

    @property
    def stage(self) -> Literal["http", "frames", "opaque"]:
        """What its bytes are read as. Opaque: they are no HTTP, and no WebSocket was asked for."""
        if self._framing is not None:
            return "frames"
        opaque = self._opening.why and not self._opening.opened and self._midstream is None
        return "opaque" if opaque else "http"

    def begins(self, side: Side) -> int:
        """Where a side's offset 0 is: bytes before it in its stream, those that are missing too."""
        return self._origins[side] + self._opening.begins(side)

    @property
    def joining(self) -> bool:
        """Are bytes kept until it is known what is spoken?"""
        return self._midstream is not None

    @property
    def asking(self) -> Exchange | None:
        """The whole request for a WebSocket that waits for its answer."""
        asked = self._opening.asked if self._framing is None else None
        return asked if asked is not None and asked.request.complete else None

    @property
    def unsettled(self) -> bool:
        """Is a frame out whose message's number is not known yet?"""
        return self._framing is not None and self._framing.unsettled

    @property
    def ended(self) -> bool:
        """Have both TCP directions ended?"""
        return self.life.over

    def receive(self, side: Side, data: bytes, time: float) -> Iterator[Event]:
        """The next bytes of one direction, and when they came (seconds since the epoch)."""
        if self._closed or not data:
            return
        if self._midstream is not None or self.swapped:
            yield from self._step(Kept("bytes", side, data, time))
        else:
            yield from self._receive(side, data, time)

    def _receive(self, side: Side, data: bytes, time: float) -> Iterator[Event]:
        self._time = time
        if self._framing is not None:
            yield from self._framing.receive(side, data, time)
        else:
            handshake_told = self._opening.opened
            for event in self._opening.receive(side, data, time):
                of_it = isinstance(event, Finding) or (isinstance(event, Raw) and event.offset < 0)
                if handshake_told and not of_it:
                    yield from self._tell_ends()  # what ended then did so before what comes now
                yield event
                if isinstance(event, Opened):
                    handshake_told = True
            yield from self._proceed()

    def gap(self, side: Side, size: int, time: float | None = None) -> list[Event]:
        """`size` bytes of this direction are not in the capture, as was noticed at `time`."""
        if self._closed:
            return []
        return list(self._step(Kept("gap", side, size, self._time if time is None else time)))

    def _gap(self, side: Side, size: int, time: float) -> Iterator[Event]:
        self._time = time
        framing = self._framing
        if framing is None:
            opening, offset = self._opening, self._opening.reach(side)
            yield from opening.gap(side, size)
            yield from self._proceed()
            framing = self._framing
            if framing is None and opening.opened:
                yield Gap(side, offset, size, time)
            elif framing is None and opening.missed and self._joins < MAX_JOINS:
                self._joins += 1
                for each in SIDES:
                    self._origins[each] += opening.begins(each) + opening.reach(each)
                self._origins[side] += size
                self._opening, self._midstream = Opening(self.life), Midstream()
        if framing is not None:
            yield from framing.gap(side, size, time)

    def end(self, side: Side, how: How, time: float) -> Iterator[Event]:
        """One direction of TCP ended. A reset leaves nothing of the other one, either."""
        yield from self._step(Kept("end", side, how, time))

    def _end(self, side: Side, how: How, time: float) -> Iterator[Event]:
        if self.life.has_ended(side):
            return
        self._time = time
        if self._framing is None:
            yield from self._opening.end(side, time)
            yield from self._proceed()
        if self._framing is not None:
            yield from self._framing.wait(time)
            yield from self._framing.end(side)
        self.life.step(side, "end")
        self._ends.append(Ended(side, how, time))
        yield from self._tell_ends()
        if how == "rst" and not self.life.has_ended(PEER[side]):
            yield from self._cut_off(PEER[side])
        if self.life.over:
            if self._framing is not None:
                yield from self._framing.judge()
            yield from self._close()

    def _cut_off(self, side: Side) -> Iterator[Event]:
        """The other side's reset is the end of this one, too; it did not end anything itself."""
        if self._framing is None:
            yield from self._opening.finish(self._time)
            yield from self._proceed()
        if self._framing is not None:
            yield from self._framing.cut_off(side)
        self.life.step(side, "end")

    def finish(self, time: float | None = None) -> Iterator[Event]:
        """The capture ended; the connection may live on, so nothing is blamed for that.

        `time` is that of the last thing captured, of whatever connection, if it is known.
        """
        while self._midstream is not None:
            yield from self.decide()
        if self._framing is not None and time is not None:
            yield from self._framing.wait(time)
        if self._framing is None:
            yield from self._opening.finish(self._time)
            yield from self._proceed()
        if self._framing is not None:
            for side in SIDES:
                if not self.life.has_ended(side):
                    yield from self._framing.finish(side)
        yield from self._close()

    def decide(self) -> Iterator[Event]:
        """Keep nothing any longer: what has come has to be enough to know what is spoken."""
        if self._midstream is not None:
            self._midstream.finish()
            yield from self._decide(self._midstream)

    def _step(self, step: Kept) -> Iterator[Event]:
        """Keep a step, while it is not known what is spoken, or read it."""
        if self._midstream is not None:
            self._midstream.take(step)
            yield from self._decide(self._midstream)
            return
        _, side, value, time = step
        side = PEER[side] if self.swapped else side
        if isinstance(value, bytes):
            yield from self._receive(side, value, time)
        elif isinstance(value, int):
            yield from self._gap(side, value, time)
        else:
            yield from self._end(side, value, time)

    def _decide(self, midstream: Midstream) -> Iterator[Event]:
        """Once it is known what is spoken, read all that was kept."""
        if midstream.verdict is None:
            return
        self._midstream = None
        if midstream.verdict == "frames":
            self.swapped = midstream.swapped
            yield from self._join(midstream.kept[-1].time)
        for step in midstream.kept:
            yield from self._step(step)

    def _join(self, time: float) -> Iterator[Event]:
        """Frames without a handshake: it was before the capture, or in a gap."""
        agreement = Agreement(known=False)
        self._opening.opened = True
        self.life.upgrade(True)
        yield Opened(None, None, time, verify_accept(None, None), agreement, midstream=True)
        self._framing = Framing(agreement, self.life, self.max_payload)
        self._framing.seek("before the first frame that can be made out")

    def _proceed(self) -> Iterator[Event]:
        """From HTTP to frames, once the answer is there, or to raw bytes if none can come."""
        opening, time = self._opening, self._time
        if opening.why is not None and opening.asked is not None:
            yield from opening.finish(time)
        if opening.agreement is not None:
            offsets = {side: opening.offset(side) for side in SIDES}
            framing = self._framing = Framing(
                opening.agreement, self.life, self.max_payload, offsets
            )
            if opening.missed:
                framing.seek(
                    "the handshake is not whole in the capture, and frames are not made out"
                )
            elif opening.why is not None:
                framing.give_up(opening.why)
            rest = list(opening.rest(time))
            for side in SIDES:  # a client that has ended did so before the answer's last byte
                for speaker, data, then in rest:
                    if speaker == side:
                        yield from framing.receive(side, data, then)
                if self.life.has_ended(side):
                    yield from framing.end(side)
                    yield from self._tell_ends()
        yield from self._tell_ends()

    def _tell_ends(self) -> Iterator[Event]:
        """The ends of TCP directions, once it is known that this is a WebSocket's connection."""
        if self._opening.opened:
            ends, self._ends = self._ends, []
            yield from ends

    def _close(self) -> Iterator[Event]:
        if self._closed or not self._opening.opened:
            return
        self._closed = True
        code, reason, by = None, None, self.life.closed_by
        close = self._framing.seen.of(by).close if self._framing is not None and by else None
        if close is not None:
            code = close_code(close.frame)
            reason = close_reason(close.frame).decode("utf-8", "replace")
        yield Closed(by, code, reason, self.life.clean)
