"""One feed followed four ways at once, and three ways of asking "who was that?"."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.screen.words import count
from lessons.course.evidence import Evidence
from lessons.course.model import Action, Claim, Missing, in_parts
from lessons.course.session import Session
from lessons.four_ways.follow import follow_all
from lessons.four_ways.ways import (
    EVENTS,
    LONG_POLL,
    POLL,
    POLL_SECONDS,
    TICK_SECONDS,
    TICKER,
    Race,
    Way,
    race,
)

from .strangers import COOKIE, PLAIN, SOCKET, cookie_named, cookies, meetings, strangers
from .tables import PLOTS, TABLES

__all__ = ["ACTIONS", "PLOTS", "TABLES", "claims", "facts"]

# What is done


def run_the_race(session: Session) -> None:
    """follow the ticker in four ways at once, for seven ticks"""
    follow_all(session)


def ask_plainly(session: Session) -> None:
    """ask twice, over HTTP, on one TCP connection"""
    with session.http() as http:
        for _ in range(2):
            http.get(PLAIN)


def ask_with_cookie(session: Session) -> None:
    """ask three times, with the cookie of the first answer"""
    with session.http() as http:
        named = http.get(COOKIE).head.get("set-cookie") or ""
        for _ in range(2):
            http.get(COOKIE, [("Cookie", named.partition(";")[0])])


def say_again(session: Session) -> None:
    """say "again" three times on one WebSocket"""
    with session.client(SOCKET) as ws:
        for _ in range(3):
            ws.send("again")
            ws.receive()


ACTIONS = {
    "race": Action(
        run_the_race, lambda evidence: bool(race(evidence)), page="/feed", waiting="all four ways"
    ),
    "plain": Action(
        ask_plainly, lambda evidence: len(strangers(evidence, PLAIN)) > 1, page="/memory"
    ),
    "cookie": Action(ask_with_cookie, lambda evidence: len(cookies(evidence)) > 1, page="/memory"),
    "socket": Action(
        say_again,
        lambda evidence: len(meetings(evidence)[1]) >= 3,
        page="/memory",
        waiting="three messages",
    ),
}


# What was seen


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    yield "tick_ms", TICK_SECONDS * 1000
    yield "poll_ms", POLL_SECONDS * 1000
    parts = (race_facts, stranger_facts, cookie_facts, memory_facts)
    yield from in_parts(parts, evidence)


def race_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    seen = race(evidence)
    poll, long_poll, events, ticker = (seen[p] for p in (POLL, LONG_POLL, EVENTS, TICKER))
    yield "ticks", min(len(way.heard) for way in seen.ways.values())
    yield "payload", seen.payload
    yield "polls", poll.requests
    yield "in_vain", poll.in_vain
    yield "long_polls", long_poll.requests
    yield "streams", events.requests
    yield "one_request_key", one_request(seen)

    yield "poll_late", poll.late_ms
    yield "poll_gap", poll.gap * 1000
    yield "late_key", lateness(poll)
    yield "long_late", long_poll.late_ms
    yield "events_late", events.late_ms
    yield "socket_late", ticker.late_ms
    yield "quickest_key", quickest(long_poll, events, ticker)

    yield "poll_tick", poll.bytes_a_tick
    yield "poll_times", poll.bytes_a_tick / seen.payload
    yield "poll_key", times_its_size(poll.bytes_a_tick / seen.payload)
    yield "long_tick", long_poll.bytes_a_tick
    yield "events_further", events.further_tick
    yield "socket_further", ticker.further_tick
    yield "cheapest_key", cheapest(seen)
    yield "a_poll", poll.total / poll.requests
    yield "socket_once", ticker.total - ticker.further_tick * len(ticker.heard)
    yield "a_minute", poll.total / poll.requests * 60 / 1000

    yield "poll_ports", count(len(poll.ports), "port")
    yield "tcp_key", "each" if len(poll.ports) == poll.requests else "few"
    yield "poll_up", len(poll.up) // poll.requests


def stranger_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    plain = strangers(evidence, PLAIN)
    if len(plain) < 2:
        raise Missing("nobody has asked twice yet")
    numbers = {stranger for _, stranger, _ in plain}
    ports = {http.client[1] for http, _, _ in plain}
    yield "asked", len(plain)
    yield "asked_ports", "the same port" if len(ports) == 1 else f"{len(ports)} ports"
    yield "plain_strangers", len(numbers)
    yield "known_key", "no" if len(numbers) == len(plain) else "port"


def cookie_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    brought = cookies(evidence)
    if not brought:
        raise Missing("no cookie has come back yet")
    yield "cookie", cookie_named(brought[0][0].request)
    yield "cookie_times", max(times for _, _, times in brought)


def memory_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    talk, answers = meetings(evidence)
    said = talk.said("client")
    yield "memory", talk.number
    yield "said", len(said)
    yield "said_text", said[0].text
    yield "said_bytes", len(said[0].data)
    yield "said_times", answers[-1][1]
    yield "named_key", "nothing" if len({each.data for each in said}) == 1 else "id"


def one_request(seen: Race) -> str:
    """Which ways brought all their ticks with one request."""
    alone = {path for path, way in seen.ways.items() if way.requests == 1}
    known = {
        frozenset({TICKER}): "socket",
        frozenset({EVENTS, TICKER}): "both",
        frozenset({LONG_POLL, EVENTS, TICKER}): "long",
    }
    return known.get(frozenset(alone), "none")


def lateness(poll: Way) -> str:
    """How late polling hears, in its own pauses."""
    part = poll.late_ms / 1000 / poll.gap
    return "once" if part < 0.2 else "half" if part < 0.8 else "whole" if part < 1.3 else "more"


def quickest(*ways: Way) -> str:
    """Which of them is ahead by more than 20 ms."""
    first, second, *_ = sorted(ways, key=lambda way: way.late_ms)
    ahead = second.late_ms - first.late_ms > 20
    return {LONG_POLL: "long", EVENTS: "events", TICKER: "socket"}[first.path] if ahead else "none"


def times_its_size(times: float) -> str:
    return "two" if times < 2.5 else "five" if times < 10 else "ten"


def cheapest(seen: Race) -> str:
    """Which way brings a further tick in the fewest bytes, and by how much."""
    first, second, *_ = sorted(seen.ways.values(), key=lambda way: way.further_tick)
    if first.path != TICKER:
        return {POLL: "poll", LONG_POLL: "long", EVENTS: "events"}[first.path]
    return "near" if second.further_tick < 2 * first.further_tick else "far"


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts = (race_claims, stranger_claims, cookie_claims, memory_claims)
    return in_parts(parts, evidence)


def race_claims(evidence: Evidence) -> Iterator[Claim]:
    seen = race(evidence)
    poll, long_poll, events, ticker = (seen[p] for p in (POLL, LONG_POLL, EVENTS, TICKER))
    yield Claim(
        "Over HTTP, too, one request can bring many ticks: server-sent events",
        events.requests == 1 and len(events.heard) > 1,
        f"{events.requests} request, {len(events.heard)} ticks; the WebSocket {ticker.requests} "
        f"and {len(ticker.heard)}",
        "9112 §7.1",
    )
    yield Claim(
        "Polling asks in vain; what the others send brings a tick",
        poll.in_vain > 0 and ticker.in_vain == events.in_vain == 0,
        f"{poll.requests} polls, {poll.in_vain} of them in vain",
    )
    pushed = max(long_poll.late_ms, events.late_ms, ticker.late_ms)
    yield Claim(
        "Polling hears latest: it has to wait for its own next question",
        poll.late_ms > pushed,
        f"typically {poll.late_ms:.0f} ms late, the three others {pushed:.1f} ms at most",
    )
    yield Claim(
        "A further tick costs least on the WebSocket, then as an event, then by asking",
        ticker.further_tick < events.further_tick < long_poll.further_tick < poll.further_tick,
        ", ".join(f"{way.name} {way.further_tick:.0f}" for way in seen.ways.values()) + " bytes",
        "6455 §5.2",
    )
    yield Claim(
        "HTTP/1.1 keeps a connection for many requests, unless somebody closes it",
        len(poll.ports) < poll.requests,
        f"{poll.requests} polls on {count(len(poll.ports), 'TCP connection')}",
        "9112 §9.3",
    )
    heads = len(poll.up) // poll.requests
    yield Claim(
        "Each request brings its whole head again",
        poll.up.count(b"\r\nHost: ") == poll.requests,
        f"{poll.requests} heads of {heads} bytes on average",
        "9112 §3.2",
    )


def stranger_claims(evidence: Evidence) -> Iterator[Claim]:
    plain = strangers(evidence, PLAIN)
    if len(plain) < 2:
        raise Missing("nobody has asked twice yet")
    yield Claim(
        "By HTTP alone the server can't tell who asked before",
        len({stranger for _, stranger, _ in plain}) == len(plain),
        f"{len(plain)} questions, strangers " + ", ".join(str(number) for _, number, _ in plain),
        "9110 §3.3",
    )


def cookie_claims(evidence: Evidence) -> Iterator[Claim]:
    brought = cookies(evidence)
    if not brought:
        raise Missing("no cookie has come back yet")
    yield Claim(
        "With a cookie in the request it knows",
        all(times > 1 for _, _, times in brought),
        f"{cookie_named(brought[0][0].request)}, "
        + "counted up to "
        + str(max(times for _, _, times in brought)),
        "6265 §3",
    )


def memory_claims(evidence: Evidence) -> Iterator[Claim]:
    talk, answers = meetings(evidence)
    said = {each.data for each in talk.said("client")}
    yield Claim(
        "On a WebSocket it knows with nothing sent that names anybody",
        len(said) == 1 and [times for _, times in answers] == list(range(1, len(answers) + 1)),
        f"{len(answers)} times the same {len(next(iter(said)))} bytes, counted 1 to {len(answers)}",
    )
