"""After the 101: frames, and everything that follows from them.

    bytes -> frames -> messages
       \\_____\\_________\\______ findings

Each whole frame is shown to the rules together with all that was `seen` before it, and only then is
taken in. What can not be read as frames comes out as `Raw`, with the reason.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from inspector.core.events import Event, Framed, Gap, Messaged
from inspector.core.findings import Finding, Rule
from inspector.core.frames import Frame, FrameDecoder, Raw
from inspector.core.handshake import Agreement
from inspector.core.late_http import START, LateResponse, begins_http
from inspector.core.life import Life
from inspector.core.messages import Message
from inspector.core.resync import Seeker, still_to_come
from inspector.core.rfc import BINARY, CLOSE, PEER, SIDES, Side
from inspector.core.rules.closing import (
    CLIENT_CLOSED_FIRST,
    CLOSE_MISSING,
    CLOSE_UNANSWERED,
    CLOSING_TIME,
    GARBAGE_AFTER_CLOSE,
    HTTP_AFTER_CLOSE,
    TCP_NOT_CLOSED,
)
from inspector.core.rules.control import PING_UNANSWERED
from inspector.core.rules.messages import (
    FRAME_HUGE,
    FRAME_TRUNCATED,
    MESSAGE_RULES,
    MESSAGE_UNFINISHED,
)
from inspector.core.rules.watch import Watch
from inspector.core.seen import Seen

MAX_REMEMBERED_FRAGMENTS: Final = 20_000
"""Fragments that wait to be told the number of their message."""

NOTHING_YET: Final[Mapping[Side, int]] = {"client": 0, "server": 0}

_HTTP: Final = "an HTTP response after Close"
_GARBAGE: Final = "bytes after Close that are no whole frame"


class Framing:
    """Both directions of one connection, from their first frame on."""

    def __init__(
        self,
        agreement: Agreement,
        life: Life,
        max_payload: int,
        offsets: Mapping[Side, int] = NOTHING_YET,
    ) -> None:
        """`offsets` is how far each side has come after its head: 0 where a 101 was the answer."""
        self.life = life
        self.seen = Seen(agreement, life)
        self._watch = Watch(self.seen)
        self.frames = 0
        self.messages = 0
        self._max_payload = max_payload
        self._decoders = {side: FrameDecoder(side, max_payload, offsets[side]) for side in SIDES}
        self._times: dict[Side, float] = {"client": 0.0, "server": 0.0}
        """When each side's last byte came."""
        self._seekers: dict[Side, Seeker] = {}
        """Sides in which it is not known where the next frame begins."""
        self._fragments: dict[Side, list[Framed]] = {"client": [], "server": []}
        self._late: LateResponse | None = None
        self._unread = self.seen.unread
        """Sides of which bytes were not read: what they did not send, nobody knows."""
        self._closed_at: float | None = None
        """When both sides had sent Close; None again once that is settled."""
        self._cut_off: set[Side] = set()
        """Sides that the other one's reset cut off: what they did not send is not their fault."""

    @property
    def unsettled(self) -> bool:
        """Is a frame out whose message's number is not known yet?"""
        fragments = self._fragments
        return bool(fragments["client"] or fragments["server"])

    def receive(self, side: Side, data: bytes, time: float) -> Iterator[Event]:
        """The next bytes of one direction."""
        if self._closed_at is not None:
            yield from self.wait(time)
        self._times[side] = time
        seeker = self._seekers.get(side)
        if seeker is not None:
            yield from seeker.feed(data, time)
            yield from self._go_on(side, seeker)
            return
        self._decoders[side].feed(data)
        yield from self._read(side)

    def wait(self, time: float) -> Iterator[Event]:
        """It is that late by now: has the server had its time to end TCP?"""
        if self._closed_at is None or time - self._closed_at < CLOSING_TIME:
            return
        waited, self._closed_at = time - self._closed_at, None
        if not self.life.has_ended("server") and "server" not in self._unread:
            words = f"both sides had sent Close, and {waited:.1f} s later TCP was still open"
            yield self._found(TCP_NOT_CLOSED, self._decoders["server"], words)

    def gap(self, side: Side, size: int, time: float) -> Iterator[Event]:
        """`size` bytes of this direction are not in the capture.

        Frames go on behind the one in which the bytes are missing, where its header was seen; else
        where frames can be made out again.
        """
        yield from self._stop_seeking(side)
        yield from self._read_late(side)
        decoder, seeker = self._decoders[side], self._seekers.get(side)
        lost, offset = decoder.raw_why is None, decoder.offset
        to_come = still_to_come(decoder)
        if seeker is not None:
            lost, offset, to_come = True, seeker.offset, seeker.skip
        else:
            decoder.gap(size)
            yield from self._rest(side)
            offset = decoder.offset - size
        yield Gap(side, offset, size, time)
        self._fragments[side].clear()
        self.seen.miss(side, "bytes are missing in the capture")
        if lost:
            why = f"framing lost at offset {offset}, before a gap in the capture"
            if to_come >= size:
                why = "the rest of a frame, behind a gap in the capture"
            known = to_come - size if to_come >= size else None
            self._seekers[side] = seeker = Seeker(side, offset + size, why, known)
            yield from self._go_on(side, seeker)

    def seek(self, why: str) -> None:
        """What was said before is not known: frames begin wherever they can be made out."""
        for side in SIDES:
            self.seen.miss(side, why)
            self._seekers[side] = Seeker(side, self._decoders[side].offset, why)

    def _go_on(self, side: Side, seeker: Seeker) -> Iterator[Event]:
        """If frames have been found, decode on from there."""
        if seeker.found:
            del self._seekers[side]
            self._decoders[side] = FrameDecoder(side, self._max_payload, seeker.offset)
            for data, time in seeker.take():
                yield from self.receive(side, data, time)

    def _stop_seeking(self, side: Side) -> Iterator[Event]:
        """No more comes, for now or at all: is what has come enough?"""
        seeker = self._seekers.get(side)
        if seeker is not None:
            yield from seeker.end()
            yield from self._go_on(side, seeker)

    def give_up(self, why: str) -> None:
        """There are no frames at all: what comes is raw."""
        for side in SIDES:
            self._unread.add(side)
            self._decoders[side].give_up(why)

    def end(self, side: Side) -> Iterator[Event]:
        """This direction of TCP ended."""
        yield from self._stop_seeking(side)
        yield from self._read_late(side)
        decoder = self._decoders[side]
        if decoder.waiting and self.seen.of(side).close:
            yield self._found(GARBAGE_AFTER_CLOSE, decoder, f"{decoder.waiting} {_GARBAGE}")
            decoder.give_up(_GARBAGE)
        truncated = decoder.raw_why is None
        for event in self._rest(side):
            yield event
            if truncated and isinstance(event, Framed):
                yield self._truncated(event)
        yield from self._unfinished(side)
        if side == "client" and self.life.clean and not self.life.has_ended("server"):
            words = "the client ended TCP before the server did, after both had sent Close"
            yield self._found(CLIENT_CLOSED_FIRST, decoder, words)

    def cut_off(self, side: Side) -> Iterator[Event]:
        """The other side reset the connection: this one's end will never be seen."""
        self._cut_off.add(side)
        yield from self.finish(side)

    def finish(self, side: Side) -> Iterator[Event]:
        """No more of this direction comes; nobody knows whether it ended."""
        yield from self._stop_seeking(side)
        yield from self._read_late(side)
        yield from self._rest(side)

    def judge(self) -> Iterator[Finding]:
        """Both directions have ended: what only that can prove."""
        closes = {side: self.seen.of(side).close for side in SIDES}
        for side in SIDES:
            if PEER[side] not in self._unread | self._cut_off:
                for ping in self.seen.of(side).pings.unanswered():
                    if not ping.excused:
                        words = "no Pong came back for this Ping"
                        place = (ping.offset, words, ping.number)
                        yield Finding(PING_UNANSWERED, PEER[side], side, *place)
            received = closes[PEER[side]]
            silent = closes[side] is None and side not in self._unread | self._cut_off
            if silent and received is not None:
                words = f"it received a Close (frame {received.number}) and sent none"
                yield self._found(CLOSE_UNANSWERED, self._decoders[side], words)
            if not any(closes.values()) and not self._unread and self.life.closed_by == side:
                words = "its TCP direction ended first, and neither side had sent a Close"
                yield self._found(CLOSE_MISSING, self._decoders[side], words)

    def _read(self, side: Side) -> Iterator[Event]:
        """As much as can be read of what has come."""
        decoder = self._decoders[side]
        while True:
            if side == "server" and self.seen.closing and begins_http(decoder):
                late = self._late_http(decoder)
                if not late:
                    return
                yield from late
                continue
            piece = decoder.next_piece()
            if piece is None:
                return
            yield from self._piece(piece)

    def _read_late(self, side: Side) -> Iterator[Event]:
        """Before what is left is taken for half a frame: is it an HTTP response cut short?"""
        yield from self._read(side)
        if side == "server" and self._late is not None:
            decoder = self._decoders[side]
            yield self._found(HTTP_AFTER_CLOSE, decoder, f"{self._late.words(decoder)}, cut short")
            decoder.give_up(_HTTP)

    def _rest(self, side: Side) -> Iterator[Event]:
        for piece in self._decoders[side].end():
            yield from self._piece(piece)

    def _piece(self, piece: Frame | Raw) -> list[Event]:
        return self._frame(piece) if isinstance(piece, Frame) else [self._raw(piece)]

    def _late_http(self, decoder: FrameDecoder) -> list[Event]:
        """An HTTP response where a frame should begin; nothing while more of it has to come."""
        if decoder.peek(len(START)) != START:
            return []
        late = self._late = self._late or LateResponse()
        late.read(decoder)
        if late.size is None and not late.endless:
            return []
        self._late = None
        finding = self._found(HTTP_AFTER_CLOSE, decoder, late.words(decoder))
        if late.size is not None:
            return [finding, decoder.skip(late.size, _HTTP)]
        decoder.give_up(_HTTP)
        if not self.seen.of("server").close:
            self._unread.add("server")  # its Close may be among the bytes
        return [finding]

    def _raw(self, raw: Raw) -> Raw:
        """Bytes that are no frame; after a loss of framing, there may be some among them."""
        self._note_loss(raw.side)
        return raw

    def _note_loss(self, side: Side) -> None:
        if self._decoders[side].lost and not self.seen.of(side).close:
            self._unread.add(side)

    def _frame(self, frame: Frame) -> list[Event]:
        self.frames += 1
        side, number, seen = frame.side, self.frames, self.seen
        framed = Framed(number, frame, self._times[side])
        events: list[Event] = [framed]
        self._note_loss(side)
        if not frame.complete and not frame.header_complete:
            return events
        due = self._watch.due(frame)
        for each in due.header:
            if words := each.check(frame, seen):
                events.append(Finding(each.rule, side, side, frame.offset, words, number))
        if frame.spilled or not frame.complete:
            events += self._huge(frame, number)
        if not frame.complete:
            return events
        for each in due.payload:
            if words := each.check(frame, seen):
                events.append(Finding(each.rule, side, side, frame.offset, words, number))
        message = seen.of(side).assembler.add(number, frame)
        seen.take(number, frame)
        if message is not None:
            events += self._message(framed, message)
        elif frame.opcode <= BINARY:
            self._remember(framed)
        elif frame.opcode == CLOSE:
            close = seen.of(side).close
            if self.life.clean and close is not None and close.number == number:
                self._closed_at = framed.time
            events += self._unfinished(side)
        return events

    def _huge(self, frame: Frame, number: int) -> Iterator[Finding]:
        """A frame that announces more than is kept."""
        length = frame.length or 0
        if self._max_payload < length < 2**63:
            words = f"{length} bytes in one frame; no more than {self._max_payload} are kept"
            yield Finding(FRAME_HUGE, frame.side, frame.side, frame.offset, words, number)

    def _message(self, framed: Framed, message: Message) -> Iterator[Event]:
        """A message is whole: its number is known to all its frames."""
        self.messages += 1
        framed.message = self.messages
        if len(message.frames) > 1:
            for fragment in self._fragments[message.side]:
                fragment.message = self.messages
            self._fragments[message.side].clear()
        yield Messaged(self.messages, message, framed.time)
        if message.inflated is None and message.utf8_fault is None:
            return  # there is nothing for the rules to look at
        for rule, check in MESSAGE_RULES:
            if words := check(message):
                place = (message.first.offset, words, message.frames[0])
                yield Finding(rule, message.side, message.side, *place)

    def _remember(self, framed: Framed) -> None:
        """A fragment waits for the number of its message, if that is not too long to wait for."""
        fragments = self._fragments[framed.frame.side]
        message = self.seen.of(framed.frame.side).assembler.open
        if message is None:
            return
        if not 1 < message.count <= MAX_REMEMBERED_FRAGMENTS:
            fragments.clear()
        if message.count <= MAX_REMEMBERED_FRAGMENTS:
            fragments.append(framed)

    def _unfinished(self, side: Side) -> Iterator[Finding]:
        """No more fragments come, because of a Close or of the end."""
        self._fragments[side].clear()
        message = self.seen.of(side).assembler.abandon()
        if message is not None and side not in self._unread:
            first = message.numbers[0]
            words = f"the message begun with frame {first} has no last fragment"
            yield Finding(MESSAGE_UNFINISHED, side, side, message.first.offset, words, first)

    def _truncated(self, event: Framed) -> Finding:
        frame = event.frame
        if frame.header_complete:
            came = len(frame.wire_payload) + frame.spilled
            words = f"the connection ended after {came} of {frame.length} payload bytes"
        else:
            words = f"the connection ended after {len(frame.header)} bytes of the frame's header"
        place = (frame.offset, words, event.number)
        return Finding(FRAME_TRUNCATED, frame.side, frame.side, *place)

    @staticmethod
    def _found(rule: Rule, decoder: FrameDecoder, words: str) -> Finding:
        """A finding about the place that a direction has come to."""
        return Finding(rule, decoder.side, decoder.side, decoder.offset, words)
