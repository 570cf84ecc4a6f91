"""Rules of the handshake response (RFC 6455 §4.2.2): what a server has to answer, and when not."""

from collections.abc import Callable, Iterator
from typing import Final

from inspector.core.findings import Finding, Rule, Severity, checks, register
from inspector.core.handshake import EMPTY_ELEMENT, accept_for, parse_extensions
from inspector.core.heads import Head, found_in
from inspector.core.rfc import VERSION
from inspector.core.rules.request import request_findings
from inspector.core.safe import quoted, safe

Found = tuple[int, str] | None
Check = Callable[[Head, Head], Found]

RESPONSE_RULES: Final[list[tuple[Rule, Check]]] = []
"""Each is shown request and response; most hold only for a 101 and say so themselves."""

FAIL = "The client has to fail the connection: the page gets an error, and 1006."


def _rule(
    id: str, rfc: str, shows: str, why: str, severity: Severity = "error", peer: str = FAIL
) -> Callable[[Check], Check]:
    return checks(
        register(id, "server", severity, "hs-resp", rfc, shows, why, peer), RESPONSE_RULES
    )


def _only_101(check: Check) -> Check:
    return lambda request, response: check(request, response) if response.status == 101 else None


@_rule(
    "resp-header-malformed",
    "6455 §4.2.2(5); 9112 §4, §5",
    "A bare LF, a space before a colon or none, a folded line, a control byte, or no end.",
    "A head that readers take differently is no agreement.",
)
def header_malformed(request: Head, response: Head) -> Found:
    return found_in(response.faults_as("response"))


@_rule(
    "resp-status-not-101",
    "6455 §4.1 resp(1)",
    "The status is any other than 101.",
    "Refused, redirected or asked for a password: a fact, not a fault.",
    "info",
    "The page gets an error and 1006, and never learns the status.",
)
def status_not_101(request: Head, response: Head) -> Found:
    if response.status == 101:
        return None
    return 0, f"the answer is {quoted(response.line)}: no upgrade"


@_rule(
    "resp-http-version-low",
    "6455 §4.2.2(5.1)",
    "The status line is HTTP/1.0 101, or lower.",
    "HTTP/1.0 knows no 101.",
)
@_only_101
def http_version_low(request: Head, response: Head) -> Found:
    return (0, f"a 101 in {response.version}") if response.is_before_http_1_1 else None


@_rule(
    "resp-upgrade-missing",
    "6455 §4.1 resp(2), §4.2.2(5.2)",
    "A 101 whose Upgrade is not websocket and nothing else, in letters of any size.",
    "The server names what it changes to.",
)
@_only_101
def upgrade_missing(request: Head, response: Head) -> Found:
    lines = response.all("upgrade")
    value = ", ".join(line.value for line in lines)
    if value.lower() == "websocket":
        return None
    words = "there is no Upgrade field" if not lines else f"Upgrade is {quoted(value)}"
    return response.offset_of("upgrade"), f"{words}: it has to be websocket"


@_rule(
    "resp-connection-no-upgrade",
    "6455 §4.1 resp(3), §4.2.2(5.3)",
    "A 101 with no element upgrade in Connection.",
    "Upgrade is hop by hop, here too.",
)
@_only_101
def connection_no_upgrade(request: Head, response: Head) -> Found:
    if response.has_token("connection", "upgrade"):
        return None
    return response.offset_of("connection"), "no element upgrade in Connection"


@_rule(
    "resp-accept-missing",
    "6455 §4.1 resp(4)",
    "A 101 without Sec-WebSocket-Accept.",
    "Without it the server has proved nothing.",
)
@_only_101
def accept_missing(request: Head, response: Head) -> Found:
    present = response.all("sec-websocket-accept")
    return None if present else (0, "a 101 without Sec-WebSocket-Accept")


@_rule(
    "resp-accept-duplicate",
    "6455 §11.3.3",
    "A 101 with more than one Sec-WebSocket-Accept.",
    "There is one proof for one key.",
)
@_only_101
def accept_duplicate(request: Head, response: Head) -> Found:
    lines = response.all("sec-websocket-accept")
    return (lines[1].offset, f"{len(lines)} Sec-WebSocket-Accept fields") if lines[1:] else None


@_rule(
    "resp-accept-wrong",
    "6455 §4.1 resp(4), §4.2.2(5.4)",
    "Its value is not the base64 of SHA-1 over the key as sent and the RFC's GUID.",
    "Only one who knows the protocol can derive it: a cache or a plain web server can not.",
)
@_only_101
def accept_wrong(request: Head, response: Head) -> Found:
    key, received = request.get("sec-websocket-key"), response.get("sec-websocket-accept")
    if key is None or received is None or accept_for(key) == received:
        return None
    offset = response.offset_of("sec-websocket-accept")
    return offset, f"the proof is {quoted(received)}; {quoted(key)} makes {accept_for(key)!r}"


@_rule(
    "resp-protocol-unrequested",
    "6455 §4.1 resp(6), §4.2.2(4)",
    "A 101 names a subprotocol that the request did not, letter by letter.",
    "A server picks from what was asked for.",
)
@_only_101
def protocol_unrequested(request: Head, response: Head) -> Found:
    asked = {"", *request.elements("sec-websocket-protocol")}
    for line in response.all("sec-websocket-protocol"):
        for chosen in (part.strip(" \t") for part in line.value.split(",")):
            if chosen not in asked:
                return line.offset, f"{quoted(chosen)} was not asked for"
    return None


@_rule(
    "resp-protocol-multiple",
    "6455 §11.3.4, §4.3",
    "A 101 has Sec-WebSocket-Protocol twice, or a comma in it.",
    "One connection, one subprotocol.",
)
@_only_101
def protocol_multiple(request: Head, response: Head) -> Found:
    for number, line in enumerate(response.all("sec-websocket-protocol")):
        if number or "," in line.value:
            return line.offset, "more than one subprotocol is named"
    return None


@_rule(
    "resp-protocol-empty",
    "6455 §4.2.2(4)",
    "A 101 has Sec-WebSocket-Protocol without a value.",
    "To choose none, the field is left out.",
)
@_only_101
def protocol_empty(request: Head, response: Head) -> Found:
    for line in response.all("sec-websocket-protocol"):
        if not line.value:
            return line.offset, "Sec-WebSocket-Protocol is empty"
    return None


@_rule(
    "resp-ext-unrequested",
    "6455 §4.1 resp(5), §9.1",
    "A 101 names an extension that the request did not.",
    "Both sides have to know an extension.",
)
@_only_101
def ext_unrequested(request: Head, response: Head) -> Found:
    offered = {extension.name.lower() for extension in parse_extensions(request)[0]}
    for extension in parse_extensions(response)[0]:
        if extension.name.lower() not in offered:
            return extension.offset, f"the extension {quoted(extension.name)} was not offered"
    return None


@_rule(
    "resp-ext-bad-syntax",
    "6455 §9.1",
    "Sec-WebSocket-Extensions of a 101 breaks the grammar, as a request's may.",
    "What can not be read can not be agreed to.",
)
@_only_101
def ext_bad_syntax(request: Head, response: Head) -> Found:
    _, faults = parse_extensions(response)
    return (faults[0].offset, faults[0].words) if faults else None


@_rule(
    "resp-ext-multiple-fields",
    "6455 §11.3.2 (§4.2.2(5.6) says the opposite)",
    "A 101 with more than one Sec-WebSocket-Extensions field.",
    "The RFC contradicts itself here; a client that reads only the first line misses the rest.",
    "warning",
    "Most clients join the lines, as they do with any list.",
)
@_only_101
def ext_multiple_fields(request: Head, response: Head) -> Found:
    lines = response.all("sec-websocket-extensions")
    return (lines[1].offset, f"{len(lines)} Sec-WebSocket-Extensions fields") if lines[1:] else None


@_rule(
    "resp-101-to-bad-request",
    "6455 §4.2.1",
    "A 101, and the request breaks a rule of severity error whose id begins with req-.",
    "A server that lets crooked requests pass can be talked to by what is no WebSocket client.",
    peer="The client notices nothing: the handshake goes through.",
)
@_only_101
def answered_bad_request(request: Head, response: Head) -> Found:
    errors = [found for found in request_findings(request) if _is_to_be_refused(found, request)]
    if not errors:
        return None
    more = f", and {len(errors) - 1} more of the rules" if errors[1:] else ""
    first = f"{errors[0].rule.id} ({safe(errors[0].words, 200)})"
    return 0, f"a 101, and the request had to be refused: it breaks {first}{more}"


def _is_to_be_refused(found: Finding, request: Head) -> bool:
    """Not for a bad offer of compression, say: that is declined, and the handshake goes on. Nor for
    a comma too many in a list."""
    if found.words == EMPTY_ELEMENT and parse_extensions(request)[0]:
        return False
    return found.rule.severity == "error" and found.rule.id.startswith("req-")


NOT_YET: Final = (401, 407)
"""Statuses that ask who it is first (RFC 6455 §4.2.2(2)); the version comes after that."""


@_rule(
    "resp-no-version-on-mismatch",
    "6455 §4.2.2(4), §4.4",
    "Asked for another version than 13: status 400 to 599, no Sec-WebSocket-Version.",
    "A client that knows several versions can only try again if it is told which.",
    peer="The client gives up: it can not know what to offer instead.",
)
def no_version_on_mismatch(request: Head, response: Head) -> Found:
    versions = [line.value for line in request.all("sec-websocket-version")]
    status = response.status or 0
    if not versions or VERSION in versions or not 400 <= status < 600 or status in NOT_YET:
        return None
    if response.all("sec-websocket-version"):
        return None
    asked = f"version {quoted(versions[0])} was asked for"
    return 0, f"{asked}, and the {status} has no Sec-WebSocket-Version to say which is spoken"


@_rule(
    "resp-body-on-101",
    "9110 §8.6, 9112 §6.1",
    "A 101 with Content-Length or Transfer-Encoding.",
    "After a 101 comes the new protocol, never a body.",
    "warning",
    "Most clients ignore the field.",
)
@_only_101
def body_on_101(request: Head, response: Head) -> Found:
    for name in ("content-length", "transfer-encoding"):
        if response.all(name):
            return response.offset_of(name), f"a 101 with {name}"
    return None


RESP_MISSING: Final = register(
    "resp-missing",
    "server",
    "warning",
    "hs-resp",
    "6455 §4.1",
    "The server's direction ended before a whole head had come.",
    "The connection ended before the server had answered.",
    FAIL,
)


def response_findings(request: Head, response: Head) -> Iterator[Finding]:
    """What the response to a handshake's request breaks; nothing of one cut short."""
    for rule, check in RESPONSE_RULES if response.complete else []:
        if found := check(request, response):
            yield Finding(rule, "server", "response", *found)
