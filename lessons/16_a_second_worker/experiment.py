"""Two servers behind one address: a line that is lost, a bus, a gap, a server that is killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

from inspector.files.dissect import address_text
from lessons.course.client import Client
from lessons.course.evidence import Evidence
from lessons.course.model import Action, Claim, Unavailable, in_parts
from lessons.course.session import Session
from lessons.course.wire import ScriptFailed

from .redis_line import Spy, cut_off, subscribers
from .seats import (
    CHAT,
    COUNTED,
    LINES,
    MISSED,
    gap,
    killed,
    meetings,
    met,
    notices,
    ordered,
    present,
    returned,
    seats,
    spoken,
)
from .tables import TABLES, spread

__all__ = ["ACTIONS", "TABLES", "claims", "facts", "serve"]

SERVERS = ("A", "B")


def serve(session: Session) -> None:
    """Two servers behind one address; on a bus, if an earlier sitting has come that far."""
    bus = ""
    if session.notes.get("bus"):
        with suppress(Unavailable):
            bus = session.redis()
    session.share(*SERVERS, bus=bus)


# What is done


def at(session: Session, server: str) -> Client:
    """A line of the script's own to this server, kept from one `do` to the next. Which server it
    gets the balancer decides: so it opens one more until it is the right one."""
    kept: dict[str, Client] = session.state.setdefault("lines", {})
    if server in kept:
        try:
            kept[server].ping()
        except ScriptFailed:
            kept.pop(server).close()
        else:
            return kept[server]
    spare = []
    for _ in range(10):
        client = session.client(CHAT)
        greeting = str(client.receive())
        if f" Server {server}, " in greeting:
            kept[server] = client
            break
        spare.append(client)
    for client in spare:
        client.close()
    if server not in kept:
        raise ScriptFailed(f"the balancer gave no connection to server {server}")
    return kept[server]


def both(session: Session) -> tuple[Client, Client]:
    return at(session, "A"), at(session, "B")


def open_two(session: Session) -> None:
    """open the chat twice, and keep both open"""
    both(session)


def say_hello(session: Session) -> None:
    """say hello on each"""
    for client in both(session):
        client.send("hello")
        client.receive_until(": hello")


def opened(evidence: Evidence) -> bool:
    return bool(meetings(evidence, bus=False))


def spoke(evidence: Evidence) -> bool:
    return met(evidence, bus=False).both_spoke


def put_on_bus(session: Session) -> None:
    """end both servers, and start them again with a bus"""
    bus = session.redis()
    session.notes["bus"] = True
    session.share(*SERVERS, bus=bus)
    session.wait_for(
        lambda _: session.get("/health").json().get("bus") is True, "a server on the bus"
    )


def on_bus(evidence: Evidence) -> bool:
    """Has a server said that it is on the bus?"""
    for http in evidence.http:
        if http.path == "/health" and http.status == 200:
            try:
                if json.loads(http.body).get("bus") is True:
                    return True
            except ValueError:
                continue
    return False


def say_hello_again(session: Session) -> None:
    """open the chat twice again, and say hello on each"""
    for client in both(session):
        client.send("hello")
    session.wait_for(all_heard, "each line on both")


def all_heard(evidence: Evidence) -> bool:
    meeting = met(evidence, bus=True)
    one, other = meeting.one, meeting.other
    pairs = ((one, other), (other, one), (one, one), (other, other))
    return meeting.both_spoke and all(
        len(listener.of(speaker)) >= len(meeting.told(speaker)) for speaker, listener in pairs
    )


def talk_at_once(session: Session) -> None:
    """say twenty lines on each, as fast as it can"""
    clients = both(session)
    for number in range(1, LINES + 1):
        for client in clients:
            client.send(str(number))
    session.wait_for(in_order, "all lines on both")


def in_order(evidence: Evidence) -> bool:
    return bool(ordered(evidence))


def count_copies(session: Session) -> None:
    """listen at Redis, too, and say one line"""
    a, b = both(session)
    more = [session.client(CHAT) for _ in range(2)]
    for client in more:
        client.receive()
    url = session.redis()
    session.notes["subscribers"] = subscribers(url)
    spy = Spy(url)
    try:
        a.send(COUNTED)
        session.notes["resp"] = spy.message().hex()
    finally:
        spy.close()
    for client in (a, b, *more):
        client.receive_until(COUNTED)
    for client in more:
        client.close()


def counted(evidence: Evidence) -> bool:
    speaker, line = spoken(evidence, COUNTED)
    return any(
        seat.server != speaker.server and seat.of(speaker)
        for seat in present(evidence, speaker, line)
    )


def make_a_gap(session: Session) -> None:
    """cut A's line to Redis, say a line on B, let A find Redis"""
    a, b = both(session)
    url = session.redis()
    with session.workers.frozen("A"):  # so that it is not back before the line is said
        cut_off(url, "A")
        b.send(MISSED)
        b.receive_until(MISSED)
    a.receive_until("are heard again")
    session.wait_for(has_gap, "what the servers say of the gap")


def has_gap(evidence: Evidence) -> bool:
    return bool(gap(evidence))


def kill_a_server(session: Session) -> None:
    """end server A with SIGKILL"""
    a, _ = both(session)
    session.workers.kill("A")
    a.wait_closed()


def was_killed(evidence: Evidence) -> bool:
    return bool(killed(evidence))


def come_back(session: Session) -> None:
    """open the chat again, and say that we are back"""
    b = at(session, "B")
    client = session.keep(session.client(CHAT))
    client.receive()
    client.send("back")
    for each in (client, b):
        each.receive_until(": back")


def is_back(evidence: Evidence) -> bool:
    seat = returned(evidence)
    return bool(seat.of(seat))


REDIS = ("redis",)
ACTIONS: dict[str, Action] = {
    "two": Action(open_two, opened, "/chat", "two tabs"),
    "hello": Action(say_hello, spoke, "/chat", "a line from each tab"),
    "bus": Action(put_on_bus, on_bus, "/chat", needs=REDIS, script_only=True),
    "again": Action(
        say_hello_again, all_heard, "/chat", "a line from each, both open", needs=REDIS
    ),
    "order": Action(talk_at_once, in_order, "/chat", needs=REDIS, script_only=True),
    "copies": Action(count_copies, counted, "/chat", needs=REDIS, script_only=True),
    "gap": Action(make_a_gap, has_gap, "/chat", needs=REDIS, script_only=True),
    "kill": Action(kill_a_server, was_killed, "/chat", script_only=True),
    "back": Action(come_back, is_back, "/chat", "you to come back"),
}


# What was seen


type Facts = Iterator[tuple[str, object]]


def facts(evidence: Evidence, session: Session) -> Facts:
    yield "lines", LINES
    yield "gap_said", MISSED
    parts = (apart, joined, sorted_out, copied, missed, ended, returning)
    yield from in_parts(parts, evidence, session)


def apart(evidence: Evidence, session: Session) -> Facts:
    meeting = met(evidence, bus=False)
    one, other = meeting.one, meeting.other
    yield "connection", one.connection.number
    yield "one", one.server
    yield "other", other.server
    yield "one_pid", one.pid
    yield "other_pid", other.pid
    yield "here_other", other.here
    yield "here", "both" if one.nick in other.here else "itself"
    if not meeting.both_spoke:
        return
    said, heard = meeting.arrived(one, other)
    yield "said_one", meeting.told(one)[0].text
    yield "said", said
    yield "heard", heard
    own = len(one.of(one)) >= said
    yield "answer_one", "own" if own and not heard else "other"
    yield "seconds", meeting.told(one)[-1].time - one.began


def joined(evidence: Evidence, session: Session) -> Facts:
    meeting = met(evidence, bus=True)
    one, other = meeting.one, meeting.other
    yield "bus_one_pid", one.pid
    yield "bus_other_pid", other.pid
    both_ways = (meeting.arrived(one, other), meeting.arrived(other, one))
    yield "bus_said", sum(said for said, _ in both_ways)
    yield "bus_heard", sum(heard for _, heard in both_ways)
    if meeting.both_spoke:
        yield "delay", (other.of(one)[0].time - meeting.told(one)[0].time) * 1000


def sorted_out(evidence: Evidence, session: Session) -> Facts:
    meeting = ordered(evidence)
    heard = [each.numbers(meeting.one, meeting.other) for each in (meeting.one, meeting.other)]
    yield "order", "same" if heard[0] == heard[1] else "own"
    yield "order_lines", len(heard[0])


def copied(evidence: Evidence, session: Session) -> Facts:
    speaker, line = spoken(evidence, COUNTED)
    there = present(evidence, speaker, line)
    yield "sockets", len(there)
    number = session.notes.get("subscribers")
    if isinstance(number, int):
        yield "copies_number", number
        yield "servers", len({seat.server for seat in there})
        keys = {1: "one", len({seat.server for seat in there}): "servers"}
        yield "copies", keys.get(number, "sockets")
    yield "resp_size", len(bytes.fromhex(str(session.notes.get("resp", ""))))


def missed(evidence: Evidence, session: Session) -> Facts:
    speaker, line, deaf = gap(evidence)
    told = notices(deaf, line.time)
    came = deaf.of(speaker)
    late = [each for each in came if each.text.endswith(f": {MISSED}") and each.time >= line.time]
    yield "gap_missed", "late" if late else "never"
    yield "gap_nick", deaf.nick
    yield "gap_speaker", speaker.nick
    yield "gap_ms", (told[-1].time - line.time) * 1000
    yield "gap_came", len(late)


def ended(evidence: Evidence, session: Session) -> Facts:
    lost = killed(evidence)
    yield "dead_pid", lost.pid
    yield "dead_server", lost.server
    yield "dead_nick", lost.nick
    yield "end", "cut" if lost.cut_off else "polite"


def returning(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    lost, seat = killed(evidence), returned(evidence)
    yield "back_server", seat.server
    yield "back_pid", seat.pid
    yield "back_nick", seat.nick
    yield "back_client", address_text(seat.connection.client)
    yield "dead_client", address_text(lost.connection.client)


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts = (
        claims_apart,
        claims_on_the_bus,
        claims_of_order,
        claims_of_copies,
        claims_of_a_gap,
        claims_of_the_end,
        claims_of_returning,
    )
    return in_parts(parts, evidence, session)


def claims_apart(evidence: Evidence, session: Session) -> Iterator[Claim]:
    meeting = met(evidence, bus=False)
    one, other = meeting.one, meeting.other
    addresses = {seat.connection.request.get("host") for seat in (one, other)}
    yield Claim(
        "Two server processes answered at one address",
        one.pid != other.pid and len(addresses) == 1,
        f"{', '.join(map(str, addresses))}: processes {one.pid} and {other.pid}",
    )
    yield Claim(
        "Each knew of its own members only",
        one.nick not in other.here and other.nick not in one.here,
        f"here now: {one.here} at server {one.server}, {other.here} at server {other.server}",
    )
    for speaker, listener in ((one, other), (other, one)):
        said, heard = meeting.arrived(speaker, listener)
        if not said:  # left out
            continue
        yield Claim(
            f"What was said on server {speaker.server} never reached server {listener.server}, "
            "and nobody was told",
            heard == 0 and len(speaker.of(speaker)) >= said,
            f"{said} said, {len(speaker.of(speaker))} back to its speaker, {heard} to the other",
        )


def claims_of_the_end(evidence: Evidence, session: Session) -> Iterator[Claim]:
    lost = killed(evidence)
    yield Claim(
        "A connection died with its server, without a Close: no other server took it over",
        lost.cut_off,
        f"process {lost.pid}: TCP ended, no Close frame",
        "6455 §7.1.5",
    )


def claims_of_returning(evidence: Evidence, session: Session) -> Iterator[Claim]:
    lost, seat = killed(evidence), returned(evidence)
    yield Claim(
        "Coming back took a new connection, to the server that was left",
        seat.pid != lost.pid and seat.connection.client != lost.connection.client,
        f"process {seat.pid}, from {address_text(seat.connection.client)}",
        "6455 §4.1",
    )


# What a Redis has to be here for


def claims_on_the_bus(evidence: Evidence, session: Session) -> Iterator[Claim]:
    meeting = met(evidence, bus=True)
    one, other = meeting.one, meeting.other
    for speaker, listener in ((one, other), (other, one)):
        said, heard = meeting.arrived(speaker, listener)
        own = len(speaker.of(speaker))
        yield Claim(
            f"On a bus, what was said on server {speaker.server} was heard on "
            f"{listener.server}, and by its speaker, once",
            0 < said == heard <= own,
            f"{said} said, {heard} heard on the other server",
        )


def claims_of_order(evidence: Evidence, session: Session) -> Iterator[Claim]:
    talk = ordered(evidence)
    heard_by = [each.numbers(talk.one, talk.other) for each in (talk.one, talk.other)]
    yield Claim(
        "All hear a room in the same order, whichever server they are on",
        heard_by[0] == heard_by[1],
        f"{len(heard_by[0])} lines of two speakers",
    )


def claims_of_copies(evidence: Evidence, session: Session) -> Iterator[Claim]:
    spoken(evidence, COUNTED)
    number = session.notes.get("subscribers")
    servers = sorted({seat.server for seat in seats(evidence) if seat.bus})
    yield Claim(
        "Redis sends a line once to each server, not to each browser",
        number == len(servers),
        f"{number} subscribers, servers {' and '.join(servers)}; {spread(evidence)}",
    )


def claims_of_a_gap(evidence: Evidence, session: Session) -> Iterator[Claim]:
    speaker, line, deaf = gap(evidence)
    late = [each for each in deaf.of(speaker) if each.text.endswith(f": {MISSED}")]
    yield Claim(
        "Pub/sub is at most once: who was not listening never got it, on a connection that stayed",
        not late and deaf.open_at(notices(deaf, line.time)[-1].time),
        f"{len(late)} of 1 arrived at {deaf.nick}",
    )
