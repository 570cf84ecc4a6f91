"""Where in the capture the scenes of this lesson are: both legs of each."""

from __future__ import annotations

import json
from contextlib import suppress

from inspector.core.events import Framed
from inspector.core.rfc import CLOSE
from inspector.core.rfc import PING as OP_PING
from lessons.course.evidence import Connection, Evidence, Said
from lessons.course.model import Missing

from .legs import Legs, close_code, direct, pairs
from .said import ENDS, GREETING, IN_PIECES, LINE, PIECES, PING, SQUEEZED, WHOLE

TOGETHER = 5.0
"""Seconds within which two connections ended by the same death of their server."""


def all_pairs(evidence: Evidence) -> list[Legs]:
    return [legs for legs in pairs(evidence, LINE) if legs.upgraded]


def asked(evidence: Evidence) -> Legs:
    """The first handshake through the proxy that the server answered."""
    for legs in pairs(evidence, LINE):
        return legs
    raise Missing("nobody has asked by way of the proxy yet")


def agreed(evidence: Evidence) -> Legs:
    """The first connection through the proxy, once the server has said from where it came."""
    for legs in all_pairs(evidence):
        if told_port(legs.near):
            return legs
    raise Missing("nobody is connected by way of the proxy yet")


def told_port(leg: Connection) -> str:
    """From which port the server says that this connection came."""
    for said in leg.said("server"):
        if said.text and said.text.startswith(GREETING):
            return said.text.rstrip(".").rpartition(":")[2]
    return ""


def hello(evidence: Evidence) -> tuple[Legs, Said, Said]:
    """A word of the learner's on both legs: the newest that is no request for pieces."""
    for legs in reversed(all_pairs(evidence)):
        for near in reversed(legs.near.said("client")):
            if near.data and near.text != IN_PIECES:
                for far in reversed(legs.far.said("client")):
                    if far.data == near.data:
                        return legs, near, far
    raise Missing("nothing was said by way of the proxy yet")


def first_frame(leg: Connection, said: Said) -> Framed:
    return leg.frame(said.frames[0])


def wire_bytes(framed: Framed) -> bytes:
    return framed.frame.header + framed.frame.wire_payload


def pieces(evidence: Evidence) -> tuple[Legs, Said, Said]:
    """The newest message in pieces that is whole on both legs: as sent (far), as it arrived."""
    whole = "".join(PIECES)
    for legs in reversed(all_pairs(evidence)):
        sent = [said for said in legs.far.said("server") if said.text == whole]
        came = [said for said in legs.near.said("server") if said.text == whole]
        if sent and len(sent) == len(came):
            return legs, sent[-1], came[-1]
    raise Missing("no pieces have come by way of the proxy yet")


def ping_before(leg: Connection, said: Said) -> Framed:
    """The newest Ping of the server's before the message's last frame."""
    for framed in reversed(leg.frames[: said.frames[-1]]):
        if framed.frame.opcode == OP_PING and framed.frame.payload == PING:
            return framed
    raise Missing("no ping came among the pieces")


def naked(evidence: Evidence) -> Legs:
    """A connection on which the client left out a mask, when it is over on both legs."""
    for legs in reversed(all_pairs(evidence)):
        if unmasked(legs.near) and over(legs.near) and over(legs.far):
            return legs
    raise Missing("nobody has left out a mask yet")


def over(leg: Connection) -> bool:
    """Has the server said its last on this leg? The two legs are read at their own pace."""
    return close_code(leg, "server") is not None or leg.ended("server") is not None


def unmasked(leg: Connection) -> list[Framed]:
    return [each for each in leg.frames_from("client") if each.frame.masking_key is None]


def killed(evidence: Evidence) -> tuple[Legs, Connection]:
    """The newest connection that died with its server, and one through our tap alone that did."""
    for legs in reversed(all_pairs(evidence)):
        end = legs.far.ended("server")
        if not end or not legs.near.ended("server") or closes(legs.far, end.time):
            continue
        for alone in reversed(direct(evidence, LINE)):
            also = alone.ended("server")
            if also and abs(also.time - end.time) < TOGETHER and not closes(alone, also.time):
                return legs, alone
    raise Missing("no server has died under a connection yet")


def closes(leg: Connection, until: float) -> bool:
    """Did a Close or the client's end of TCP cross this leg before?"""
    end = leg.ended("client")
    return any(f.frame.opcode == CLOSE and f.time <= until for f in leg.frames) or bool(
        end and end.time < until
    )


def vanished(evidence: Evidence) -> Legs:
    """The newest connection whose client ended TCP without a Close, once the server knows."""
    for legs in reversed(all_pairs(evidence)):
        end = legs.near.ended("client")
        if end and not closes(legs.near, end.time - 1e-9) and legs.far.ended("client"):
            return legs
    raise Missing("no client has left without a word yet")


def lawful(evidence: Evidence) -> Legs:
    """The newest lawful message, and what became of it."""
    for legs in reversed(pairs(evidence, SQUEEZED)):
        if came_whole(legs.far) and (came_whole(legs.near) or over(legs.near)):
            return legs
    raise Missing("nobody has asked for the lawful message by way of the proxy yet")


def lawful_direct(evidence: Evidence) -> Connection:
    for alone in reversed(direct(evidence, SQUEEZED)):
        if came_whole(alone):
            return alone
    raise Missing("nobody has asked for the lawful message without the proxy yet")


def came_whole(leg: Connection) -> bool:
    return any(said.text == WHOLE for said in leg.said("server"))


def resets(evidence: Evidence) -> dict[str, str]:
    """How two connections that the script reset ended for the server: straight, and by our tap."""
    for each in reversed(evidence.http):
        if each.path == ENDS and each.status == 200:
            with suppress(ValueError):  # the head is here, the body not yet
                told = json.loads(each.body)
                return {name: str(told[name]) for name in ("direct", "tapped")}
    raise Missing("no connection was reset yet")
