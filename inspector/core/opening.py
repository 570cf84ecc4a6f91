"""Before the frames: HTTP, request by request, until a server answers 101.

Most connections begin with their handshake. But plain requests may come before it, a refused
handshake may be tried again, and a hasty client may send frames before it has its answer. So heads
are read in order, each response is given to its request, and what a client sends after it asked for
the upgrade is held until the answer tells what it is.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

from inspector.core.events import Event, Opened
from inspector.core.findings import Finding
from inspector.core.handshake import Agreement, negotiated, verify_accept
from inspector.core.heads import MAX_HEAD, Head
from inspector.core.http1 import Exchange, HttpReader, body_framing
from inspector.core.life import Life
from inspector.core.rfc import Side
from inspector.core.rules.request import HEAD_CUT_RULES, REQUEST_RULES
from inspector.core.rules.response import RESP_MISSING, RESPONSE_RULES

MAX_HELD: Final = 256 * 1024
"""Bytes that a client may send between its request and the answer, before they are raw."""

MAX_WAITING: Final = 1_000
"""Requests that may wait for their responses at a time."""


class Opening:
    """The heads of one connection, until there is an `agreement`, or `why` there will be none."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.opened = False
        """Was there a handshake?"""
        self.asked: Exchange | None = None
        """The request for a WebSocket that has no answer yet."""
        self.agreement: Agreement | None = None
        """Set once no more HTTP comes on this connection. It is empty if there is a `why`, too."""
        self.why: str | None = None
        """Why nothing more can be read as HTTP."""
        self._readers: dict[Side, HttpReader] = {"client": HttpReader(), "server": HttpReader()}
        self._waiting: deque[Exchange] = deque()
        self._held: list[tuple[bytes, float]] = []
        self._held_size = 0
        self._ended: set[Side] = set()

    def receive(self, side: Side, data: bytes, time: float) -> Iterator[Event]:
        """The next bytes of one direction."""
        if self.why is not None:
            return
        reader = self._readers[side]
        if side == "client":
            self._requests(data, time)
        else:
            reader.feed(data)
            yield from self._responses(time)
        if reader.overflown:
            self.give_up(f"no HTTP head within {MAX_HEAD} bytes")
            self._cut_request(time)
            yield from self._unanswered(time, blame=self.why if side == "server" else None)

    def end(self, side: Side, time: float) -> Iterator[Event]:
        """This direction of TCP ended; if it is the server's, there is no answer any more."""
        self._ended.add(side)
        if side == "client":
            self._cut_request(time)
        if "server" in self._ended:
            words = "the connection ended before the head of a response had come whole"
            yield from self._unanswered(time, blame=words)

    def finish(self, time: float) -> Iterator[Event]:
        """No more comes, or nothing can be read any more; nobody is to blame for that."""
        self._cut_request(time)
        yield from self._unanswered(time)

    def give_up(self, why: str) -> None:
        """Nothing more can be read as HTTP."""
        self.why = self.why or why

    def rest(self, time: float) -> Iterator[tuple[Side, bytes, float]]:
        """What came after the heads, and when: the beginning of what was agreed on."""
        held, self._held = self._held, []
        for data, then in held:
            yield "client", data, then
        for side, reader in self._readers.items():
            if data := reader.rest():
                yield side, data, time

    def _requests(self, data: bytes, time: float) -> None:
        if self.asked is not None:
            self._hold(data, time)
            return
        reader = self._readers["client"]
        reader.feed(data)
        while self.asked is None and (head := reader.next_head()) is not None:
            exchange = Exchange(head, time)
            self._waiting.append(exchange)
            if head.is_websocket:
                self.asked = exchange
                self._hold(reader.rest(), time)
            else:
                reader.expect(*body_framing(head))
            if len(self._waiting) > MAX_WAITING:
                self.give_up(f"more than {MAX_WAITING} requests wait for a response")
                return

    def _hold(self, data: bytes, time: float) -> None:
        if data:
            self._held.append((data, time))
            self._held_size += len(data)
        if self._held_size > MAX_HELD:
            self.give_up(f"more than {MAX_HELD} bytes came before any answer")

    def _responses(self, time: float) -> Iterator[Event]:
        reader = self._readers["server"]
        while (head := reader.next_head()) is not None:
            status = head.status or 0
            if 100 <= status < 200 and status != 101:
                continue  # an answer in between: the real one follows
            exchange = self._waiting.popleft() if self._waiting else None
            if status == 101:
                self.asked = None
                self.agreement = negotiated(head)
                self.life.upgrade(True)
                yield from self._open(exchange.request if exchange else None, head, time)
                return
            if exchange is None and not head.is_response:
                self.give_up("neither requests nor responses")
                return
            reader.expect(*body_framing(head, exchange.request.method if exchange else ""))
            if exchange is None:
                continue  # its request came before the capture
            exchange.response, exchange.responded = head, time
            if exchange is self.asked:
                yield from self._refused(exchange.request, head, time)
            else:
                yield exchange

    def _refused(self, request: Head, response: Head, time: float) -> Iterator[Event]:
        """HTTP goes on, and what was held is read as such."""
        self.asked = None
        self.life.upgrade(False)
        yield from self._open(request, response, time)
        self._readers["client"].expect(*body_framing(request))
        held, self._held, self._held_size = self._held, [], 0
        for data, then in held:
            self._requests(data, then)

    def _cut_request(self, time: float) -> None:
        """The beginning of a request for a WebSocket, if that is all that came of it."""
        head = self._readers["client"].cut_head() if self.asked is None else None
        if head is not None and head.is_websocket:
            self.asked = Exchange(head, time)
            self._waiting.append(self.asked)

    def _unanswered(self, time: float, blame: str | None = None) -> Iterator[Event]:
        """No answer comes any more to the handshake, if there is one; `blame` the server for it."""
        if self.asked is None:
            return
        request, response = self.asked.request, None
        reader = self._readers["server"]
        if self._waiting[0] is self.asked and reader.buffer.startswith(b"HTTP/"):
            response = reader.cut_head()
        self.asked = None
        self.agreement = Agreement()
        self.give_up("no 101 came")
        yield from self._open(request, response, time)
        if blame is not None:
            yield Finding(RESP_MISSING, "server", "response", 0, blame)

    def _open(self, request: Head | None, response: Head | None, time: float) -> Iterator[Event]:
        self.opened = True
        proof = verify_accept(request, response)
        yield Opened(request, response, time, proof, self.agreement or Agreement())
        if request is None:
            return
        cut = HEAD_CUT_RULES if "client" in self._ended else []
        for rule, check in REQUEST_RULES if request.complete else cut:
            if found := check(request):
                yield Finding(rule, "client", "request", *found)
        if response is not None and response.complete:
            for rule, check_both in RESPONSE_RULES:
                if found := check_both(request, response):
                    yield Finding(rule, "server", "response", *found)
