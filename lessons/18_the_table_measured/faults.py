"""The faults that a capture of the exam may have: what each is called, and how it is made.

A fault's function plays a whole connection and returns whose doing the fault was, and the number of
the frame that has it, 0 where it is in none. All of them were met in lessons 3 to 17.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from inspector.core.rfc import Side

from .talk import HOST, PING, TEXT, Talk, other

type Who = Literal["client", "server", "between"]
type Play = Callable[[Talk], tuple[Who, int]]

BAD_FRAME, BAD_TEXT, SERVER_FAULT = 1002, 1007, 1011  # RFC 6455 §7.4.1
SIDES: Final[tuple[Side, Side]] = ("client", "server")
STRANGERS: Final = ("https://news.example", "https://chat.example.evil.test", "http://games.test")
IDLE: Final = (30.0, 60.0, 90.0)
"""After so many seconds of silence boxes on the way forget a connection."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind. `part` is where it is to be found; `lint` the rule that finds it, if one does."""

    what: str
    part: Literal["head", "frame", "message", "close", "end"]
    play: Play
    lint: str = ""

    @property
    def told(self) -> bool:
        """Does that rule say all? That a Close is missing is so for several reasons."""
        return bool(self.lint) and self.lint != "close-missing"


FAULTS: Final[dict[str, Fault]] = {}


def fault(part: Literal["head", "frame", "message", "close", "end"], lint: str = ""):  # type: ignore[no-untyped-def]
    """File a function under its name: `wrong_accept` is `"wrong-accept"`."""

    def file(play: Play) -> Play:
        what = play.__name__.replace("_", "-")
        FAULTS[what] = Fault(what, part, play, lint)
        return play

    return file


def hang_up(talk: Talk, guilty: Side, code: int) -> None:
    """The other side has seen it: it fails the connection (RFC 6455 §7.1.7)."""
    talk.goodbye(other(guilty), code)


# In a head


@fault("head", "resp-accept-wrong")
def wrong_accept(talk: Talk) -> tuple[Who, int]:
    talk.shake(key_for_accept=talk.new_key())
    talk.end("client")
    talk.end("server")
    return "server", 0


@fault("head")
def foreign_origin(talk: Talk) -> tuple[Who, int]:
    refused = ("Content-Type: text/plain", "Content-Length: 0", "Connection: close")
    talk.shake(status="403 Forbidden", origin=talk.dice.choice(STRANGERS), answered=refused)
    talk.end("server")
    talk.end("client")
    return "client", 0


@fault("head", "req-version-not-13")
def wrong_version(talk: Talk) -> tuple[Who, int]:
    refused = ("Sec-WebSocket-Version: 13", "Content-Length: 0", "Connection: close")
    version = talk.dice.choice(("8", "7", "12"))
    talk.shake(status="426 Upgrade Required", version=version, answered=refused)
    talk.end("server")
    talk.end("client")
    return "client", 0


# In a frame's header


def framed(talk: Talk, side: Side, **how: object) -> tuple[Who, int]:
    """A talk in which one frame of `side` is made so."""
    talk.shake()
    talk.chat(4, 12)
    talk.later()
    number = talk.frame(side, TEXT, talk.payload(side), **how)  # type: ignore[arg-type]
    hang_up(talk, side, BAD_FRAME)
    return side, number


@fault("frame", "frame-masked-server")
def masked_by_server(talk: Talk) -> tuple[Who, int]:
    return framed(talk, "server", masked=True)


@fault("frame", "frame-unmasked-client")
def not_masked_by_client(talk: Talk) -> tuple[Who, int]:
    return framed(talk, "client", masked=False)


@fault("frame", "frame-rsv1-unexpected")
def rsv1_not_agreed(talk: Talk) -> tuple[Who, int]:
    return framed(talk, talk.dice.choice(SIDES), rsv=4)


@fault("frame", "frame-length-not-minimal")
def length_not_shortest(talk: Talk) -> tuple[Who, int]:
    return framed(talk, talk.dice.choice(SIDES), length_bits=talk.dice.choice((16, 64)))


@fault("frame", "control-fragmented")
def control_in_pieces(talk: Talk) -> tuple[Who, int]:
    talk.shake()
    talk.chat(4, 12)
    side = talk.dice.choice(SIDES)
    number = talk.frame(side, PING, talk.dice.randbytes(4), fin=False)
    hang_up(talk, side, BAD_FRAME)
    return side, number


# In a message


@fault("message", "text-invalid-utf8")
def not_utf8(talk: Talk) -> tuple[Who, int]:
    talk.shake()
    talk.chat(4, 12)
    side = talk.dice.choice(SIDES)
    said, mark = talk.payload(side).decode(), '"say": "'
    said = said.replace(mark, f"{mark}café, ") if side == "server" else f"café, {said}"
    number = talk.frame(side, TEXT, said.encode("latin-1"))
    hang_up(talk, side, BAD_TEXT)
    return side, number


@fault("message", "data-inside-fragmented")
def message_in_message(talk: Talk) -> tuple[Who, int]:
    talk.shake()
    talk.chat(4, 10)
    side = talk.dice.choice(SIDES)
    talk.frame(side, TEXT, talk.payload(side), fin=False)
    talk.frame(other(side), TEXT, talk.payload(other(side)))  # lawful: the other direction
    number = talk.frame(side, TEXT, talk.payload(side))
    hang_up(talk, side, BAD_FRAME)
    return side, number


@fault("message", "pmd-context-takeover")
def window_kept(talk: Talk) -> tuple[Who, int]:
    talk.shake(extensions="permessage-deflate; server_no_context_takeover")
    first = talk.told()
    talk.frame("server", TEXT, talk.squeezed(first, forgets=True), rsv=4)
    for _ in range(talk.dice.randint(1, 4)):
        talk.later()
        talk.frame("server", TEXT, talk.squeezed(talk.told(), forgets=True), rsv=4)
        talk.say("client")
    number = talk.frame("server", TEXT, talk.squeezed(talk.told(), forgets=False), rsv=4)
    hang_up(talk, "server", BAD_TEXT)
    return "server", number


def numbered(talk: Talk, skip: int) -> tuple[Who, int]:
    """A talk in which the server's numbers go on by one more than `skip`, once."""
    talk.shake()
    talk.chat(4, 12)
    talk.say("server")
    talk.seq += skip
    talk.later()
    number = talk.say("server")
    talk.chat(2, 6)
    talk.goodbye(talk.dice.choice(SIDES))
    return "server", number


@fault("message")
def number_left_out(talk: Talk) -> tuple[Who, int]:
    return numbered(talk, talk.dice.randint(1, 3))


@fault("message")
def number_twice(talk: Talk) -> tuple[Who, int]:
    return numbered(talk, -1)


# In the closing handshake


@fault("close", "close-code-local-only")
def code_1005_sent(talk: Talk) -> tuple[Who, int]:
    talk.shake()
    talk.chat(5, 14)
    side = talk.dice.choice(SIDES)
    number = talk.close(side, 1005)
    talk.close(other(side), BAD_FRAME)
    talk.end("server")
    talk.end("client")
    return side, number


@fault("close", "close-unanswered")
def close_not_answered(talk: Talk) -> tuple[Who, int]:
    talk.shake()
    talk.chat(5, 14)
    side = talk.dice.choice(SIDES)
    number = talk.close(side, 1000)
    talk.later(0.5, 2.0)
    talk.end(other(side))
    talk.end(side)
    return other(side), number


@fault("close", "data-after-close")
def data_after_close(talk: Talk) -> tuple[Who, int]:
    talk.shake()
    talk.chat(5, 14)
    side = talk.dice.choice(SIDES)
    talk.close(side, 1000)
    number = talk.say(side)
    talk.close(other(side), 1000)
    talk.end("server")
    talk.end("client")
    return side, number


@fault("close", "http-response-after-close")
def http_after_close(talk: Talk) -> tuple[Who, int]:
    talk.shake()
    talk.chat(5, 14)
    side = talk.dice.choice(SIDES)
    talk.close(side, 1000)
    talk.close(other(side), 1000)
    answer = f"HTTP/1.1 200 OK\r\nServer: {HOST}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    talk.raw("server", answer.encode())
    talk.end("server")
    talk.end("client")
    return "server", 0


# The end of TCP


@fault("end", "close-missing")
def ended_without_close(talk: Talk) -> tuple[Who, int]:
    talk.shake()
    talk.chat(6, 14)
    side = talk.dice.choice(SIDES)
    talk.end(side)
    talk.end(other(side))
    return side, 0


@fault("end", "close-missing")
def reset(talk: Talk) -> tuple[Who, int]:
    talk.shake()
    talk.chat(6, 14)
    side = talk.dice.choice(SIDES)
    talk.end(side, "rst")
    return side, 0


@fault("end", "close-missing")
def forgotten_when_idle(talk: Talk) -> tuple[Who, int]:
    talk.shake()
    talk.chat(6, 14, pings=False)
    talk.now += talk.dice.choice(IDLE) - 0.004
    talk.end("client")
    talk.end("server")
    return "between", 0


@fault("end", "ping-unanswered")
def pings_not_answered(talk: Talk) -> tuple[Who, int]:
    talk.shake()
    talk.chat(4, 10)
    first = 0
    for _ in range(3):
        talk.later(4.0, 5.0)
        number = talk.frame("server", PING, talk.dice.randbytes(4))
        first = first or number
        talk.later(0.5, 1.0)
        talk.say(talk.dice.choice(SIDES))
    talk.goodbye("server", SERVER_FAULT)
    return "client", first
