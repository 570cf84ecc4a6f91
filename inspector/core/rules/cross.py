"""Rules that need several connections (RFC 6455 §4.1): what a client does besides this one.

Who is who only the room with the connections knows; here a client is its host, a server its host
and port, a connection its number. What is kept does not grow with the length of a capture: requests
that wait for an answer, and the last MAX_KEYS keys.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from inspector.core.findings import RULES, Finding, register
from inspector.core.heads import Head
from inspector.core.rules.request import key_reused
from inspector.core.safe import quoted, safe

MAX_KEYS: Final = 65_536
"""Keys of handshakes that are remembered, the last of each kind."""

MAX_KEY_LENGTH: Final = 64
"""Characters of a key that is remembered: a lawful one has 24."""

PARALLEL: Final = register(
    "req-parallel-connecting",
    "client",
    "info",
    "cross",
    "6455 §4.1(2)",
    "Another request from that host to that server still waits for its answer.",
    "One handshake at a time to one address: so that a page can't flood a server with them.",
    "Servers do not mind: they can't tell two programs on one machine from one.",
)
KEY_REUSED: Final = RULES["req-key-reused"]


@dataclass(frozen=True, slots=True)
class Asker:
    """One connection on which a WebSocket was asked for."""

    number: int
    client: str
    """The client's host."""
    port: int
    server: str
    """Host and port, as one text."""

    @property
    def words(self) -> str:
        return f"the connection from port {self.port} of {safe(self.client, 100)}"


class Across:
    """All connections of a capture: tell it who `asks`, and who `waits_no_more`."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], dict[int, Asker]] = {}
        """By client and server, in the order in which they asked."""
        self._keys: OrderedDict[str, Asker] = OrderedDict()

    def asks(self, asker: Asker, request: Head) -> list[Finding]:
        """A whole request for a WebSocket was read, and there is no answer to it yet."""
        return [*self._parallel(asker), *self._key(asker, request)]

    def waits_no_more(self, asker: Asker) -> None:
        """It has its answer, or there will be none."""
        pair = asker.client, asker.server
        waiting = self._waiting.get(pair, {})
        waiting.pop(asker.number, None)
        if not waiting:
            self._waiting.pop(pair, None)

    def _parallel(self, asker: Asker) -> Iterator[Finding]:
        waiting = self._waiting.setdefault((asker.client, asker.server), {})
        other = next((each for each in waiting.values() if each.number != asker.number), None)
        if other is not None:
            words = f"{other.words} still waited for {safe(asker.server, 100)} to answer"
            yield Finding(PARALLEL, "client", "request", 0, words)
        waiting[asker.number] = asker

    def _key(self, asker: Asker, request: Head) -> Iterator[Finding]:
        key = request.get("sec-websocket-key")
        if key is None or len(key) > MAX_KEY_LENGTH or key_reused(request):
            return  # the last: the rule for one connection has found it already
        earlier = self._keys.get(key)
        if earlier is not None and earlier.number != asker.number:
            words = f"the key {quoted(key)} was that of {earlier.words}, too"
            if earlier.server != asker.server:
                words += "; or a proxy passed on the one as the other"
            yield Finding(
                KEY_REUSED, "client", "request", request.offset_of("sec-websocket-key"), words
            )
        self._keys[key] = asker
        self._keys.move_to_end(key)
        if len(self._keys) > MAX_KEYS:
            self._keys.popitem(last=False)
