"""wsproto and websockets read the same bytes, and mostly say the same.

Where they don't, the tables below say why. They are oracles, not judges: each is known to err.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.events import Framed, Messaged, Opened
from inspector.core.frames import MAX_PAYLOAD, encode_frame
from inspector.core.framing import Framing
from inspector.core.handshake import Agreement, Deflate, Extension
from inspector.core.life import Life
from inspector.core.rfc import SIDES, Side
from tests.core import oracles, strategies, vectors
from tests.core.oracles import Answer
from tests.core.strategies import Stream
from tests.core.vectors import Vector

Oracle = Callable[[Side, bytes, dict[Side, Deflate] | None], Answer]
ORACLES: dict[str, Oracle] = {"wsproto": oracles.wsproto, "websockets": oracles.websockets}

AFTER_CLOSE = "stops at a Close, or does not mind what comes after it"
NO_TAIL = "zlib does not mind where the data ends, if it is only asked for what there is"

NOT_SEEN: dict[str, dict[str, str]] = {
    "wsproto": {
        "close-duplicate": AFTER_CLOSE,
        "data-after-close": AFTER_CLOSE,
        "message-unfinished": "does not mind a Close between fragments",
        "pmd-incomplete": NO_TAIL,
    },
    "websockets": {
        "close-duplicate": AFTER_CLOSE,
        "data-after-close": AFTER_CLOSE,
        "pmd-incomplete": NO_TAIL,
        "frame-length-msb": "waits for that many bytes",
        "frame-length-not-minimal": "takes any form of a length",
        "text-invalid-utf8": "decodes text above its protocol",
        "text-utf8-incomplete": "decodes text above its protocol",
    },
}
"""Faults that an oracle lets pass, and why."""

WINDOW_8 = "deflate: a window of 8 bits, which zlib can not write"
JUST_8 = "deflate: a window of 8 bits, and a match from 256 bytes before: as far as it goes"
BEYOND_8 = "deflate: a window of 8 bits, and a match from 257 bytes before"
OTHERS_8 = "deflate: a window that only the other side agreed to"
PING_INSIDE = "deflate: a Ping between the fragments of a compressed message"
BFINAL = "deflate: blocks after one that is marked as the last, and the next message"
HALF = "looks at a frame's bits only when the frame is whole"

DIFFERENT: dict[tuple[str, str, Side], str] = {
    ("wsproto", "closing: 1007 and 1014 are for the wire", "server"): "does not know code 1014",
    ("wsproto", WINDOW_8, "server"): "refuses a window of 8 bits before it reads a byte",
    ("wsproto", JUST_8, "server"): "refuses a window of 8 bits before it reads a byte",
    ("wsproto", OTHERS_8, "server"): "refuses a window of 8 bits before it reads a byte",
    ("websockets", BEYOND_8, "server"): "zlib keeps to its window only from one call to the next",
    ("wsproto", PING_INSIDE, "client"): "a Ping makes it forget that the message is compressed",
    ("wsproto", BFINAL, "server"): "reads nothing after a block with BFINAL",
    ("websockets", BFINAL, "server"): "reads nothing after a block with BFINAL",
    ("wsproto", "deflate: 16 MiB out of 103 KiB", "server"): "has no cap",
    ("websockets", "deflate: 16 MiB out of 103 KiB", "server"): "has no cap, as we ask it",
    ("websockets", "frames: the end before the last byte of a payload", "client"): HALF,
}
"""Vectors in which an oracle says something else than we, and why."""


def readable() -> Iterator[tuple[Vector, Side]]:
    """The vectors' directions that an oracle can be asked about: frames, of agreed extensions.

    Whether HTTP among the frames is HTTP, nobody can tell from one direction.
    """
    for vector in vectors.load():
        plain = vector.handshake and vector.max_payload == MAX_PAYLOAD
        if not plain or "nobody here knows" in vector.name or vector.name.startswith("late_http"):
            continue
        for side in SIDES:
            if sent(vector, side):
                yield vector, side


def sent(vector: Vector, side: Side) -> bytes:
    steps = [step for step in vector.steps if step.kind == "bytes" and step.side == side]
    return b"".join(step.value for step in steps)


DIRECTIONS = [
    pytest.param(vector, side, id=f"{vector.name} ({side})") for vector, side in readable()
]


@pytest.mark.parametrize("oracle", ORACLES)
@pytest.mark.parametrize(("vector", "side"), DIRECTIONS)
def test_an_oracle_reads_a_vector_as_we_do(vector: Vector, side: Side, oracle: str) -> None:
    opened = vectors.play(vector.handshake, finish=False)[0]
    assert isinstance(opened, Opened)
    question = side, sent(vector, side), opened.agreement.deflate
    answer, errors, _ = read(*question)
    try:
        said = ORACLES[oracle](*question)
    except ValueError as refusal:
        said = Answer(error=str(refusal))
    same = bool(said.error) == bool(errors - NOT_SEEN[oracle].keys())
    if not errors:
        same = same and said.messages == answer.messages
    assert same == ((oracle, vector.name, side) not in DIFFERENT), (said, errors)


def test_every_difference_is_one_that_is_tested() -> None:
    asked = {(vector.name, side) for vector, side in readable()}
    assert {(name, side) for _, name, side in DIFFERENT} <= asked


def read(
    side: Side, data: bytes, deflate: dict[Side, Deflate] | None
) -> tuple[Answer, set[str], list[bytes]]:
    """Our own answer, the errors in it, and the wire bytes of the frames."""
    extensions = () if deflate is None else (Extension("permessage-deflate"),)
    framing = Framing(Agreement(None, extensions, deflate), Life(), MAX_PAYLOAD)
    events = [*framing.receive(side, data, 0.0), *framing.finish(side)]
    answer = Answer()
    wires = []
    for event in events:
        if isinstance(event, Messaged):
            answer.messages.append((event.message.kind, event.message.data))
        elif isinstance(event, Framed):
            wires.append(event.frame.wire)
            if event.frame.is_control and event.frame.complete:
                answer.control.append((event.frame.opcode, event.frame.payload))
    errors = {
        finding.rule.id for finding in vectors.findings(events) if finding.rule.severity == "error"
    }
    return answer, errors, wires


def forgets_deflate(stream: Stream) -> bool:
    """Would wsproto forget that a message is compressed, at a control frame between fragments?"""
    inside = False
    for frame in read(stream.side, stream.wire, stream.deflate)[2]:
        opcode, fin = frame[0] & 0x0F, frame[0] & 0x80
        if opcode >= 8 and inside:
            return True
        inside = inside if opcode >= 8 else not fin
    return False


@given(strategies.streams())
def test_lawful_streams_say_the_same_to_all(stream: Stream) -> None:
    answer, errors, wires = read(stream.side, stream.wire, stream.deflate)
    assert errors == set()
    assert b"".join(wires) == stream.wire
    assert answer.messages == stream.messages
    assert answer.control == stream.control
    for name, oracle in ORACLES.items():
        if name == "wsproto" and stream.deflate is not None and forgets_deflate(stream):
            continue  # a known difference: see the tables
        said = oracle(stream.side, stream.wire, stream.deflate)
        assert said == answer, name


@given(strategies.sides, st.lists(strategies.any_frames(), min_size=1, max_size=4), st.data())
def test_any_frames_are_errors_to_all_or_to_none(
    side: Side, frames: list[bytes], data: st.DataObject
) -> None:
    """Each oracle gives up on a stream just if there is an error in it that the oracle can see."""
    kept = [frame for frame in frames if frame[0] & 0x0F != 8]  # they stop at a Close, we go on
    close = data.draw(st.binary(max_size=6))
    key = data.draw(strategies.keys) if side == "client" else None
    wire = b"".join([*kept, encode_frame(8, close, masking_key=key)])
    answer, errors, _ = read(side, wire, None)
    for name, oracle in ORACLES.items():
        said = oracle(side, wire, None)
        seen = errors - NOT_SEEN[name].keys()
        if name == "wsproto" and close[:2] == b"\x03\xf6":
            continue  # 1014
        assert bool(said.error) == bool(seen), (name, said, errors)
        if not errors:
            assert said.messages == answer.messages
