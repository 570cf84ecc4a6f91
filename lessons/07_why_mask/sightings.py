"""Where the frames of lesson 7 are on the wire: the same word twice, and the bait in four coats."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from inspector.core.events import Framed
from inspector.core.frames import Frame
from inspector.core.rfc import CLOSE, TEXT
from inspector.core.rules.closing import close_code
from lessons.course.evidence import Connection, Evidence
from lessons.course.model import Missing

from .box import requests

CHAT = "/ws/chat"
SHORT = 125
UNMASKED, ZERO = "frame-unmasked-client", "frame-mask-zero"
NO_KEY = bytes(4)


def chats(evidence: Evidence) -> list[Connection]:
    """The chats that were opened, the oldest first."""
    return [each for each in evidence.connections if each.upgraded and each.path == CHAT]


def texts(chat: Connection) -> Iterator[Framed]:
    """The client's messages that are one frame of text."""
    for framed in chat.frames_from("client"):
        if framed.frame.opcode == TEXT and framed.frame.fin and framed.frame.complete:
            yield framed


def twice(evidence: Evidence) -> tuple[Connection, Framed, Framed]:
    """The first two frames in which the client said the same, and where."""
    for chat in chats(evidence):
        before: dict[bytes, Framed] = {}
        for framed in texts(chat):
            frame = framed.frame
            if frame.masked and 0 < len(frame.payload) <= SHORT and not is_bait(frame.payload):
                if first := before.get(frame.payload):
                    return chat, first, framed
                before[frame.payload] = framed
    raise Missing("nothing has been said twice yet")


def echoes(evidence: Evidence) -> list[Frame]:
    """The two frames in which the server gave it back."""
    chat, first, _ = twice(evidence)
    given_back = [
        framed.frame
        for framed in chat.frames_from("server")
        if framed.number > first.number and is_echo(framed.frame, first.frame)
    ]
    if len(given_back) < 2:
        raise Missing("the server has not given both back yet")
    return given_back[:2]


def is_echo(frame: Frame, of: Frame) -> bool:
    """Is it what the chat makes of that frame: the same, with a name before it?"""
    return frame.payload.endswith(b": " + of.payload)


# Without a mask


def naked(evidence: Evidence) -> Connection:
    """The chat on which the client sent a word without a mask."""
    for chat in reversed(chats(evidence)):
        if any(
            not framed.frame.masked and not is_bait(framed.frame.payload) for framed in texts(chat)
        ):
            return chat
    raise Missing("no frame without a mask has been sent yet")


def reaction(chat: Connection) -> str:
    """What the server made of it."""
    if any(framed.frame.opcode == CLOSE for framed in chat.frames_from("server")):
        return "closes"
    bare = next(framed for framed in texts(chat) if not framed.frame.masked)
    if any(framed.number > bare.number for framed in chat.frames_from("server")):
        return "reads"
    raise Missing("the server has not reacted yet")


def code_of(chat: Connection) -> int | None:
    """The code in the server's Close."""
    frames = (framed.frame for framed in chat.frames_from("server"))
    return next((close_code(frame) for frame in frames if frame.opcode == CLOSE), None)


# The bait


def is_bait(payload: bytes) -> bool:
    """Would it be a request, if it stood on the wire like this?"""
    return bool(requests(payload))


def masked_bait(frame: Frame) -> bool:
    """The bait, sent by whoever did not choose the key."""
    return bool(frame.masked) and is_bait(frame.payload) and frame.masking_key != NO_KEY


def bare_bait(frame: Frame) -> bool:
    """The bait, without a mask."""
    return not frame.masked and is_bait(frame.payload)


def zero_bait(frame: Frame) -> bool:
    """The bait, under a key of zeros."""
    return frame.masking_key == NO_KEY and is_bait(frame.payload)


def guessed_bait(frame: Frame) -> bool:
    """Something else, which its key turns into the bait."""
    return bool(frame.masked) and not is_bait(frame.payload) and is_bait(frame.wire_payload)


COATS: dict[str, Callable[[Frame], bool]] = {
    "masked": masked_bait,
    "not masked": bare_bait,
    "a key of zeros": zero_bait,
    "a key guessed": guessed_bait,
}


def bait(evidence: Evidence, coat: str) -> tuple[Connection, Framed]:
    """The newest frame that carries the bait in this coat, and where it was sent."""
    for chat in reversed(chats(evidence)):
        for framed in reversed(list(texts(chat))):
            if COATS[coat](framed.frame):
                return chat, framed
    raise Missing(f"the request has not been sent yet: {coat}")


def taken(evidence: Evidence, coat: str) -> str:
    """Did the server take this frame for a message as any other?"""
    chat, framed = bait(evidence, coat)
    for other in chat.frames_from("server"):
        if other.number > framed.number and is_echo(other.frame, framed.frame):
            return "takes"
    if code_of(chat):
        return "closes"
    raise Missing("the server has not reacted yet")
