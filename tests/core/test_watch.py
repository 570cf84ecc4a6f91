"""Rules that rest on a frame's first two bytes are asked once for each pair, and miss nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.frames import Frame
from inspector.core.handshake import Agreement, Deflate, Extension
from inspector.core.life import Life
from inspector.core.messages import OpenMessage
from inspector.core.rules import watch
from inspector.core.rules.framing import rules_for
from inspector.core.rules.watch import Watch
from inspector.core.seen import Seen
from tests.core import strategies

AGREEMENTS = (
    Agreement(),
    Agreement(None, (Extension("x-other"),)),
    Agreement(None, (Extension("x-webkit-deflate-frame"),)),
    Agreement(known=False),
    Agreement(None, (), {"client": Deflate(), "server": Deflate()}),
)


@st.composite
def short_frames(draw: st.DrawFn) -> Frame:
    """Any frame whose length is told in 7 bits."""
    first, masked, size = draw(st.integers(0, 255)), draw(st.booleans()), draw(st.integers(0, 125))
    header = bytes([first, masked << 7 | size]) + (draw(strategies.keys) if masked else b"")
    payload = draw(st.binary(min_size=size, max_size=size))
    return Frame(draw(strategies.sides), draw(st.integers(0, 1000)), header, payload)


def seen_so_far(agreement: Agreement, frames: list[Frame]) -> Seen:
    seen = Seen(agreement, Life())
    for number, frame in enumerate(frames, 1):
        seen.of(frame.side).assembler.open = OpenMessage(frame, [number], number)
        seen.take(number, frame)
    return seen


pasts = st.builds(seen_so_far, st.sampled_from(AGREEMENTS), st.lists(short_frames(), max_size=4))


@given(short_frames(), pasts, st.lists(short_frames(), max_size=3))
def test_who_is_not_asked_would_have_been_silent(
    frame: Frame, seen: Seen, before: list[Frame]
) -> None:
    watching = Watch(Seen(seen.agreement, Life()))
    for other in before:
        watching.due(other)
    # The first with these two bytes decides for all others, whatever else they hold.
    header = frame.header[:2] + b"\1\2\3\4"[: len(frame.header) - 2]
    watching.due(Frame(frame.side, 0, header, bytes(len(frame.wire_payload))))
    due = watching.due(frame)
    everybody = rules_for(frame.side, frame.opcode, False)
    assert [each.rule.id for each in everybody if each.check(frame, seen)] == [
        each.rule.id for each in due.header if each.check(frame, seen)
    ]
    assert due.payload == rules_for(frame.side, frame.opcode, True)


def test_of_a_lawful_frame_most_rules_are_not_asked() -> None:
    watching = Watch(Seen(Agreement(), Life()))
    lawful = Frame("server", 0, b"\x81\x05", b"Hello")
    due = watching.due(lawful)
    assert not any(each.bits for each in due.header)
    assert len(due.header) < len(rules_for("server", lawful.opcode, False)) / 2


def test_pairs_without_end_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MAX_PAIRS", 10)
    monkeypatch.setattr(watch, "_PAIRS", {})
    watching = Watch(Seen(Agreement(), Life()))
    for first in range(256):
        assert watching.due(Frame("server", 0, bytes([first, 0])))
    (pairs,) = watch._PAIRS.values()
    assert len(pairs) <= 10


def test_one_byte_is_one_byte() -> None:
    seen = Seen(Agreement(), Life())
    frame = Frame("server", 0, b"\x81\x7e\x00\x01", b"a")
    found = [each.check(frame, seen) for each in Watch(seen).due(frame).header]
    assert [words for words in found if words] == [
        "byte 1 is 0x7E: no MASK, length code 126: 1 byte is told in 16 bits"
    ]
