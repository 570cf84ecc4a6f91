"""The same word under two keys; then a request as a text: masked, not masked, under bad keys."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.core.frames import Frame
from inspector.core.masking import apply_mask
from inspector.core.rfc import TEXT
from lessons.course.client import Client
from lessons.course.evidence import Evidence
from lessons.course.model import Action, Claim, Missing, in_parts
from lessons.course.session import Session

from .box import requests
from .sightings import (
    CHAT,
    COATS,
    UNMASKED,
    ZERO,
    bait,
    chats,
    code_of,
    echoes,
    naked,
    reaction,
    taken,
    twice,
)

BAIT = "\nGET /script.js HTTP/1.1\nHost: victim.example\n\n"
KNOWN_KEY = bytes.fromhex("377a213d")
"""What the page knows beforehand. No byte is above 7f: so what it sends is text all the same."""
SHOWN = 8  # bytes of a payload


# What is done


def the_chat(session: Session) -> Client:
    """The script's own place in the chat, taken anew if it was lost."""
    chat: Client | None = session.state.get("chat")
    if chat is None or chat.closed:
        chat = session.state["chat"] = session.client(CHAT)
        chat.receive_until("You are")
    return chat


def say_twice(session: Session) -> None:
    """open the chat and say hello, twice"""
    chat = the_chat(session)
    for _ in range(2):
        chat.send("hello")
        chat.receive_until(": hello")


def say_unmasked(session: Session, text: str = "hello") -> None:
    """open the chat and say hello in a frame without a mask"""
    with session.client(CHAT) as chat:
        chat.receive_until("You are")
        chat.send_frame(TEXT, text.encode(), masked=False)
        chat.wait_closed()


def send_bait(session: Session) -> None:
    """send the request as a text, as any browser would: masked"""
    chat = the_chat(session)
    chat.send(BAIT)
    chat.receive_until(BAIT)


def send_bare_bait(session: Session) -> None:
    """send the same text in a frame without a mask"""
    say_unmasked(session, BAIT)


def send_zero_bait(session: Session) -> None:
    """send the same text under the key 00 00 00 00"""
    chat = the_chat(session)
    chat.send_frame(TEXT, BAIT.encode(), masking_key=bytes(4))
    chat.receive_until(BAIT)


def send_guessed_bait(session: Session) -> None:
    """send a text made for the key that it will be masked with"""
    chat = the_chat(session)
    text = apply_mask(BAIT.encode(), KNOWN_KEY)
    chat.send_frame(TEXT, text, masking_key=KNOWN_KEY)
    chat.receive_until(text.decode())


ACTIONS = {
    "twice": Action(
        say_twice,
        lambda evidence: bool(echoes(evidence)),
        page="/chat",
        waiting="the same word twice",
    ),
    "naked": Action(
        say_unmasked, lambda evidence: bool(reaction(naked(evidence))), page="/chat",
        script_only=True,
    ),
    "bait": Action(
        send_bait, lambda evidence: bool(bait(evidence, "masked")), page="/chat",
        waiting="your text",
    ),
    "bare": Action(
        send_bare_bait, lambda evidence: bool(bait(evidence, "not masked")), page="/chat",
        script_only=True,
    ),
    "zero": Action(
        send_zero_bait, lambda evidence: bool(taken(evidence, "a key of zeros")), page="/chat",
        script_only=True,
    ),
    "guessed": Action(
        send_guessed_bait, lambda evidence: bool(taken(evidence, "a key guessed")), page="/chat",
        script_only=True,
    ),
}  # fmt: skip


# What it comes to


def hexed(data: bytes, most: int = SHOWN) -> str:
    return data[:most].hex(" ") + (" ..." if len(data) > most else "")


def alike(one: Frame, other: Frame) -> str:
    """Which parts two frames have in common, as the key of an option."""
    if one.wire == other.wire:
        return "all"
    if one.header[:2] != other.header[:2]:
        return "none"
    return "key" if one.wire_payload == other.wire_payload else "two"


def by_chance(one: bytes, other: bytes) -> str:
    """What is to be said of key bytes that two draws have in common: of 64 pairs, one has any."""
    same = [str(at) for at, pair in enumerate(zip(one, other, strict=False)) if len(set(pair)) == 1]
    if not same or one == other:
        return ""
    some = f"byte {same[0]} of the keys is" if len(same) == 1 else f"{len(same)} key bytes are"
    return f"; {some} the same by chance"


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    yield "bait_code", BAIT.encode("unicode_escape").decode()
    parts = (twice_facts, naked_facts, bait_facts, zero_facts, guessed_facts)
    yield from in_parts(parts, evidence)


def twice_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    chat, first, second = twice(evidence)
    echo = echoes(evidence)[0]
    frame = first.frame
    yield "chat", chat.number
    yield "masked_frames", sum(framed.frame.side == "client" for framed in chat.frames)
    yield "first", hexed(frame.wire, 11)
    yield "second", hexed(second.frame.wire, 11)
    yield "alike", alike(frame, second.frame)
    yield "by_chance", by_chance(frame.masking_key or b"", second.frame.masking_key or b"")
    yield "echo", echo.payload.decode("utf-8", "replace")
    yield "wire", hexed(frame.wire_payload)
    yield "key", hexed(frame.masking_key or b"")
    yield "word", frame.payload.decode("utf-8", "replace")[:20]
    read = apply_mask(frame.wire_payload, frame.wire[2:6]) == frame.payload
    yield "needs", "nothing" if read else "agreed"


def naked_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    bare = naked(evidence)
    yield "naked", bare.number
    yield "naked_reaction", reaction(bare)
    yield "naked_code", code_of(bare)
    yield "unmasked_rule", UNMASKED


def bait_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    found = {
        coat: requests(bait(evidence, coat)[1].frame.wire) for coat in ("masked", "not masked")
    }
    yield "found_masked", ", ".join(found["masked"]) or "nothing"
    yield "found_bare", ", ".join(found["not masked"]) or "nothing"
    yield (
        "bites",
        {(0, 1): "bare", (1, 1): "both", (0, 0): "none", (1, 0): "masked"}[
            len(found["masked"]), len(found["not masked"])
        ],
    )


def zero_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    _, zero = bait(evidence, "a key of zeros")
    yield "zero", zero.number
    yield "zero_reaction", taken(evidence, "a key of zeros")
    yield "zero_header", hexed(zero.frame.header)
    yield "zero_rule", ZERO


def guessed_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    _, guessed = bait(evidence, "a key guessed")
    yield "guessed_payload", hexed(guessed.frame.payload)
    yield "guessed_wire", hexed(guessed.frame.wire_payload)
    yield "guessed_key", hexed(guessed.frame.masking_key or b"")
    yield "guessed_found", "yes" if requests(guessed.frame.wire) else "no"


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts = (twice_claims, reading_claims, naked_claims, bait_claims, guessed_claims)
    return in_parts(parts, evidence)


def twice_claims(evidence: Evidence) -> Iterator[Claim]:
    _, first, second = twice(evidence)
    yield Claim(
        "The same word, sent twice, is different on the wire: each frame has a key of its own",
        alike(first.frame, second.frame) == "two",
        f"{hexed(first.frame.wire, 11)} and {hexed(second.frame.wire, 11)}",
        "6455 §5.3",
    )
    one, other = echoes(evidence)
    yield Claim(
        "The server's two are the same, and in clear",
        one.wire == other.wire and one.wire_payload == one.payload,
        f"{hexed(one.wire, 11)}, twice",
        "6455 §5.1",
    )


def reading_claims(evidence: Evidence) -> Iterator[Claim]:
    frames = [framed.frame for chat in chats(evidence) for framed in chat.frames_from("client")]
    masked = [frame for frame in frames if frame.masked]
    if not masked:
        raise Missing("no masked frame was captured yet")
    yield Claim(
        "A masked frame is read with what is in it, and nothing else",
        all(apply_mask(f.wire_payload, f.masking_key or b"") == f.payload for f in masked),
        f"{len(masked)} frames, each unmasked with its own key",
        "6455 §5.3",
    )


def naked_claims(evidence: Evidence) -> Iterator[Claim]:
    bare = naked(evidence)
    rules = {finding.rule.id for finding in bare.findings}
    yield Claim(
        "A client's frame without a mask ends the connection with 1002",
        code_of(bare) == 1002 and UNMASKED in rules,
        f"Close {code_of(bare)}; the finding is {UNMASKED}",
        "6455 §5.1",
    )


def bait_claims(evidence: Evidence) -> Iterator[Claim]:
    found = {
        coat: requests(bait(evidence, coat)[1].frame.wire) for coat in ("masked", "not masked")
    }
    yield Claim(
        "Without a mask a page's text is a request to whoever looks for one; masked it is none",
        bool(found["not masked"]) and not found["masked"],
        f"not masked: {', '.join(found['not masked'])}; masked: nothing",
        "6455 §10.3",
    )


def guessed_claims(evidence: Evidence) -> Iterator[Claim]:
    found = {
        coat: requests(bait(evidence, coat)[1].frame.wire)
        for coat in ("a key of zeros", "a key guessed")
    }
    yield Claim(
        "A key of zeros, or one that was guessed, passes for a mask and hides no request",
        bool(found["a key of zeros"]) and bool(found["a key guessed"]),
        f"the server took both; found in both: {', '.join(found['a key guessed'])}",
        "6455 §5.3",
    )


# What is drawn


def twice_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """The same word twice, both ways."""
    yield "who", "bytes 0, 1", "key", "payload on the wire"
    _, first, second = twice(evidence)
    for who, frames in (
        ("you", (first.frame, second.frame)),
        ("server", echoes(evidence)),
    ):
        for frame in frames:
            key = hexed(frame.masking_key) if frame.masking_key else "(none)"
            yield who, hexed(frame.header[:2]), key, hexed(frame.wire_payload, 12)


def unmasked_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """The first word, unmasked by hand."""
    frame = twice(evidence)[1].frame
    key = frame.masking_key or b""
    yield "byte", "on the wire", "XOR key", "is", "which is"
    for at, octet in enumerate(frame.wire_payload[:SHOWN]):
        clear = octet ^ key[at % 4]
        letter = chr(clear) if 32 < clear < 127 else f"({clear})"
        yield (
            at,
            f"{octet:02x}",
            f"{key[at % 4]:02x}  (byte {at % 4} of it)",
            f"{clear:02x}",
            letter,
        )


def box_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """What the box makes of the bait, in each coat that was sent so far."""
    yield "sent", "payload on the wire, as text", "the box finds a request for"
    for coat in COATS:
        try:
            _, framed = bait(evidence, coat)
        except Missing:
            continue
        wire = framed.frame.wire_payload.replace(b"\n", b" ").decode("ascii", "replace")
        text = "".join(char if 31 < ord(char) < 127 else "." for char in wire)
        yield coat, text.strip()[:30] + "...", ", ".join(requests(framed.frame.wire)) or "(nothing)"


TABLES = {"twice": twice_table, "unmasked": unmasked_table, "box": box_table}
