"""Connections that end in all manners: what is on the wire, and what a page is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from inspector.screen.words import count
from lessons.course.evidence import Evidence
from lessons.course.model import Action, Claim, Missing
from lessons.course.session import Session

from .script import answered, asked, end_twice, freeze, ways
from .seen import End, Told, ends, newest, told_of
from .ways import ANYBODY, WAYS, YES

PAGE = "/ended"
CALLS = ("close", "close-1000", "close-4000")
REFUSED = ("close-1001", "long-reason")
SERVER = ("server-close", "server-fault")
RUDE = ("hangs-up",)
BOTH = ("cross",)
SPECIMEN = ("specimen",)
TAB = ("leave",)


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
    ways(*RUDE)(session)


def close_at_once(session: Session) -> None:
    """close with 4000, to a server that closes at the same moment"""
    ways(*BOTH)(session)


def meet_the_specimen(session: Session) -> None:
    """let Chromium ask plain flask-sock to close"""
    session.browse(f"{PAGE}?act={','.join(SPECIMEN)}", told(*SPECIMEN))


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
    "cross": Action(close_at_once, told(*BOTH), PAGE, "that end"),
    "leave": Action(shut_the_tab, left, f"{PAGE}/tab", "the tab to be shut"),
    "kill": Action(end_twice, ended_twice, PAGE, script_only=True),
    "rude": Action(be_hung_up_on, told(*RUDE), PAGE, "that end"),
    "specimen": Action(meet_the_specimen, told(*SPECIMEN), PAGE, "that end"),
    "freeze": Action(freeze, was_silent, PAGE, script_only=True),
}


# What was seen


def tabs(evidence: Evidence) -> list[End]:
    return [end for end in ends(evidence) if end.way == "leave" and end.line.ended("client")]


def tab(evidence: Evidence) -> End:
    if found := tabs(evidence):
        return found[-1]
    raise Missing("no tab was shut yet")


def terminated(evidence: Evidence) -> tuple[End, Told]:
    """A held connection that the server closed as it was ended."""
    for end in reversed(told_of(evidence, "hold")):
        if end.told and end.close("server") is not None:
            return end, end.told
    raise Missing("the server was not ended yet")


def killed(evidence: Evidence) -> tuple[End, Told]:
    """A held connection whose server was killed."""
    for end in reversed(told_of(evidence, "hold")):
        if end.told and end.close("server") is None and end.first_to_end_tcp == "server":
            return end, end.told
    raise Missing("the server was not killed yet")


def silent(evidence: Evidence) -> End:
    """A held connection whose server was frozen for a while; a page's, if there is one."""
    found = [end for end in ends(evidence) if end.way == "hold" and asked(end) and answered(end)]
    pages = [end for end in found if "Mozilla" in (end.line.request.get("user-agent") or "")]
    if both := pages or found:
        return both[-1]
    raise Missing("the server was not frozen yet")


def silence(end: End) -> tuple[float, float, int]:
    """When the first question went out, when its answer came, and how many had gone by then."""
    questions = [s.time for s in end.line.said("client") if s.text == ANYBODY]
    answer = next(s.time for s in end.line.said("server") if s.text == YES)
    return questions[0], answer, sum(time < answer for time in questions)


def signs(end: End) -> int:
    """What came from the server, and how many ends of TCP, while it was silent."""
    first, answer, _ = silence(end)
    reads = [r for r in end.line.reads if r.side == "server" and first < r.time < answer]
    return len(reads) + sum(each.time < answer for each in end.line.ends)


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    close, close_told = newest(evidence, "close")
    plain, _ = newest(evidence, "close-1000")
    yield "none_code", close_told.code
    yield "none_up", close.on_the_wire("client")
    yield "none_down", close.on_the_wire("server")
    yield "connection", plain.line.number
    yield "first_fin", plain.first_to_end_tcp or "nobody"
    yield "plain_ms", f"{plain_ms(plain):.1f} ms"

    try:
        end, said = newest(evidence, "close-1001")
        _, long = newest(evidence, "long-reason")
        yield "going", "throws" if said.thrown and not carries(end, 1001) else "sent"
        yield "going_error", said.thrown or "no error"
        yield "long_error", long.thrown or "no error"
    except Missing:
        pass

    _, said = newest(evidence, "server-fault")
    yield "fault", f"{said.code}-{'clean' if said.clean else 'dirty'}"
    yield "fault_words", said.words
    end, said = newest(evidence, "cross")
    yield "cross", said.code
    yield "cross_words", said.words
    yield "cross_up", end.on_the_wire("client")
    yield "cross_down", end.on_the_wire("server")

    try:
        end = tab(evidence)
        yield "tab_line", end.line.number
        yield "tab", tab_sends(end)
        yield "tab_up", end.on_the_wire("client")
    except Missing:
        pass

    end, said = killed(evidence)
    yield "kill_sends", "end" if end.close("server") is None else "close"
    yield "kill_words", said.words

    _, said = newest(evidence, "hangs-up")
    yield "rude", f"{said.code}-{'clean' if said.clean else 'dirty'}"
    yield "rude_words", said.words

    try:
        end, said = newest(evidence, "specimen")
        yield "specimen", end.line.number
        yield "specimen_told", "1000" if said.code == 1000 else "1006"
        yield "specimen_words", said.words
        yield "specimen_close", end.on_the_wire("server")
        yield "specimen_last", len(end.line.frames)
    except Missing:
        pass

    end = silent(evidence)
    first, answer, asked_before = silence(end)
    yield "silence", "nothing" if not signs(end) else "something"
    yield "silent_line", end.line.number
    yield "silent_seconds", f"{answer - first:.1f} s"
    yield "silent_asked", count(asked_before, "question")
    yield "silent_reads", count(signs(end), "byte")


def plain_ms(end: End) -> float:
    """From the first Close to the end of TCP."""
    closes = [f.time for f in end.line.frames if f.frame.name == "close"]
    return (end.line.ends[-1].time - closes[0]) * 1000 if closes and end.line.ends else 0.0


def carries(end: End, code: int) -> bool:
    return (end.close("client") or b"")[:2] == code.to_bytes(2)


def tab_sends(end: End) -> str:
    payload = end.close("client")
    if payload is None:
        return "nothing"
    return "1001" if payload[:2] == b"\x03\xe9" else "other"


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
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
    carried = {
        (end.close(side) or b"")[:2] for end in ends(evidence) for side in ("client", "server")
    }
    numbers = sorted({int.from_bytes(code) for code in carried if code})
    yield Claim(
        "No Close carries 1005 or 1006",
        bool(numbers) and not {1005, 1006} & set(numbers),
        f"codes on the wire: {', '.join(map(str, numbers))}",
        "6455 §7.4.1",
    )
    crossed, said = newest(evidence, "cross")
    theirs = int.from_bytes((crossed.close("server") or b"")[:2])
    yield Claim(
        "A close event reports what the other side's Close says, not one's own",
        said.code == theirs and said.clean and not carries(crossed, theirs),
        f"{crossed.on_the_wire('client')} out, {crossed.on_the_wire('server')} in: {said.words}",
        "6455 §7.1.5",
    )
    _, fault = newest(evidence, "server-fault")
    yield Claim(
        "A close can be clean, and the reason for it a fault",
        fault.code == 1011 and fault.clean,
        fault.words,
        "6455 §7.4.1",
    )
    end, said = killed(evidence)
    yield Claim(
        "It dies when the server's process does, or when the server disconnects",
        end.first_to_end_tcp == "server" and said.code == 1006 and not said.clean,
        f"killed: the end of TCP and no frame; told: {said.words}",
        "6455 §7.1.5",
    )
    rude, said = newest(evidence, "hangs-up")
    yield Claim(
        "1006 says that no Close came, whoever had sent one",
        rude.close("client") is not None
        and rude.close("server") is None
        and said.code == 1006
        and not said.clean,
        f"{rude.on_the_wire('client')} out, none in: {said.words}",
        "6455 §7.1.5",
    )
    try:
        left_behind = tab(evidence)
    except Missing:
        pass
    else:
        yield Claim(
            "A tab that is shut sends a Close, without a line of script",
            tab_sends(left_behind) == "1001",
            left_behind.on_the_wire("client"),
            "6455 §7.4.1",
        )
    end = silent(evidence)
    first, answer, number = silence(end)
    yield Claim(
        "A server that is silent ends nothing: no byte, no end of TCP, no event",
        not signs(end) and number > 0,
        f"{count(number, 'question')} out and 0 bytes in, for {answer - first:.1f} s",
    )


def began(end: End) -> str:
    """Whose Close came first."""
    return next((f.frame.side for f in end.line.frames if f.frame.name == "close"), "nobody")


def answers(end: End) -> bool:
    return end.close("client") is not None and end.close("client") == end.close("server")


# Tables

type Row = tuple[object, ...]
HEADING = ("what was done", "client's Close", "server's Close", "close event")


def row(end: End, said: Told, words: str = "") -> Row:
    return words or WAYS[end.way], *map(end.on_the_wire, ("client", "server")), said.words


def rows(*names: str) -> Callable[[Evidence, Session], Iterator[Row]]:
    def table(evidence: Evidence, session: Session) -> Iterator[Row]:
        yield HEADING
        for name in names:
            yield row(*newest(evidence, name))

    return table


def refused(evidence: Evidence, session: Session) -> Iterator[Row]:
    """What was called, what became of it, and what the wire says."""
    yield "the page calls", "the browser", "on the wire"
    for name in REFUSED:
        end, said = newest(evidence, name)
        threw = said.thrown and not carries(end, 1001)
        wire = "no frame because of it" if threw else end.on_the_wire("client")
        yield WAYS[name], f"throws {said.thrown}" if said.thrown else "sends it", wire


def twice(evidence: Evidence, session: Session) -> Iterator[Row]:
    """The server, ended in two ways."""
    yield HEADING
    yield row(*terminated(evidence), "kill (SIGTERM)")
    yield row(*killed(evidence), "kill -9")


def everything(evidence: Evidence, session: Session) -> Iterator[Row]:
    """All that one was told of, in one table."""
    yield from twice(evidence, session)
    for name in ("server-close", "server-fault", "close", "close-4000", "cross", "hangs-up"):
        yield row(*newest(evidence, name))
    if told_of(evidence, "specimen"):
        yield row(*newest(evidence, "specimen"))
    end = silent(evidence)
    yield "frozen", end.on_the_wire("client"), "nothing", "no event"


TABLES = {
    "calls": rows(*CALLS),
    "refused": refused,
    "server": rows(*SERVER),
    "cross": rows(*BOTH),
    "rude": rows("close-1000", *RUDE),
    "twice": twice,
    "everything": everything,
}
