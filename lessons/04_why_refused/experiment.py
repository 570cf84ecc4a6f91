"""Handshakes that are refused: by whom, with which status, and what of that a page is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

from inspector.core.heads import Head
from inspector.screen.lines import fit
from lessons.course.client import Client
from lessons.course.evidence import Connection, Evidence, Http
from lessons.course.model import Action, Claim, Missing, Unavailable, in_parts
from lessons.course.session import Session
from lessons.course.wire import AGENT
from lessons.demo.gate import same_origin

from .altered import ALTERED, CHAT, send

TOLD = "/refused/told"
NEVER_SENT = "1006"  # RFC 6455 §7.4.1


# What is done


def open_elsewhere(session: Session) -> None:
    """let a headless Chromium press the button"""
    if session.chromium is None:
        raise Unavailable(
            "no Chromium here (apt install chromium, or brew install --cask chromium): "
            "what a page is told has to be seen in a browser of your own"
        )
    session.browse("/refused/elsewhere?act", lambda evidence: bool(reports(evidence)))


def ask_from_elsewhere(session: Session) -> None:
    """if it is not there, send it with another site's Origin"""
    try:
        from_elsewhere(session.evidence())
    except Missing:
        send(ALTERED["elsewhere"], *session.address)


def sends(words: str, *names: str) -> Callable[[Session], None]:
    def script(session: Session) -> None:
        for name in names:
            send(ALTERED[name], *session.address)

    script.__doc__ = words
    return script


def ask_plainly(session: Session) -> None:
    """ask for that address with an ordinary GET"""
    session.get(CHAT)


def by_proxy(session: Session) -> None:
    """shake hands with the chat, by way of the proxy"""
    with session.http() as http:
        place = urlsplit(http.get("/refused/proxy").head.get("location") or "")
    client = Client.open(place.hostname or "", place.port or 80, CHAT)
    client.close()


ACTIONS = {
    "told": Action(
        open_elsewhere,
        lambda evidence: bool(reports(evidence)),
        page="/refused/elsewhere",
        waiting="the other origin's page",
    ),
    "elsewhere": Action(
        ask_from_elsewhere,
        lambda evidence: bool(from_elsewhere(evidence)),
        page="/refused/elsewhere",
    ),
    "forged": Action(
        sends("write it with the Origin of the chat's own page", "forged"),
        lambda evidence: bool(forged(evidence)),
        page="/refused",
        waiting="the bench's first button",
    ),
    "altered": Action(
        sends("send one with no key, one of version 8, a POST", "no-key", "version-8", "post"),
        lambda evidence: all((without_key(evidence), old_version(evidence), posted(evidence))),
        page="/refused",
        waiting="the bench's other buttons",
    ),
    "plain": Action(ask_plainly, lambda evidence: bool(asked_plainly(evidence)), page=CHAT),
    "proxy": Action(by_proxy, lambda evidence: bool(stripped(evidence)), page="/refused/proxy"),
}


# What was seen


def newest(
    evidence: Evidence, fits: Callable[[Connection], bool], what: str, path: str = CHAT
) -> Connection:
    """The newest answered handshake for the chat that fits."""
    for each in reversed(evidence.connections):
        if each.handshake.request and each.handshake.response and each.path == path and fits(each):
            return each
    raise Missing(f"no handshake {what} was captured yet")


def asks(head: Head) -> bool:
    """Is it a GET that asks for the upgrade?"""
    return head.method == "GET" and upgrades(head)


def upgrades(head: Head) -> bool:
    return head.has_token("upgrade", "websocket") and head.has_token("connection", "upgrade")


def at_home(head: Head) -> bool:
    """Does its Origin, if there is one, name the server that was asked?"""
    origin = head.get("origin")
    return origin is None or same_origin(origin, head.get("host") or "")


def from_elsewhere(evidence: Evidence) -> Connection:
    return newest(
        evidence,
        lambda each: asks(each.request) and not at_home(each.request),
        "from another site",
    )


def forged(evidence: Evidence) -> Connection:
    """A program that wrote the chat's own Origin."""
    return newest(
        evidence,
        lambda each: (
            each.upgraded
            and each.request.get("user-agent") == AGENT
            and bool(each.request.get("origin"))
            and at_home(each.request)
        ),
        "by a program, with the chat's own Origin,",
    )


def without_key(evidence: Evidence) -> Connection:
    return newest(
        evidence,
        lambda each: asks(each.request) and each.request.get("sec-websocket-key") is None,
        "without a key",
    )


def old_version(evidence: Evidence) -> Connection:
    return newest(
        evidence,
        lambda each: (
            asks(each.request) and each.request.get("sec-websocket-version") not in ("13", None)
        ),
        "of another version",
    )


def posted(evidence: Evidence) -> Connection:
    return newest(
        evidence,
        lambda each: upgrades(each.request) and each.request.method != "GET",
        "that is no GET",
    )


def stripped(evidence: Evidence) -> Connection:
    """A key, and nothing that asks for an upgrade."""
    return newest(
        evidence,
        lambda each: not upgrades(each.request) and bool(each.request.get("sec-websocket-key")),
        "without Upgrade, but with a key,",
    )


def asked_plainly(evidence: Evidence) -> Http:
    """The newest plain GET for the chat's WebSocket address."""
    for http in reversed(evidence.http):
        if http.path == CHAT and http.request.method == "GET" and http.response:
            return http
    raise Missing("nobody has asked for the chat's address in plain HTTP yet")


def reports(evidence: Evidence) -> dict[str, str]:
    """What the other site's script was told, as it wrote it down: the newest report."""
    for http in reversed(evidence.http):
        if http.path == TOLD:
            query = parse_qs(http.request.target.partition("?")[2], keep_blank_values=True)
            if "events" in query:
                return {name: values[0] for name, values in query.items()}
    raise Missing("the other site's page has not written down what it was told")


def broken(connection: Connection) -> list[str]:
    """The ids of the rules that the request breaks, as the inspector names them."""
    found = [each for each in connection.findings if each.rule.severity == "error"]
    return list(dict.fromkeys(each.rule.id for each in found if each.stream == "request"))


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    parts = (
        told_facts,
        origin_facts,
        forged_facts,
        altered_facts,
        version_facts,
        post_facts,
        plain_facts,
        proxy_facts,
        telling_facts,
    )
    return in_parts(parts, evidence)


def told_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    report = reports(evidence)
    yield "told_events", " and ".join(report.get("events", "").split())
    yield "told_code", report.get("code")
    yield "told_reason", f'"{report.get("reason", "")}"'
    yield "told_key", "nothing" if not report.get("reason") else "words"


def origin_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    refused = from_elsewhere(evidence)
    yield "elsewhere", refused.number
    yield "elsewhere_status", refused.status
    yield "elsewhere_line", refused.response.line
    yield "elsewhere_origin", refused.request.get("origin")
    yield "elsewhere_host", refused.request.get("host")
    yield "cookie", refused.request.get("cookie") or "(no cookie)"


def forged_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    opened = forged(evidence)
    yield "forged", opened.number
    yield "forged_status", opened.status
    yield "forged_line", opened.response.line
    yield "forged_origin", opened.request.get("origin")


def altered_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    keyless = without_key(evidence)
    yield "keyless", keyless.number
    yield "keyless_status", keyless.status
    yield "keyless_line", keyless.response.line


def version_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    old = old_version(evidence)
    yield "old", old.number
    yield "old_status", old.status
    yield "old_line", old.response.line
    yield "old_version", old.request.get("sec-websocket-version")
    yield "spoken", old.response.get("sec-websocket-version")


def post_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    post = posted(evidence)
    yield "post_status", post.status


def plain_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    plain = asked_plainly(evidence)
    assert plain.response
    yield "plain_status", plain.status
    yield "plain_line", plain.response.line
    yield "plain_upgrade", plain.response.get("upgrade")


def proxy_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    there = stripped(evidence)
    yield "stripped", there.number
    yield "stripped_status", there.status
    yield "stripped_line", there.response.line
    yield "stripped_key", there.request.get("sec-websocket-key")
    yield "stripped_via", there.request.get("via")
    yield (
        "arrived",
        "none" if not there.proof.key else "whole" if upgrades(there.request) else "rest",
    )


def telling_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    there, plain = stripped(evidence), asked_plainly(evidence)
    same, keys = plain.status == there.status, plain.request.all("sec-websocket-key")
    yield "tells", "key" if same and not keys else "status"


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts = (
        origin_claims,
        told_claims,
        forged_claims,
        altered_claims,
        version_claims,
        post_claims,
        plain_claims,
        proxy_claims,
    )
    return in_parts(parts, evidence)


def origin_claims(evidence: Evidence) -> Iterator[Claim]:
    refused = from_elsewhere(evidence)
    yield Claim(
        "A page of another origin is refused with 403, and nothing else is wrong with its request",
        refused.status == 403 and not broken(refused),
        f"Origin: {refused.request.get('origin')}, Host: {refused.request.get('host')}",
        "6455 §4.2.2, §10.2",
    )


def told_claims(evidence: Evidence) -> Iterator[Claim]:
    report, refused = reports(evidence), from_elsewhere(evidence)
    yield Claim(
        "The page is told of it no more than error and close with 1006",
        (report.get("events"), report.get("code"), report.get("reason"))
        == ("error close", NEVER_SENT, ""),
        f"{report.get('events')}, code {report.get('code')}; on the wire: {refused.status}",
        "6455 §7.1.5",
    )


def forged_claims(evidence: Evidence) -> Iterator[Claim]:
    opened = forged(evidence)
    yield Claim(
        "A program that writes the chat's own Origin gets in",
        opened.status == 101 and bool(opened.proof.ok),
        f"Origin: {opened.request.get('origin')}, {opened.response.line}",
        "6455 §10.2",
    )


def altered_claims(evidence: Evidence) -> Iterator[Claim]:
    keyless = without_key(evidence)
    yield Claim(
        "Without a key there is no handshake",
        keyless.status == 400 and broken(keyless) == ["req-key-missing"],
        f"{keyless.response.line}; the inspector: {', '.join(broken(keyless))}",
        "6455 §4.2.1",
    )


def version_claims(evidence: Evidence) -> Iterator[Claim]:
    old = old_version(evidence)
    yield Claim(
        "The answer to another version names the one that the server speaks",
        old.status == 426 and old.response.get("sec-websocket-version") == "13",
        f"asked {old.request.get('sec-websocket-version')}, answered {old.status}, "
        f"Sec-WebSocket-Version: {old.response.get('sec-websocket-version')}",
        "6455 §4.2.2",
    )


def post_claims(evidence: Evidence) -> Iterator[Claim]:
    post = posted(evidence)
    yield Claim(
        "Only a GET can become a WebSocket",
        not post.upgraded and (post.status or 0) >= 400 and "req-method-not-get" in broken(post),
        f"{post.request.line}: {post.response.line}",
        "6455 §4.2.1",
    )


def plain_claims(evidence: Evidence) -> Iterator[Claim]:
    plain = asked_plainly(evidence)
    yield Claim(
        "A plain GET is told to upgrade",
        plain.status == 426
        and plain.response is not None
        and plain.response.has_token("upgrade", "websocket"),
        plain.response.line if plain.response else "",
        "9110 §15.5.22",
    )


def proxy_claims(evidence: Evidence) -> Iterator[Claim]:
    there = stripped(evidence)
    yield Claim(
        "A proxy that knows only HTTP takes out Upgrade and Connection, and leaves the key",
        not there.request.all("upgrade") and bool(there.proof.key) and there.status != 101,
        f"no Upgrade, Sec-WebSocket-Key: {there.proof.key}; {there.response.line}",
        "9110 §7.6.1",
    )


# Tables


def told_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """What the script of the page was told."""
    report = reports(evidence)
    yield "what the script was told", ""
    yield "events", ", ".join(report.get("events", "").split())
    yield "close.code", report.get("code")
    yield "close.reason", f'"{report.get("reason", "")}"'
    yield "close.wasClean", report.get("wasClean")


def altered_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """Three altered handshakes, and what was answered."""
    yield "what was altered", "answer", "what the inspector finds"
    keyless, old, post = without_key(evidence), old_version(evidence), posted(evidence)
    for words, each in (
        ("no Sec-WebSocket-Key", keyless),
        (field(old.request, "Sec-WebSocket-Version"), old),
        (post.request.method, post),
    ):
        yield words, each.response.line.partition(" ")[2], ", ".join(broken(each))


def plain_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """Your request and its answer, as far as a handshake is concerned."""
    http = asked_plainly(evidence)
    assert http.response
    yield "you asked", "the server answered"
    yield http.request.line, http.response.line
    for name in ("Upgrade", "Connection", "Sec-WebSocket-Version"):
        yield field(http.request, name), field(http.response, name)


def field(head: Head, name: str) -> str:
    lines = head.all(name)
    return ", ".join(f"{name}: {each.value}" for each in lines) if lines else f"(no {name})"


def three_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """The same address, asked for in three ways, as it arrived at the server."""
    whole, there, plain = forged(evidence), stripped(evidence), asked_plainly(evidence)
    yield "field", "whole, directly", "through the proxy", "address bar"
    heads = (whole.request, there.request, plain.request)
    for name in ("Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Via"):
        yield name, *(fit(head.get(name) or "-", 15) for head in heads)
    yield "answer", whole.status, there.status, plain.status


TABLES = {"told": told_table, "altered": altered_table, "plain": plain_table, "three": three_table}
