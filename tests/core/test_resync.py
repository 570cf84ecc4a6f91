"""Frames made out where their beginning was not seen, and nothing taken for frames that is none."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.conversation import Conversation
from inspector.core.events import Closed, Event, Framed, Gap, Messaged, Opened
from inspector.core.findings import Finding
from inspector.core.frames import Raw, encode_close, encode_frame
from inspector.core.http1 import Exchange
from inspector.core.midstream import MAX_KEPT
from inspector.core.resync import LONGEST, WANTED_UNKNOWN, WINDOW, Search
from inspector.core.rfc import SIDES, Side
from tests.core import strategies
from tests.core.vectors import Step, bytewise, handshake, play

ROOT = Path(__file__).parents[2]


def chat(side: Side, count: int, seed: int = 1) -> list[bytes]:
    """Frames of a talkative application: JSON texts, some in fragments, pings, a little binary."""
    dice = random.Random(seed)
    frames = []
    for number in range(count):
        key = dice.randbytes(4) if side == "client" else None
        text = json.dumps({"type": "message", "room": "lobby", "n": number}).encode()
        what = dice.randrange(8)
        if what == 0:
            frames.append(encode_frame(9, dice.randbytes(4), masking_key=key))
        elif what == 1:
            frames.append(encode_frame(2, dice.randbytes(dice.randrange(400)), masking_key=key))
        elif what == 2:
            frames.append(encode_frame(1, text[:9], masking_key=key, fin=False))
            frames.append(encode_frame(0, text[9:], masking_key=key))
        else:
            frames.append(encode_frame(1, text, masking_key=key))
    return frames


def framed(events: list[Event], side: Side) -> list[bytes]:
    return [e.frame.wire for e in events if isinstance(e, Framed) and e.frame.side == side]


def raw(events: list[Event], side: Side) -> bytes:
    return b"".join(e.data for e in events if isinstance(e, Raw) and e.side == side)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("cut", range(0, 900, 37))
def test_after_a_gap_frames_are_made_out_again(side: Side, cut: int) -> None:
    """Wherever the bytes come back, the next whole frame is the next that is told."""
    frames = chat(side, 40)
    wire = b"".join(frames)
    edges = [0, *(sum(map(len, frames[: n + 1])) for n in range(len(frames)))]
    first = next(n for n, edge in enumerate(edges) if edge >= cut)
    steps = [*handshake(), Step("gap", side, 5_000, 1.0), Step("bytes", side, wire[cut:], 2.0)]
    told = play(steps)
    assert framed(told, side) == frames[first:]
    assert raw(told, side) == wire[cut : edges[first]]
    assert [e for e in told if isinstance(e, Gap)] == [Gap(side, 0, 5_000, 1.0)]
    assert not [e for e in told if isinstance(e, Finding) and e.rule.severity == "error"]


@pytest.mark.parametrize("side", SIDES)
def test_a_gap_inside_a_frame_whose_header_was_seen(side: Side) -> None:
    """Its length says where the next one begins: nothing has to be made out."""
    key = b"abcd" if side == "client" else None
    long = encode_frame(2, bytes(100_000), masking_key=key)
    short = encode_frame(2, b"x", masking_key=key)
    for missing in (1, 70_000, len(long) - 50):
        rest = long[50 + missing :]
        steps = [
            *handshake(),
            Step("bytes", side, long[:50], 1.0),
            Step("gap", side, missing, 2.0),
            Step("bytes", side, rest + short, 3.0),
        ]
        told = play(steps)
        assert framed(told, side) == [short]
        assert raw(told, side) == long[:50] + rest
        (gap,) = [e for e in told if isinstance(e, Gap)]
        assert (gap.offset, gap.size) == (50, missing)
        frame = next(e.frame for e in told if isinstance(e, Framed))
        assert frame.offset == len(long)


def test_what_may_have_been_in_a_gap_is_blamed_on_nobody() -> None:
    key = b"abcd"
    ping = encode_frame(9, b"p", masking_key=key)
    texts = [encode_frame(1, f"text number {number}".encode()) for number in range(4)]
    rest = [encode_frame(0, b"and on", fin=False), encode_frame(0, b"the end")]
    steps = [
        *handshake(),
        Step("bytes", "client", ping, 1.0),
        Step("bytes", "server", encode_frame(1, b"it begins", fin=False), 2.0),
        Step("gap", "server", 30, 3.0),
        Step("bytes", "server", b"".join([*rest, *texts, encode_close(1000)]), 4.0),
        Step("bytes", "client", encode_close(1000, masking_key=b"wxyz"), 5.0),
        Step("end", "server", "fin", 6.0),
        Step("end", "client", "fin", 7.0),
    ]
    told = play(steps)
    assert [e for e in told if isinstance(e, Finding) and e.rule.severity != "info"] == []
    closed = told[-1]
    assert isinstance(closed, Closed)
    assert closed.clean
    assert len(framed(told, "server")) == 1 + 2 + 4 + 1


def test_compressed_messages_after_a_gap() -> None:
    """Those that don't refer back to what is missing are read; the others are lost, no fault."""
    deflater = zlib.compressobj(wbits=-15)

    def message(content: bytes) -> bytes:
        data = deflater.compress(content) + deflater.flush(zlib.Z_SYNC_FLUSH)
        return encode_frame(2, data[:-4], rsv=4)

    frames = [
        message(content)
        for content in (
            b"first: the quick brown fox jumps over the lazy dog",
            b"lost: pack my box with five dozen liquor jugs",
            b"third: the quick brown fox jumps over the lazy dog",
            bytes(range(128, 250)),
            b"\xff\xfe" + bytes(range(128, 240)),
        )
    ]
    steps = [
        *handshake("permessage-deflate"),
        Step("bytes", "server", frames[0], 1.0),
        Step("gap", "server", len(frames[1]), 2.0),
        Step("bytes", "server", b"".join([*frames[2:], *chat("server", 6)]), 3.0),
    ]
    told = play(steps)
    messages = [e.message for e in told if isinstance(e, Messaged)]
    assert [m.valid for m in messages[:4]] == [True, False, True, True]
    assert messages[1].inflated is not None
    assert messages[1].inflated.fault == "context-lost"
    assert messages[2].data == bytes(range(128, 250))
    assert messages[3].data == b"\xff\xfe" + bytes(range(128, 240))
    assert not [e for e in told if isinstance(e, Finding) and e.rule.severity == "error"]


class TestMidstream:
    @pytest.mark.parametrize("cut", [0, 1, 7, 40, 333])
    @pytest.mark.parametrize("swapped", [False, True])
    def test_a_websocket_is_known_by_its_frames(self, cut: int, swapped: bool) -> None:
        sides: tuple[Side, Side] = ("server", "client") if swapped else ("client", "server")
        steps, wires = [], {side: b"".join(chat(side, 30))[cut:] for side in SIDES}
        for number in range(0, max(map(len, wires.values())), 100):
            for told_as, side in zip(sides, SIDES, strict=True):
                data = wires[side][number : number + 100]
                steps.append(Step("bytes", told_as, data, number / 100))
        told = play(steps, midstream=True)
        opened = told[0]
        assert isinstance(opened, Opened)
        assert (opened.request, opened.response, opened.midstream) == (None, None, True)
        assert opened.upgraded
        for side in SIDES:
            assert raw(told, side) + b"".join(framed(told, side)) == wires[side]
            assert len(framed(told, side)) > 20
        assert not [e for e in told if isinstance(e, Finding) and e.rule.severity == "error"]
        frames = [e for e in told if isinstance(e, Framed)]
        assert all(e.time <= len(wires["client"]) for e in frames)
        assert frames[0].time < 6, "a frame keeps the time of its last byte"

    def test_compression_is_assumed_where_rsv1_is_set(self) -> None:
        deflater = zlib.compressobj(wbits=-15)
        frames = []
        for number in range(12):
            content = f"message {number} of a compressed conversation".encode()
            data = deflater.compress(content) + deflater.flush(zlib.Z_SYNC_FLUSH)
            frames.append(encode_frame(1, data[:-4], rsv=4))
        told = play([Step("bytes", "server", b"".join(frames), 1.0)], midstream=True)
        messages = [e.message for e in told if isinstance(e, Messaged)]
        assert [m.text for m in messages[:2]] == [
            "message 0 of a compressed conversation",
            "message 1 of a compressed conversation",
        ]
        assert len(messages) == 12
        assert not [e for e in told if isinstance(e, Finding)]

    def test_a_handshake_that_comes_later_is_a_handshake(self) -> None:
        body = b"<p>the end of a page that was asked for before the capture</p>"
        frames = b"".join(chat("server", 10))
        steps = [Step("bytes", "server", body, 0.0), *handshake(), Step("bytes", "server", frames)]
        told = play(steps, midstream=True)
        opened = next(e for e in told if isinstance(e, Opened))
        assert not opened.midstream
        assert opened.request is not None

    @pytest.mark.parametrize("name", ["tls", "random", "text", "http", "zeros", "xml", "numbers"])
    @pytest.mark.parametrize("both", [True, False])
    def test_what_is_no_websocket_is_none(self, name: str, both: bool) -> None:
        sides: tuple[Side, ...] = SIDES if both else ("server",)
        for seed in range(3):
            steps = [
                Step("bytes", side, data, 1.0)
                for side in sides
                for data in other_traffic(name, seed + 100 * (side == "client"))
            ]
            told = play(steps, midstream=True)
            assert not [e for e in told if not isinstance(e, Exchange)]

    def test_what_is_kept_has_a_limit(self) -> None:
        conversation = Conversation(midstream=True)
        portion = random.Random(1).randbytes(MAX_KEPT // 8)
        for _ in range(8):
            assert conversation.joining
            assert not list(conversation.receive("server", portion, 1.0))
        assert not conversation.joining


def other_traffic(name: str, seed: int) -> Iterator[bytes]:
    """Portions of what a capture holds beside WebSockets, from somewhere in the middle."""
    dice = random.Random(f"{name} {seed}")
    if name == "tls":
        for _ in range(60):
            size = dice.randrange(20, 4_000)
            yield b"\x17\x03\x03" + size.to_bytes(2) + dice.randbytes(size)
    elif name == "random":
        yield dice.randbytes(3)
        yield dice.randbytes(100_000)
    elif name == "text":
        page = (ROOT / "docs" / "architecture.md").read_bytes() * 4
        yield page[dice.randrange(5_000) :]
    elif name == "http":
        body = zlib.compress((ROOT / "docs" / "commands.md").read_bytes() + dice.randbytes(9_000))
        yield body[100:] + b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
    elif name == "zeros":
        for octet in (0, 1, 2, 0x41, 0x81, 0x82, 0x89, 0x8A, 0xC1, 0xFF):
            yield bytes([octet]) * dice.randrange(1_000, 2_000)
    elif name == "xml":
        yield "".join(f"<név>Égalité À {n} ひらがな</név>".swapcase() for n in range(900)).encode()
    else:
        for number in range(0x8000, 0x8B00):
            yield number.to_bytes(4, "little") + dice.randrange(90).to_bytes(4, "little")


@pytest.mark.parametrize("masked", [True, False])
def test_programs_and_pages_are_not_frames(masked: bool) -> None:
    """Files that are here anyway: this interpreter's own library and the modules beside it."""
    looked_at = 0
    for path in sorted(Path(zlib.__file__ or json.__file__).parent.rglob("*.so")):
        if path.is_file():
            data = path.read_bytes()[:40_000]
            assert not Search(masked, WANTED_UNKNOWN[masked]).look(data, final=True), path
            looked_at += len(data)
    assert looked_at > 1_000_000


# Whatever it is, portions leave no trace


@st.composite
def damaged(draw: st.DrawFn) -> tuple[list[Step], bool]:
    """Lawful streams of both sides, with gaps and cut beginnings, and other bytes among them."""
    midstream = draw(st.booleans())
    steps = [] if midstream else handshake(draw(st.sampled_from(["", "permessage-deflate"])))
    for time in range(draw(st.integers(1, 8))):
        side = draw(strategies.sides)
        if draw(st.integers(0, 4)) == 0:
            steps.append(Step("gap", side, draw(st.integers(1, 300)), time))
            continue
        if draw(st.integers(0, 6)) == 0:
            wire = draw(strategies.any_bytes | st.just(b"GET / HTTP/1.1\r\n\r\n"))
        else:
            wire = b"".join(chat(side, draw(st.integers(1, 9)), draw(st.integers(0, 99))))
            wire = wire[draw(st.sampled_from([0, 0, 1, 30])) :]
        steps.append(Step("bytes", side, wire, time))
    for side in draw(st.sampled_from([(), SIDES, ("server",)])):
        steps.append(Step("end", side, "fin", 99))
    return steps, midstream


@given(damaged(), st.data())
def test_portions_leave_no_trace(told_of: tuple[list[Step], bool], data: st.DataObject) -> None:
    steps, midstream = told_of
    told = play(steps, midstream=midstream)
    assert play(bytewise(steps), midstream=midstream) == told
    portions: list[Step] = []
    for step in steps:
        pieces = data.draw(strategies.cut(step.value)) if step.kind == "bytes" else [step.value]
        portions += [step._replace(value=piece) for piece in pieces]
    assert play(portions, midstream=midstream) == told


@given(damaged())
def test_every_byte_is_told_once(told_of: tuple[list[Step], bool]) -> None:
    """Once there is a connection, its frames and raw bytes are what was seen, gaps between them."""
    steps, midstream = told_of
    told = play(steps, midstream=midstream)
    opened = [e for e in told if isinstance(e, Opened)]
    if not opened or (midstream and not opened[0].midstream):
        return
    for side in SIDES:
        pieces: list[tuple[int, int]] = []
        for event in told:
            if isinstance(event, Framed) and event.frame.side == side:
                pieces.append((event.frame.offset, event.frame.end))
            elif isinstance(event, Raw) and event.side == side and event.offset >= 0:
                pieces.append((event.offset, event.offset + len(event.data)))
            elif isinstance(event, Gap) and event.side == side:
                pieces.append((event.offset, event.offset + event.size))
        pieces.sort()
        assert all(before[1] == after[0] for before, after in pairwise(pieces))


class TestWork:
    """Hostile bytes cost no more than their number."""

    @pytest.mark.parametrize("masked", [True, False])
    def test_no_place_costs_more_than_a_chain(self, masked: bool) -> None:
        cases = [
            b"\x02\x81" * 40_000,
            b"\x82\x00" * 40_000,
            b"\x82\x80abcd" * 20_000,
            bytes(8_000),
        ]
        for data in cases:
            search = Search(masked, 10_000)
            assert not search.look(data, final=True)
            assert search.at == len(data)

    def test_a_chain_is_followed_no_further_than_the_window(self) -> None:
        far = encode_frame(2, bytes(WINDOW)) + encode_frame(1, b"x") * LONGEST
        search = Search(False)
        assert not search.look(far[: WINDOW // 2])
        search.look(far)
        assert search.at > 0
