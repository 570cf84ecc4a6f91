"""Before the frames: HTTP, request by request, until a server answers 101.

Most connections begin with their handshake. But plain requests may come before it, a refused
handshake may be tried again, and a hasty client may send frames before it has its answer. So heads
are read in order, each response is given to its request, and what a client sends after it asked for
the upgrade is held until the answer tells what it is.

Plain requests and their responses are passed over. All that belongs to a handshake is told: what is
in neither head comes out as `Raw`, its offset counted from the end of its side's head, so that what
stands before the head (an empty line, a 103) has a negative one.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

from inspector.core.events import Event, Opened
from inspector.core.findings import Finding
from inspector.core.frames import RAW_BLOCK, Raw
from inspector.core.handshake import Agreement, negotiated, verify_accept
from inspector.core.heads import MAX_HEAD, Head
from inspector.core.http1 import Exchange, HttpReader, body_framing
from inspector.core.life import Life
from inspector.core.rfc import SIDES, Side
from inspector.core.rules.request import CLIENT_DATA_EARLY, request_findings
from inspector.core.rules.response import RESP_MISSING, response_findings

MAX_HELD: Final = 256 * 1024
"""Bytes that a client may send between its request and the answer, before they are raw."""

MAX_WAITING: Final = 1_000
"""Requests that may wait for their responses at a time."""

_BEFORE: Final = {
    "client": "empty lines before the request",
    "server": "what came before the answer's head",
}
_BODY: Final = {"client": "the body of the request", "server": "the body of the answer"}
_LEFT: Final = "after a handshake that was refused, and no HTTP"


class Opening:
    """The heads of one connection, until there is an `agreement`, or `why` there will be none."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.opened = False
        """Was there a handshake?"""
        self.asked: Exchange | None = None
        """The request for a WebSocket that has no answer yet."""
        self._asked_at: float | None = None
        self.agreement: Agreement | None = None
        """Set once no more HTTP comes on this connection. It is empty if there is a `why`, too."""
        self.why: str | None = None
        """Why nothing more can be read as HTTP."""
        self.missed = False
        """Is that because bytes are missing in the capture?"""
        self._readers: dict[Side, HttpReader] = {"client": HttpReader(), "server": HttpReader()}
        self._waiting: deque[Exchange] = deque()
        self._held: list[tuple[bytes, float]] = []
        self._held_size = 0
        self._ended: set[Side] = set()
        self._before: dict[Side, bytes] = {"client": b"", "server": b""}
        """What stood before the handshake's heads."""
        self._in_between = b""
        """1xx responses before the answer that is to come, and their empty lines."""
        self._heads_end: dict[Side, int] = {"client": 0, "server": 0}
        """Where in its stream each side's head of the last handshake ends."""

    def begins(self, side: Side) -> int:
        """Where in its stream a side's offset 0 is: the end of its head of the last handshake."""
        return self._heads_end[side]

    def offset(self, side: Side) -> int:
        """How far a side has come, counted from the end of its head of the last handshake."""
        return self._readers[side].at - self._heads_end[side]

    def reach(self, side: Side) -> int:
        """The same, bytes that still wait to be read included."""
        return self.offset(side) + len(self._readers[side].buffer)

    def receive(self, side: Side, data: bytes, time: float) -> Iterator[Event]:
        """The next bytes of one direction."""
        if self.why is not None:
            return
        reader = self._readers[side]
        if side == "client":
            yield from self._requests(data, time)
        else:
            reader.feed(data)
            yield from self._responses(time)
        if reader.overflown or len(self._in_between) > MAX_HEAD:
            self.give_up(f"no HTTP head within {MAX_HEAD} bytes")
            self._cut_request(time)
            yield from self._unanswered(time, blame=self.why if side == "server" else None)

    def end(self, side: Side, time: float) -> Iterator[Event]:
        """This direction of TCP ended; if it is the server's, there is no answer any more."""
        self._ended.add(side)
        if side == "client" and self.why is None:
            self._cut_request(time)
        if "server" in self._ended:
            words = "the connection ended before the head of a response had come whole"
            yield from self._unanswered(time, blame=words)
        yield from self._left_over(side)

    def finish(self, time: float) -> Iterator[Event]:
        """No more comes, or nothing can be read any more; nobody is to blame for that."""
        if self.why is None:
            self._cut_request(time)
        yield from self._unanswered(time)
        for side in SIDES:
            yield from self._left_over(side)

    def gap(self, side: Side, size: int) -> Iterator[Event]:
        """`size` bytes of this direction are not in the capture."""
        yield from self._passed(side, over=True)
        if not self._readers[side].gap(size):
            self.missed = self.missed or self.why is None
            self.give_up("no HTTP after a gap in the capture")

    def give_up(self, why: str) -> None:
        """Nothing more can be read as HTTP. After a handshake that was refused, it is raw."""
        self.why = self.why or why
        if self.opened and self.agreement is None:
            self.agreement = Agreement(known=not self.missed)

    def rest(self, time: float) -> Iterator[tuple[Side, bytes, float]]:
        """What came after the heads, and when: the beginning of what was agreed on."""
        held, self._held = self._held, []
        for data, then in held:
            yield "client", data, then
        for side, reader in self._readers.items():
            if data := reader.rest():
                yield side, data, time

    def _requests(self, data: bytes, time: float) -> Iterator[Event]:
        if self.asked is not None:
            self._hold(data, time)
            return
        reader = self._readers["client"]
        reader.feed(data)
        while (head := reader.next_head()) is not None:
            yield from self._passed("client", over=True)
            reader.keeps = False
            exchange = Exchange(head, time)
            self._waiting.append(exchange)
            if len(self._waiting) > MAX_WAITING:
                self.give_up(f"more than {MAX_WAITING} requests wait for a response")
            if head.is_websocket:
                self._ask(exchange)
                self._hold(reader.rest(), time)
                break
            reader.expect(*body_framing(head))
            if self.why is not None:
                break
        yield from self._passed("client", over=False)

    def _ask(self, exchange: Exchange) -> None:
        """The client asks for a WebSocket."""
        reader = self._readers["client"]
        self.asked, self._asked_at = exchange, exchange.requested
        self._before["client"], self._heads_end["client"] = reader.before(), reader.at

    def _hold(self, data: bytes, time: float) -> None:
        if data:
            self._held.append((data, time))
            self._held_size += len(data)
        if self._held_size > MAX_HELD:
            self.give_up(f"more than {MAX_HELD} bytes came before any answer")

    def _responses(self, time: float) -> Iterator[Event]:
        reader = self._readers["server"]
        while (head := reader.next_head()) is not None:
            yield from self._passed("server", over=True)
            reader.keeps = False
            status = head.status or 0
            if 100 <= status < 200 and status != 101:
                self._in_between += reader.before() + head.raw  # the real answer follows
                continue
            exchange = self._waiting.popleft() if self._waiting else None
            refused = exchange is not None and exchange is self.asked and status != 101
            self._answered(to_handshake=refused or status == 101)
            if status == 101:
                self.asked, self._asked_at = None, exchange.requested if exchange else None
                self._heads_end["client"] = self._readers["client"].at  # also if it never asked
                self.agreement = negotiated(head)
                self.life.upgrade(True)
                yield from self._open(exchange.request if exchange else None, head, time)
                if exchange is not None:
                    yield from self._hasty()
                return
            if exchange is None and not head.is_response:
                self.give_up("neither requests nor responses")
                return
            if exchange is not None and refused and not head.is_response:
                self.asked = None
                self.agreement = Agreement()
                self.give_up("what came for an answer is no HTTP")
                yield from self._open(exchange.request, head, time)
                return
            reader.expect(*body_framing(head, exchange.request.method if exchange else ""))
            if exchange is None:
                continue  # its request came before the capture
            exchange.response, exchange.responded = head, time
            if refused:
                yield from self._refused(exchange.request, head, time)
            else:
                yield exchange
        yield from self._passed("server", over=False)

    def _hasty(self) -> Iterator[Finding]:
        """What the client sent before the 101 was there, and the first of those bytes."""
        if early := self._early():
            shown = f"{early[:8].hex(' ')}{' …' if len(early) > 8 else ''}"
            words = f"the client sent {shown} before the 101 had come whole"
            yield Finding(CLIENT_DATA_EARLY, "client", "client", 0, words)

    def _early(self) -> bytes:
        """What waits of the client's bytes, after its request."""
        return b"".join(data for data, _ in self._held) + self._readers["client"].buffer

    def _answered(self, *, to_handshake: bool) -> None:
        """The head just read is an answer: what stood before it, and where it ends."""
        before, self._in_between = self._in_between + self._readers["server"].before(), b""
        if to_handshake:
            self._before["server"], self._heads_end["server"] = before, self._readers["server"].at

    def _refused(self, request: Head, response: Head, time: float) -> Iterator[Event]:
        """HTTP goes on, and what was held is read as such."""
        self.asked = None
        self.life.upgrade(False)
        yield from self._open(request, response, time)
        self._readers["client"].expect(*body_framing(request))
        for reader in self._readers.values():
            reader.keeps = True
        held, self._held, self._held_size = self._held, [], 0
        for data, then in held:
            yield from self._requests(data, then)

    def _cut_request(self, time: float) -> None:
        """The beginning of a request for a WebSocket, if that is all that came of it.

        Not once this was found to be no HTTP: what came since then was not kept.
        """
        reader = self._readers["client"]
        head = reader.cut_head() if self.asked is None else None
        if head is not None and head.is_websocket:
            exchange = Exchange(head, time)
            self._waiting.append(exchange)
            self._ask(exchange)
        elif head is not None:
            reader.put_back(head)

    def _unanswered(self, time: float, blame: str | None = None) -> Iterator[Event]:
        """No answer comes any more to the handshake, if there is one; `blame` the server for it."""
        if self.asked is None:
            return
        request, response = self.asked.request, None
        reader = self._readers["server"]
        if self._waiting[0] is self.asked and reader.buffer.startswith(b"HTTP/"):
            response = reader.cut_head()
        self._answered(to_handshake=True)
        self.asked = None
        self.agreement = Agreement(known=not self.missed)
        self.give_up("no 101 came")
        yield from self._open(request, response, time)
        if blame is not None:
            yield Finding(RESP_MISSING, "server", "response", 0, blame)

    def _open(self, request: Head | None, response: Head | None, time: float) -> Iterator[Event]:
        self.opened = True
        proof = verify_accept(request, response)
        agreement = self.agreement or Agreement()
        asked_at = self._asked_at if request is not None else None
        upgraded = response is not None and response.upgrades
        early = len(self._early()) if upgraded and request is not None else 0
        yield Opened(request, response, time, proof, agreement, asked_at, early)
        yield from self._stood_before("client", request)
        yield from self._stood_before("server", response)
        if request is not None:
            yield from request_findings(request, ended="client" in self._ended)
            if response is not None:
                yield from response_findings(request, response)

    # What is in neither head

    def _stood_before(self, side: Side, head: Head | None) -> Iterator[Raw]:
        data, self._before[side] = self._before[side], b""
        if data:
            offset = -len(data) - (len(head.raw) if head is not None else 0)
            yield Raw(side, offset, data, _BEFORE[side])

    def _passed(self, side: Side, *, over: bool) -> Iterator[Raw]:
        """What has been passed over of a body that is told, in blocks; all of it once it is `over`,
        as far as it comes."""
        reader = self._readers[side]
        over = over or reader.pass_body()
        while reader.passed and (over or len(reader.passed) >= RAW_BLOCK):
            data = bytes(reader.passed[:RAW_BLOCK])
            offset = reader.passed_at - self._heads_end[side]
            del reader.passed[:RAW_BLOCK]
            reader.passed_at += len(data)
            yield Raw(side, offset, data, _BODY[side])

    def _left_over(self, side: Side) -> Iterator[Raw]:
        """No more comes of this direction, and nothing took what waits after a refusal."""
        if self.opened and self.agreement is None:
            yield from self._passed(side, over=True)
            data = self._readers[side].rest()
            offset = self.offset(side)
            for start in range(0, len(data), RAW_BLOCK):
                yield Raw(side, offset + start, data[start : start + RAW_BLOCK], _LEFT)
