"""Pings that a browser answers by itself, a message that is none, a script that hangs, a peer that
is frozen."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from inspector.core.events import Framed
from inspector.core.rfc import CLOSE, PING, PONG, TEXT
from inspector.screen.words import count
from lessons.course.client import Client
from lessons.course.evidence import Connection, Evidence, Said
from lessons.course.model import Action, Claim, Lanes, Missing, in_parts
from lessons.course.session import Session, is_seen

from .frozen import freeze_a_peer
from .quiet import ANSWER, HANGING, INTERVAL, PAYLOAD, PEER, QUIET

PAGE = "/quiet"
ENOUGH = 3
"""Pings that are to be answered before we go on."""
TRIES = 3
"""How often the script comes again, where the machine was so busy that it was let go."""


# What is done


def the_line(session: Session) -> Client:
    """The script's connection, kept from one `do` to the next, taken again if it was lost."""
    return session.lasting("line", lambda: session.client(QUIET))


def keep_quiet(session: Session) -> None:
    """open the connection, say nothing, wait for three pings"""
    for _ in range(TRIES):
        line = the_line(session)
        session.wait_for(
            lambda evidence, line=line: line.closed is not None or pinged_enough(evidence),
            "three pings and their pongs",
        )
        if is_seen(pinged_enough, session.evidence()):
            return


def say_nothing_and_ping(session: Session) -> None:
    """send an empty message, then one that says ping"""
    line = the_line(session)
    line.send("")
    line.send("ping")
    line.receive()


def hang(session: Session) -> None:
    """let Chromium open the page, and hang in it"""
    session.browse(f"{PAGE}?act=hang", hung_enough)


def freeze(session: Session) -> None:
    """start a peer in a process of its own, stop that process, and wait for what happens"""
    unread = freeze_a_peer(
        session.address,
        PEER,
        lambda: session.wait_for(answers(2), "two pongs of the peer"),
        lambda: session.wait_for(gave_up, "the server to give the peer up"),
    )
    session.notes["unread"] = unread.hex(" ")


def answers(number: int) -> Callable[[Evidence], bool]:
    """Did the newest peer answer that often, and is it not over?"""

    def seen(evidence: Evidence) -> bool:
        peer = newest(evidence, PEER)
        return not closes(peer) and sum(bool(each.pong) for each in rounds(peer)) >= number

    return seen


def pinged_enough(evidence: Evidence) -> bool:
    return len(answered(quiet(evidence))) >= ENOUGH


def said_both(evidence: Evidence) -> bool:
    return bool(empty(evidence)) and bool(word(evidence))


def hung_enough(evidence: Evidence) -> bool:
    return bool(hung(evidence))


def gave_up(evidence: Evidence) -> bool:
    return bool(closes(newest(evidence, PEER)))


ACTIONS = {
    "watch": Action(keep_quiet, pinged_enough, PAGE, "three pings"),
    "empty": Action(say_nothing_and_ping, said_both, PAGE, "both messages"),
    "hang": Action(hang, hung_enough, PAGE, "your page to hang"),
    "freeze": Action(freeze, gave_up, PAGE, script_only=True),
}


# What was seen


@dataclass(frozen=True)
class Round:
    """A Ping of the server's, and the Pong that answered it."""

    ping: Framed
    pong: Framed | None = None

    @property
    def ms(self) -> float:
        return (self.pong.time - self.ping.time) * 1000 if self.pong else 0.0


def rounds(line: Connection) -> list[Round]:
    """The server's Pings in order, each with the next Pong that says the same."""
    found: list[Round] = []
    waiting: defaultdict[bytes, deque[int]] = defaultdict(deque)
    for framed in line.frames:
        frame = framed.frame
        if frame.side == "server" and frame.opcode == PING:
            waiting[frame.payload].append(len(found))
            found.append(Round(framed))
        elif frame.side == "client" and frame.opcode == PONG and waiting[frame.payload]:
            at = waiting[frame.payload].popleft()
            found[at] = Round(found[at].ping, framed)
    return found


def answered(line: Connection) -> list[Round]:
    return [each for each in rounds(line) if each.pong]


def lines(evidence: Evidence, path: str = QUIET) -> list[Connection]:
    return [each for each in evidence.connections if each.upgraded and each.path == path]


def newest(evidence: Evidence, path: str) -> Connection:
    if found := lines(evidence, path):
        return found[-1]
    raise Missing(f"no connection on {path} was captured")


def quiet(evidence: Evidence) -> Connection:
    """The first connection that was pinged often enough."""
    found = lines(evidence)
    for line in found:
        if len(answered(line)) >= ENOUGH:
            return line
    raise Missing("the server has not pinged often enough yet")


def before_its_first_word(line: Connection) -> list[Round]:
    """The answered Pings from before the client said anything."""
    said = line.said("client")
    end = said[0].time if said else float("inf")
    return [each for each in answered(line) if each.pong and each.pong.time < end]


def empty(evidence: Evidence) -> tuple[Connection, Said]:
    """The newest message without anything in it."""
    return saying(evidence, "")


def word(evidence: Evidence) -> tuple[Connection, Said, Said]:
    """The newest message that says ping, and the message that answers it."""
    line, said = saying(evidence, "ping")
    for heard in line.said("server"):
        if heard.text == "pong" and heard.number > said.number:
            return line, said, heard
    raise Missing("no answer to the word has come yet")


def saying(evidence: Evidence, text: str) -> tuple[Connection, Said]:
    for line in reversed(lines(evidence)):
        for said in reversed(line.said("client")):
            if said.text == text:
                return line, said
    raise Missing(f"nobody has said {text!r} yet")


def pongs_to(line: Connection, said: Said) -> list[Framed]:
    """The server's Pongs that came after this message, and belong to no Ping of the client's."""
    asked = [each for each in line.frames_from("client") if each.frame.opcode == PING]
    pongs = [each for each in line.frames_from("server") if each.frame.opcode == PONG]
    known = {ping.frame.payload for ping in asked}
    after = said.frames[-1]
    return [each for each in pongs if each.number > after and each.frame.payload not in known]


@dataclass(frozen=True)
class Hang:
    """The page's script hung: its last word before, its first after, and the Pings between."""

    line: Connection
    said: Said
    asked: Said
    back: Said

    @property
    def pings(self) -> list[Round]:
        """The last one does not count where its Pong and the page's word crossed: sent at the very
        end, it says nothing of a page that hangs."""
        found = [each for each in rounds(self.line) if self.said.time < each.ping.time < self.end]
        late = found and (pong := found[-1].pong) and pong.time >= self.end
        return found[:-1] if late and len(found) > 1 else found

    @property
    def end(self) -> float:
        return self.back.time


def hung(evidence: Evidence) -> Hang:
    """The newest time that a page hung, with a Ping in it at least."""
    for line in reversed(lines(evidence)):
        said = [each for each in line.said("client") if each.text == HANGING]
        back = [each for each in line.said("client") if each.text == ANSWER]
        if said and back and back[-1].time > said[-1].time:
            asked = [each for each in line.said("server") if each.time >= said[-1].time]
            found = Hang(line, said[-1], asked[0], back[-1])
            if found.pings:
                return found
    raise Missing("no page has hung yet")


def closes(line: Connection) -> list[Framed]:
    """The server's Close, if it has sent one."""
    return [each for each in line.frames_from("server") if each.frame.opcode == CLOSE]


@dataclass(frozen=True)
class Freeze:
    """The frozen peer's connection: its last sign of life, the Ping without answer, the end."""

    line: Connection
    last: Framed
    ping: Framed
    close: Framed

    @property
    def silence(self) -> float:
        return self.close.time - self.last.time

    @property
    def waited(self) -> float:
        return self.close.time - self.ping.time


def frozen(evidence: Evidence) -> Freeze:
    for line in reversed(lines(evidence, PEER)):
        lost = [each for each in rounds(line) if not each.pong]
        alive, ends = answered(line), closes(line)
        if lost and alive and ends and alive[-1].pong:
            return Freeze(line, alive[-1].pong, lost[0].ping, ends[0])
    raise Missing("no peer was frozen yet")


def signs(told: Freeze) -> list[object]:
    """What of the peer's was on the wire between the lost Ping and the server's Close."""
    start, end = told.ping.time, told.close.time
    found: list[object] = [
        r for r in told.line.reads if r.side == "client" and start < r.time < end
    ]
    ended = told.line.ended("client")
    return [*found, ended] if ended and ended.time < end else found


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    yield "interval", INTERVAL
    parts = (quiet_facts, empty_facts, word_facts, hung_facts)
    yield from in_parts(parts, evidence)
    yield from in_parts((ice_facts,), evidence, session)


def quiet_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    line = quiet(evidence)
    found = before_its_first_word(line)
    yield "connection", line.number
    yield "pings", count(len(rounds(line)), "ping")
    yield "pongs", count(len(answered(line)), "pong")
    yield "before", count(len(found), "pong")
    yield "answers", "browser" if found else "nobody"
    same = all(each.pong and each.pong.frame.payload == each.ping.frame.payload for each in found)
    first = next((each for each in answered(line) if each.ping.frame.payload), None)
    yield "pong_holds", "same" if first and same else "nothing"
    yield "payload", first.ping.frame.payload.decode() if first else ""
    took = [each.ms for each in answered(line)]
    yield "least", f"{min(took):.2f} ms"
    yield "most", f"{max(took):.2f} ms"


def empty_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    talk, said = empty(evidence)
    pongs = pongs_to(talk, said)
    yield "talk", talk.number
    yield "empty", said.frames[0]
    yield "empty_name", talk.frame(said.frames[0]).frame.name
    yield "empty_bytes", talk.frame(said.frames[0]).frame.header[:2].hex(" ")
    yield "empty_back", "pong" if pongs else "nothing"
    yield "empty_pongs", count(len(pongs), "pong")


def word_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    talk, asked, heard = word(evidence)
    yield "word_talk", talk.number
    yield "word", asked.frames[0]
    yield "word_back", heard.frames[0]
    yield "word_ms", f"{(heard.time - asked.time) * 1000:.1f} ms"


def hung_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    told = hung(evidence)
    good = [each for each in told.pings if each.pong and each.pong.time < told.end]
    yield "hang", "on" if len(good) == len(told.pings) else "wait" if told.pings else "drop"
    yield "hang_pings", count(len(told.pings), "ping")
    yield "hang_pongs", count(len(good), "pong")
    yield "hang_seconds", f"{told.end - told.asked.time:.1f} s"
    yield "hang_slowest", f"{max((each.ms for each in good), default=0):.1f} ms"


def ice_facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    ice = frozen(evidence)
    yield "ice", ice.line.number
    yield "tells", "something" if signs(ice) else "nothing"
    yield "silence", f"{ice.silence:.2f} s"
    yield "waited", f"{ice.waited:.2f} s"
    yield "ice_pongs", count(len(answered(ice.line)), "ping")
    yield "ice_ping", ice.ping.number
    yield "ice_close", ice.close.number
    yield "ice_code", int.from_bytes(ice.close.frame.payload[:2])
    yield "ice_reason", ice.close.frame.payload[2:].decode()
    unread = bytes.fromhex(session.notes.get("unread", "")) if session else b""
    yield "unread", count(len(unread), "byte")
    yield "unread_start", unread[:4].hex(" ")
    yield "bytes_go", "kept" if unread else "lost"


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts = (quiet_claims, pong_claims, empty_claims, hung_claims, ice_claims)
    return in_parts(parts, evidence)


def quiet_claims(evidence: Evidence) -> Iterator[Claim]:
    line = quiet(evidence)
    found, said = before_its_first_word(line), line.said("client")
    if said and said[0].time < rounds(line)[0].ping.time:
        raise Missing("whoever was pinged had spoken before")
    yield Claim(
        "Pings are answered by whoever speaks the protocol: no script has to say a word",
        bool(found),
        f"{count(len(found), 'pong')} before the first message of that side",
        "6455 §5.5.2",
    )


def pong_claims(evidence: Evidence) -> Iterator[Claim]:
    quiet(evidence)
    pairs = [each for other in lines(evidence) for each in answered(other)]
    yield Claim(
        "A pong carries what its ping carried",
        bool(pairs)
        and any(each.ping.frame.payload == PAYLOAD for each in pairs)
        and all(each.pong and each.pong.frame.payload == each.ping.frame.payload for each in pairs),
        f"{len(pairs)} of them, one with {PAYLOAD.decode()!r}",
        "6455 §5.5.3",
    )


def empty_claims(evidence: Evidence) -> Iterator[Claim]:
    talk, said = empty(evidence)
    frame = talk.frame(said.frames[0]).frame
    yield Claim(
        'send("") is an empty text message: nothing pings, and nothing answers',
        frame.opcode == TEXT and not frame.payload and not pongs_to(talk, said),
        f"opcode {frame.opcode}, {frame.length} bytes; {count(len(pongs_to(talk, said)), 'pong')}",
        "6455 §5.6",
    )


def hung_claims(evidence: Evidence) -> Iterator[Claim]:
    told = hung(evidence)
    good = [each for each in told.pings if each.pong and each.pong.time < told.end]
    yield Claim(
        "A browser answers pings while the page's script hangs",
        bool(good) and len(good) == len(told.pings),
        f"{count(len(good), 'pong')} while the script took "
        f"{told.end - told.asked.time:.1f} s to answer",
        "6455 §5.5.2",
    )


def ice_claims(evidence: Evidence) -> Iterator[Claim]:
    ice = frozen(evidence)
    yield Claim(
        "Nothing on the wire tells that a peer was frozen",
        not signs(ice),
        f"0 bytes and no end of TCP from it, for {ice.waited:.2f} s after the unanswered ping",
    )
    code = int.from_bytes(ice.close.frame.payload[:2])
    yield Claim(
        "Only the missing pong does: the server closes when it has waited long enough",
        ice.close.number > ice.ping.number and code == 1008,
        f"ping {ice.ping.number} without a pong, then Close {code}: "
        f"{ice.close.frame.payload[2:].decode()!r}",
        "6455 §5.5.2",
    )


# Tables and plots


def pings_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """The first Pings of the quiet connection, and what became of them."""
    line = quiet(evidence)
    yield "ping after", "it carries", "the pong carries", "round trip"
    for each in rounds(line)[:6]:
        pong = quoted(each.pong) if each.pong else "(none yet)"
        took = f"{each.ms:.2f} ms" if each.pong else ""
        yield f"{each.ping.time - line.answered_at:.2f} s", quoted(each.ping), pong, took


def empty_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """A Ping of the server's beside the empty message: how they begin, what came back."""
    talk, said = empty(evidence)
    framed = talk.frame(said.frames[0])
    yield "frame", "begins", "opcode", "its answer"
    ping = answered(quiet(evidence))[-1].ping
    yield "the server's ping", ping.frame.header[:2].hex(" "), opcode(ping), "a pong"
    back = count(len(pongs_to(talk, said)), "pong")
    yield 'your send("")', framed.frame.header[:2].hex(" "), opcode(framed), back


def opcode(framed: Framed) -> str:
    return f"{framed.frame.opcode:X}, {framed.frame.name}"


def quoted(framed: Framed) -> str:
    payload = framed.frame.payload
    return f'"{payload.decode(errors="replace")}"' if payload else "nothing"


def since(start: float, framed: Iterable[Framed | Said]) -> tuple[float, ...]:
    return tuple(each.time - start for each in framed)


def hang_plot(evidence: Evidence, session: Session) -> Lanes:
    told = hung(evidence)
    start = told.said.time - 0.1
    pairs = rounds(told.line)
    return Lanes(
        "while the script hung",
        told.end - start + 0.1,
        (
            ("the server pings", since(start, (each.ping for each in pairs))),
            ("the browser pongs", since(start, (each.pong for each in pairs if each.pong))),
            ("the server asks the script", since(start, [told.asked])),
            ("the script speaks", since(start, told.line.said("client"))),
        ),
    )


def frozen_plot(evidence: Evidence, session: Session) -> Lanes:
    ice = frozen(evidence)
    start = ice.line.answered_at
    pairs = rounds(ice.line)
    return Lanes(
        "the peer that froze",
        ice.close.time - start + 0.1,
        (
            ("the server pings", since(start, (each.ping for each in pairs))),
            ("the peer pongs", since(start, (each.pong for each in pairs if each.pong))),
            ("the server closes", since(start, [ice.close])),
        ),
    )


TABLES = {"pings": pings_table, "empty": empty_table}
PLOTS = {"hang": hang_plot, "frozen": frozen_plot}
