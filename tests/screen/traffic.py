"""Traffic made by hypothesis: heads, frames and plain bytes, good, bad and hostile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest

from hypothesis import strategies as st

from inspector.core.deflate import deflate_message
from inspector.core.frames import encode_frame
from inspector.files.dissect import Item, dissect
from inspector.files.events import CaptureEvent, Data, Ended, Opened
from tests.screen.specimens import DEFLATE, HOSTILE, request, response

HARMFUL = [
    HOSTILE,
    "[/x]",
    "[link=file:///etc]",
    ":skull:",
    "\x9b2J",
    "\u202e",
    "\ud800",
    "\U000e0041",
]
texts = st.one_of(
    st.text(st.characters(exclude_categories=[])),
    st.lists(st.sampled_from([*HARMFUL, "a", " ", "\u6f22", "e\u0301\u0302", "\U0001f468\u200d"]))
    .map("".join),
)  # fmt: skip
contents = st.one_of(
    st.binary(max_size=300),
    texts.map(lambda text: text.encode("utf-8", "surrogatepass")),
)
keys = st.none() | st.binary(min_size=4, max_size=4)


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    opcode = draw(st.integers(0, 15))
    content = draw(contents)
    rsv = draw(st.sampled_from([0, 0, 0, 4, 4, 1, 2, 7]))
    if rsv == 4 and draw(st.booleans()):
        content = deflate_message(content)
    if opcode == 8 and draw(st.booleans()):
        content = draw(st.integers(0, 5000)).to_bytes(2) + content
    wire = encode_frame(
        opcode, content, masking_key=draw(keys), fin=draw(st.booleans()), rsv=rsv,
        length_bits=draw(st.sampled_from([None, None, 64])),
    )  # fmt: skip
    return wire[: draw(st.integers(0, len(wire)))] if draw(st.integers(0, 9)) == 0 else wire


words = texts.map(lambda text: text.encode("utf-8", "surrogatepass").decode("iso-8859-1"))
tails = st.lists(st.tuples(st.booleans(), st.one_of(frames(), contents)), max_size=8)


@st.composite
def conversations(draw: st.DrawFn) -> list[tuple[bool, bytes]]:
    """What crosses a connection, piece by piece: true for the client's."""
    deflate = draw(st.booleans())
    word = draw(words).replace("\n", "")
    asked = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if deflate else ""
    agreed = f"Sec-WebSocket-Extensions: {DEFLATE}\r\n" if deflate else ""
    said = [
        (True, request("/" + word.replace(" ", ""), f"{asked}X: {word}\r\n")),
        (False, response(f"{agreed}Sec-WebSocket-Protocol: {word}\r\n")),
    ]
    return [*said, *draw(tails)]


def events(said: list[tuple[bool, bytes]], ends: bool = True) -> Iterator[CaptureEvent]:
    yield Opened(1, ("127.0.0.1", 50312), ("127.0.0.1", 8101), 1e9, {"url": "ws://x/"}, False)
    time = 1e9
    for from_client, data in said:
        time += 0.001
        yield Data(1, from_client, data, time)
    if ends:
        yield Ended(1, True, "fin", time + 0.001)
        yield Ended(1, False, None, time + 0.002)


def pairs(one: list[tuple[bool, bytes]], other: list[tuple[bool, bytes]]) -> list[Item]:
    """Two connections at once, the second with a clock that is far off."""
    first, second = list(events(one)), [_moved(event) for event in events(other)]
    mixed = [event for both in zip_longest(first, second) for event in both if event is not None]
    return [item for item in dissect(mixed) if isinstance(item, Item)]


def _moved(event: CaptureEvent) -> CaptureEvent:
    match event:
        case Opened():
            return replace(event, connection_id=2, time=-1e12)
        case Data():
            return event._replace(connection_id=2)
        case Ended():
            return replace(event, connection_id=2)
    raise AssertionError(event)


def items(said: list[tuple[bool, bytes]], ends: bool = True) -> list[Item]:
    return [item for item in dissect(events(said, ends)) if isinstance(item, Item)]
