"""What the fields of a handshake's heads mean for a WebSocket, as a table.

A field that is not in it is said to be no part of the handshake. Where a value says more than its
name does, `value` puts it in words, and `parts` says what each piece of it is.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from inspector.core.handshake import accept_for
from inspector.core.head_parts import (
    Asked,
    Reader,
    cookie_parts,
    extension_parts,
    host_parts,
    listed,
    set_cookie_parts,
    target_parts,
    tiled,
)
from inspector.core.rfc import GUID, KEY_BYTES, SAMPLE_KEY, VERSION

__all__ = ["STATUS_WORDS", "Asked", "Meaning", "meaning_of", "target_parts", "tiled"]

STATUS_WORDS: Final[dict[int, tuple[str, str]]] = {
    100: ("go on, the real answer is still to come", "9110 §15.2.1"),
    101: ("agreed: from the end of this head on, both speak WebSocket", "6455 §4.2.2(5.1)"),
    103: ("early hints; the real answer is still to come", "8297 §2"),
    200: ("answered as a plain request: no WebSocket", "9110 §15.3.1"),
    301: ("moved for good; browsers do not follow it for a WebSocket", "6455 §4.2.2"),
    302: ("found elsewhere; browsers do not follow it for a WebSocket", "6455 §4.2.2"),
    307: ("elsewhere for now; browsers do not follow it for a WebSocket", "6455 §4.2.2"),
    308: ("moved for good; browsers do not follow it for a WebSocket", "6455 §4.2.2"),
    400: ("refused: the server finds fault with the request", "6455 §4.2.1"),
    401: ("refused: who are you?", "6455 §10.5"),
    403: ("refused: not for you, or not from this origin", "6455 §10.2"),
    404: ("refused: no such resource", "6455 §4.2.2(4)"),
    405: ("refused: not by this method", "9110 §15.5.6"),
    407: ("refused by a proxy: who are you?", "6455 §4.1(3)"),
    426: ("refused: another version of the protocol is needed", "6455 §4.4"),
    429: ("refused: too many of them", "6585 §4"),
    500: ("refused: something broke on the server", "9110 §15.6.1"),
    502: ("refused by a proxy: the server behind it failed", "9110 §15.6.3"),
    503: ("refused: not now", "9110 §15.6.4"),
    504: ("refused by a proxy: the server behind it did not answer", "9110 §15.6.5"),
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a field is, where that is written, and what its value says."""

    words: str
    rfc: str
    value: Callable[[str, Asked], str] | None = None
    parts: Reader | None = None
    answer: str = ""
    """Its words in a response, where they differ."""


def meaning_of(name: str, asked: Asked) -> Meaning:
    """The meaning of a field by its name in lower case."""
    meaning = _MEANINGS.get(name)
    if meaning is None:
        prefix = next((each for each in _FAMILIES if name.startswith(each)), None)
        meaning = _FAMILIES[prefix] if prefix is not None else _UNKNOWN
    if meaning.answer and asked.head.is_response:
        return replace(meaning, words=meaning.answer)
    return meaning


# Values in words


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        return None


def _key(text: str, asked: Asked) -> str:
    answer = f"the server has to answer {accept_for(text)}"
    nonce = _decoded(text)
    if nonce is None:
        return f"no base64 of {KEY_BYTES} bytes; {answer}"
    if len(nonce) != KEY_BYTES:
        return f"{len(nonce)} bytes, and {KEY_BYTES} are needed; {answer}"
    if text == SAMPLE_KEY:
        return f"the very key that RFC 6455 prints, so not random; {answer}"
    return answer


def _accept(text: str, asked: Asked) -> str:
    key = asked.request.get("sec-websocket-key") if asked.request is not None else None
    if key is None:
        return "the proof: base64(SHA-1(key + GUID)); the request's key tells if it is right"
    digest = hashlib.sha1(key.encode("iso-8859-1") + GUID, usedforsecurity=False).hexdigest()
    derived = f"SHA-1 of {key}{GUID.decode()} is {digest}, in base64 "
    expected = accept_for(key)
    return derived + ("just this" if text == expected else f"{expected}, and not this")


def _version(text: str, asked: Asked) -> str:
    if asked.head.is_response:
        return "the versions that the server speaks"
    if text == VERSION:
        return "13: RFC 6455"
    return "no version that is in use: 13 is RFC 6455"


def _origin(text: str, asked: Asked) -> str:
    if text == "null":
        return "null: a page that has no origin, such as a file or a sandboxed frame"
    host = asked.head.get("host")
    found = re.fullmatch(r"https?://([^/]+)", text)
    if found is None:
        return "the origin of a page that is not from the web"
    if host is None:
        return "the page that asks; the server may refuse it"
    if _bare(found[1]) == _bare(host):
        return "the same host and port as in Host: the server's own page asks"
    return "not the host and port of Host: another site's page asks, with this site's cookies"


def _bare(host: str) -> str:
    return re.sub(r":(?:80|443)$", "", host.lower())


def _upgrade(element: str, asked: Asked) -> str:
    name = element.partition("/")[0].lower()
    return _PROTOCOLS.get(name, "another protocol")


_PROTOCOLS: Final = {
    "websocket": "the protocol of RFC 6455",
    "h2c": "HTTP/2 without TLS",
    "h2": "HTTP/2",
}


def _connection(element: str, asked: Asked) -> str:
    known = {
        "upgrade": "Upgrade is meant for this hop, and for no other",
        "keep-alive": "TCP may stay open for another request; beside an upgrade it says nothing",
        "close": "TCP ends after the response",
    }
    return known.get(element.lower(), "names a field that only this hop is to read")


SUBPROTOCOLS: Final = {
    "graphql-transport-ws": "GraphQL over WebSocket, the protocol of today",
    "graphql-ws": "GraphQL over WebSocket, Apollo's older protocol",
    "mqtt": "MQTT packets in binary messages",
    "mqttv3.1": "MQTT 3.1 packets in binary messages",
    "v10.stomp": "STOMP 1.0",
    "v11.stomp": "STOMP 1.1",
    "v12.stomp": "STOMP 1.2",
    "wamp": "WAMP version 1",
    "wamp.2.json": "WAMP version 2 in JSON",
    "wamp.2.msgpack": "WAMP version 2 in MessagePack",
    "soap": "SOAP",
    "xmpp": "XMPP (RFC 7395)",
    "sip": "SIP (RFC 7118)",
    "ocpp1.6": "charging points for cars, OCPP 1.6",
    "ocpp2.0.1": "charging points for cars, OCPP 2.0.1",
    "actioncable-v1-json": "Rails' Action Cable",
    "vite-hmr": "Vite tells its page what changed",
    "jsonrpc": "JSON-RPC",
}
"""Subprotocols that people meet, of IANA's registry and beyond it."""


def _subprotocol(element: str, asked: Asked) -> str:
    known = SUBPROTOCOLS.get(element.lower(), "known to the application only")
    if element.startswith("eyJ"):
        known = "looks like a token that lets somebody in, and is no name of a protocol"
    if not asked.head.is_response:
        return f"offered: {known}"
    if asked.offered is not None and element not in asked.offered:
        return f"chosen, though the client did not offer it: {known}"
    return f"chosen: {known}"


def _authorization(text: str, asked: Asked) -> str:
    if text[:6].lower() == "basic ":
        return "name and password in base64: whoever reads this capture has them, too"
    return "a login: whoever reads this capture has it, too"


def _fetch_site(text: str, asked: Asked) -> str:
    known = {
        "same-origin": "a page of this very origin asks",
        "same-site": "a page of this site, but of another origin, asks",
        "cross-site": "a page of another site asks, with this site's cookies",
        "none": "the user asks, no page",
    }
    return known.get(text, "a word that is not known here")


_FETCH: Final = "W3C Fetch Metadata"
_UNKNOWN: Final = Meaning("not a part of the WebSocket handshake", "9110 §5.1")

_MEANINGS: Final[dict[str, Meaning]] = {
    "host": Meaning("which of the server's hosts is meant", "9110 §7.2", parts=host_parts),
    "upgrade": Meaning(
        "may we change the protocol?", "6455 §4.1(5)",
        parts=listed("protocol", _upgrade, "6455 §4.1(5)"), answer="the protocol is changed",
    ),
    "connection": Meaning(
        "which fields are meant for the next hop only", "6455 §4.1(6)",
        parts=listed("option", _connection, "9110 §7.6.1"),
    ),
    "sec-websocket-key": Meaning(
        "16 random bytes in base64: prove that you read this", "6455 §4.1(7)", _key,
    ),
    "sec-websocket-version": Meaning(
        "the version of the protocol", "6455 §4.1(9)", _version,
    ),
    "sec-websocket-protocol": Meaning(
        "subprotocols: what the messages may mean, the dearest first", "6455 §1.9",
        parts=listed("subprotocol", _subprotocol, "6455 §1.9"),
        answer="the subprotocol: what the messages mean",
    ),
    "sec-websocket-extensions": Meaning(
        "extensions: how frames are changed on the way", "6455 §9.1", parts=extension_parts,
    ),
    "sec-websocket-accept": Meaning(
        "the proof of having read the key", "6455 §4.2.2(5.4)", _accept,
    ),
    "origin": Meaning("the page that asks; the server may refuse it", "6455 §10.2", _origin),
    "cookie": Meaning(
        "sent whichever site's page asks, unless SameSite forbids it: look at Origin",
        "6455 §10.5", parts=cookie_parts,
    ),
    "set-cookie": Meaning(
        "a cookie to be kept, and sent from now on", "6265 §4.1", parts=set_cookie_parts,
    ),
    "authorization": Meaning(
        "who asks; a browser's API can't send it", "6455 §10.5", _authorization,
    ),
    "proxy-authorization": Meaning("who asks, for the proxy", "9110 §11.7.2", _authorization),
    "www-authenticate": Meaning("how to say who one is", "9110 §11.6.1"),
    "sec-fetch-site": Meaning("how the page that asks is related", _FETCH, _fetch_site),
    "sec-fetch-mode": Meaning("how it is asked: websocket, if the browser's API asks", _FETCH),
    "sec-fetch-dest": Meaning("what it is for: websocket, or empty in older browsers", _FETCH),
    "sec-fetch-user": Meaning("a click of the user led here", _FETCH),
    "sec-fetch-storage-access": Meaning("may the page's site use its cookies here?", _FETCH),
    "user-agent": Meaning("the program that asks", "9110 §10.1.5"),
    "accept": Meaning("kinds of content it would take; says nothing here", "9110 §12.5.1"),
    "accept-encoding": Meaning(
        "how a body may be compressed; messages are another matter", "9110 §12.5.3",
    ),
    "accept-language": Meaning("the user's languages", "9110 §12.5.4"),
    "cache-control": Meaning("no stored answer, please", "9111 §5.2", answer="may it be stored?"),
    "pragma": Meaning("no stored answer, please, as HTTP/1.0 said it", "9111 §5.4"),
    "content-length": Meaning("bytes of the body", "9110 §8.6"),
    "content-type": Meaning("what the body is", "9110 §8.3"),
    "transfer-encoding": Meaning("how the body is delimited", "9112 §6.1"),
    "server": Meaning("the program that answers", "9110 §10.2.4"),
    "date": Meaning("when the answer was made", "9110 §6.6.1"),
    "location": Meaning("where else to ask; browsers do not follow it here", "6455 §4.2.2"),
    "retry-after": Meaning("when to try again", "9110 §10.2.3"),
    "via": Meaning("a proxy passed it on", "9110 §7.6.3"),
    "forwarded": Meaning("a proxy tells whom it speaks for", "7239 §4"),
    "keep-alive": Meaning("how long TCP may stay open; says nothing once upgraded", "9112 §9.3"),
    "referer": Meaning("the page that a link was on; browsers send none here", "9110 §10.1.3"),
    "sec-gpc": Meaning("the user does not want to be tracked", "W3C Global Privacy Control"),
    "strict-transport-security": Meaning("from now on only over TLS, wss: included", "6797 §6.1"),
    "access-control-allow-origin": Meaning(
        "which pages may read it: of no effect on a WebSocket, so look at Origin", "6455 §10.2",
    ),
}  # fmt: skip

_FAMILIES: Final[dict[str, Meaning]] = {
    "sec-websocket-": Meaning("a field of WebSocket's that RFC 6455 does not know", "6455 §11.3"),
    "x-forwarded-": Meaning("a proxy tells whom it speaks for", "7239 §1"),
    "sec-ch-": Meaning("the program that asks, in parts", "8942 §2"),
    "access-control-": Meaning("for scripts that read answers: not for WebSockets", "6455 §10.2"),
}
