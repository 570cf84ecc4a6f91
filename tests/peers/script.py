"""What a client says to a server, step by step, whoever the two are.

Every server here answers alike: a message with itself; "ping" with a Ping, and then "pinged";
"fragments" with one text in three frames; "close CODE REASON" with a Close. So what was said and
answered is known before anybody speaks, and a capture has to tell just that.
"""

from __future__ import annotations

import random
from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "binary"]
Content = tuple[Kind, bytes]

SUBPROTOCOLS = ["ws101.peers", "another"]
PIECES = ["frag", "mented, in th", "ree – ü"]
"""What "fragments" is answered with."""
PINGED = b"are you there?"
ASKED = (3001, "as you wish")
"""The Close that a server is asked for."""
OWN = (1000, "bye")
"""The Close that a client sends by itself."""

_noise = random.Random(101).randbytes(70_000)


@dataclass(frozen=True, slots=True)
class Say:
    """A message, in as many frames as there are pieces, and the answer to wait for."""

    kind: Kind
    pieces: list[bytes]
    answer: Content | None

    @property
    def content(self) -> Content:
        return self.kind, b"".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Ping:
    """A Ping of the client's own, the Pong to wait for."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Script:
    steps: list[Say | Ping]
    closer: Literal["client", "server"]
    compressed: str = "off"
    """A key of `DEFLATES`, or "off"."""
    path: str = "/echo"
    tidy: bool = True
    """Does the server close as it should? Else a client may be told anything of the end."""

    @property
    def close(self) -> tuple[int, str]:
        return OWN if self.closer == "client" else ASKED

    @property
    def said(self) -> list[Content]:
        return [step.content for step in self.steps if isinstance(step, Say)]

    @property
    def answered(self) -> list[Content]:
        return [step.answer for step in self.steps if isinstance(step, Say) and step.answer]

    @property
    def pings(self) -> list[bytes]:
        return [step.payload for step in self.steps if isinstance(step, Ping)]

    def as_json(self) -> dict[str, Any]:
        """For peers in another language: bytes as base64."""
        steps: list[dict[str, Any]] = []
        for step in self.steps:
            if isinstance(step, Ping):
                steps.append({"ping": b64encode(step.payload).decode()})
                continue
            answer = step.answer and [step.answer[0], b64encode(step.answer[1]).decode()]
            pieces = [b64encode(piece).decode() for piece in step.pieces]
            steps.append({"kind": step.kind, "pieces": pieces, "answer": answer})
        return {
            "steps": steps,
            "closer": self.closer,
            "close": list(self.close),
            "deflate": self.deflate and self.deflate.as_json(),
            "subprotocols": SUBPROTOCOLS,
            "path": self.path,
        }

    @property
    def deflate(self) -> Deflate | None:
        return DEFLATES.get(self.compressed)


@dataclass(frozen=True, slots=True)
class Deflate:
    """What both peers are configured to: the parameters of permessage-deflate, RFC 7692 §7.1."""

    takeover: bool = True
    window_bits: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {"takeover": self.takeover, "bits": self.window_bits}


DEFLATES = {
    "default": Deflate(),
    "no takeover": Deflate(takeover=False),
    "10 bits": Deflate(window_bits=10),
}


def echoed(kind: Kind, *pieces: bytes) -> Say:
    return Say(kind, list(pieces), (kind, b"".join(pieces)))


CONTENT = [
    echoed("text", "hello – ü".encode()),
    echoed("text", b"hello again, hello again"),
    echoed("binary", bytes(range(256))),
    echoed("text", b""),
    echoed("binary", b""),
    echoed("text", ("nobody reads this \U0001f600 to its end, " * 1_750).encode()[:70_000]),
    echoed("binary", _noise),
    echoed("binary", b"x" * 126),
    echoed("binary", b"y" * 65_536),
]
FRAGMENTED = [
    echoed("text", b"sp", "lit ü".encode(), b" up"),
    echoed("binary", b"\0\1", b"\2" * 300),
    echoed("text", b"", b"between nothing", b""),
]
PINGS = [Ping(b""), Ping(bytes(125))]
BE_PINGED = Say("text", [b"ping"], ("text", b"pinged"))
BE_SENT_FRAGMENTS = Say("text", [b"fragments"], ("text", "".join(PIECES).encode()))
BE_CLOSED = Say("text", ["close {} {}".format(*ASKED).encode()], None)


@dataclass(frozen=True, slots=True)
class Able:
    """What a peer's library lets one do."""

    ping: bool = True
    fragment: bool = True
    deflate: bool = True
    """Can it be told each parameter of permessage-deflate?"""


def script(
    client: Able, server: Able, closer: Literal["client", "server"], compressed: str, tidy: bool
) -> Script:
    """Everything that these two can say to each other."""
    steps: list[Say | Ping] = [*CONTENT]
    if client.fragment:
        steps += FRAGMENTED
    if client.ping:
        steps += PINGS
    if server.ping:
        steps.append(BE_PINGED)
    if server.fragment:
        steps.append(BE_SENT_FRAGMENTS)
    if closer == "server":
        steps.append(BE_CLOSED)
    return Script(steps, closer, compressed, tidy=tidy)
