"""The table against the wire: a race of four ways, a gallery of nine uses, and five captures."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.screen.words import count
from lessons.course.evidence import Evidence
from lessons.course.model import Action, Claim, in_parts
from lessons.course.program import command
from lessons.course.session import Session
from lessons.four_ways.follow import follow_all
from lessons.four_ways.ways import EVENTS, LONG_POLL, POLL, TICKER, race

from .captures import FOLDER, NOTE, file_name, own_set
from .cases import CASES
from .play import play_all
from .rows import (
    APART,
    a_request,
    an_hour_of_news,
    http_cells,
    input_as_post,
    once,
    pings_an_hour,
    socket_cells,
)
from .signatures import lettered, played
from .tables import PLOTS, TABLES
from .uses import use_claims

__all__ = ["ACTIONS", "PLOTS", "TABLES", "claims", "facts"]

EXAM = "/exam"


# What is done


def run_the_race(session: Session) -> None:
    """follow the ticker in four ways at once, for seven ticks"""
    follow_all(session)


def play_gallery(session: Session) -> None:
    """play all nine at once, two seconds"""
    play_all(session)


def ask_for_captures(session: Session) -> None:
    """have your five captures made"""
    session.post(EXAM)


def made(evidence: Evidence) -> bool:
    return any(
        http.path == EXAM and http.request.method == "POST" and http.status == 200
        for http in evidence.http
    )


ACTIONS = {
    "race": Action(
        run_the_race, lambda evidence: bool(race(evidence)), page="/feed", waiting="all four ways"
    ),
    "gallery": Action(
        play_gallery, lambda evidence: bool(played(evidence)), page="/gallery",
        waiting="all nine to end",
    ),
    "exam": Action(ask_for_captures, made, page=EXAM, waiting="your five captures"),
}  # fmt: skip


# What was seen


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    yield "first", session.home.argument(session.folder / FOLDER / file_name(1))
    yield "lint", command("lint")
    yield "dump", command("dump")
    yield "report", command("progress report -o report")
    if made(evidence):
        session.notes[NOTE] = own_set(session.folder)
    yield from in_parts((race_facts, gallery_facts, reckoned), evidence)


def race_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    ways = race(evidence)
    poll, long_poll, events, socket = (ways[p] for p in (POLL, LONG_POLL, EVENTS, TICKER))
    yield "payload", ways.payload
    yield "polls", poll.requests
    yield "poll_ports", count(len(poll.ports), "TCP connection")
    yield "poll_up", len(poll.up)
    yield "poll_down", len(poll.down)
    yield "afters", poll.up.count(b"after=")
    yield "poll_late", poll.late_ms
    yield "long_late", long_poll.late_ms
    yield "events_late", events.late_ms
    yield "socket_late", socket.late_ms
    yield "ticks", len(socket.heard)
    yield "events_further", events.further_tick
    yield "socket_further", socket.further_tick
    yield "a_poll", a_request(poll)
    yield "socket_once", once(socket)
    standing = sum(cell.stands for cell in http_cells(ways))
    yield "standing", standing
    yield "fallen", 6 - standing
    steps = {"few": 2, "half": 4, "most": 6}
    yield "standing_key", next((key for key, least in steps.items() if standing < least), "all")
    polls = once(socket) / a_request(poll)
    yield "polls_paid", polls
    yield "paid_key", "two" if polls <= 2 else "ten" if polls <= 20 else "hundred"


def gallery_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    seen = played(evidence)
    for letter, each in lettered(seen).items():
        yield f"is_{letter.lower()}", each.case.title
        yield f"why_{letter.lower()}", each.case.why
        yield f"{each.case.name}_letter", letter.lower()
    game, sport, support = seen["game"], seen["sport"], seen["support"]
    yield "editing_busiest", seen["editing"].busiest * 100
    yield "sport_down", len(sport.down)
    yield "sport_busiest", sport.busiest * 100
    yield "support_up", len(support.up)
    yield "support_down", len(support.down)
    yield "inputs", len(game.up)
    yield "outputs", len(game.down)
    yield "input_size", game.bytes_up / len(game.up)


def reckoned(evidence: Evidence) -> Iterator[tuple[str, object]]:
    ways, seen = race(evidence), played(evidence)
    times = input_as_post(ways, seen["game"])
    yield "post_times", times
    steps = {"twice": 5, "ten": 15, "dozens": 100}
    yield "post_key", next((key for key, most in steps.items() if times < most), "hundreds")
    hour = an_hour_of_news(ways, seen["news"])
    keys = dict(zip(hour, ("minute", "five", "events", "socket"), strict=True))
    yield "hour_key", keys[min(hour, key=lambda way: hour[way])]
    yield "hour_pings", pings_an_hour()
    for name, value in hour.items():
        yield f"hour_{keys[name]}", value


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts = (
        http_claims,
        socket_claims,
        lambda evidence: use_claims(played(evidence)),
    )
    yield from in_parts(parts, evidence)
    if made(evidence):
        captures = session.home.shown(session.folder / FOLDER)
        yield Claim("Your five captures were made", True, captures)


def http_claims(evidence: Evidence) -> Iterator[Claim]:
    ways = race(evidence)
    poll, long_poll, events, socket = (ways[p] for p in (POLL, LONG_POLL, EVENTS, TICKER))
    connection, direction, real_time, efficiency, protocol, uses = http_cells(ways)
    afters = poll.up.count(b"after=")
    yield Claim(
        "HTTP is stateless, it doesn't remember: each poll says again what it has heard",
        afters >= poll.requests - 1 > 0,
        f"{afters} of {poll.requests} polls say after=...; on the WebSocket nothing says so",
        "9110 §3.3",
    )
    yield Claim(
        "HTTP is one-way in this sense: the client asks, the server replies (Request/Response)",
        protocol.stands,
        protocol.measured,
        "9110 §3.4",
    )
    yield Claim(
        "HTTP is not Client → Server only: what is asked for comes down, by one request many times",
        not direction.stands and len(events.heard) > events.requests,
        f"{direction.measured}; {events.requests} request brought {len(events.heard)} ticks",
        "9112 §7.1",
    )
    yield Claim(
        "HTTP/1.1 takes no new connection for every request",
        not connection.stands,
        connection.measured,
        "9112 §9.3",
    )
    pushed = max(long_poll.late_ms, events.late_ms)
    yield Claim(
        "Slow for real-time updates is polling; HTTP that waits or streams is suitable",
        poll.late_ms > pushed and not real_time.stands,
        f"polling {poll.late_ms:.0f} ms late, the other two {pushed:.1f} ms at most",
    )
    yield Claim(
        "HTTP is less efficient: each of its ways takes more bytes for one more tick",
        efficiency.stands,
        f"{efficiency.measured}; a frame {socket.further_tick:.0f}",
        "6455 §5.2",
    )
    yield Claim("HTTP serves REST APIs and websites", uses.stands, uses.measured, "9110 §1.3")


def socket_claims(evidence: Evidence) -> Iterator[Claim]:
    ways, seen = race(evidence), played(evidence)
    persistent, duplex, real_time, efficient, protocol, uses = socket_cells(ways, seen)
    poll, socket = ways[POLL], ways[TICKER]
    yield Claim(
        "A WebSocket is persistent: once connected, it stays open",
        persistent.stands,
        persistent.measured,
        "6455 §1.2",
    )
    game, chat = seen["game"], seen["chat"]
    yield Claim(
        "It is full-duplex, both ways: client and server can talk at any time",
        duplex.stands and chat.in_a_row("server") > 0,
        f"in the game the client spoke on unanswered {game.in_a_row('client')} times, "
        f"in the chat the server unasked {chat.in_a_row('server')} times",
        "6455 §1.2",
    )
    yield Claim(
        "It is perfect for real-time use, as fast as any other way here",
        real_time.stands,
        f"{real_time.measured}, events {ways[EVENTS].late_ms:.1f} ms; "
        f"less than {APART:.0f} ms apart counts as the same",
    )
    yield Claim(
        "It is fast and efficient: less overhead than HTTP",
        efficient.stands and once(socket) < 10 * a_request(poll),
        f"{efficient.measured}; opening and closing took {once(socket):,.0f}, "
        f"a poll {a_request(poll):,.0f}",
        "6455 §5.2",
    )
    yield Claim(
        "It is event-driven: frames come without a request for them",
        protocol.stands,
        protocol.measured,
        "6455 §1.2",
    )
    yield Claim(
        "Chat apps, games, live data run on it",
        uses.stands,
        f"{len(CASES)} uses were played: {sum(len(each.said) for each in seen.values())} "
        f"messages in {len(seen)} connections",
    )
