"""Connections that end in all manners: what is on the wire, and what a page is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from inspector.screen.words import count
from lessons.course.evidence import Evidence
from lessons.course.model import Action, Claim, Missing, in_parts
from lessons.course.session import Session

from .script import end_twice, freeze, ways
from .seen import (
    answers,
    asking,
    began,
    carries,
    ends,
    killed,
    newest,
    plain_ms,
    signs,
    silence,
    silent,
    tab,
    tab_sends,
    tabs,
    terminated,
    told_of,
    waited,
)
from .tables import TABLES as TABLES
from .ways import CALLS, REFUSED, SERVER

PAGE = "/ended"


# What is done


def told(*names: str) -> Callable[[Evidence], bool]:
    return lambda evidence: all(told_of(evidence, name) for name in names)


def call_close(session: Session) -> None:
    """open three connections, and close each: without a code, with 1000, with 4000"""
    ways(*CALLS)(session)


def try_what_is_refused(session: Session) -> None:
    """let Chromium call close(1001), and close() with a long reason"""
    session.browse(f"{PAGE}?act={','.join(REFUSED)}", told(*REFUSED))


def let_the_server_close(session: Session) -> None:
    """ask the server to close, and ask it to make a mistake"""
    ways(*SERVER)(session)


def shut_the_tab(session: Session) -> None:
    """let Chromium open a page with a connection, and load the page anew"""
    session.browse(f"{PAGE}/tab?act=leave", left)


def be_hung_up_on(session: Session) -> None:
    """close with 1000, to a server that hangs up without an answer"""
    ways("hangs-up")(session)


def close_at_once(session: Session) -> None:
    """close with 4000, to a server that closes at the same moment"""
    ways("cross")(session)


def meet_the_specimen(session: Session) -> None:
    """let Chromium ask plain flask-sock to close"""
    session.browse(f"{PAGE}?act=specimen", told("specimen"))


def left(evidence: Evidence) -> bool:
    return bool(tabs(evidence))


def ended_twice(evidence: Evidence) -> bool:
    return bool(terminated(evidence) and killed(evidence))


def was_silent(evidence: Evidence) -> bool:
    return bool(silent(evidence))


ACTIONS = {
    "calls": Action(call_close, told(*CALLS), PAGE, "three ends"),
    "refused": Action(try_what_is_refused, told(*REFUSED), PAGE, "both calls"),
    "server": Action(let_the_server_close, told(*SERVER), PAGE, "both ends"),
    "cross": Action(close_at_once, told("cross"), PAGE, "that end"),
    "leave": Action(shut_the_tab, left, f"{PAGE}/tab", "the tab to be shut"),
    "kill": Action(end_twice, ended_twice, PAGE, script_only=True),
    "rude": Action(be_hung_up_on, told("hangs-up"), PAGE, "that end"),
    "specimen": Action(meet_the_specimen, told("specimen"), PAGE, "that end"),
    "freeze": Action(freeze, was_silent, PAGE, script_only=True),
}


# What was seen


type Facts = Iterator[tuple[str, object]]


def facts(evidence: Evidence, session: Session) -> Facts:
    """Each part by itself: a step may be left out, for now or for want of a Chromium."""
    parts = (calls, refusals, faults, crossing, leaving, killing, rudeness, puzzle, freezing)
    return in_parts(parts, evidence)


def calls(evidence: Evidence) -> Facts:
    close, said = newest(evidence, "close")
    plain, _ = newest(evidence, "close-1000")
    yield "none_code", said.code
    yield "none_up", close.on_the_wire("client")
    yield "none_down", close.on_the_wire("server")
    yield "connection", plain.line.number
    yield "first_fin", plain.first_to_end_tcp or "nobody"
    yield "plain_ms", f"{plain_ms(plain):.1f} ms"


def refusals(evidence: Evidence) -> Facts:
    end, said = newest(evidence, "close-1001")
    _, long = newest(evidence, "long-reason")
    yield "going", "throws" if said.thrown and not carries(end, 1001) else "sent"
    yield "going_error", said.thrown or "no error"
    yield "long_error", long.thrown or "no error"


def faults(evidence: Evidence) -> Facts:
    _, said = newest(evidence, "server-fault")
    yield "fault", f"{said.code}-{'clean' if said.clean else 'dirty'}"
    yield "fault_words", said.words


def crossing(evidence: Evidence) -> Facts:
    end, said = newest(evidence, "cross")
    yield "cross", said.code
    yield "cross_words", said.words
    yield "cross_up", end.on_the_wire("client")
    yield "cross_down", end.on_the_wire("server")


def leaving(evidence: Evidence) -> Facts:
    end = tab(evidence)
    yield "tab_line", end.line.number
    yield "tab", tab_sends(end)
    yield "tab_up", end.on_the_wire("client")
    yield "tab_waits", "waited for the answer" if waited(end) else "didn't wait for an answer"


def killing(evidence: Evidence) -> Facts:
    end, said = killed(evidence)
    yield "kill_sends", "end" if end.close("server") is None else "close"
    yield "kill_words", said.words


def rudeness(evidence: Evidence) -> Facts:
    _, said = newest(evidence, "hangs-up")
    yield "rude", f"{said.code}-{'clean' if said.clean else 'dirty'}"
    yield "rude_words", said.words


def puzzle(evidence: Evidence) -> Facts:
    end, said = newest(evidence, "specimen")
    yield "specimen_told", "1000" if said.code == 1000 else "1006"
    yield "specimen_words", said.words
    yield "specimen_close", end.on_the_wire("server")


def freezing(evidence: Evidence) -> Facts:
    end = silent(evidence)
    first, over, number = silence(end)
    yield "silence", "nothing" if not signs(end) else "something"
    yield "silent_line", end.line.number
    yield from zip(("silent_first", "silent_last"), asking(end), strict=True)
    yield "silent_seconds", f"{over - first:.1f} s"
    yield "silent_asked", count(number, "question")
    yield "silent_reads", count(signs(end), "byte")


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts = (
        claims_of_calls,
        claims_of_codes,
        claims_of_crossing,
        claims_of_a_fault,
        claims_of_rudeness,
        claims_of_death,
        claims_of_a_tab,
        claims_of_silence,
    )
    return in_parts(parts, evidence)


def claims_of_calls(evidence: Evidence) -> Iterator[Claim]:
    page, _ = newest(evidence, "close-1000")
    server, _ = newest(evidence, "server-close")
    yield Claim(
        "When done, either side can close the connection",
        began(page) == "client" and began(server) == "server",
        f"connection {page.line.number}: the client's Close came first; "
        f"connection {server.line.number}: the server's",
        "6455 §1.4",
    )
    both = [page, server, newest(evidence, "close")[0], newest(evidence, "close-4000")[0]]
    yield Claim(
        "A Close is answered with a Close, and then the server ends TCP first",
        all(answers(end) and end.first_to_end_tcp == "server" for end in both),
        f"{count(len(both), 'connection')}, each with a Close from both sides",
        "6455 §7.1.1",
    )
    empty, said = newest(evidence, "close")
    yield Claim(
        "1005 stands for a Close without a code, and is not on the wire",
        empty.close("server") == b"" and said.code == 1005,
        f"both Closes carried 0 bytes; told: {said.words}",
        "6455 §7.1.5",
    )


def claims_of_codes(evidence: Evidence) -> Iterator[Claim]:
    carried = {
        (end.close(side) or b"")[:2] for end in ends(evidence) for side in ("client", "server")
    }
    numbers = sorted({int.from_bytes(code) for code in carried if code})
    if not numbers:
        raise Missing("no Close with a code was captured yet")
    yield Claim(
        "No Close carries 1005 or 1006",
        not {1005, 1006} & set(numbers),
        f"codes on the wire: {', '.join(map(str, numbers))}",
        "6455 §7.4.1",
    )


def claims_of_crossing(evidence: Evidence) -> Iterator[Claim]:
    crossed, said = newest(evidence, "cross")
    theirs = int.from_bytes((crossed.close("server") or b"")[:2])
    yield Claim(
        "A close event reports what the other side's Close says, not one's own",
        said.code == theirs and said.clean and not carries(crossed, theirs),
        f"{crossed.on_the_wire('client')} out, {crossed.on_the_wire('server')} in: {said.words}",
        "6455 §7.1.5",
    )


def claims_of_a_fault(evidence: Evidence) -> Iterator[Claim]:
    _, fault = newest(evidence, "server-fault")
    yield Claim(
        "A close can be clean, and the reason for it a fault",
        fault.code == 1011 and fault.clean,
        fault.words,
        "6455 §7.4.1",
    )


def claims_of_rudeness(evidence: Evidence) -> Iterator[Claim]:
    rude, said = newest(evidence, "hangs-up")
    yield Claim(
        "Who has sent a Close is told 1006 all the same, where none comes back",
        rude.close("client") is not None
        and rude.close("server") is None
        and said.code == 1006
        and not said.clean,
        f"{rude.on_the_wire('client')} out, none in: {said.words}",
        "6455 §7.1.5",
    )


def claims_of_death(evidence: Evidence) -> Iterator[Claim]:
    end, said = killed(evidence)
    yield Claim(
        "It dies when the server's process does, or when the server disconnects",
        end.first_to_end_tcp == "server" and said.code == 1006 and not said.clean,
        f"killed: the end of TCP and no frame; told: {said.words}",
        "6455 §7.1.5",
    )


def claims_of_a_tab(evidence: Evidence) -> Iterator[Claim]:
    left_behind = tab(evidence)
    yield Claim(
        "A tab that is shut sends a Close, without a line of script",
        tab_sends(left_behind) == "1001",
        left_behind.on_the_wire("client"),
        "6455 §7.4.1",
    )


def claims_of_silence(evidence: Evidence) -> Iterator[Claim]:
    end = silent(evidence)
    first, over, number = silence(end)
    yield Claim(
        "A server that is silent ends nothing: no byte, no end of TCP, no event",
        not signs(end) and number > 0,
        f"{count(number, 'question')} out and 0 bytes in, for {over - first:.1f} s",
    )
