"""Two peers meet through the relay, and what was recorded is judged."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner

from inspector.commands.lint import lint
from inspector.core.findings import Finding
from inspector.core.handshake import Deflate
from inspector.core.rfc import PING, PONG, SIDES, Side
from tests.peers.calling import REFUSED, Client
from tests.peers.judge import Told, tell
from tests.peers.relay import Relay
from tests.peers.script import DEFLATES, FRAGMENTED, PINGED, SUBPROTOCOLS, Able, Script, script

ABLE = {
    "websockets": Able(),
    "wsproto": Able(),
    "aiohttp": Able(fragment=False, deflate=False),
    "ws": Able(),
    "undici": Able(ping=False, fragment=False, deflate=False),
    "chromium": Able(ping=False, fragment=False, deflate=False),
    "werkzeug": Able(ping=False, fragment=False, deflate=False),
    "gunicorn": Able(ping=False, fragment=False, deflate=False),
}

TALKS: list[tuple[str, Side]] = [
    ("off", "client"),
    ("off", "server"),
    ("default", "server"),
    ("no takeover", "client"),
    ("10 bits", "client"),
]
"""How compressed, and who closes: what each client says to each server."""

KNOWN: dict[tuple[str, Side], dict[str, str]] = {
    ("werkzeug", "server"): {
        "http-response-after-close": "its handler returns, and it writes the response of a page",
    },
    ("aiohttp", "client"): {
        "close-code-not-echoed": "answers each Close with code 1000",
        "client-closed-first": "does not wait for the server to end TCP, RFC 6455 §7.1.1",
    },
    ("ws", "client"): {
        "client-closed-first": "ends its own direction once both Closes are there",
    },
    ("undici", "client"): {
        "req-origin-missing": "sends Sec-Fetch fields as a browser does, and no Origin",
        "pmd-not-compressed": "agrees to compress, can inflate, and never deflates",
        "client-closed-first": "ends its own direction once both Closes are there",
    },
    ("wsproto", "client"): {"fragment-empty": "zlib had nothing to give yet"},
    ("wsproto", "server"): {"fragment-empty": "zlib had nothing to give yet"},
}
"""What else than errors each peer is known for, and why it does it."""

HUNG_UP = (
    "flask-sock's thread would answer the client's Close, and sometimes its handler has returned"
    " and the server has hung up before that"
)
FAULTS: dict[str, dict[str, str]] = {
    "werkzeug": {"close-unanswered": HUNG_UP},
    "gunicorn": {"close-unanswered": HUNG_UP},
    "aiohttp": {
        "pmd-resp-server-bits-too-large": "asked for a window of 15 bits it leaves the parameter"
        " out: harmless, but RFC 7692 §7.1.2.1 accepts such an offer by naming it",
    },
}
"""Errors that are truly a server's: each is asked for its own alone, and they may come and go."""


def pinned(finding: Finding, server: str, client: str, said: Script) -> bool:
    """Is it an error that this server is known to make, in just this situation?"""
    if finding.side != "server" or finding.rule.id not in FAULTS.get(server, ()):
        return False
    if finding.rule.id == "close-unanswered":
        return said.closer == "client"
    wanted = said.deflate is not None and said.deflate.window_bits is None
    return client == "wsproto" and wanted  # the one that asks for 15 bits


SHOCKS = {"client-closed-first", "close-code-not-echoed"}
"""What a client does when it reads Werkzeug's response as frames: a Close of 1002, and away."""

OURS = {"fragment-empty"}
"""What a client breaks because the script tells it to, if it can say fragments."""

STAYS = {("werkzeug", client) for client in ("websockets", "wsproto", "undici")}
"""Werkzeug, after a Close of its own, often never ends TCP; these clients wait for it."""


def meetings(
    servers: Iterable[str], clients: Iterable[str], talks: Iterable[tuple[str, Side]] = TALKS
) -> list[object]:
    """Each of these servers with each of these clients, in every way that makes sense."""
    return [
        pytest.param(server, client, talk, id=f"{server}, {client}, {', '.join(talk)}")
        for server in servers
        for client in clients
        for talk in talks
        if talk[1] == "client" or (server, client) not in STAYS
    ]


def told_of(path: Path, port: int, client: Client, said: Script) -> Told:
    """What the capture tells of a client that says all this to the server at a port."""
    relay = Relay(port, path)
    with contextlib.ExitStack() as stack:
        stack.callback(relay.drop)
        client(relay.port, said)
        relay.finish()
    return tell(path)


def meet(
    folder: Path, server: tuple[str, int], client: tuple[str, Client], talk: tuple[str, Side]
) -> None:
    """A client says its script to the server at a port, and nobody is blamed for it."""
    compressed, closer = talk
    said = script(ABLE[client[0]], ABLE[server[0]], closer, compressed, server[0] != "werkzeug")
    path = folder / "met.pcapng"
    told = told_of(path, server[1], client[1], said)
    nobody_is_blamed(told, client[0], server[0], said)
    all_was_heard(told, client[0], server[0], said)
    linted = CliRunner().invoke(lint, [str(path)])
    errors = any(each.rule.severity == "error" for each in told.findings)
    assert linted.exit_code == int(errors), linted.output


def be_refused(folder: Path, port: int, client: Client) -> None:
    """A 403 for an answer: a handshake without faults, and no frames."""
    path = folder / "refused.pcapng"
    relay = Relay(port, path)
    try:
        with pytest.raises(REFUSED):
            client(relay.port, Script([], "client", path="/refuse"))
        relay.finish()
    finally:
        relay.drop()
    told = tell(path)
    assert told.opened
    assert told.opened.response
    assert told.opened.response.status == 403
    assert told.opened.proof.ok is None
    assert (told.messages["server"], told.control["server"]) == ([], [])
    assert [each for each in told.findings if each.rule.severity == "error"] == []


def nobody_is_blamed(told: Told, client: str, server: str, said: Script) -> None:
    """No error, and nothing that these peers aren't known for."""
    findings = [each for each in told.findings if not pinned(each, server, client, said)]
    errors = [each for each in findings if each.rule.severity == "error"]
    assert errors == [], errors
    known = {"client": set(KNOWN.get((client, "client"), ())), "server": set()}
    known["server"] |= set(KNOWN.get((server, "server"), ()))
    if ABLE[client].fragment:
        known["client"] |= OURS
    if server == "werkzeug":
        known["client"] |= SHOCKS
    strange = [each for each in findings if each.rule.id not in known[each.side]]
    assert strange == [], strange
    found = {each.rule.id for each in told.findings}
    assert ("http-response-after-close" in found) == (server == "werkzeug")
    if (server, client, said.compressed) == ("aiohttp", "wsproto", "default"):
        assert "pmd-resp-server-bits-too-large" in {each.rule.id for each in told.findings}
    if (client, said.closer) == ("aiohttp", "server"):
        assert "close-code-not-echoed" in found


def all_was_heard(told: Told, client: str, server: str, said: Script) -> None:
    """Each message, Ping and Close of the script, and nothing else."""
    assert told.opened
    assert told.opened.proof.ok is True
    assert told.opened.agreement.subprotocol == SUBPROTOCOLS[0]
    assert told.messages == {"client": said.said, "server": said.answered}
    if ABLE[client].fragment:
        assert told.fragmented["client"] == len(FRAGMENTED)
    assert told.fragmented["server"] == ABLE[server].fragment
    pings = {side: [body for code, body in told.control[side] if code == PING] for side in SIDES}
    pongs = {side: [body for code, body in told.control[side] if code == PONG] for side in SIDES}
    assert pings == {"client": said.pings, "server": [PINGED] * ABLE[server].ping}
    assert pongs == {"client": pings["server"], "server": pings["client"]}
    assert told.closed
    assert told.closed.closed_by == said.closer
    unanswered = any(each.rule.id == "close-unanswered" for each in told.findings)
    assert told.closed.clean is not unanswered
    assert (told.closed.code, told.closed.reason) == said.close
    late = {"an HTTP response after Close"} if server == "werkzeug" else set()
    assert {raw.why for raw in told.raw} == late
    agreed_as_told(told, client, server, said)


def agreed_as_told(told: Told, client: str, server: str, said: Script) -> None:
    """Compression as both were configured, where both can be."""
    assert told.opened
    agreed = told.opened.agreement.deflate
    if said.compressed == "off":
        assert agreed is None or client in {"chromium", "undici"}
        return
    wanted = DEFLATES[said.compressed]
    if agreed is not None:
        assert told.compressed["server"]
        assert bool(told.compressed["client"]) == (client != "undici")
    if ABLE[client].deflate and ABLE[server].deflate:
        each = Deflate(wanted.takeover, wanted.window_bits or 15)
        assert agreed == {"client": each, "server": each}
