"""What the values of a head are made of: lists, parameters, pairs, a URL's query.

A reader of parts yields `Span`s in order; what stands between them are marks, and named so. So the
parts tile their value whatever it holds, and a reader only says what it knows.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from inspector.core.fields import Field
from inspector.core.handshake import window_bits
from inspector.core.heads import Head

MAX_PARTS: Final = 1_000
"""A value of more parts has none told: nobody means those."""


class Span(NamedTuple):
    """Characters `start` to `end` of a value, and what they say."""

    name: str
    start: int
    end: int
    words: str
    rfc: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The head that is explained and, for a response, the request that it answers, if known."""

    head: Head
    request: Head | None = None

    @property
    def offered(self) -> set[str] | None:
        """The subprotocols that the client offered; None where nobody knows."""
        known = self.request is not None
        return set(self.request.elements("sec-websocket-protocol")) if known else None  # type: ignore[union-attr]


Reader = Callable[..., Iterator[Span]]


def tiled(text: str, reader: Reader, *arguments: Any) -> tuple[Field, ...]:
    """The parts of a value from bit 0 on, marks included; none where they would say no more."""
    fields: list[Field] = []
    at = 0
    for span in reader(text, *arguments):
        if span.start > at:
            fields.append(_mark(text, at, span.start))
        value = text[span.start : span.end]
        fields.append(Field(span.name, (span.start * 8, span.end * 8), value, span.words, span.rfc))
        at = span.end
        if len(fields) > MAX_PARTS:
            return ()
    if at < len(text) and fields:
        fields.append(_mark(text, at, len(text)))
    return tuple(fields)


def _mark(text: str, start: int, end: int) -> Field:
    words = "stands between the parts of the value"
    return Field("mark", (start * 8, end * 8), text[start:end], words, "9110 §5.6")


# Lists

_ELEMENT: Final = re.compile(r"[^,\s][^,]*")


def elements(text: str) -> Iterator[tuple[str, int, int]]:
    """The elements of a list that commas part, without the blanks round them, and where they stand.

    One after another, each in time that grows with its length.
    """
    for found in _ELEMENT.finditer(text):
        element = found[0].rstrip()
        yield element, found.start(), found.start() + len(element)


def listed(
    name: str, words: Callable[[str, Asked], str], rfc: str
) -> Callable[[str, Asked], Iterator[Span]]:
    """A reader of a list whose elements `words` explains."""

    def reader(text: str, asked: Asked) -> Iterator[Span]:
        for element, start, end in elements(text):
            yield Span(name, start, end, words(element, asked), rfc)

    return reader


# Extensions (RFC 6455 §9.1, RFC 7692 §7.1)

_EXTENSION_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|[^",;=\s]+|[,;=]|\s+', re.DOTALL)

EXTENSIONS: Final = {
    "permessage-deflate": ("each message may be compressed", "7692 §7"),
    "x-webkit-deflate-frame": ("each frame may be compressed: an old draft", "6455 §9.1"),
    "permessage-bzip2": ("compression by bzip2: a draft that was given up", "6455 §9.1"),
    "bbf-usp-protocol": ("names an endpoint of the User Services Platform", "6455 §9.1"),
}
_PARAMETERS: Final = {
    "server_no_context_takeover": (
        "the server begins each message with an empty window", "7692 §7.1.1.1",
    ),
    "client_no_context_takeover": (
        "the client begins each message with an empty window", "7692 §7.1.1.2",
    ),
    "server_max_window_bits": (
        "how far back the server's compressor may refer", "7692 §7.1.2.1",
    ),
    "client_max_window_bits": (
        "how far back the client's compressor may refer", "7692 §7.1.2.2",
    ),
}  # fmt: skip


def extension_parts(text: str, asked: Asked) -> Iterator[Span]:
    """Each extension, each parameter, each value."""
    role, extension, parameter = "extension", "", ""
    agreed = asked.head.is_response
    for token in _EXTENSION_TOKEN.finditer(text):
        said, start, end = token[0], token.start(), token.end()
        if said == ",":
            role = "extension"
        elif said == ";":
            role = "parameter"
        elif said == "=":
            role = "parameter_value"
        elif said.isspace():
            continue
        elif role == "extension":
            extension = said.lower()
            words, rfc = EXTENSIONS.get(extension, ("an extension not known here", "6455 §9.1"))
            yield Span(role, start, end, f"{'agreed' if agreed else 'offered'}: {words}", rfc)
            role = "text"
        elif role == "parameter":
            parameter = said
            known = extension == "permessage-deflate"
            unknown = "a parameter not known here", "6455 §9.1"
            words, rfc = _PARAMETERS.get(said, unknown) if known else unknown
            if said == "client_max_window_bits" and not re.match(r"\s*=", text[end : end + 9]):
                words = "the client can keep to a smaller window, if it is asked to"
            yield Span(role, start, end, words, rfc)
            role = "text"
        elif role == "parameter_value":
            rfc = _PARAMETERS.get(parameter, ("", "6455 §9.1"))[1]
            yield Span(role, start, end, _parameter_value(parameter, said), rfc)
            role = "text"
        else:
            yield Span("text", start, end, "does not belong here: a mark is missing", "6455 §9.1")


def _parameter_value(parameter: str, said: str) -> str:
    if not parameter.endswith("_max_window_bits"):
        return "the parameter's value"
    bits = window_bits(said.strip('"'))
    return "has to be 8 to 15" if bits is None else f"2^{bits} = {1 << bits:,} bytes"


# Pairs

_COOKIE_PAIR: Final = re.compile(r"([^=;\s][^=;]*)(=)?([^;]*)")
_SECRET: Final = re.compile(r"sess|sid\b|auth|token|jwt|login|csrf|key|secret|passw", re.IGNORECASE)
_COOKIE_RFC: Final = "6265 §4.2.1"


def looks_secret(name: str) -> bool:
    """Does a name promise something that lets one in?"""
    return _SECRET.search(name) is not None


def cookie_parts(text: str, asked: Asked) -> Iterator[Span]:
    """Each cookie's name and value."""
    for pair in _COOKIE_PAIR.finditer(text):
        name = pair[1].rstrip()
        words = "a cookie"
        if looks_secret(name):
            words = "a cookie that may be a login: whoever reads this capture has it, too"
        yield Span("cookie", pair.start(), pair.start() + len(name), words, _COOKIE_RFC)
        if pair[2] and pair[3]:
            count = len(pair[3])
            words = f"its value, {count} {'character' if count == 1 else 'characters'}"
            yield Span("cookie_value", pair.start(3), pair.end(3), words, _COOKIE_RFC)


_ATTRIBUTES: Final = {
    "httponly": "no script of a page can read it; a WebSocket sends it nevertheless",
    "secure": "sent over TLS only",
    "samesite": "which other sites' requests carry it: with Strict and Lax no other site's "
    "WebSocket does",
    "path": "sent to this path and below",
    "domain": "sent to this domain and those below",
    "max-age": "seconds that it is kept",
    "expires": "until when it is kept",
}


def set_cookie_parts(text: str, asked: Asked) -> Iterator[Span]:
    """A cookie being set, and its attributes (RFC 6265 §4.1)."""
    spans = iter(cookie_parts(text, asked))
    for number, span in enumerate(spans):
        if number < 2 and (number == 0 or span.name == "cookie_value"):
            yield span
        elif span.name == "cookie":
            attribute = text[span.start : span.end].lower()
            words = _ATTRIBUTES.get(attribute, "an attribute of the cookie")
            yield Span("attribute", span.start, span.end, words, "6265 §4.1.2")
        else:
            yield span._replace(name="attribute_value", words="its value", rfc="6265 §4.1.2")


_QUERY_PAIR: Final = re.compile(r"([^=&]+)(=)?([^&]*)")


def target_parts(text: str) -> Iterator[Span]:
    """A request's target: its path, and what the query asks."""
    path, mark, query = text.partition("?")
    if not mark:
        return
    rfc, base = "9112 §3.2.1", len(path) + 1
    if path:
        yield Span("path", 0, len(path), "the path: which resource", rfc)
    for pair in _QUERY_PAIR.finditer(query):
        words = "a name of the query"
        if looks_secret(pair[1]):
            words += "; if this is a login, note that servers and proxies log URLs"
        yield Span("query", base + pair.start(1), base + pair.end(1), words, "3986 §3.4")
        if pair[2] and pair[3]:
            start, end = base + pair.start(3), base + pair.end(3)
            yield Span("query_value", start, end, "its value", "3986 §3.4")


_HOST: Final = re.compile(r"(\[[^\]]*\]|[^:]+)(?::(.+))?", re.DOTALL)


def host_parts(text: str, asked: Asked) -> Iterator[Span]:
    """Name and port."""
    found = _HOST.fullmatch(text)
    if found is None or found[2] is None:
        return
    yield Span("host", 0, found.end(1), "the name or address that the client dialled", "9110 §7.2")
    yield Span("port", found.start(2), found.end(2), "the port that it dialled", "9110 §7.2")
