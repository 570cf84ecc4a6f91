"""A server that dies and comes back, and fifty clients that all want to talk to it again."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from threading import Event

from inspector.screen.words import count
from lessons.course.client import Client
from lessons.course.evidence import Evidence
from lessons.course.model import Action, Bars, Claim, Lanes, Missing, in_parts
from lessons.course.session import Session, is_seen

from .crowd import Caller, Crowd, End
from .pace import (
    AGAIN,
    BARE,
    BUSY,
    CALLERS,
    CROWD,
    DOWN,
    ENDS,
    FIRST,
    FLAP,
    GOOD,
    HASTY,
    KINDS,
    MOST,
    PATIENCE,
    PATIENT,
    PATIENT_CODES,
    POLITE,
    REFUSED,
    RETRY_AFTER,
    SPEED,
    WAYS,
    longest,
)
from .runs import FLAPS, Run, crowd, ends, flap, opened, page, peak

PAGE = "/reconnect"
TITLES = {"fixed": "the same delay", "doubling": "doubled each time", "jitter": "with chance"}
TRIES = 3
TOGETHER, APART = 0.75, 0.45
"""Shares of the crowd in one second of life: a wave is more than the one, and no wave is less than
the other. On a machine that is not busy these are 1.0 and 0.35."""
POLICY = Callable[[int, End], tuple[int, float | None]]


# What is done


def by_way(way: str) -> POLICY:
    """Come again, for ever, after delays of this kind."""

    def policy(attempt: int, end: End) -> tuple[int, float | None]:
        return attempt + 1, WAYS[way](attempt, random.random) / SPEED

    return policy


def open_both(session: Session) -> None:
    """open both connections, one of which will come again"""
    bare: Client | None = session.state.pop("bare", None)
    if bare:
        bare.close()
    old: Crowd | None = session.state.pop("polite", None)
    if old:
        old.close()
    session.state["bare"] = session.client(BARE)
    polite = session.keep(Crowd(session.address, [Caller(POLITE, by_way("jitter"))]))
    session.state["polite"] = polite.__enter__()
    polite.wait(lambda caller: caller.opens > 0, "the connection that comes again")
    session.wait_for(lambda evidence: bool(opened(evidence)), "both connections")


def fall(session: Session) -> None:
    """kill the server (SIGKILL), and start it again a moment later"""
    if not is_seen(lambda evidence: bool(opened(evidence)), session.evidence()):
        open_both(session)
    away(session)
    session.wait_for(lambda evidence: bool(page(evidence)), "who comes again", 60)


def away(session: Session) -> None:
    """The server is killed, and started again when it has been away for a while."""
    session.kill_demo()
    Event().wait(DOWN / SPEED)  # the one thing here that is no wait for bytes: an absence has none
    session.start_demo()


def let_down(way: str) -> Callable[[Session], None]:
    """A script that lets a crowd down; once more where the machine was so busy with other things
    that what came together was seen apart, or the other way round."""

    def script(session: Session) -> None:
        for _ in range(TRIES):
            once(session, way, secrets.token_hex(4))
            run = crowd(session.evidence(), way)
            share = run.peak / len(run.who)
            if share <= APART if way == "jitter" else share >= TOGETHER:
                return

    script.__doc__ = f"{CALLERS} clients; kill the server, start it again (four seconds or more)"
    return script


def once(session: Session, way: str, run: str) -> None:
    paths = [f"{CROWD}{way}?run={run}&n={number}" for number in range(1, CALLERS + 1)]
    with Crowd(session.address, [Caller(path, by_way(way)) for path in paths]) as callers:
        callers.wait(lambda caller: caller.opens > 0, "the crowd")
        away(session)
        callers.wait(lambda caller: caller.opens > 1, "the crowd's return", 90)
    session.wait_for(lambda evidence: crowd(evidence, way).run == run, "the crowd's return")


def try_ends(session: Session) -> None:
    """have a connection ended in each of these ways, and do as the page"""
    token = secrets.token_hex(4)

    def policy(attempt: int, end: End) -> tuple[int, float | None]:
        least = PATIENCE if end.code in PATIENT_CODES else 0
        delay = (least + random.random() * longest(attempt)) / SPEED
        return attempt + 1, delay if attempt == 0 and end.code in AGAIN else None

    callers = [Caller(f"{ENDS}{kind}?try={token}", policy) for kind in KINDS]
    with Crowd(session.address, callers) as all_of_them:
        all_of_them.wait(lambda caller: caller.attempt > 0 and caller.due is None
                         and caller.sock is None, "the ends")  # fmt: skip


def crash(session: Session) -> None:
    """come again and again to a server that crashes at start, in two ways (two seconds)"""
    token = secrets.token_hex(4)

    def hasty(attempt: int, end: End) -> tuple[int, float | None]:
        attempt = 0 if end.lasted else attempt
        return attempt + 1, longest(attempt) / 2 / SPEED

    def patient(attempt: int, end: End) -> tuple[int, float | None]:
        attempt = 0 if end.lasted * SPEED >= GOOD else attempt
        return attempt + 1, longest(attempt) / 2 / SPEED

    callers = [
        Caller(f"{FLAP}{HASTY}?try={token}", hasty),
        Caller(f"{FLAP}{PATIENT}?try={token}", patient),
    ]
    with Crowd(session.address, callers) as two:
        two.wait(lambda caller: caller.opens >= FLAPS, "both of them")


def tried_all(evidence: Evidence) -> bool:
    """All kinds, and who wants to come again has."""
    found = ends(evidence)
    return found.keys() >= set(KINDS) and all(
        found[kind].gap is not None for kind in (*AGAIN.intersection(KINDS), REFUSED, BUSY)
    )


def came(way: str) -> Callable[[Evidence], bool]:
    return lambda evidence: bool(crowd(evidence, way))


ACTIONS = {
    "open": Action(open_both, lambda evidence: bool(opened(evidence)), PAGE),
    "fall": Action(fall, lambda evidence: bool(page(evidence)), PAGE, script_only=True),
    "fixed": Action(let_down("fixed"), came("fixed"), PAGE, script_only=True),
    "doubling": Action(let_down("doubling"), came("doubling"), PAGE, script_only=True),
    "jitter": Action(let_down("jitter"), came("jitter"), PAGE, script_only=True),
    "ends": Action(try_ends, tried_all, PAGE),
    "crash": Action(crash, lambda evidence: bool(flap(evidence)), PAGE, script_only=True),
}


# What was seen


type Facts = Iterator[tuple[str, object]]


def facts(evidence: Evidence, session: Session) -> Facts:
    """Each part by itself: a step may be left out for now."""
    yield "speed", SPEED
    yield "callers", CALLERS
    yield "first", FIRST
    yield "average", CALLERS // FIRST
    yield "most", MOST
    yield "good", GOOD
    yield "retry_after", RETRY_AFTER
    yield "kinds", len(KINDS)
    parts = (coming_back, waiting, doubling_up, spreading, ending, flapping)
    yield from in_parts(parts, evidence)


def coming_back(evidence: Evidence) -> Facts:
    bare, polite = page(evidence)
    yield "bare", "again" if bare.tries else "nothing"
    yield "bare_tries", count(len(bare.tries), "try").replace("trys", "tries")
    yield "polite_tries", count(len(polite.tries), "try").replace("trys", "tries")
    yield "polite_back", f"{polite.last:.2f} s"


def waiting(evidence: Evidence) -> Facts:
    fixed = crowd(evidence, "fixed")
    yield "lost", fixed.before
    yield from told_of("fixed", fixed)
    share = fixed.peak / len(fixed.who)
    yield "fixed", "all" if share >= 0.55 else "half" if share >= 0.3 else "tenth"


def doubling_up(evidence: Evidence) -> Facts:
    doubling = crowd(evidence, "doubling")
    yield from told_of("doubling", doubling)
    ratio = doubling.peak / crowd(evidence, "fixed").peak
    yield "doubling", "same" if ratio >= 0.55 else "half" if ratio >= 0.25 else "gone"


def spreading(evidence: Evidence) -> Facts:
    jitter = crowd(evidence, "jitter")
    yield from told_of("jitter", jitter)
    ratio = jitter.peak / crowd(evidence, "fixed").peak
    yield "jitter", "same" if ratio >= 0.9 else "fewer" if ratio > 0.75 else "third"


def ending(evidence: Evidence) -> Facts:
    told = ends(evidence)
    if not tried_all(evidence):
        raise Missing("not all ends were tried yet")
    soon = [kind for kind in (REFUSED, BUSY) if (told[kind].gap or 60) * SPEED < RETRY_AFTER]
    yield "ends", {(REFUSED, BUSY): "both", (BUSY,): "busy"}.get(tuple(soon), "none")
    yield "ends_of_life", f"{max([told[kind].gap or 0 for kind in soon], default=0) * SPEED:.1f}"
    yield "ends_measured", ", ".join(f"{kind} after {told[kind].gap or 0:.2f} s" for kind in soon)


def flapping(evidence: Evidence) -> Facts:
    hasty, patient = flap(evidence)
    yield "hasty", len(hasty)
    yield "patient", len(patient)
    yield "flap_seconds", f"{patient[-1]:.1f} s"
    yield "flap", "short" if len(hasty) > len(patient) else "longer"


def told_of(way: str, run: Run) -> Iterator[tuple[str, object]]:
    yield f"{way}_peak", run.peak
    yield f"{way}_tries", len(run.tries)
    yield f"{way}_refused", len(run.refused)
    yield f"{way}_back", f"{run.last:.1f} s"


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts = (
        claims_of_coming_back,
        claims_of_waiting,
        claims_of_doubling,
        claims_of_spreading,
        claims_of_ending,
        claims_of_flapping,
    )
    return in_parts(parts, evidence)


def claims_of_coming_back(evidence: Evidence) -> Iterator[Claim]:
    bare, polite = page(evidence)
    yield Claim(
        "A browser does not connect again by itself: who wants that has to write it",
        not bare.tries and bool(polite.tries),
        f"after the loss: {len(bare.tries)} tries on {BARE}, {len(polite.tries)} on {POLITE}",
    )


def claims_of_waiting(evidence: Evidence) -> Iterator[Claim]:
    fixed = crowd(evidence, "fixed")
    yield Claim(
        "When a server's process dies, every connection that it held is gone",
        fixed.before == len(fixed.who),
        f"{fixed.before} of {len(fixed.who)} ended without a Close, which is 1006",
        "6455 §7.1.5",
    )
    yield Claim(
        "Clients that were lost together come again together",
        fixed.peak >= 0.55 * len(fixed.who),
        f"{fixed.peak} of {len(fixed.who)} within 0.1 s",
    )


def claims_of_doubling(evidence: Evidence) -> Iterator[Claim]:
    fixed, doubling = crowd(evidence, "fixed"), crowd(evidence, "doubling")
    yield Claim(
        "Doubling the delays makes fewer waves, and none of them flat",
        doubling.peak >= 0.55 * fixed.peak and doubling.rate < fixed.rate,
        f"{doubling.peak} within 0.1 s; {len(doubling.tries)} tries in {doubling.last:.1f} s, "
        f"{len(fixed.tries)} in {fixed.last:.1f} s before",
        "6455 §7.2.3",
    )


def claims_of_spreading(evidence: Evidence) -> Iterator[Claim]:
    fixed, jitter = crowd(evidence, "fixed"), crowd(evidence, "jitter")
    yield Claim(
        "A random part spreads them",
        jitter.peak <= 0.75 * fixed.peak,
        f"{jitter.peak} within 0.1 s, {fixed.peak} without",
        "6455 §7.2.3",
    )


def claims_of_ending(evidence: Evidence) -> Iterator[Claim]:
    told = ends(evidence)
    if not tried_all(evidence):
        raise Missing("not all ends were tried yet")
    again = {kind for kind in told if told[kind].gap is not None}
    yield Claim(
        "Worth coming again: who said that it goes away, restarts or is busy, and who said nothing",
        again >= AGAIN.intersection(KINDS) and not again & {1000, 1008},
        f"came again after {', '.join(map(str, sorted(again)))}",
        "6455 §7.4.1",
    )
    said = told[BUSY].line.response.get("retry-after")
    yield Claim(
        "A page is not told of Retry-After, and comes when it likes",
        said == str(RETRY_AFTER) and (told[BUSY].gap or 60) * SPEED < RETRY_AFTER,
        f"503, Retry-After: {said}; came again after {told[BUSY].gap or 0:.2f} s, "
        f"{(told[BUSY].gap or 0) * SPEED:.1f} s of life",
        "9110 §10.2.3",
    )


def claims_of_flapping(evidence: Evidence) -> Iterator[Claim]:
    hasty, patient = flap(evidence)
    yield Claim(
        "Who counts a connection as good at once hammers a server that crashes at once",
        len(hasty) > len(patient),
        f"in {patient[-1]:.1f} s: {len(hasty)} tries, and {len(patient)} of who waits to be sure",
    )


# Tables and plots


def page_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    bare, polite = page(evidence)
    yield "connection", "after the loss", "the answer"
    if not bare.tries:
        yield BARE, "nothing", ""
    for path, run in ((BARE, bare), (POLITE, polite)):
        for each in run.tries[:9]:
            answer = "101" if each.status == 101 else f"{each.status}: nobody is there"
            yield path, f"{each.at:.2f} s", answer


def lanes(way: str) -> Callable[[Evidence, Session], Lanes]:
    def draw(evidence: Evidence, session: Session) -> Lanes:
        run = crowd(evidence, way)
        some = [(f"client {n}", run.times(str(n))) for n in (1, 2, 3)]
        back = tuple(each.at for each in run.back)
        rows = (("all tries", run.times()), *some, ("answered 101", back))
        title = f"since the loss, {TITLES[way]} (2 to 9: so many at once, +: more)"
        return Lanes(title, max(run.times()) + 0.1, rows)

    return draw


def compare_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    yield "delay", "tries", "in vain", "most in 0.1 s", "all back after"
    for way, title in TITLES.items():
        run = crowd(evidence, way)
        yield title, len(run.tries), len(run.refused), run.peak, f"{run.last:.1f} s"


def peaks(evidence: Evidence, session: Session) -> Bars:
    rows = tuple((title, float(crowd(evidence, way).peak)) for way, title in TITLES.items())
    return Bars("The busiest 0.1 s", rows, unit="tries")


SAID = {
    1000: "it is done",
    1001: "it goes away",
    1008: "a rule was broken",
    1011: "it made a mistake",
    1012: "it restarts",
    1013: "try again later",
    REFUSED: "403: not you",
    BUSY: f"503, Retry-After: {RETRY_AFTER}",
}


def ends_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    yield "the server", "its client is told", "came again"
    for kind, told in ends(evidence).items():
        code = kind if kind >= 1000 else 1006
        gap = "no" if told.gap is None else f"after {told.gap:.2f} s"
        yield SAID[kind] if kind < 1000 else f"{kind}: {SAID[kind]}", code, gap


def flap_plot(evidence: Evidence, session: Session) -> Lanes:
    hasty, patient = flap(evidence)
    rows = (("0 at every open", hasty), ("0 when it was good", patient))
    return Lanes("at a server that crashes", patient[-1] + 0.1, rows)


TABLES = {"page": page_table, "ends": ends_table, "compare": compare_table}
PLOTS = {**{way: lanes(way) for way in WAYS}, "peaks": peaks, "flap": flap_plot}
__all__ = ["ACTIONS", "PLOTS", "TABLES", "claims", "facts", "peak"]
