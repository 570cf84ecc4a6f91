"""One page, by way of a stock mitmproxy and without: what the two legs of a connection share."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from inspector.core.events import Framed
from inspector.core.rfc import CLOSE, CONTINUATION, Side
from inspector.files.dissect import address_text
from inspector.screen.words import lapse, quoted
from lessons.course.evidence import Connection, Evidence, Said
from lessons.course.model import Action, Claim, Lanes, Missing, in_parts
from lessons.course.session import Session

from .acts import (
    ask,
    ask_for_pieces,
    ask_lawfully,
    keep_host,
    kill,
    reset,
    say_hello,
    send_naked,
)
from .found import (
    agreed,
    asked,
    came_whole,
    first_frame,
    hello,
    killed,
    lawful,
    lawful_direct,
    naked,
    pieces,
    ping_before,
    resets,
    told_port,
    unmasked,
    vanished,
    wire_bytes,
)
from .legs import Legs, close_code, direct
from .said import LINE

PROXIED = True
PAGE = "/between"
ABNORMAL, INVALID_DATA = 1006, 1007


ACTIONS = {
    "ask": Action(ask, lambda e: bool(asked(e)), PAGE, "the page behind the proxy", proxied=True),
    "keep": Action(keep_host, lambda e: bool(agreed(e)), PAGE, script_only=True),
    "hello": Action(say_hello, lambda e: bool(hello(e)), PAGE, "your hello", proxied=True),
    "pieces": Action(ask_for_pieces, lambda e: bool(pieces(e)), PAGE, "the pieces", proxied=True),
    "naked": Action(send_naked, lambda e: bool(naked(e)), PAGE, script_only=True),
    "kill": Action(kill, lambda e: bool(killed(e) and vanished(e)), PAGE, script_only=True),
    "lawful": Action(
        ask_lawfully,
        lambda e: bool(lawful(e) and lawful_direct(e)),
        PAGE,
        "the lawful one, by both ways",
        proxied=True,
    ),
    "reset": Action(reset, lambda e: bool(resets(e)), PAGE, script_only=True),
}


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    yield "mitmproxy", f"mitmproxy {version('mitmproxy')}"
    yield "near_capture", session.home.shown(session.near_capture)
    parts = (
        facts_of_asking,
        facts_of_legs,
        facts_of_a_word,
        lambda evidence: facts_of_pieces(*pieces(evidence)),
        facts_of_a_fault,
        facts_of_a_death,
        facts_of_a_lawful_message,
        facts_of_resets,
    )
    yield from in_parts(parts, evidence)


def facts_of_asking(evidence: Evidence) -> Iterator[tuple[str, object]]:
    first = asked(evidence)
    yield "status", first.near.status
    yield "origin", first.far.request.get("origin")
    yield "host_far", first.far.request.get("host")


def facts_of_legs(evidence: Evidence) -> Iterator[tuple[str, object]]:
    near, far = agreed(evidence)
    yield "key", "same" if near.proof.key == far.proof.key else "new"
    yield "the_key", near.proof.key
    yield "near_port", near.client[1]
    yield "told_port", told_port(near)
    yield "address", "yours" if told_port(near) == str(near.client[1]) else "last"


def facts_of_a_word(evidence: Evidence) -> Iterator[tuple[str, object]]:
    legs, said, passed = hello(evidence)
    one, other = first_frame(legs.near, said), first_frame(legs.far, passed)
    yield "near_mask", masked_with(one)
    yield "far_mask", masked_with(other)
    yield "hello", (
        "none" if other.frame.masking_key is None
        else "same" if wire_bytes(one) == wire_bytes(other)
        else "key"
    )  # fmt: skip


def facts_of_a_fault(evidence: Evidence) -> Iterator[tuple[str, object]]:
    bare = naked(evidence)
    yield "bare", naked_way(bare)
    yield "bare_near", close_words(bare.near, "server")
    yield "bare_far", close_words(bare.far, "client")
    yield "bare_reason", reason_of(bare.far, "client")


def facts_of_a_death(evidence: Evidence) -> Iterator[tuple[str, object]]:
    legs, alone = killed(evidence)
    yield "killed", close_code(legs.near, "server") or ABNORMAL
    yield "killed_near", close_words(legs.near, "server")
    yield "killed_far", close_words(legs.far, "server")
    yield "killed_alone", close_code(alone, "server") or ABNORMAL
    yield "vanished_far", close_words(vanished(evidence).far, "client")


def facts_of_a_lawful_message(evidence: Evidence) -> Iterator[tuple[str, object]]:
    legs = lawful(evidence)
    yield "lawful", lawful_way(legs.near)
    yield "lawful_near", (
        "the message" if came_whole(legs.near)
        else f"{close_words(legs.near, 'server')}, {reason_of(legs.near, 'server')}"
    )  # fmt: skip
    yield "second_byte", second_fragment(legs.far)


def facts_of_resets(evidence: Evidence) -> Iterator[tuple[str, object]]:
    ends = resets(evidence)
    yield "straight", ends["direct"]
    yield "tapped", ends["tapped"]


def masked_with(framed: Framed) -> str:
    key = framed.frame.masking_key
    return key.hex(" ") if key else "no key"


def close_words(leg: Connection, side: Side) -> str:
    code = close_code(leg, side)
    return f"Close {code}" if code else "no Close"


def facts_of_pieces(legs: Legs, sent: Said, came: Said) -> Iterator[tuple[str, object]]:
    left, arrived = legs.far.frame(sent.frames[0]).time, legs.near.frame(came.frames[0]).time
    first = ping_before(legs.near, came).time < arrived
    yield "first", "ping" if first else "piece" if len(came.frames) > 1 else "whole"
    yield "took", lapse(sent.time - left)
    yield "late", lapse(arrived - left)
    yield "held", "held back" if arrived >= sent.time else "passed on"
    yield "overtook", "overtook the first fragment" if first else "kept its place"


def naked_way(legs: Legs) -> str:
    """What became of the frame without a mask."""
    if unmasked(legs.far):
        return "frame"
    if any(said.text == "hello" for said in legs.far.said("client")):
        return "mended"
    return "close" if close_code(legs.far, "client") else "nothing"


def lawful_way(leg: Connection) -> str:
    """What became of the lawful message."""
    if came_whole(leg):
        return "whole"
    return "text" if close_code(leg, "server") == INVALID_DATA else "order"


def second_fragment(leg: Connection) -> str:
    """The first byte of the first continuation from the server."""
    found = [f.frame for f in leg.frames_from("server") if f.frame.opcode == CONTINUATION]
    return f"0x{found[0].payload[0]:02x}" if found else "-"


def reason_of(leg: Connection, side: Side) -> str:
    closes = [f.frame.payload[2:] for f in leg.frames_from(side) if f.frame.opcode == CLOSE]
    return quoted(closes[0], 60) if closes and closes[0] else "without a reason"


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts = (
        claims_of_legs,
        claims_of_asking,
        claims_of_a_word,
        claims_of_pieces,
        claims_of_a_fault,
        claims_of_a_death,
        claims_of_leaving,
        claims_of_a_lawful_message,
        claims_of_resets,
    )
    return in_parts(parts, evidence)


def claims_of_legs(evidence: Evidence) -> Iterator[Claim]:
    near, far = agreed(evidence)
    yield Claim(
        "Through a proxy one WebSocket runs over two TCP connections: one key, one accept, two"
        " ports",
        near.proof.key == far.proof.key
        and near.proof.received == far.proof.received
        and near.client != far.client,
        f"{near.proof.key} from port {near.client[1]} and from port {far.client[1]}",
        "9110 §7.6.1",
    )
    yield Claim(
        "Tied to a particular request and IP address: the request is the browser's, address and"
        " port behind a proxy are not",
        near.request.target == far.request.target and told_port(near) != str(near.client[1]),
        f"{near.request.line}; from port {near.client[1]}, the server saw port {told_port(near)}",
        "9110 §3.7",
    )


def claims_of_asking(evidence: Evidence) -> Iterator[Claim]:
    first = asked(evidence)
    same_host = first.near.request.get("host") == first.far.request.get("host")
    yield Claim(
        "A proxy that passes on the Host is no obstacle to a server that compares it with Origin"
        if same_host
        else "A proxy that writes its own Host makes a server refuse its own page",
        (first.near.status == 101) == same_host,
        f"Origin {first.far.request.get('origin')}, Host {first.far.request.get('host')}:"
        f" {first.near.response.line}",
        "6455 §10.2",
    )


def claims_of_a_word(evidence: Evidence) -> Iterator[Claim]:
    legs, said, passed = hello(evidence)
    one, other = first_frame(legs.near, said), first_frame(legs.far, passed)
    yield Claim(
        "On each leg whoever is its client masks: the same word, another key",
        said.data == passed.data and masked_with(one) != masked_with(other),
        f"{masked_with(one)} and {masked_with(other)}",
        "6455 §5.3",
    )


def claims_of_pieces(evidence: Evidence) -> Iterator[Claim]:
    legs, sent, came = pieces(evidence)
    told = dict(facts_of_pieces(legs, sent, came))
    yield Claim(
        "A message arrives whole; its fragments an intermediary may hold back, or cut anew",
        sent.data == came.data,
        f"the first fragment: sent at once, there after {told['late']} ({told['held']})",
        "6455 §5.4",
    )


def claims_of_a_fault(evidence: Evidence) -> Iterator[Claim]:
    bare = naked(evidence)
    yield Claim(
        "What breaks the rules on one leg need not be seen on the other",
        bool(unmasked(bare.near))
        and not unmasked(bare.far)
        and close_code(bare.near, "server") is not None,
        f"a frame without mask; the server got: {close_words(bare.far, 'client')}",
        "6455 §5.1",
    )


def claims_of_a_death(evidence: Evidence) -> Iterator[Claim]:
    legs, alone = killed(evidence)
    yield Claim(
        "The server died without a Close; what the browser hears depends on who passes that on",
        close_code(legs.far, "server") is None and close_code(alone, "server") is None,
        f"by our tap alone {close_code(alone, 'server') or ABNORMAL}, by the proxy"
        f" {close_code(legs.near, 'server') or ABNORMAL}",
        "6455 §7.1.5",
    )


def claims_of_leaving(evidence: Evidence) -> Iterator[Claim]:
    gone = vanished(evidence)
    yield Claim(
        "Behind a proxy a server can't tell how its client left",
        close_code(gone.near, "client") is None,
        f"the client left without a Close; the server got: {close_words(gone.far, 'client')}",
        "6455 §7.1.4",
    )


def claims_of_a_lawful_message(evidence: Evidence) -> Iterator[Claim]:
    both = lawful(evidence)
    yield Claim(
        "A compressed message with a Ping between its fragments is lawful, and our tap passes it",
        came_whole(lawful_direct(evidence)) and not lawful_direct(evidence).findings,
        f"mitmproxy {version('mitmproxy')}: "
        + ("passes it, too" if came_whole(both.near) else close_words(both.near, "server")),
        "7692 §6.1",
    )


def claims_of_resets(evidence: Evidence) -> Iterator[Claim]:
    ends = resets(evidence)
    told = [each for each in direct(evidence, LINE) if told_port(each)]
    if not told:
        raise Missing("nobody was connected by our tap alone yet")
    alone = told[-1]
    yield Claim(
        "Our tap changes something, too: addresses, and a reset comes out as an ordinary end",
        ends == {"direct": "reset", "tapped": "end"} and told_port(alone) != str(alone.client[1]),
        f"straight to the server: {ends['direct']}; by our tap: {ends['tapped']}",
        "9293 §3.10.5",
    )


# Tables and a picture


def heads_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """Both heads on both legs, line beside line."""
    near, far = asked(evidence)
    yield "", "leg A: browser and proxy", "leg B: proxy and server"
    for name in ("Host", "Origin", "Upgrade", "Connection"):
        yield name, near.request.get(name) or "-", far.request.get(name) or "-"
    yield "answer", near.response.line, far.response.line


def ports_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    near, far = agreed(evidence)
    yield "leg", "TCP connection", "Sec-WebSocket-Key"
    for name, leg in (("A", near), ("B", far)):
        ports = f"{address_text(leg.client)} -> {address_text(leg.server)}"
        yield name, ports, leg.proof.key
    yield "", f"what the server was told: {told_port(near)}", ""


def hello_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    legs, said, passed = hello(evidence)
    yield "leg", "header", "masking key", "payload on the wire", "unmasked"
    for name, framed in (
        ("A", first_frame(legs.near, said)),
        ("B", first_frame(legs.far, passed)),
    ):
        frame = framed.frame
        yield (
            name, frame.header[:2].hex(" "), masked_with(framed),
            frame.wire_payload[:12].hex(" "), frame.payload[:12].decode("utf-8", "replace"),
        )  # fmt: skip


def naked_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    near, far = naked(evidence)
    begun = unmasked(near)[0].time
    yield "from", "leg A: client and proxy", "leg B: proxy and server"
    yield "client", said_since(near, "client", begun), said_since(far, "client", begun)
    yield "server", said_since(near, "server", begun), said_since(far, "server", begun)


def said_since(leg: Connection, side: Side, begun: float) -> str:
    frames = [each.frame for each in leg.frames_from(side) if each.time >= begun]
    told = []
    for frame in frames:
        words = frame.name + (", no mask" if side == "client" and not frame.masking_key else "")
        told.append(f"{frame.header[:2].hex(' ')} {words}")
    code = close_code(leg, side)
    return "; ".join(told).replace("close", f"close {code}") or "nothing"


def end_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """One death of a server, told three ways."""
    legs, alone = killed(evidence)
    yield "on the wire between", "the server's last words"
    yield "server and proxy (leg B)", last_words(legs.far)
    yield "proxy and client (leg A)", last_words(legs.near)
    yield "our tap alone and client", last_words(alone)


def last_words(leg: Connection) -> str:
    code = close_code(leg, "server")
    return f"a Close {code}, then the end of TCP" if code else "no Close: the end of TCP"


def pieces_plot(evidence: Evidence, session: Session) -> Lanes:
    legs, sent, came = pieces(evidence)
    left, right = legs.far, legs.near
    begun = min(left.frame(sent.frames[0]).time, ping_before(left, sent).time)
    rows = (
        ("B: fragments", [left.frame(number).time for number in sent.frames]),
        ("B: ping", [ping_before(left, sent).time]),
        ("A: ping", [ping_before(right, came).time]),
        ("A: fragments", [right.frame(number).time for number in came.frames]),
    )
    seconds = max(time - begun for _, times in rows for time in times)
    return Lanes(
        "From the server (leg B) to the browser (leg A)",
        seconds * 1.1,
        tuple((name, tuple(max(0.0, time - begun) for time in times)) for name, times in rows),
    )


def lawful_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    legs, alone = lawful(evidence), lawful_direct(evidence)
    yield "where", "from the server"
    yield "leg B", from_server(legs.far)
    yield "leg A", from_server(legs.near)
    yield "our tap alone", from_server(alone)


def from_server(leg: Connection) -> str:
    """Its frames up to its Close, in the order in which they crossed."""
    told = []
    for framed in leg.frames_from("server"):
        frame = framed.frame
        words = f"{frame.header[:1].hex()} {frame.name}" + (" (compressed)" * frame.rsv1)
        told.append(f"{words} {close_code(leg, 'server')}" if frame.opcode == CLOSE else words)
    return ", ".join(told)


def ourselves_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    ends = resets(evidence)
    told = {"reset": "a reset: reading failed", "end": "an ordinary end: nothing more to read"}
    yield "the client reset", "the server got"
    yield "its connection to the server", told[ends["direct"]]
    yield "its connection to our tap", told[ends["tapped"]]


PLOTS = {"pieces": pieces_plot}
TABLES = {
    "heads": heads_table,
    "ports": ports_table,
    "hello": hello_table,
    "naked": naked_table,
    "end": end_table,
    "lawful": lawful_table,
    "ourselves": ourselves_table,
}
