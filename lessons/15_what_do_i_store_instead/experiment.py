"""A room whose events are in a log: its server is killed in mid-stream, and four ways go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from lessons.course.evidence import Evidence
from lessons.course.model import Action, Claim, Missing, in_parts
from lessons.course.session import Session
from lessons.course.wire import ScriptFailed

from .acting import Guest, Seat, absorbed, take_seats, write_meanwhile
from .hall import PAGE, SEAM, WAYS
from .identity import altered, key_in, token_of
from .seam import HOWS
from .sightings import (
    BUSY,
    LATE,
    Back,
    Stay,
    at_first,
    back,
    busy,
    by_tab,
    forged,
    inwords,
    once_more,
    present,
    seams,
    stays,
)
from .tables import PLOTS, TABLES

__all__ = ["ACTIONS", "PLOTS", "TABLES", "claims", "facts"]

# What is done


def open_room(session: Session) -> None:
    """join the room on four connections, say three things"""
    seats = take_seats(session)
    for seat in seats:
        seat.line.receive_until("* ")  # greeted, so it hears what is said
    number = 0
    for text in ("one", "two", "three"):
        number = seats[0].guest.say(text)
    for seat in seats:
        seat.read_to(number)


def is_there(evidence: Evidence) -> bool:
    return bool(present(evidence))


def forge(session: Session) -> None:
    """come with the name of somebody else"""
    guest = Guest(session, "forged")
    guest.token = altered(guest.token)
    with suppress(ScriptFailed):
        guest.client("yours").close()


def was_forged(evidence: Evidence) -> bool:
    return any(status == 403 for status in statuses(evidence))


def statuses(evidence: Evidence) -> Iterator[int | None]:
    for connection in evidence.connections:
        try:
            if token_of(connection.request.get("cookie")):
                yield connection.status
        except Missing:
            continue


def kill(session: Session) -> None:
    """say two things, kill the server, write three, start it"""
    ours = bool(session.state.get("seats")) or not seen_open(session)
    seats = take_seats(session) if ours else []  # else the learner's page is the guest
    guest = seats[0].guest if seats else Guest(session, "speaker")
    number = 0
    for text in ("still here", "and now:"):
        number = guest.say(text)
    for seat in seats:
        seat.read_to(number)
    session.wait_for(lambda evidence: all_heard(session, number), "all four to hear it")
    there = seen_open(session)
    session.kill_demo()
    session.wait_for(
        lambda evidence: not {s.connection.number for s in there} & open_numbers(session),
        "the end of the connections",
    )
    write_meanwhile(session)
    session.start_demo()
    for seat in seats:
        seat.come_again()
    tabs = {stay.tab for stay in there}
    session.wait_for(lambda evidence: returned(evidence, tabs, session), "the page to come back")
    number = guest.say("here again")
    session.wait_for(lambda evidence: all_heard(session, number), "all four to hear it again")
    for seat in seats:
        seat.read_to(number)


def seen_open(session: Session) -> list[Stay]:
    """The connections of clients that are open on all four ways now."""
    found = []
    for ways in by_tab(session.evidence()).values():
        newest = [ways[way][-1] for way in WAYS if way in ways]
        if len(newest) == len(WAYS) and not any(stay.is_over for stay in newest):
            found += [stay for stay in newest if stay.connection.file == session.capture]
    return found


def open_numbers(session: Session) -> set[int]:
    return {stay.connection.number for stay in seen_open(session)}


def all_heard(session: Session, number: int) -> bool:
    there = seen_open(session)
    return bool(there) and all(number in stay.numbers for stay in there)


def returned(evidence: Evidence, tabs: set[str], session: Session) -> bool:
    """Is each of them here again, and has it said where it was?"""
    there = seen_open(session)
    return {stay.tab for stay in there} >= tabs and all(stay.said for stay in there)


def came_back(evidence: Evidence) -> bool:
    return bool(back(evidence))


def be_busy(session: Session) -> None:
    """read nothing, be gone, come again"""
    guest = Guest(session, BUSY)
    line = absorbed(guest, "sent")
    line.send("join garden")
    had = guest.say("read by everyone")
    line.read_to(had)
    number = 0
    for text in ("unread", "unread, too", "also unread"):
        number = guest.say(text)
    session.wait_for(
        lambda evidence: number in by_tab(evidence)[guest.tab]["sent"][0].numbers,
        "the three on the wire",
    )
    (stay,) = by_tab(session.evidence())[guest.tab]["sent"]
    frames = [stay.connection.frame(said.frames[0]) for n, said in stay.heard if n > had]
    unread = line.unread(sum(len(framed.frame.wire) for framed in frames))
    session.notes["unread"] = len(unread)
    line.abandon()
    again, yours = Seat.resuming(guest, "sent", had), Seat.resuming(guest, "yours", had)
    number = guest.say("for those who came again")
    for seat in (again, yours):
        seat.read_to(number)
        seat.line.close()


def was_busy(evidence: Evidence) -> bool:
    return bool(busy(evidence))


def note_late(session: Session) -> None:
    """process an event, end before noting that, come again"""
    guest = Guest(session, LATE)
    seat = Seat(guest, "yours")
    seat.come()
    number = guest.say("processed, not noted")
    seat.read_to(number)
    seat.line.abandon()
    seat.last = number - 1
    seat.come_again()
    seat.read_to(number)
    seat.line.close()


def was_late(evidence: Evidence) -> bool:
    return bool(once_more(evidence, LATE, "yours"))


def race(session: Session) -> None:
    """join three rooms, each while somebody speaks"""
    guest = Guest(session, "race")
    for how in HOWS:
        with session.client(f"{SEAM}/{how}", fields=guest.fields) as line:
            line.receive_until("afterwards")


def raced(evidence: Evidence) -> bool:
    return bool(seams(evidence))


ACTIONS = {
    "open": Action(open_room, is_there, PAGE, "three events on all four"),
    "forge": Action(forge, was_forged, PAGE, script_only=True),
    "kill": Action(kill, came_back, PAGE, script_only=True),
    "busy": Action(be_busy, was_busy, PAGE, script_only=True),
    "late": Action(note_late, was_late, PAGE, script_only=True),
    "race": Action(race, raced, PAGE, "three joins"),
}


# What was seen


def fate(told: Back) -> str:
    """`lost`, `twice`, `both` or `neither`."""
    names = {(True, False): "lost", (False, True): "twice", (True, True): "both"}
    return names.get((bool(told.lost), bool(told.twice)), "neither")


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    parts = (
        facts_of_now,
        facts_of_a_token,
        facts_of_the_kill,
        facts_of_a_busy_client,
        facts_of_a_late_note,
        facts_of_the_seam,
    )
    return in_parts(parts, evidence, session)


def facts_of_now(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    here = at_first(evidence)
    yours = here["yours"]
    yield "connection", yours.connection.number
    yield "pid", yours.about["pid"]
    yield "held", max(stay.about["held"] for stay in here.values())
    yield "who", yours.about["who"]
    request = yours.connection.request
    token = token_of(request.get("cookie"))
    yield "request_line", request.line
    yield "token", token
    yield "newest", max(max(stay.numbers) for stay in here.values() if stay.numbers)


def facts_of_a_token(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    if session:
        tried = forged(evidence, key_in(session.folder))
        shown = token_of(tried.request.get("cookie"))
        yield "forged_name", shown.partition(".")[0]
        yield "forged_status", tried.response.line
        yield "forged", {403: "refused", 101: "other"}.get(tried.status or 0, "stranger")


def facts_of_the_kill(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    found = back(evidence)
    old, new = found["yours"].before, found["yours"].after
    yield "old_pid", old.about["pid"]
    yield "new_pid", new.about["pid"]
    first = first_of(evidence, new.about["pid"])
    yield "first_held", first.about["held"]
    yield "dict_after", "empty" if first.about["held"] == first.about["entry"] == 1 else "kept"
    for way, told in found.items():
        yield f"{way}_lost", inwords(told.lost)
        yield f"{way}_twice", inwords(told.twice)
        yield f"{way}_fate", fate(told)
    live = found["live"]
    yield "had", max(live.before.numbers)
    yield "live_next", live.came[0][0]
    sent = found["sent"]
    yield "sent_had", inwords(sent.before.numbers)
    yield "sent_came", inwords(number for number, _ in sent.came)
    yield "all_fate", "all" if set(found["all"].twice) >= set(live.before.numbers) else "some"
    yield "resumed", new.resumed
    yield "resumed_said", ", ".join(f"`{text}`" for text in new.said)
    yield "yours_after", new.connection.number
    came = found["yours"].came
    yield "yours_last", came[-1][1].frames[0]
    yield "yours_came", inwords(number for number, _ in came)


def facts_of_a_busy_client(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    one, two, other = busy(evidence)
    processed = two.resumed or 0
    unread = [number for number in one.numbers if number > processed]
    gone = [number for number in unread if number not in two.numbers]
    yield "processed", processed
    yield "unread", inwords(unread)
    yield "unread_bytes", session.notes.get("unread") if session else None
    frames = [said.frames[0] for number, said in one.heard if number in unread]
    yield "unread_first", frames[0]
    yield "unread_last", frames[-1]
    yield "busy_connection", one.connection.number
    yield "busy_after", inwords(two.numbers)
    yield "busy_yours", inwords(other.numbers)
    yield "busy_lost", inwords(gone)
    yield "busy", "lost" if gone else "again"


def facts_of_a_late_note(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    before, after = once_more(evidence, LATE, "yours")
    both = sorted(set(before.numbers) & set(after.numbers))
    yield "late_said", after.resumed
    yield "late_number", before.numbers[-1]
    yield "late", "again" if before.numbers[-1] in both else "lost"


def facts_of_the_seam(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    edges = seams(evidence)
    for how in HOWS:
        yield f"seam_{how}", ", ".join(map(str, edges[how].numbers))
    yield "seam", seam_key(edges["read"].numbers, edges["join"].numbers)


def seam_key(read: list[int], join: list[int]) -> str:
    """Which of the two loses, which doubles."""
    loses = [name for name, came in (("read", read), ("join", join)) if len(set(came)) < max(came)]
    return "_".join(loses) or "none"


def first_of(evidence: Evidence, pid: int) -> Stay:
    """The first connection that the process of that number has greeted."""
    for stay in sorted(stays(evidence), key=lambda stay: int(stay.about["entry"])):
        if stay.about["pid"] == pid:
            return stay
    raise Missing(f"process {pid} has greeted nobody")


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts = (
        claims_of_the_kill,
        claims_of_a_busy_client,
        claims_of_the_number,
        claims_of_a_late_note,
        claims_of_the_seam,
        claims_of_a_forged_token,
        claims_of_tokens,
    )
    return in_parts(parts, evidence, session)


def claims_of_the_kill(evidence: Evidence, session: Session) -> Iterator[Claim]:
    found = back(evidence)
    live, everything, _, yours = (found[way] for way in WAYS)
    old, new = yours.before, yours.after
    first = first_of(evidence, new.about["pid"])
    held = max(each.before.about["held"] for each in found.values())  # as the last was greeted
    yield Claim(
        "The dict of sockets died with its process: the new one begins with an empty one",
        first.about["entry"] == first.about["held"] == 1 and old.about["pid"] != new.about["pid"],
        f"process {old.about['pid']} held {held}; process {new.about['pid']}: entry 1 of 1",
    )
    yield Claim(
        "Persistent means open, not durable: SIGKILL ends it without a Close frame",
        all(each.before.was_killed for each in found.values()),
        f"{len(found)} connections ended, 0 Close frames",
        "6455 §7.1.5",
    )
    yield Claim(
        "A WebSocket server remembers old connections no more than HTTP does: live only, lost",
        bool(live.lost) and not live.twice,
        f"after {max(live.before.numbers)} came {live.after.numbers[0]}; "
        f"lost: {inwords(live.lost)}",
    )
    yield Claim(
        "Send everything again, and nothing is lost, but all that was known comes twice",
        not everything.lost and set(everything.twice) >= set(everything.before.numbers),
        f"twice: {inwords(everything.twice)}",
    )
    yield Claim(
        "What to store instead: who it was and, with the client, the last number that it processed",
        not yours.lost and not yours.twice and new.numbers[0] == (new.resumed or 0) + 1,
        f"resume {new.resumed}, then {inwords(n for n, _ in yours.came)}: 0 lost, 0 twice",
    )
    yield Claim(
        "Who it is and where it belongs was on disk: the client did not say its room again",
        old.about["who"] == new.about["who"] and not any("join" in text for text in new.said),
        f"{new.about['who']} said {', '.join(new.said)}, and heard the garden",
    )


def claims_of_a_busy_client(evidence: Evidence, session: Session) -> Iterator[Claim]:
    one, two, _ = busy(evidence)
    processed = two.resumed or 0
    sent = back(evidence)["sent"]
    gone = [n for n in one.numbers if n > processed and n not in two.numbers]
    yield Claim(
        "Sent is not processed: what the server had noted as sent is lost with the client's buffer",
        bool(gone) and min(two.numbers) > max(gone) and not sent.lost,
        f"on the wire once, never processed, never sent again: {inwords(gone)}",
        "793 §2.6",
    )


def claims_of_the_number(evidence: Evidence, session: Session) -> Iterator[Claim]:
    one, two, other = busy(evidence)
    processed = two.resumed or 0
    gone = [n for n in one.numbers if n > processed and n not in two.numbers]
    yield Claim(
        "The client's own number brings them back",
        set(gone) <= set(other.numbers) and min(other.numbers) == processed + 1,
        f"resume {other.resumed}, then {inwords(other.numbers)}",
    )


def claims_of_a_late_note(evidence: Evidence, session: Session) -> Iterator[Claim]:
    before, after = once_more(evidence, LATE, "yours")
    yield Claim(
        "At least once: what was processed and not noted comes again, under the same number",
        before.numbers[-1] in after.numbers and after.resumed == before.numbers[-1] - 1,
        f"{before.numbers[-1]} came twice; who compares numbers ignores the second",
    )


def claims_of_the_seam(evidence: Evidence, session: Session) -> Iterator[Claim]:
    edges = seams(evidence)
    read, join, lock = (edges[how].numbers for how in HOWS)
    yield Claim(
        "The seam: read, then join loses; join, then read doubles; under one lock, neither",
        len(set(read)) < max(read)
        and len(join) > len(set(join)) == max(join)
        and lock == list(range(1, max(lock) + 1)),
        f"{read}, {join}, {lock}",
    )


def claims_of_a_forged_token(evidence: Evidence, session: Session) -> Iterator[Claim]:
    tried = forged(evidence, key_in(session.folder))
    yield Claim(
        "A name that the server has not signed opens no WebSocket",
        tried.status == 403 and not tried.frames,
        f"{token_of(tried.request.get('cookie')).partition('.')[0]}: {tried.response.line}",
        "6455 §10.5",
    )


def claims_of_tokens(evidence: Evidence, session: Session) -> Iterator[Claim]:
    requests = [stay.connection.request for stay in stays(evidence)]
    if not requests:
        raise Missing("nobody has opened the page yet")
    yield Claim(
        "The token is in a field of the head, not in the address, which logs keep",
        all(
            (token := token_of(each.get("cookie"))) and token not in each.target
            for each in requests
        ),
        f"{len(requests)} requests such as {requests[-1].line}",
        "6455 §10.5",
    )
