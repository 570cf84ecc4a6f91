"""Messages, frames and reads that don't match: one in several, and several in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from inspector.core.events import Framed
from inspector.core.rfc import CLOSE, CONTINUATION, PING, PONG, TEXT
from inspector.screen.words import count
from lessons.course.client import Client
from lessons.course.evidence import Connection, Evidence, Said
from lessons.course.follower import Read
from lessons.course.model import Action, Claim, Missing, Unavailable, in_parts
from lessons.course.session import Session

from .pieces import HEARD, LONG, PATH, TEXTS, TRIALS

PAGE = "/pieces"
TRIES = 5
"""How often the script asks once more, where TCP brought together what was written apart."""


# What is done


def the_line(session: Session) -> Client:
    """The script's connection, kept from one `do` to the next, taken again if it was lost."""
    return session.lasting("line", lambda: session.client(PATH))


def asks(name: str, words: str) -> Callable[[Session], None]:
    """A script that asks for one trial, and says what it heard, as the page does."""

    def script(session: Session) -> None:
        line = the_line(session)
        for _ in range(TRIES):
            line.send(name)
            for _ in TEXTS[name]:
                line.send(f"{HEARD}{line.receive()}")
            line.ping()  # its Pong says that the server has read it all, and so has the tap
            seen = session.evidence()
            session.wait_for(lambda evidence: bool(trial(evidence, name)), "what was asked for")
            if name != "writes" or was_cut(seen):
                return

    script.__doc__ = words
    return script


def send_long(session: Session) -> None:
    """let Chromium send 300,000 letters; where there is none, send them in one frame"""
    try:
        session.browse(f"{PAGE}?act=long", sent_long)
    except Unavailable:
        the_line(session).send("x" * LONG)
        session.wait_for(sent_long, "the long message")


def sent_long(evidence: Evidence) -> bool:
    return bool(long_message(evidence))


def was_cut(evidence: Evidence) -> bool:
    """Did one frame come in several reads?"""
    told = trial(evidence, "writes")
    return len(reads_of(told.connection, told.frames)) > 1


def asked(name: str) -> Callable[[Evidence], bool]:
    return lambda evidence: bool(trial(evidence, name))


ACTIONS = {
    "frames": Action(asks("frames", "ask for one message in three frames"), asked("frames"), PAGE),
    "letter": Action(asks("letter", "ask for a letter in two halves"), asked("letter"), PAGE),
    "writes": Action(asks("writes", "ask for one frame in three writes"), was_cut, PAGE),
    "together": Action(
        asks("together", "ask for three messages in one write"), asked("together"), PAGE
    ),
    "long": Action(send_long, sent_long, PAGE, waiting="300,000 letters"),
}


# What was seen


@dataclass(frozen=True)
class Trial:
    """One trial: what the server sent, and what the other side said of it."""

    connection: Connection
    frames: list[Framed]
    """The server's, a Ping included."""
    pongs: list[Framed]
    messages: list[Said]
    heard: list[Said]

    @property
    def data(self) -> list[Framed]:
        return [each for each in self.frames if not each.frame.is_control]


def lines(evidence: Evidence) -> list[Connection]:
    return [each for each in evidence.connections if each.upgraded and each.path == PATH]


def trial(evidence: Evidence, name: str) -> Trial:
    """The newest trial of that name to which an answer came."""
    for line in reversed(lines(evidence)):
        requests = [said for said in line.said("client") if said.text in TRIALS]
        ends = [said.frames[0] for said in requests[1:]] + [len(line.frames) + 1]
        for said, end in reversed(list(zip(requests, ends, strict=False))):
            if said.text == name:
                told = between(line, said.frames[-1], end)
                if told.messages and len(told.heard) >= len(told.messages):
                    return told
    raise Missing(f"the server was not asked for {name!r} yet")


def between(line: Connection, first: int, end: int) -> Trial:
    """What happened between two frames of a connection."""
    frames = [each for each in line.frames[first : end - 1] if each.frame.opcode != CLOSE]
    said = [each for each in line.messages if first < each.frames[0] < end]
    return Trial(
        line,
        [each for each in frames if each.frame.side == "server" and each.frame.opcode != PONG],
        [each for each in frames if each.frame.side == "client" and each.frame.opcode == PONG],
        [each for each in said if each.side == "server"],
        [each for each in said if each.side == "client" and (each.text or "").startswith(HEARD)],
    )


def long_message(evidence: Evidence) -> tuple[Connection, Said]:
    for line in reversed(lines(evidence)):
        for said in reversed(line.said("client")):
            if len(said.data) >= LONG:
                return line, said
    raise Missing("the long message has not been sent yet")


def reads_of(line: Connection, frames: list[Framed]) -> list[Read]:
    """The tap's reads in which these frames came, all of one side."""
    side = frames[0].frame.side
    head = len((line.request if side == "client" else line.response).raw)
    spans = [(head + each.frame.offset, len(each.frame.wire)) for each in frames]
    found, at = [], 0
    for read in line.reads:
        if read.side != side:
            continue
        if any(start < at + read.size and at < start + size for start, size in spans):
            found.append(read)
        at += read.size
    return found


def events_key(told: Trial) -> str:
    return {1: "once", len(told.data): "each"}.get(len(told.heard), "all")


def when_answered(told: Trial) -> str:
    """Was the Ping answered before the message went on?"""
    later = next(each for each in told.data if each.frame.opcode == CONTINUATION)
    if not told.pongs:
        return "never"
    return "at_once" if told.pongs[0].number < later.number else "after"


def letter_key(told: Trial) -> str:
    heard = (told.heard[0].text or "").removeprefix(HEARD)
    return "whole" if heard == TEXTS["letter"][0] else "replaced"


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def sizes(frames: list[Framed]) -> str:
    """`131,000, 131,000 and 38,000`"""
    *before, last = (f"{each.frame.length:,}" for each in frames)
    return f"{', '.join(before)} and {last}" if before else last


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    parts = (frames_facts, letter_facts, writes_facts, together_facts, long_facts)
    return in_parts(parts, evidence)


def frames_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    told = trial(evidence, "frames")
    yield "connection", told.connection.number
    yield "f_first", told.frames[0].number
    yield "f_last", told.frames[-1].number
    yield "fragments", len(told.data)
    yield "events", events_key(told)
    yield "fired", count(len(told.heard), "message")
    yield "between", when_answered(told)
    ping = next(each for each in told.frames if each.frame.opcode == PING)
    if told.pongs:
        yield "ping", ping.number
        yield "pong", told.pongs[0].number
        yield "pong_after", ms(told.pongs[0].time - ping.time)
    second = next(each for each in told.data if each.frame.opcode == CONTINUATION)
    yield "second", second.number


def letter_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    told = trial(evidence, "letter")
    yield "letter", letter_key(told)
    yield "letter_heard", (told.heard[0].text or "").removeprefix(HEARD)
    yield "letter_first", told.data[0].frame.payload.hex(" ")
    yield "letter_rest", told.data[1].frame.payload.hex(" ")


def writes_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    told = trial(evidence, "writes")
    reads = reads_of(told.connection, told.frames)
    yield "writes_reads", count(len(reads), "read")
    yield "writes_over", ms(reads[-1].time - reads[0].time)
    yield "writes_after", ms(told.heard[0].time - reads[-1].time)
    first = told.heard[0].time < reads[-1].time
    yield "writes", "parts" if first or len(told.heard) > 1 else "whole"


def together_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    told = trial(evidence, "together")
    yield "together_reads", count(len(reads_of(told.connection, told.frames)), "read")
    yield "together_fired", count(len(told.heard), "message")
    yield "together", {1: "one", 3: "three"}.get(len(told.heard), "last")


def long_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    line, said = long_message(evidence)
    frames = [line.frame(number) for number in said.frames]
    reads = reads_of(line, frames)
    yield "long_frames", count(len(frames), "frame")
    yield "long_as", "one" if len(frames) == 1 else "several"
    yield "long_sizes", sizes(frames)
    yield "long_reads", count(len(reads), "read")
    many = {1: "one", len(frames): "frames"}
    yield "long_read_in", many.get(len(reads), "other")


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts = (frames_claims, letter_claims, writes_claims, together_claims, long_claims)
    return in_parts(parts, evidence)


def frames_claims(evidence: Evidence) -> Iterator[Claim]:
    told = trial(evidence, "frames")
    opcodes = [each.frame.opcode for each in told.data]
    yield Claim(
        "A message may come in several frames: the first says its kind, the last has FIN",
        opcodes == [TEXT, CONTINUATION, CONTINUATION]
        and [each.frame.fin for each in told.data] == [False, False, True],
        f"opcodes {', '.join(map(str, opcodes))}; FIN on the last alone",
        "6455 §5.4",
    )
    yield Claim(
        "Whoever receives it is told once, of the whole",
        [said.text for said in told.messages] == list(TEXTS["frames"]) and len(told.heard) == 1,
        f"{len(told.data)} frames, {count(len(told.heard), 'message')} heard",
        "6455 §6.2",
    )
    yield Claim(
        "A ping between fragments is answered before the message goes on",
        when_answered(told) == "at_once" and not told.connection.findings,
        "pong before the second fragment",
        "6455 §5.4",
    )


def letter_claims(evidence: Evidence) -> Iterator[Claim]:
    told = trial(evidence, "letter")
    halves = [each.frame.payload for each in told.data]
    yield Claim(
        "A fragment may end within a letter: only the whole has to be UTF-8",
        letter_key(told) == "whole" and not any(map(is_utf8, halves)),
        f"{' | '.join(half.hex(' ') for half in halves)}, heard {TEXTS['letter'][0]!r}",
        "6455 §5.6",
    )


def writes_claims(evidence: Evidence) -> Iterator[Claim]:
    told = trial(evidence, "writes")
    reads = reads_of(told.connection, told.frames)
    yield Claim(
        "A frame may come in several reads; the receiver waits for its last byte",
        len(told.frames) == 1 < len(reads) and told.heard[0].time >= reads[-1].time,
        f"1 frame, {len(reads)} reads of {', '.join(str(read.size) for read in reads)} bytes",
    )


def together_claims(evidence: Evidence) -> Iterator[Claim]:
    told = trial(evidence, "together")
    reads = reads_of(told.connection, told.frames)
    yield Claim(
        "Several frames may come in one read, and stay several messages",
        len(told.frames) == 3 == len(told.heard) and len(reads) < len(told.frames),
        f"3 frames in {count(len(reads), 'read')}, {count(len(told.heard), 'message')} heard",
    )


def long_claims(evidence: Evidence) -> Iterator[Claim]:
    line, said = long_message(evidence)
    reads = reads_of(line, [line.frame(number) for number in said.frames])
    yield Claim(
        "One send() of the page is one message, in however many frames and reads",
        len(said.data) == LONG and len(reads) > 1,
        f"1 message, {count(len(said.frames), 'frame')}, {count(len(reads), 'read')}",
        "6455 §6.1",
    )


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def letter_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """Each fragment decoded alone, and the whole."""
    told = trial(evidence, "letter")
    yield "what", "bytes", ".decode()", 'with errors="replace"'
    whole = b"".join(each.frame.payload for each in told.data)
    pieces = [(f"frame {each.number}", each.frame.payload) for each in told.data]
    for words, data in [*pieces, ("the message", whole)]:
        alone = data.decode() if is_utf8(data) else "UnicodeDecodeError"
        yield words, data.hex(" "), alone, data.decode(errors="replace")


def writes_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """The reads in which one frame came, and when its message was heard."""
    told = trial(evidence, "writes")
    reads = reads_of(told.connection, told.frames)
    yield "what", "bytes", "after"
    begun, wire, at = reads[0].time, told.frames[0].frame.wire, 0
    for number, read in enumerate(reads, 1):
        part = wire[at : at + read.size]
        at += read.size
        yield f"read {number}", shortened(part), ms(read.time - begun)
    yield "your page reports it", "", ms(told.heard[0].time - begun)


def shortened(data: bytes, most: int = 11) -> str:
    return data[:most].hex(" ") + (f" ... ({len(data)} in all)" if len(data) > most else "")


def together_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """One read, the frames in it."""
    told = trial(evidence, "together")
    (first, *_) = reads_of(told.connection, told.frames)
    yield "what", "bytes"
    yield f"one read, {first.size} bytes", b"".join(f.frame.wire for f in told.frames).hex(" ")
    for framed in told.frames:
        yield (
            f"frame {framed.number}: {framed.frame.payload.decode()!r}",
            framed.frame.wire.hex(" "),
        )


def counts_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """How many messages, frames and reads each trial took."""
    yield "what was sent", "messages", "frames", "reads"
    words = {
        "frames": "one message in three frames (without the ping)",
        "letter": "a letter in two halves",
        "writes": "one frame in three writes",
        "together": "three messages in one write",
    }
    for name, what in words.items():
        try:
            told = trial(evidence, name)
        except Missing:
            continue  # left out
        data = told.data
        yield what, len(told.messages), len(data), len(reads_of(told.connection, data))
    with suppress(Missing):
        line, said = long_message(evidence)
        frames = [line.frame(number) for number in said.frames]
        yield "300,000 letters, from your side", 1, len(frames), len(reads_of(line, frames))


TABLES = {
    "letter": letter_table,
    "writes": writes_table,
    "together": together_table,
    "counts": counts_table,
}
