"""Connections that are handed on to other processes: what goes with them, what stays behind."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress

from inspector.core.encode import encode_frame
from inspector.core.rfc import CLOSE, TEXT
from inspector.screen.words import count
from lessons.course.client import Client
from lessons.course.evidence import Connection, Evidence
from lessons.course.model import Action, Missing, in_parts
from lessons.course.session import Session, is_seen
from lessons.course.wire import ScriptFailed

from .claims import claims, taken
from .holder import FIRST_WORDS, HEIRS_WORDS
from .passing import (
    HEALTH,
    HEIR,
    closed,
    given,
    killed,
    middle,
    notes,
    passed,
    shut,
    torn,
    unread,
    window,
    yours,
)

PAGE = "/heir"
SAME = "the same words, and once more the same words"
LONG = 3000


# What is done


def the_line(session: Session) -> Client:
    """The script's connection, kept from one `do` to the next, taken again if it was lost."""

    def opened() -> Client:
        line = session.client(f"{HEIR}main")
        line.receive()
        return line

    return session.lasting("line", opened)


def connect(session: Session) -> None:
    """open the connection"""
    the_line(session)


def pass_on(session: Session) -> None:
    """ask the server to pass it on"""
    line = the_line(session)
    line.send("pass")
    line.receive_until("alone again")


def write_both(session: Session) -> None:
    """open a connection on which both write at once"""
    with session.client(f"{HEIR}torn") as line:
        line.receive()


def leave_unread(session: Session) -> None:
    """send three messages in one go, and a fourth when the connection was passed on"""
    with session.client(f"{HEIR}unread") as line:
        words = ("one", "two", "three")
        line.send_raw(b"".join(encode_frame(TEXT, w.encode(), masking_key=key()) for w in words))
        line.receive_until("I pass it on")
        line.send("four")
        line.receive_until("four")


def key() -> bytes:
    return os.urandom(4)


def cut(session: Session) -> None:
    """send one long message"""
    with session.client(f"{HEIR}middle") as line:
        line.send("x" * LONG)
        line.wait_closed()


def compress(session: Session) -> None:
    """send the same message twice, compressed"""
    deflater = zlib.compressobj(wbits=-15)
    with session.client(f"{HEIR}window", extensions="permessage-deflate") as line:
        for heard in ("heard", "it told me"):
            data = deflater.compress(SAME.encode()) + deflater.flush(zlib.Z_SYNC_FLUSH)
            line.send_frame(TEXT, data[:-4], rsv=4)
            line.receive_until(heard)


def close_one(session: Session) -> None:
    """two processes hold a connection, and one calls close()"""
    with session.client(f"{HEIR}close") as line:
        line.receive_until("I have it alone")


def shut_one(session: Session) -> None:
    """two processes hold a connection, and one calls shutdown()"""
    with session.client(f"{HEIR}shutdown") as line:
        line.receive_until("I call shutdown()")
        line.wait_closed()


def stay(session: Session) -> None:
    """open another connection, and have it passed on for good"""
    session.state["heirs"] = line = session.client(f"{HEIR}main")
    line.receive()
    line.send("stay")
    line.receive_until("for good")


def kill(session: Session) -> None:
    """kill the server (SIGKILL), and start another in its place"""
    if not is_seen(is_given, session.evidence()):
        stay(session)
    session.kill_demo()
    session.start_demo()
    session.get(HEALTH)


def speak(session: Session) -> None:
    """say something on the connection that was passed on"""
    line: Client | None = session.state.get("heirs")
    with suppress(ScriptFailed):
        if line and line.closed is None:
            line.send("are you there?")
            line.receive_until("are you there?")
            return
    stay(session)
    kill(session)
    session.state["heirs"].send("are you there?")
    session.state["heirs"].receive_until("are you there?")


def is_given(evidence: Evidence) -> bool:
    line, _ = given(evidence)
    return line.ended("server") is None and line.ended("client") is None


def seen(what: Callable[[Evidence], object]) -> Callable[[Evidence], bool]:
    return lambda evidence: bool(what(evidence))


ACTIONS = {
    "connect": Action(connect, seen(yours), PAGE),
    "pass": Action(pass_on, seen(passed), PAGE),
    "torn": Action(write_both, seen(torn), PAGE),
    "unread": Action(leave_unread, seen(unread), PAGE),
    "middle": Action(cut, seen(middle), PAGE),
    "window": Action(compress, seen(window), PAGE),
    "close": Action(close_one, seen(closed), PAGE),
    "shutdown": Action(shut_one, seen(shut), PAGE),
    "stay": Action(stay, is_given, PAGE),
    "kill": Action(kill, seen(killed), PAGE, script_only=True),
    "speak": Action(speak, lambda evidence: bool(killed(evidence).after), PAGE),
}


# What was seen


type Facts = Iterator[tuple[str, object]]


def facts(evidence: Evidence, session: Session) -> Facts:
    """Each part by itself: a step may be left out for now."""
    yield "first_words", FIRST_WORDS
    yield "heirs_words", HEIRS_WORDS
    yield "long", f"{LONG:,}"
    parts = (
        greeting,
        lending,
        tearing,
        forgetting,
        halving,
        inflating,
        closing,
        shutting,
        killing,
    )
    yield from in_parts(parts, evidence)


def greeting(evidence: Evidence) -> Facts:
    line, hello = yours(evidence)
    yield "connection", line.number
    yield "pid", hello.pid
    yield "number", hello.number
    yield "kernel", hello.kernel or "(this system does not tell)"


def lending(evidence: Evidence) -> Facts:
    lent = passed(evidence)
    before, heir, child, _, after = lent.rows
    yield "lender", before.pid
    yield "lent_number", before.number
    yield "heir", heir.pid
    yield "heir_number", heir.number
    yield "child", child.pid
    yield "alone", "other" if str(before.alone).startswith("OSError") else "arrives"
    yield "alone_said", str(before.alone).partition(": ")[2]
    yield "same", "same" if lent.same else "copy"
    yield "same_kernel", heir.kernel or "the same two addresses and ports"
    yield "flag", "both" if before.blocks and not after.blocks else "own"
    yield "flag_before", "waits" if before.blocks else "does not wait"
    yield "flag_after", "waits" if after.blocks else "does not wait"


def tearing(evidence: Evidence) -> Facts:
    rent = torn(evidence)
    yield "torn", rent.line.number
    yield "torn_key", "mixed" if rent.at not in (0, 2 + len(FIRST_WORDS)) else "whole"
    yield "torn_at", rent.at
    yield "torn_size", len(FIRST_WORDS)
    yield "torn_rule", rent.fault.rule.id
    yield "torn_offset", rent.fault.offset
    yield "torn_words", rent.fault.words


def forgetting(evidence: Evidence) -> Facts:
    left = unread(evidence)
    lost = [row.said.text for row in left.rows if row.answer is None]
    yield "unread_key", {(): "all", ("two", "three"): "ends"}.get(tuple(lost), "one")
    yield "lost", " and ".join(map(str, lost)) or "none"
    yield "left", left.left


def halving(evidence: Evidence) -> Facts:
    half = middle(evidence)
    yield "middle_octets", half.octets
    yield "middle_size", f"{len(half.said.data):,}"
    yield "middle_pair", half.pair.hex(" ")
    yield "middle_key", "start" if half.pair == half.on_wire else "rest"
    yield "middle_taken", taken(half.pair)


def inflating(evidence: Evidence) -> Facts:
    deflated, told = window(evidence)
    yield "window_line", deflated.number
    yield "window_key", "error" if "rror" in told.alone else "text"
    yield "window_alone", told.alone
    yield "window_size", count(len(bytes.fromhex(told.payload)), "byte")
    yield "window_octets", told.window
    yield "window_with", told.fields["with"]


def closing(evidence: Evidence) -> Facts:
    kept, last, alone = closed(evidence)
    ends = kept.ended("server")
    yield "close_key", "nothing" if not ends or ends.time > alone.said.time else "fin"
    yield "close_frame", alone.frame
    yield "close_heir", alone.pid
    yield "close_first", last.pid


def shutting(evidence: Evidence) -> Facts:
    ended, last, at = shut(evidence)
    yield "shutdown_key", "fin" if at >= last.said.time else "nothing"
    yield "shutdown_ms", f"{(at - last.said.time) * 1000:.1f} ms"
    yield "shutdown_heir", next(each.pid for each in notes(ended) if each.who == "the heir")


def killing(evidence: Evidence) -> Facts:
    given_line, gave = given(evidence)
    yield "given", given_line.number
    yield "gave_pid", gave.pid
    death = killed(evidence)
    yield "new_pid", death.new
    if not death.after:
        raise Missing("nothing was said since the server was killed")
    yield "kill_key", "goes_on" if death.after[0].pid not in (gave.pid, death.new) else "ends"
    yield "kill_frame", death.after[0].frame
    yield "kill_heir", death.after[0].pid


# Tables


def pass_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    yield "frame", "process", "number", "the kernel calls it", "it says"
    for row in passed(evidence).rows:
        who = f"{row.pid} {row.who}"
        yield row.frame, who, row.number, row.kernel or "(not told)", row.says


def torn_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    rent = torn(evidence)
    size, inner, whole = len(FIRST_WORDS), len(HEIRS_WORDS) + 2, len(FIRST_WORDS) + 2
    stream = b"".join(each.frame.wire for each in rent.line.frames_from("server"))
    yield "bytes", "written by", "they are", "and read as"
    yield "0, 1", "the first", stream[:2].hex(" "), f"a header: text, {size} bytes"
    yield f"2 to {rent.at - 1}", "the first", quoted(stream[2 : rent.at]), "its payload"
    mine = stream[rent.at : rent.at + inner]
    yield f"{rent.at} to {rent.at + inner - 1}", "the heir", quoted(mine), "its payload"
    yield f"to {whole - 1}", "the first", quoted(stream[rent.at + inner : whole]), "its payload"
    yield f"from {whole}", "the first", quoted(stream[whole:][:inner]), "the next header"


def quoted(data: bytes) -> str:
    """Bytes, and the letters among them."""
    return "".join(chr(byte) if 32 <= byte < 127 else f"<{byte:02x}>" for byte in data)


def told_on(line: Connection) -> Iterator[tuple[object, ...]]:
    """What the processes said on a connection, and how it ended."""
    yield "frame", "process", "it says"
    for each in notes(line):
        yield each.frame, f"{each.pid} {each.who}", each.says or ""
    closes = [each for each in line.frames if each.frame.opcode == CLOSE]
    if line.ended("server"):
        way = "after a Close" if closes else "and no Close before it"
        yield "", "", f"(the end of TCP, {way})"


def close_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    return told_on(closed(evidence)[0])


def shutdown_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    return told_on(shut(evidence)[0])


def kill_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    death = killed(evidence)
    yield "frame", "process", "it says"
    yield death.first.frame, f"{death.first.pid} {death.first.who}", death.first.says
    yield "", death.first.pid, "(killed)"
    yield "", death.new, "(started in its place)"
    for each in death.after[:4]:
        yield each.frame, f"{each.pid} {each.who}", f'I heard "{each.heard}"'


def unread_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    yield "your frame", "it said", "answered by"
    for row in unread(evidence).rows:
        by = f"process {row.answer.pid}, {row.answer.who}" if row.answer else "nobody"
        yield row.said.frames[0], row.said.text, by


def middle_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    half = middle(evidence)
    size = len(half.line.frame(half.said.frames[0]).frame.wire)
    yield "your frame's bytes", "read by", "taken for"
    yield f"0 to {half.octets - 1}", "the first process", "a header, and the start of a payload"
    yield f"{half.octets}, {half.octets + 1}: {half.pair.hex(' ')}", "the heir", taken(half.pair)
    yield f"to {size - 1}", "the heir", "whatever that header says"


def window_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    _, told = window(evidence)
    yield "the heir inflates", "with", "and gets"
    yield told.payload, "nothing", told.alone
    yield told.payload, f"the {told.window} bytes before", told.fields["with"]


TABLES = {
    "pass": pass_table,
    "torn": torn_table,
    "close": close_table,
    "shutdown": shutdown_table,
    "kill": kill_table,
    "unread": unread_table,
    "middle": middle_table,
    "window": window_table,
}
__all__ = ["ACTIONS", "TABLES", "claims", "facts"]
