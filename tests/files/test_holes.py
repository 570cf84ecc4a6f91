"""What is lost, what has to wait, and what is let go: gaps, and memory that stays flat."""

from __future__ import annotations

import pytest

from inspector.files.events import Counts, Data, Ended, Forgotten, Gap, Opened
from inspector.files.streams import Limits
from tests.files.kit import (
    ACK,
    CLIENT,
    SERVER,
    Talk,
    capture,
    events,
    gaps,
    pcapng,
    streams,
    tcp,
    told_of,
)


class TestHoles:
    def test_a_hole_at_the_end_of_the_capture_is_a_gap(self) -> None:
        talk, counts = Talk(), Counts()
        packets = [*talk.hello(), talk.data(True, b"abc")]
        talk.client_seq += 5
        packets += [talk.data(True, b"def"), talk.fin(True)]
        told = told_of(*packets, counts=counts)
        assert told[1:] == [
            Data(1, True, b"abc", 0.003),
            Gap(1, True, 5, 0.004),
            Data(1, True, b"def", 0.004),
            Ended(1, True, "fin", 0.005),
        ]
        assert (counts.gaps, counts.lost_bytes) == (1, 5)

    def test_an_end_after_a_hole(self) -> None:
        talk = Talk()
        packets = talk.hello()
        talk.client_seq += 5
        told = told_of(*packets, talk.fin(True))
        assert told[1:] == [Gap(1, True, 5, 0.003), Ended(1, True, "fin", 0.003)]

    @pytest.mark.parametrize("patient", [True, False])
    def test_what_was_acknowledged_is_soon_given_up(self, patient: bool) -> None:
        talk = Talk()
        packets = talk.hello()
        talk.client_seq += 5
        packets += [talk.data(True, b"def"), talk.ack(False)]
        packets += [talk.data(False, b".") for _ in range(3)]
        limits = Limits() if patient else Limits(grace_packets=1)
        told = told_of(*packets, limits=limits)
        kinds = [type(event) for event in told[1:]]
        if patient:
            assert kinds == [Data, Data, Data, Gap, Data]
        else:
            assert kinds == [Data, Gap, Data, Data, Data]
        late = told_of(*packets, step=0.7)
        assert [type(event) for event in late[1:]] == [Data, Gap, Data, Data, Data]

    def test_what_was_not_acknowledged_is_waited_for(self) -> None:
        talk = Talk()
        hello, lost, late = talk.hello(), talk.data(True, b"abc"), talk.data(True, b"def")
        others = [tcp(SERVER, CLIENT, 9_001 + n, 1_001, ACK, b".") for n in range(600)]
        told = told_of(*hello, late, *others, lost)
        assert not gaps(told)
        assert streams(told)[0] == b"abcdef"

    def test_what_waits_is_bounded_for_one(self) -> None:
        talk = Talk()
        packets = talk.hello()
        talk.client_seq += 5
        packets += [talk.data(True, b"x" * 1_000) for _ in range(9)]
        told = told_of(*packets, talk.data(True, b"end"), limits=Limits(held_by_one=8_000))
        assert gaps(told) == [(True, 5)]
        assert streams(told)[0] == b"x" * 9_000 + b"end"

    def test_what_waits_is_bounded_for_all_the_oldest_hole_goes_first(self) -> None:
        talks = [Talk(client=("10.0.0.1", 50_000 + number)) for number in range(5)]
        packets = [packet for talk in talks for packet in talk.hello()]
        for talk in talks:
            talk.client_seq += 5
        packets += [talk.data(True, b"x" * 1_000) for talk in talks]
        packets += [talks[4].data(False, b"now")]
        told = told_of(*packets, limits=Limits(held_by_all=3_500))
        order = [event.connection_id for event in told if isinstance(event, Gap)]
        assert order == [1, 2, 3, 4, 5]
        now = told.index(Data(5, False, b"now", 0.02))
        assert [e.connection_id for e in told[:now] if isinstance(e, Gap)] == [1, 2]

    def test_many_tiny_pieces_cost_more_than_their_bytes(self) -> None:
        talk = Talk()
        packets = talk.hello()
        for _ in range(100):
            talk.client_seq += 1
            packets.append(talk.data(True, b"x"))
        told = told_of(*packets, limits=Limits(held_by_one=1_000))
        first = next(event for event in told if isinstance(event, Gap))
        assert first.time < 0.012

    def test_a_segment_outside_any_window_is_passed_over(self) -> None:
        talk, counts = Talk(), Counts()
        packets = [*talk.hello(), tcp(CLIENT, SERVER, 1_001 + 2**30 + 1, 0, ACK, b"far")]
        told = told_of(*packets, talk.data(True, b"near"), counts=counts)
        assert streams(told)[0] == b"near"
        assert counts.far_ahead == 1

    def test_a_reset_gives_up_what_waits(self) -> None:
        talk = Talk()
        packets = talk.hello()
        talk.client_seq += 5
        told = told_of(*packets, talk.data(True, b"x"), talk.rst(False))
        assert [type(event) for event in told] == [Opened, Gap, Data, Ended]


class TestMemory:
    def test_ended_connections_are_forgotten(self) -> None:
        limits, counts = Limits(ended=2), Counts()
        talks = [Talk(client=("10.0.0.1", 50_000 + number)) for number in range(4)]
        packets = [packet for talk in talks for packet in [*talk.hello(), *talk.bye()]]
        for talk in talks:
            talk.client_seq -= 1
        late = [talk.data(True, b"late") for talk in talks]
        told = told_of(*packets, *late, limits=limits, counts=counts)
        # The last two are still known to have ended; of the first two nothing is known any more.
        assert [e.client[1] for e in told if isinstance(e, Opened) and e.midstream] == [
            50_000,
            50_001,
        ]
        assert not any(isinstance(event, Forgotten) for event in told)

    def test_the_longest_silent_one_goes_when_too_many_are_open(self) -> None:
        limits, counts = Limits(connections=8, ended=0), Counts()
        talks = [Talk(client=("10.0.0.1", 50_000 + number)) for number in range(9)]
        packets = [packet for talk in talks[:8] for packet in talk.hello()]
        packets += [talks[0].data(True, b"not silent"), *talks[8].hello()]
        packets += [talks[0].data(True, b", nor gone")]
        told = told_of(*packets, limits=limits, counts=counts)
        assert [e.connection_id for e in told if isinstance(e, Forgotten)] == [2, 3]
        assert counts.forgotten == 2
        assert streams(told)[0] == b"not silent, nor gone"


def test_what_is_passed_over_is_counted_and_said() -> None:
    talk = Talk()
    packets = [b"", b"\x50" * 40, *talk.hello(), b"\x45" + bytes(7) + b"\0\6" + bytes(40)]
    read = capture(pcapng(packets))
    list(read)
    counts = read.counts
    assert (counts.packets, counts.malformed, counts.not_tcp) == (6, 2, 1)
    assert counts.notes() == ["packets with broken headers passed over: 2"]
    read = capture(pcapng(packets, link=147))
    list(read)
    assert read.counts.notes() == ["packets of link type 147, which is not one we read: 6"]
    assert Counts(gaps=1, lost_bytes=7).notes() == ["bytes missing in the capture: 7, gaps: 1"]


def test_a_snapped_capture_shows_its_gaps() -> None:
    talk = Talk()
    packets = [
        *talk.hello(),
        talk.data(True, b"0123456789")[:45],
        talk.data(True, b"abc"),
        talk.fin(True),
    ]
    told = events(pcapng(packets))
    assert streams(told)[0] == b"01234abc"
    assert gaps(told) == [(True, 5)]
