"""A connection as a whole: any bytes in any portions, nothing raised, nothing lost."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core import messages
from inspector.core.conversation import Conversation
from inspector.core.events import Closed, Ended, Event, Framed, Messaged, Opened
from inspector.core.findings import Finding
from inspector.core.frames import Frame, Raw, encode_frame
from inspector.core.framing import MAX_REMEMBERED_FRAGMENTS
from inspector.core.pings import MAX_PINGS
from inspector.core.rfc import SIDES, Side
from tests.core import strategies, vectors
from tests.core.test_frames import calls, joined
from tests.core.vectors import REQUEST, RESPONSE, Step, bytewise, handshake, play

heads = st.sampled_from(
    [
        f"{REQUEST}\r\n",
        f"{REQUEST}Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        f"{RESPONSE}\r\n",
        f"{RESPONSE}Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "\r\n",
    ]
).map(str.encode)
closes = st.sampled_from([b"\x88\x02\x03\xe8", b"\x88\x80abcd"])
pieces = st.one_of(heads, strategies.any_frames(), closes, st.binary(max_size=20))


@st.composite
def changed(draw: st.DrawFn, data: bytes) -> bytes:
    """`data`, perhaps with a byte too many, too few, or another."""
    at = draw(st.integers(0, len(data)))
    other = draw(st.sampled_from([b"", b"\0", b"\n", b"\r\n", b"\xff", b",", b'"']))
    return data[:at] + other + data[at + draw(st.integers(0, 1)) :]


@st.composite
def connections(draw: st.DrawFn) -> list[Step]:
    """What may be seen of a connection: bytes of both sides in any order, ends and gaps."""
    steps = handshake(draw(st.sampled_from(["", "permessage-deflate"])))
    if draw(st.booleans()):
        steps = []
    for time in range(draw(st.integers(0, 8))):
        side = draw(strategies.sides)
        what = draw(st.integers(0, 19))
        if what == 0:
            steps.append(Step("gap", side, draw(st.integers(1, 100)), time))
        elif what <= 2:
            steps.append(Step("end", side, draw(st.sampled_from(["fin", "rst", None])), time))
        else:
            data = draw(pieces)
            data = draw(changed(data)) if what <= 5 else data
            steps.append(Step("bytes", side, data, time))
    return steps


@st.composite
def portions(draw: st.DrawFn, steps: list[Step]) -> list[Step]:
    out: list[Step] = []
    for step in steps:
        if step.kind == "bytes":
            out += [step._replace(value=piece) for piece in draw(strategies.cut(step.value))]
        else:
            out.append(step)
    return out


@given(connections(), st.data(), st.sampled_from([0, 5, 200, 1000000]))
def test_any_connection_in_any_portions_is_told_the_same(
    steps: list[Step], data: st.DataObject, cap: int
) -> None:
    told = play(steps, cap)
    assert play(bytewise(steps), cap) == told
    assert play(data.draw(portions(steps)), cap) == told
    assert_in_order(told)


def test_an_end_before_a_refusals_body_is_told_before_it() -> None:
    """Found by hypothesis: in one portion with the head, the body was told first."""
    refusal = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
    steps = [
        Step("bytes", "client", f"{REQUEST}\r\n".encode(), 0),
        Step("end", "client", "fin", 1),
        Step("bytes", "server", refusal, 2),
    ]
    told = play(steps)
    assert play(bytewise(steps)) == told
    kinds = [type(event) for event in told]
    assert kinds.index(Ended) < kinds.index(Raw)


def assert_in_order(told: list[Event]) -> None:
    """What every reader of events may build on."""
    frames = [event for event in told if isinstance(event, Framed)]
    whole = [event for event in told if isinstance(event, Messaged)]
    assert [event.number for event in frames] == list(range(1, len(frames) + 1))
    assert [event.number for event in whole] == list(range(1, len(whole) + 1))
    own = [event for event in told if isinstance(event, Framed | Messaged | Raw | Ended | Closed)]
    if own:
        first = next(i for i, event in enumerate(told) if isinstance(event, Opened))
        assert first < told.index(own[0])
    closed = [i for i, event in enumerate(told) if isinstance(event, Closed)]
    assert closed in ([], [len(told) - 1])
    numbers = {event.number: event for event in frames}
    for event in told:
        if isinstance(event, Messaged):
            assert {numbers[n].message for n in event.message.frames} == {event.number}
        if isinstance(event, Finding):
            assert event.words.isprintable()
            assert 0 < len(event.words) < 500
            assert event.frame is None or numbers[event.frame].frame.offset == event.offset


@given(st.lists(st.tuples(strategies.sides, strategies.any_frames()), max_size=8), st.data())
def test_every_byte_after_the_handshake_is_told(
    sent: list[tuple[Side, bytes]], data: st.DataObject
) -> None:
    steps = [Step("bytes", side, wire) for side, wire in sent]
    told = play([*handshake(), *data.draw(portions(steps))], 50)
    for side in SIDES:
        own: list[Frame | Raw] = [
            event.frame if isinstance(event, Framed) else event
            for event in told
            if (isinstance(event, Framed) and event.frame.side == side)
            or (isinstance(event, Raw) and event.side == side)
        ]
        assert joined(own) == b"".join(wire for sender, wire in sent if sender == side)


@given(st.lists(st.tuples(strategies.sides, st.binary(max_size=60)), max_size=8))
def test_bytes_that_are_nothing_at_all(sent: list[tuple[Side, bytes]]) -> None:
    steps = [Step("bytes", side, data) for side, data in sent]
    assert play(steps) == play(bytewise(steps))


def test_stages() -> None:
    conversation = Conversation()
    assert conversation.stage == "http"
    request, response = (step.value for step in handshake())
    assert list(conversation.receive("client", request, 1.0)) == []
    (opened,) = conversation.receive("server", response, 2.0)
    assert isinstance(opened, Opened)
    assert (opened.upgraded, opened.time) == (True, 2.0)
    assert conversation.stage == "frames"
    assert not conversation.unsettled
    (first,) = conversation.receive("server", b"\x01\x00"[:1] + b"\x01a", 3.0)
    assert isinstance(first, Framed)
    assert (first.time, first.message) == (3.0, None)
    assert conversation.unsettled
    list(conversation.receive("server", b"\x80\x00", 4.0))
    assert first.message == 1
    assert not conversation.unsettled
    list(conversation.end("server", "fin", 5.0))
    assert not conversation.ended
    assert list(conversation.end("server", "fin", 6.0)) == []
    list(conversation.end("client", None, 7.0))
    assert conversation.ended
    assert list(conversation.finish()) == []
    opaque = Conversation()
    opaque.gap("server", 1)
    assert (opaque.stage, opaque.joining) == ("http", True)
    list(opaque.receive("server", b"\x17\x03\x03\x01\x00", 8.0))
    opaque.gap("server", 1)
    for _ in range(20):
        list(opaque.receive("server", b"\x17\x03\x03\x01\x00", 9.0))
        opaque.gap("server", 1)
    assert opaque.stage == "opaque"
    assert list(opaque.finish()) == []


def test_a_frame_has_the_time_of_its_last_byte() -> None:
    wire = encode_frame(1, b"Hello")
    steps = [Step("bytes", "server", bytes([octet]), at) for at, octet in enumerate(wire)]
    framed, messaged = play([*handshake(), *steps], finish=False)[1:]
    assert isinstance(framed, Framed)
    assert isinstance(messaged, Messaged)
    assert framed.time == messaged.time == len(wire) - 1


# Scale: nothing recurses, nothing is quadratic, nothing grows without a cap.


def fragments(count: int) -> list[Step]:
    wire = b"\x01\x01a" + b"\x00\x01b" * (count - 2) + b"\x80\x01c"
    return [*handshake(), Step("bytes", "server", wire)]


def test_a_hundred_thousand_fragments_of_one_byte() -> None:
    told = play(fragments(100_000))
    (messaged,) = (event for event in told if isinstance(event, Messaged))
    assert messaged.message.frames == tuple(range(1, 100_001))
    assert messaged.message.text == "a" + "b" * 99_998 + "c"
    assert messaged.message.length == 100_000
    framed = [event for event in told if isinstance(event, Framed)]
    waited = [event for event in framed if event.message is None]
    assert 0 < len(waited) < len(framed)
    assert {event.message for event in framed[:MAX_REMEMBERED_FRAGMENTS]} == {None}
    assert framed[-1].message == 1


def test_a_hundred_thousand_tiny_frames_in_one_portion() -> None:
    wire = encode_frame(1, b"a", masking_key=b"abcd") * 100_000
    told = play([*handshake(), Step("bytes", "client", wire)])
    assert sum(isinstance(event, Messaged) for event in told) == 100_000


@pytest.mark.parametrize("wire", [b"\x89\x01a", b"\x8a\x01a", b"\x88\x00", b"\x81\x01a"])
def test_ten_times_the_frames_cost_ten_times_the_work(wire: bytes) -> None:
    def work(count: int) -> int:
        steps = [*handshake(), Step("bytes", "server", wire * count)]
        return calls(lambda: play(steps))

    assert work(5_000) < 11 * work(500)


def test_ten_times_the_fragments_cost_ten_times_the_work() -> None:
    few, many = (calls(lambda n=n: play(fragments(n))) for n in (500, 5_000))
    assert many < 11 * few


def test_an_endless_message_is_counted_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MAX_NUMBERS", 1_000)
    conversation = Conversation()
    for step in handshake():
        list(conversation.receive(step.side, step.value, 0.0))
    list(conversation.receive("server", b"\x02\x01a" + b"\x00\x00" * 25_000, 0.0))
    tracemalloc.start()
    for _ in conversation.receive("server", b"\x00\x00" * 25_000, 0.0):
        pass
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert used < 100_000
    told = list(conversation.receive("server", b"\x80\x01z", 0.0))
    (message,) = (event.message for event in told if isinstance(event, Messaged))
    assert (message.payload, message.frames) == (b"az", tuple(range(1, 1_001)))


def test_a_message_larger_than_is_kept() -> None:
    half = encode_frame(2, bytes(33 << 20), fin=False)
    last = encode_frame(0, bytes(33 << 20))
    told = play([*handshake(), Step("bytes", "server", half + last + b"\x81\x02ok")])
    large, small = (event.message for event in told if isinstance(event, Messaged))
    assert (large.valid, large.length, large.data, large.frames) == (None, None, b"", (1, 2))
    assert small.text == "ok"
    assert vectors.findings(told) == []


def test_pings_without_end_are_forgotten() -> None:
    pings = b"".join(encode_frame(9, number.to_bytes(4)) for number in range(MAX_PINGS + 10))
    ends = [Step("end", side, "fin") for side in SIDES]
    found = vectors.findings(play([*handshake(), Step("bytes", "server", pings), *ends]))
    unanswered = [finding for finding in found if finding.rule.id == "ping-unanswered"]
    assert len(unanswered) == MAX_PINGS
    assert unanswered[0].frame == 11


def test_keys_are_remembered_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """At least so many, and not twice as many."""
    monkeypatch.setattr("inspector.core.seen.MAX_KEYS", 100)
    # Each step is one more than the one before it: no two keys are alike, and none is counted up.
    keys = [(n * (n + 1) // 2).to_bytes(4) for n in range(1, 201)]
    masked = [encode_frame(2, b"", masking_key=key) for key in keys]
    for between, found in (99, ["frame-mask-reused"]), (199, []):
        sent = b"".join([*masked[: between + 1], masked[0]])
        steps = [*handshake(), Step("bytes", "client", sent)]
        assert [finding.rule.id for finding in vectors.findings(play(steps))] == found
