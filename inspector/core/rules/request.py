"""Rules of the handshake request (RFC 6455 §4.1): what a client has to ask, and how."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Final

from inspector.core.findings import Finding, Rule, Severity, checks, register
from inspector.core.handshake import parse_extensions
from inspector.core.heads import Head, found_in, is_token
from inspector.core.rfc import EXTENSIONS, KEY_BYTES, SAMPLE_KEY, VERSION
from inspector.core.safe import quoted

Found = tuple[int, str] | None
"""Offset of the offending line in the request (0 for a missing one), and the words."""

Check = Callable[[Head], Found]

REQUEST_RULES: Final[list[tuple[Rule, Check]]] = []
"""Rules for a whole head."""

REFUSE = "The server has to refuse: an HTTP error such as 400, and no WebSocket."


def _rule(
    id: str, rfc: str, shows: str, why: str, *, severity: Severity = "error", peer: str = REFUSE
) -> Callable[[Check], Check]:
    return checks(register(id, "client", severity, "hs-req", rfc, shows, why, peer), REQUEST_RULES)


@_rule(
    "req-header-malformed",
    "6455 §4.1(1); 9112 §2.2, §5.1",
    "A bare LF, a space before a colon or none, a folded line, a control byte, or no end.",
    "Proxies and servers that read a crooked head differently can be played against each other.",
)
def header_malformed(request: Head) -> Found:
    return found_in(request.faults_as("request"))


@_rule(
    "req-method-not-get",
    "6455 §4.1(2), §4.2.1(1)",
    "The first word of the request line is not GET.",
    "GET is the one method that every handshake uses.",
)
def method_not_get(request: Head) -> Found:
    if request.method == "GET":
        return None
    return 0, f"the method is {quoted(request.method)}, and has to be GET"


@_rule(
    "req-http-version-low",
    "6455 §4.1(2)",
    "The request line ends in HTTP/1.0 or lower, or has no version.",
    "HTTP/1.0 knows no Upgrade.",
)
def http_version_low(request: Head) -> Found:
    if not request.is_before_http_1_1:
        return None
    return 0, f"the request line ends in {quoted(request.version)}: at least HTTP/1.1 is needed"


@_rule(
    "req-uri-fragment",
    "6455 §3",
    "There is a # in the request's target.",
    "A fragment has no meaning for a WebSocket address.",
)
def uri_fragment(request: Head) -> Found:
    target = request.target
    return (0, f"a # stands in the target {quoted(target)}") if "#" in target else None


@_rule(
    "req-absolute-uri-mismatch",
    "6455 §4.1(3)",
    "The target is a whole URL: of another host or port than Host, or not http(s).",
    "Two places name the host: a proxy may go by the one, and the server by the other.",
)
def absolute_uri_mismatch(request: Head) -> Found:
    target = _ABSOLUTE.match(request.target)
    if target is None:
        return None
    scheme, authority = target[1].lower(), target[2].rpartition("@")[2]
    if scheme not in _PORTS:
        return 0, f"the target {quoted(request.target)} begins with {quoted(scheme)}, not http(s)"
    host = request.get("host")
    if host is None or _with_port(host, scheme) == _with_port(authority, scheme):
        return None
    return 0, f"the target names the host {quoted(authority)}, Host is {quoted(host)}"


_ABSOLUTE: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)")
_PORTS: Final = {"http": "80", "https": "443"}


def _with_port(authority: str, scheme: str) -> tuple[str, str]:
    """Host, lower case, and port, which may be the scheme's own (RFC 9110 §4.2.3)."""
    found = re.fullmatch(r"(.*?)(?::([0-9]*))?", authority.lower(), re.DOTALL)
    host, port = found.groups() if found else (authority, None)
    return host, (port or _PORTS[scheme]).lstrip("0")


@_rule(
    "req-host-missing",
    "6455 §4.1(4)",
    "There is no Host field.",
    "One address can serve many hosts.",
)
def host_missing(request: Head) -> Found:
    return None if request.all("host") else (0, "there is no Host field")


@_rule(
    "req-host-duplicate",
    "9112 §3.2",
    "There is more than one Host field.",
    "Two hosts: two readers may pick different ones.",
)
def host_duplicate(request: Head) -> Found:
    hosts = request.all("host")
    return (hosts[1].offset, f"{len(hosts)} Host fields") if len(hosts) > 1 else None


@_rule(
    "req-upgrade-missing",
    "6455 §4.1(5)",
    "No Upgrade field has the element websocket, in letters of any size.",
    "Without it this is an ordinary request, and gets an ordinary answer.",
    peer="The server answers as to any GET, or with 426 Upgrade Required.",
)
def upgrade_missing(request: Head) -> Found:
    if request.has_token("upgrade", "websocket"):
        return None
    value = request.get("upgrade")
    words = "there is no Upgrade field" if value is None else f"Upgrade is {quoted(value)}"
    return request.offset_of("upgrade"), f"{words}: the token websocket is needed"


@_rule(
    "req-connection-no-upgrade",
    "6455 §4.1(6)",
    "No Connection field has the element upgrade, in letters of any size.",
    "Upgrade is hop by hop: each proxy on the way drops it unless Connection names it.",
)
def connection_no_upgrade(request: Head) -> Found:
    if request.has_token("connection", "upgrade"):
        return None
    value = request.get("connection")
    words = "there is no Connection field" if value is None else f"Connection is {quoted(value)}"
    return request.offset_of("connection"), f"{words}: an element upgrade is needed"


@_rule(
    "req-key-missing",
    "6455 §4.1(7)",
    "There is no Sec-WebSocket-Key field.",
    "The key is what the server proves itself with.",
)
def key_missing(request: Head) -> Found:
    present = request.all("sec-websocket-key")
    return None if present else (0, "there is no Sec-WebSocket-Key field")


@_rule(
    "req-key-duplicate",
    "6455 §11.3.1",
    "There is more than one Sec-WebSocket-Key field.",
    "Which of two keys should the answer prove?",
)
def key_duplicate(request: Head) -> Found:
    keys = request.all("sec-websocket-key")
    return (keys[1].offset, f"{len(keys)} Sec-WebSocket-Key fields") if len(keys) > 1 else None


@_rule(
    "req-key-bad-base64",
    "6455 §4.1(7), §4.3",
    "The key does not decode as base64.",
    "The key is 16 bytes in base64, always.",
)
def key_bad_base64(request: Head) -> Found:
    key = request.get("sec-websocket-key")
    if key is None or _decode(key) is not None:
        return None
    return request.offset_of("sec-websocket-key"), f"the key {quoted(key)} is not base64"


@_rule(
    "req-key-wrong-length",
    "6455 §4.1(7), §4.2.1(5)",
    "The key decodes to more or fewer than 16 bytes.",
    "A nonce of 16 bytes is hard to guess.",
)
def key_wrong_length(request: Head) -> Found:
    nonce = _decode(request.get("sec-websocket-key") or "")
    if nonce is None or len(nonce) == KEY_BYTES or not request.all("sec-websocket-key"):
        return None
    offset = request.offset_of("sec-websocket-key")
    return offset, f"the key decodes to {len(nonce)} bytes, not to {KEY_BYTES}"


def _decode(key: str) -> bytes | None:
    try:
        return base64.b64decode(key.encode("iso-8859-1"), validate=True)
    except (binascii.Error, ValueError):
        return None


@_rule(
    "req-key-reused",
    "6455 §4.1(7)",
    "An earlier connection had the same key, or it is the RFC's sample, or all zeros.",
    "A fresh key keeps a cached answer from passing for a server's proof.",
    severity="warning",
    peer="Nobody can tell from one connection; the handshake goes through.",
)
def key_reused(request: Head) -> Found:
    key = request.get("sec-websocket-key")
    if key == SAMPLE_KEY:
        words = "the key is the sample printed in RFC 6455"
    elif key is not None and _decode(key) == bytes(KEY_BYTES):
        words = "the key is 16 zero bytes"
    else:
        return None
    return request.offset_of("sec-websocket-key"), f"{words}: it has to be random each time"


@_rule(
    "req-version-missing",
    "6455 §4.1(9)",
    "There is no Sec-WebSocket-Version field.",
    "Older drafts spoke differently; the version says which one this is.",
)
def version_missing(request: Head) -> Found:
    present = request.all("sec-websocket-version")
    return None if present else (0, "there is no Sec-WebSocket-Version field")


@_rule(
    "req-version-duplicate",
    "6455 §11.3.5",
    "There is more than one Sec-WebSocket-Version field.",
    "A client speaks one version at a time.",
)
def version_duplicate(request: Head) -> Found:
    versions = request.all("sec-websocket-version")
    if len(versions) < 2:
        return None
    return versions[1].offset, f"{len(versions)} Sec-WebSocket-Version fields"


@_rule(
    "req-version-not-13",
    "6455 §4.1(9), §4.3, §4.4",
    "The version is anything but 13: 8, say, or 013, or 13, 8.",
    "13 is the version of the RFC; 0 to 12 were drafts.",
    peer="The server refuses, best with 426 and the version it speaks.",
)
def version_not_13(request: Head) -> Found:
    for line in request.all("sec-websocket-version"):
        if line.value != VERSION:
            return line.offset, f"the version is {quoted(line.value)}, not {VERSION}"
    return None


@_rule(
    "req-origin-missing",
    "6455 §4.1(8)",
    "No Origin, and the User-Agent begins with Mozilla/ or there are Sec-Fetch fields.",
    "The Origin is how a server tells its own pages from a stranger's.",
    severity="warning",
    peer="A careful server refuses with 403.",
)
def origin_missing(request: Head) -> Found:
    agent = request.get("user-agent") or ""
    fetch = any(field.name.lower().startswith("sec-fetch-") for field in request.fields)
    if request.all("origin") or not (agent.startswith("Mozilla/") or fetch):
        return None
    return 0, "it looks like a browser's request, and has no Origin field"


@_rule(
    "req-protocol-bad-token",
    "6455 §4.1(10), §4.3",
    "An element of Sec-WebSocket-Protocol is empty, or holds what no token may.",
    "A subprotocol's name is a token.",
)
def protocol_bad_token(request: Head) -> Found:
    for line in request.all("sec-websocket-protocol"):
        for element in line.value.split(","):
            if not is_token(element.strip(" \t")):
                return line.offset, f"{quoted(element.strip())} is no subprotocol name"
    return None


@_rule(
    "req-protocol-duplicate",
    "6455 §4.1(10)",
    "Two elements of Sec-WebSocket-Protocol are the same.",
    "The list is an order of preference.",
)
def protocol_duplicate(request: Head) -> Found:
    seen: set[str] = set()
    for line in request.all("sec-websocket-protocol"):
        for element in (part.strip(" \t") for part in line.value.split(",")):
            if element in seen:
                return line.offset, f"the subprotocol {quoted(element)} is named twice"
            seen.add(element)
    return None


@_rule(
    "req-ext-bad-syntax",
    "6455 §9.1",
    "Sec-WebSocket-Extensions has an empty element, a = without a value, an open quote …",
    "What can not be read can not be agreed to.",
)
def ext_bad_syntax(request: Head) -> Found:
    _, faults = parse_extensions(request)
    return (faults[0].offset, faults[0].words) if faults else None


@_rule(
    "req-ext-unregistered",
    "6455 §9.1, §11.4",
    "An extension is neither permessage-deflate nor bbf-usp-protocol.",
    "IANA keeps a list of extensions, so that one name means one thing; some are used without it.",
    severity="info",
    peer="A server that does not know the extension passes over it.",
)
def ext_unregistered(request: Head) -> Found:
    for extension in parse_extensions(request)[0]:
        if extension.name.lower() not in EXTENSIONS:
            words = f"{quoted(extension.name)} is not in IANA's registry of extensions"
            return extension.offset, words
    return None


@_rule(
    "req-body-present",
    "6455 §4.1(1); 9112 §6.3",
    "Content-Length is not 0, or there is a Transfer-Encoding.",
    "Where does the body end, and the first frame begin? Two readers may not agree.",
    severity="warning",
    peer="Some servers refuse, some read the body, some take it for frames.",
)
def body_present(request: Head) -> Found:
    for line in request.all("transfer-encoding"):
        return line.offset, f"Transfer-Encoding is {quoted(line.value)}: a body in an upgrade"
    for line in request.all("content-length"):
        if line.value.strip("0") or not line.value:
            return line.offset, f"Content-Length is {quoted(line.value)}: a body in an upgrade"
    return None


CLIENT_DATA_EARLY: Final = register(
    "client-data-before-response",
    "client",
    "error",
    "hs-req",
    '6455 §4.1 ("MUST wait for a response")',
    "Bytes of the client stand after its request and before the last byte of the 101.",
    "Until there is a 101 nobody has agreed to frames: a server could take them for a request.",
    "Most servers read them after their 101; some fail the connection.",
)

HEAD_CUT_RULES: Final = REQUEST_RULES[:1]
"""Of a head cut short only its form can be judged: what is missing may have been in the rest."""


def request_findings(request: Head, *, ended: bool = False) -> Iterator[Finding]:
    """What a handshake's request breaks. Of one cut short nobody knows what the rest would have
    said, unless the client's direction of TCP has `ended`.
    """
    cut = HEAD_CUT_RULES if ended else []
    for rule, check in REQUEST_RULES if request.complete else cut:
        if found := check(request):
            yield Finding(rule, "client", "request", *found)
