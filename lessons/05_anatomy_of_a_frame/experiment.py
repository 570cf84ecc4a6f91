"""Frames of both directions, of all three length forms, and two with the same text."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.core.events import Framed
from inspector.core.frames import Frame
from lessons.course.client import Client
from lessons.course.evidence import Connection, Evidence, Said
from lessons.course.model import Action, Claim, Missing, in_parts
from lessons.course.session import Session, is_seen
from lessons.course.wire import ScriptFailed

CHAT = "/ws/chat"
SHORT, MEDIUM = 125, 65535  # the most that the first two length forms can say, RFC 6455 §5.2
LONG_TEXT = "x" * 200
HUGE_TEXT = "x" * 70_000


# What is done


def the_chat(session: Session) -> Client:
    """The script's own place in the chat, kept from one `do` to the next, taken again if it was
    lost meanwhile."""
    chat: Client | None = session.state.pop("chat", None)
    if chat:
        try:
            chat.ping()
        except ScriptFailed:
            chat.close()
        else:
            session.state["chat"] = chat
            return chat
    session.state["chat"] = chat = session.client(CHAT)
    chat.receive_until("You are")
    return chat


def say(session: Session, text: str) -> str:
    """Say something, and hear what the server makes of it."""
    chat = the_chat(session)
    chat.send(text)
    return chat.receive_until(f": {text}")


def say_hello(session: Session) -> None:
    """open the chat and say hello"""
    say(session, "hello")


def say_the_same(session: Session) -> None:
    """say what the server said, to the letter"""
    hello = ACTIONS["hello"].seen
    if not is_seen(hello, session.evidence()):  # left out
        say_hello(session)
        session.wait_for(hello, "the server's answer")
    say(session, echo(session.evidence()))


def say_much(session: Session) -> None:
    """say 200 letters"""
    say(session, LONG_TEXT)


def say_very_much(session: Session) -> None:
    """say 70,000 letters"""
    say(session, HUGE_TEXT)


ACTIONS = {
    "hello": Action(say_hello, lambda evidence: bool(answer_to_hello(evidence)), page="/chat"),
    "same": Action(say_the_same, lambda evidence: bool(same(evidence)), page="/chat"),
    "long": Action(
        say_much,
        lambda evidence: bool(of_size(evidence, SHORT + 1, MEDIUM)),
        page="/chat",
        waiting="more than 125 letters",
    ),
    "huge": Action(
        say_very_much,
        lambda evidence: bool(of_size(evidence, MEDIUM + 1, 1 << 63)),
        page="/chat",
        waiting="more than 65,535 letters",
    ),
}


# What was seen


def chats(evidence: Evidence) -> list[Connection]:
    """The chat connections that were opened, the oldest first."""
    return [each for each in evidence.connections if each.upgraded and each.path == CHAT]


def my_hello(evidence: Evidence) -> tuple[Connection, Framed]:
    """The frame of the first short thing that the client said, and where it said it."""
    for chat in chats(evidence):
        for said in chat.said("client"):
            if said.text and len(said.data) <= SHORT:
                return chat, chat.frame(said.frames[0])
    raise Missing("no short text has been said yet")


def answer_to_hello(evidence: Evidence) -> Framed:
    """The frame in which the server gave it back."""
    chat, mine = my_hello(evidence)
    for framed in chat.frames_from("server"):
        text = framed.frame.payload.decode("utf-8", "replace")
        if framed.number > mine.number and text.endswith(": " + mine.frame.payload.decode()):
            return framed
    raise Missing("the server has not given it back yet")


def echo(evidence: Evidence) -> str:
    return answer_to_hello(evidence).frame.payload.decode()


def same(evidence: Evidence) -> tuple[Said, Said]:
    """A message of the client and one of the server that carry the same text."""
    heard = {said.data: said for chat in chats(evidence) for said in chat.said("server")}
    for chat in chats(evidence):
        for said in chat.said("client"):
            if said.data in heard:
                return said, heard[said.data]
    raise Missing("the two sides have not said the same thing yet")


def of_size(evidence: Evidence, least: int, most: int) -> Framed:
    """The newest frame of the client with a payload of that many bytes."""
    for connection in reversed(chats(evidence)):
        for framed in reversed(connection.frames_from("client")):
            if least <= (framed.frame.length or 0) <= most:
                return framed
    raise Missing(f"no frame of the client with {least} bytes or more has come yet")


def listed(numbers: list[int]) -> str:
    """`7, 16 and 64`"""
    *before, last = map(str, numbers)
    return f"{', '.join(before)} and {last}" if before else last


def hexed(data: bytes) -> str:
    return data.hex(" ")


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    parts = (hello_facts, same_facts, long_facts, huge_facts)
    return in_parts(parts, evidence)


def hello_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    chat, mine = my_hello(evidence)
    frame = mine.frame
    yield "chat", chat.number
    yield "mine", mine.number
    yield "first_byte", hexed(frame.header[:1])
    yield "fin", int(frame.fin)
    yield "rsv", frame.header[0] >> 4 & 7
    yield "opcode", frame.opcode
    yield "mask", int(bool(frame.masked))
    yield "length", frame.length
    yield "key", hexed(frame.masking_key or b"")
    yield "clear_hex", hexed(frame.payload)
    yield "masked_hex", hexed(frame.wire_payload)
    heard = answer_to_hello(evidence)
    yield "answer", heard.number
    yield "server_masked", "yes" if heard.frame.masked else "no"
    yield "echo", echo(evidence)


def same_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    theirs, ours = (said.message.first for said in same(evidence))
    yield "same_client", len(theirs.wire)
    yield "same_server", len(ours.wire)
    yield "extra", len(theirs.wire) - len(ours.wire)


def long_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    long = of_size(evidence, SHORT + 1, MEDIUM)
    yield "long_frame", long.number
    yield "long_header", len(long.frame.header)
    yield "long_length", long.frame.length
    yield "long_code", long.frame.length_code
    yield "long_extended", hexed(long.frame.header[2:4])


def huge_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    huge = of_size(evidence, MEDIUM + 1, 1 << 63)
    yield "huge_frame", huge.number
    yield "huge_header", len(huge.frame.header)
    yield "huge_length", huge.frame.length


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts = (hello_claims, mask_claims, same_claims, length_claims, extension_claims)
    return in_parts(parts, evidence)


def hello_claims(evidence: Evidence) -> Iterator[Claim]:
    text = my_hello(evidence)[1].frame
    yield Claim(
        "A short text of a client's begins with 81: FIN, no RSV, opcode 1",
        text.header[0] == 0x81,
        f"{hexed(text.header)}, {text.length} bytes of payload",
        "6455 §5.2",
    )


def mask_claims(evidence: Evidence) -> Iterator[Claim]:
    frames = all_frames(evidence)
    unmasked = [frame for frame in frames if frame.side == "client" and not frame.masked]
    yield Claim(
        "The client masks every frame",
        not unmasked,
        f"{sum(frame.side == 'client' for frame in frames)} frames, {len(unmasked)} unmasked",
        "6455 §5.1",
    )
    masked = [frame for frame in frames if frame.side == "server" and frame.masked]
    yield Claim(
        "The server masks none",
        not masked,
        f"{sum(frame.side == 'server' for frame in frames)} frames, {len(masked)} masked",
        "6455 §5.1",
    )


def same_claims(evidence: Evidence) -> Iterator[Claim]:
    theirs, ours = (said.message.first for said in same(evidence))
    yield Claim(
        "With the same text the client's frame is four bytes longer: its masking key",
        theirs.payload == ours.payload and len(theirs.wire) - len(ours.wire) == 4,
        f"{len(theirs.wire)} and {len(ours.wire)} bytes for {theirs.payload.decode()!r}",
        "6455 §5.3",
    )


def length_claims(evidence: Evidence) -> Iterator[Claim]:
    text = my_hello(evidence)[1].frame
    long = of_size(evidence, SHORT + 1, MEDIUM).frame
    huge = of_size(evidence, MEDIUM + 1, 1 << 63).frame
    frames = all_frames(evidence)
    wrong = [frame for frame in frames if frame.complete and frame.length_bits != shortest(frame)]
    yield Claim(
        "Each length is written in the shortest form that fits",
        not wrong and {frame.length_bits for frame in frames} == {7, 16, 64},
        f"forms of {listed(sorted({frame.length_bits or 0 for frame in frames}))} bits",
        "6455 §5.2",
    )
    yield Claim(
        "The client's header has 6, 8 or 14 bytes",
        [len(each.header) for each in (text, long, huge)] == [6, 8, 14],
        ", ".join(f"{len(each.header)} for {each.length:,}" for each in (text, long, huge)),
        "6455 §5.2",
    )


def extension_claims(evidence: Evidence) -> Iterator[Claim]:
    connections = chats(evidence)
    bare = [each for each in connections if not each.agreement.extensions]
    yield Claim(
        "No extension was agreed, so that the payload is what was typed",
        bool(bare) and len(bare) == len(connections),
        f"{len(bare)} of {len(connections)} connections without one",
        "6455 §9.1",
    )


def all_frames(evidence: Evidence) -> list[Frame]:
    return [framed.frame for each in chats(evidence) for framed in each.frames]


def shortest(frame: Frame) -> int:
    length = frame.length or 0
    return 7 if length <= SHORT else 16 if length <= MEDIUM else 64


def row(words: str, frame: Frame) -> tuple[object, ...]:
    start = hexed(frame.wire_payload[:6]) + (" ..." if len(frame.wire_payload) > 6 else "")
    return words, hexed(frame.header), start, len(frame.wire)


def same_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """The same text, as client and server send it."""
    yield "who", "header", "payload on the wire", "bytes"
    theirs, ours = (said.message.first for said in same(evidence))
    yield row("client", theirs)
    yield row("server", ours)


def header_parts(frame: Frame) -> Iterator[tuple[object, ...]]:
    """The bytes of one header, what they are and what they say."""
    yield "bytes", "hex", "what it is", "says"
    end = 2 + {16: 2, 64: 8}.get(frame.length_bits or 7, 0)
    yield "0", hexed(frame.header[:1]), "FIN, RSV, opcode", f"{int(frame.fin)}, 0, {frame.opcode}"
    code = frame.header[1] & 127
    yield "1", hexed(frame.header[1:2]), "MASK, length", f"{frame.header[1] >> 7}, {code}"
    if end > 2:
        yield f"2-{end - 1}", hexed(frame.header[2:end]), "the length itself", frame.length
    key = "XORed over the payload"
    yield f"{end}-{end + 3}", hexed(frame.header[end:]), "masking key", key


def long_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """The header of the client's frame in the second form."""
    return header_parts(of_size(evidence, SHORT + 1, MEDIUM).frame)


def forms_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """One frame of the client's in each length form."""
    yield "payload", "seven bits say", "then", "header", "header bytes"
    frames = [
        my_hello(evidence)[1].frame,
        of_size(evidence, SHORT + 1, MEDIUM).frame,
        of_size(evidence, MEDIUM + 1, 1 << 63).frame,
    ]
    for frame in frames:
        more = {16: "2 bytes", 64: "8 bytes"}.get(frame.length_bits or 7, "nothing")
        yield f"{frame.length:,}", frame.length_code, more, hexed(frame.header), len(frame.header)


TABLES = {"same": same_table, "long": long_table, "forms": forms_table}
