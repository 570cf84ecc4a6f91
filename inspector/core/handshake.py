"""The opening handshake (RFC 6455 §4): what was asked, what was agreed, and the proof.

`Sec-WebSocket-Accept` proves that the server read the request as a WebSocket handshake: no other
server would hash the client's key with this protocol's GUID. It is no secret and no password.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from inspector.core.heads import FieldLine, Head, HeadFault, is_token
from inspector.core.rfc import (
    DEFLATE,
    EXTENSIONS,
    EXTENSIONS_WITH_RSV1,
    EXTENSIONS_WITHOUT_BITS,
    GUID,
    SIDES,
    Side,
)
from inspector.core.safe import quoted

DEFAULT_WINDOW_BITS = 15
"""Window of an endpoint for which no `*_max_window_bits` was agreed (RFC 7692 §7.1.2)."""


def accept_for(key: str) -> str:
    """`Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`: base64(SHA-1(key + GUID)), §4.2.2(5.4).

    The key is hashed as written, not decoded. Characters beyond ISO-8859-1 never reach here from
    a head; from a caller they are replaced, since no server could have sent them.
    """
    digest = hashlib.sha1(key.encode("iso-8859-1", "replace") + GUID, usedforsecurity=False)
    return base64.b64encode(digest.digest()).decode()


@dataclass(frozen=True, slots=True)
class Extension:
    """One element of `Sec-WebSocket-Extensions`: a name and its parameters in order (§9.1).

    `offset` is the first byte of its line in the head.
    """

    name: str
    params: tuple[tuple[str, str | None], ...] = ()
    offset: int = field(default=0, compare=False)

    def get(self, name: str) -> str | None:
        return dict(self.params).get(name)

    def has(self, name: str) -> bool:
        return any(param == name for param, _ in self.params)

    @property
    def is_deflate(self) -> bool:
        return self.name.lower() == DEFLATE


def parse_extensions(head: Head) -> tuple[list[Extension], list[HeadFault]]:
    """The extensions a head names, and what breaks the grammar of RFC 6455 §9.1."""
    extensions, faults = _parsed(tuple(head.all("sec-websocket-extensions")))
    return list(extensions), list(faults)


@lru_cache(maxsize=8)  # many rules ask for the same two heads, and a head can be long
def _parsed(lines: tuple[FieldLine, ...]) -> tuple[tuple[Extension, ...], tuple[HeadFault, ...]]:
    extensions: list[Extension] = []
    faults: list[HeadFault] = []
    for line in lines:
        for element in _split(line.value, ","):
            name, *rest = _split(element, ";")
            if is_token(name):
                params = tuple(_parameter(part, line, faults) for part in rest)
                extensions.append(Extension(name, params, line.offset))
            else:
                words = f"{quoted(name)} is no extension name" if name else EMPTY_ELEMENT
                faults.append(HeadFault(line.offset, words))
    return tuple(extensions), tuple(faults)


EMPTY_ELEMENT: Final = "an empty element"
"""Nobody may send one, but who reads a list passes over it (RFC 9110 §5.6.1)."""

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"?|[^",;]+|[,;]', re.DOTALL)
"""A quoted string (to the end, where it is not closed), plain text, or a separator.

No alternative can fail once it has begun, so hostile text costs no more time than its length.
"""


def _split(text: str, separator: str) -> Iterator[str]:
    """The parts of `text` between separators that stand outside quotes."""
    start = 0
    for piece in _PIECE.finditer(text):
        if piece[0] == separator:
            yield text[start : piece.start()].strip(" \t")
            start = piece.end()
    yield text[start:].strip(" \t")


def _parameter(part: str, line: FieldLine, faults: list[HeadFault]) -> tuple[str, str | None]:
    name, equals, value = (piece.strip(" \t") for piece in part.partition("="))
    if value.startswith('"') and value.endswith('"') and len(value) > 1:
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    if not is_token(name):
        words = f"{quoted(name)} is no parameter name" if name else "an empty parameter"
        faults.append(HeadFault(line.offset, words))
    elif equals and not is_token(value):
        faults.append(HeadFault(line.offset, f"the value {quoted(value)} of {name} is no token"))
    return name, value if equals else None


@dataclass(frozen=True, slots=True)
class Deflate:
    """What was agreed for one direction's compressor (RFC 7692 §7.1)."""

    context_takeover: bool = True
    window_bits: int = DEFAULT_WINDOW_BITS


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the two heads agreed on. `deflate` is None where nothing is compressed.

    Not `known`: the heads were not seen. Then RSV1 is taken for permessage-deflate's.
    """

    subprotocol: str | None = None
    extensions: tuple[Extension, ...] = ()
    deflate: dict[Side, Deflate] | None = None
    known: bool = True

    @property
    def compresses(self) -> bool | None:
        """May RSV1 mark a compressed message? None where some other extension may use the bit,
        or nobody knows."""
        if self.deflate is not None:
            return True
        if not self.known:
            return None
        names = {extension.name.lower() for extension in self.extensions}
        return None if names - EXTENSIONS_WITHOUT_BITS else False

    @property
    def has_unknown(self) -> bool:
        """Was an extension agreed of which nothing is known here? Any reserved bit or opcode may
        be its own (RFC 6455 §5.2, §5.8)."""
        names = {extension.name.lower() for extension in self.extensions}
        return bool(names - EXTENSIONS - EXTENSIONS_WITH_RSV1)


def negotiated(response: Head) -> Agreement:
    """What a 101 agrees to: the response has the last word (RFC 6455 §4.1, RFC 7692 §7.1)."""
    extensions, _ = parse_extensions(response)
    deflate: dict[Side, Deflate] | None = None
    for extension in extensions:
        if extension.is_deflate:
            deflate = {side: _direction(extension, side) for side in SIDES}
            break
    subprotocol = response.get("sec-websocket-protocol")
    return Agreement(subprotocol or None, tuple(extensions), deflate)


def _direction(extension: Extension, side: Side) -> Deflate:
    bits = window_bits(extension.get(f"{side}_max_window_bits"))
    takeover = not extension.has(f"{side}_no_context_takeover")
    return Deflate(takeover, bits or DEFAULT_WINDOW_BITS)


def window_bits(value: str | None) -> int | None:
    """A `*_max_window_bits` value, 8 to 15 without leading zero, or None (RFC 7692 §7.1.2)."""
    return int(value) if value is not None and re.fullmatch("[89]|1[0-5]", value) else None


@dataclass(frozen=True, slots=True)
class AcceptProof:
    """`Sec-WebSocket-Accept` verified. `ok` is None where there was nothing to verify.

    Without a 101, without a key, or without a whole head there is nothing.
    """

    key: str | None
    expected: str | None
    received: str | None
    ok: bool | None


def verify_accept(request: Head | None, response: Head | None) -> AcceptProof:
    """Derive what the server must answer, and put it beside what it did answer."""
    key = request.get("sec-websocket-key") if request else None
    received = response.get("sec-websocket-accept") if response else None
    expected = None if key is None else accept_for(key)
    upgraded = response is not None and response.upgrades
    ok = received == expected if upgraded and key is not None else None
    return AcceptProof(key, expected, received, ok)
