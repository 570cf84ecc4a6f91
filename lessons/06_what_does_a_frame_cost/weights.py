"""Where each payload of lesson 6 stands on the wire, and what was sent around it."""

from __future__ import annotations

from inspector.core.frames import Frame
from inspector.core.rfc import CLOSE, Side
from inspector.core.rules.closing import close_code
from lessons.course.evidence import Connection, Evidence, Http
from lessons.course.model import Missing

WS, ECHO = "/ws/cost", "/cost/echo"
SIZES = (0, 125, 126, 65535, 65536)
SMALL, LARGE = 125, 65536
PIECES = 64
NOT_MINIMAL = "frame-length-not-minimal"


# On the wire


def lines(evidence: Evidence) -> list[Connection]:
    """The lesson's connections, the newest first."""
    return [each for each in reversed(evidence.connections) if each.upgraded and each.path == WS]


def weighed(evidence: Evidence, side: Side, size: int) -> Frame:
    """The newest frame of that side that is a whole message of `size` bytes, lawfully told."""
    for line in lines(evidence):
        for said in reversed(line.said(side)):
            frame = said.message.first
            if len(said.data) == size and len(said.frames) == 1 and is_shortest(frame):
                return frame
    raise Missing(f"no message of {size:,} bytes has come from the {side} yet")


def both(evidence: Evidence, size: int) -> tuple[Frame, Frame]:
    """The client's frame of that size, and the server's."""
    return weighed(evidence, "client", size), weighed(evidence, "server", size)


def pieces(evidence: Evidence) -> list[Frame]:
    """The frames of a large message of the client that was sent in many."""
    for line in lines(evidence):
        for said in line.said("client"):
            if len(said.data) == LARGE and len(said.frames) >= PIECES:
                return [line.frame(number).frame for number in said.frames]
    raise Missing("no large message in many frames has come yet")


def wide(evidence: Evidence) -> Connection:
    """The connection on which a length was written longer than it has to be."""
    for line in lines(evidence):
        if any(finding.rule.id == NOT_MINIMAL for finding in line.findings):
            return line
    raise Missing("no length has been written too long yet")


def answer_to_wide(evidence: Evidence) -> str:
    """What the server did then."""
    line = wide(evidence)
    if any(framed.frame.opcode == CLOSE for framed in line.frames_from("server")):
        return "closes"
    if line.said("server"):
        return "reads"
    raise Missing("the server has not reacted yet")


def code_of(line: Connection) -> int | None:
    """The code in the server's Close."""
    frames = (framed.frame for framed in line.frames_from("server"))
    return next((close_code(frame) for frame in frames if frame.opcode == CLOSE), None)


def posted(evidence: Evidence, size: int) -> Http:
    """The newest POST of so many bytes that was answered with as many."""
    for http in reversed(evidence.http):
        sent = http.request.get("content-length")
        if http.path == ECHO and sent == str(size) and len(http.body) == size:
            return http
    raise Missing(f"no POST of {size:,} bytes has been answered yet")


def is_shortest(frame: Frame) -> bool:
    length = frame.length or 0
    return frame.length_bits == (7 if length < 126 else 16 if length < 65536 else 64)


# What it weighs


def around_http(evidence: Evidence, size: int) -> int:
    """Bytes of a POST and its answer that are no payload."""
    http = posted(evidence, size)
    return http.up + http.down - 2 * size


def around_frames(evidence: Evidence, size: int) -> int:
    """Bytes of a message and its echo that are no payload."""
    return sum(len(frame.header) for frame in both(evidence, size))


def handshake(evidence: Evidence) -> int:
    """Bytes of both heads with which the connection of these frames began."""
    for line in lines(evidence):
        if any(len(said.data) == SMALL for said in line.said("client")):
            return len(line.request.raw) + len(line.response.raw)
    raise Missing("no small message has come yet")


def share(around: int, size: int) -> float:
    """Per cent of all bytes, both ways, that are no payload."""
    return 100 * around / (around + 2 * size)
