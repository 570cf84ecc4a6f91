"""TCP reassembly: the lives of connections, told packet by packet."""

from __future__ import annotations

import pytest

from inspector.files.events import (
    Counts,
    Data,
    Ended,
    Fault,
    Finished,
    Forgotten,
    Gap,
    Noted,
    Opened,
    Statistics,
)
from inspector.files.pcapng import Packet, Record
from inspector.files.streams import CaptureEvent, reassemble
from tests.files.kit import (
    ACK,
    CLIENT,
    FIN,
    PSH,
    RAW,
    RST,
    SERVER,
    SYN,
    Talk,
    ends,
    gaps,
    streams,
    tcp,
    told_of,
)

WRAP = 2**32


def test_a_plain_connection_from_end_to_end() -> None:
    talk = Talk()
    packets = [*talk.hello(), talk.data(True, b"hi"), talk.data(False, b"ho"), *talk.bye()]
    assert told_of(*packets) == [
        Opened(1, CLIENT, SERVER, 0.0, None, False),
        Data(1, True, b"hi", 0.003),
        Data(1, False, b"ho", 0.004),
        Ended(1, True, "fin", 0.005),
        Ended(1, False, "fin", 0.006),
    ]


def test_both_directions_come_in_the_order_of_the_capture() -> None:
    talk = Talk()
    packets = talk.hello()
    packets += [talk.data(number % 3 == 0, bytes([number])) for number in range(30)]
    seen = [(e.from_client, e.data) for e in told_of(*packets) if isinstance(e, Data)]
    assert seen == [(number % 3 == 0, bytes([number])) for number in range(30)]


def test_connections_count_from_one_and_are_kept_apart() -> None:
    one, two = Talk(), Talk(client=("10.0.0.1", 50_001))
    six = Talk(client=("fe80::1", 50_000), server=("fe80::2", 80))
    packets = [*one.hello(), *two.hello(), *six.hello()]
    packets += [six.data(True, b"C"), two.data(True, b"B"), one.data(False, b"A")]
    told = told_of(*packets)
    assert [(e.connection_id, e.client) for e in told if isinstance(e, Opened)] == [
        (1, CLIENT),
        (2, ("10.0.0.1", 50_001)),
        (3, ("fe80::1", 50_000)),
    ]
    assert [streams(told, number) for number in (1, 2, 3)] == [
        (b"", b"A"),
        (b"B", b""),
        (b"C", b""),
    ]


@pytest.mark.parametrize("start", [WRAP - 1, WRAP - 4, WRAP - 5, 2**31 - 3, 0])
def test_sequence_numbers_wrap(start: int) -> None:
    talk = Talk(client_seq=start, server_seq=start)
    packets = [*talk.hello(), *(talk.data(True, b"abc") for _ in range(4)), talk.data(False, b"x")]
    told = told_of(*packets, *talk.bye())
    assert streams(told) == (b"abc" * 4, b"x")
    assert ends(told) == [(True, "fin"), (False, "fin")]
    # The same, out of order.
    packets[3:7] = packets[6:2:-1]
    told = told_of(*packets)
    assert streams(told) == (b"abc" * 4, b"x")
    assert not gaps(told)


def test_a_stream_longer_than_its_numbers() -> None:
    talk = Talk(client_seq=WRAP - 10)
    chunk = b"0123456789abcdef" * 4_000
    packets = talk.hello()
    packets += [talk.data(True, chunk) for _ in range(20)]
    talk.client_seq += WRAP  # a whole turn later the numbers are the same again
    packets += [talk.data(True, b"again")]
    assert streams(told_of(*packets))[0] == chunk * 20 + b"again"


def test_retransmissions_are_counted_and_told_once() -> None:
    talk, counts = Talk(), Counts()
    first, second = [*talk.hello(), talk.data(True, b"one")], talk.data(True, b"two")
    told = told_of(*first, first[-1], second, first[-1], second, counts=counts)
    assert streams(told)[0] == b"onetwo"
    assert counts.repeated_bytes == 9


def test_the_first_bytes_win() -> None:
    talk, counts = Talk(), Counts()
    packets = talk.hello()
    at = talk.client_seq
    for offset, data in [(6, b"GHI"), (2, b"cdefghijkl"), (0, b"ABC"), (1, b"xx")]:
        packets.append(tcp(CLIENT, SERVER, at + offset, 9_001, PSH | ACK, data))
    told = told_of(*packets, counts=counts)
    assert streams(told)[0] == b"ABcdefGHIjkl"
    assert counts.repeated_bytes == 3 + 1 + 2


def test_bytes_that_waited_arrive_with_those_they_waited_for() -> None:
    talk = Talk()
    packets = [*talk.hello(), *(talk.data(True, bytes([n])) for n in range(4))]
    packets[3], packets[6] = packets[6], packets[3]
    times = [(e.data, e.time) for e in told_of(*packets) if isinstance(e, Data)]
    assert times == [(b"\0", 0.006), (b"\1", 0.006), (b"\2", 0.006), (b"\3", 0.006)]


def test_data_in_a_syn() -> None:
    packets = [
        tcp(CLIENT, SERVER, 99, 0, SYN, b"GET "),
        tcp(SERVER, CLIENT, 499, 104, SYN | ACK, b"HTTP"),
        tcp(CLIENT, SERVER, 104, 504, ACK, b"/"),
    ]
    assert streams(told_of(*packets)) == (b"GET /", b"HTTP")


def test_a_repeated_syn_is_the_same_connection() -> None:
    talk = Talk()
    syn, answer, ack = talk.hello()
    told = told_of(syn, syn, answer, answer, ack, syn, talk.data(True, b"x"), answer)
    assert [type(event) for event in told] == [Opened, Data]


def test_ports_used_anew_are_a_new_connection() -> None:
    old, new = Talk(), Talk(client_seq=77_000, server_seq=88_000)
    packets = [*old.hello(), old.data(True, b"old"), *new.hello(), new.data(True, b"new")]
    told = told_of(*packets)
    assert [type(event) for event in told] == [Opened, Data, Forgotten, Opened, Data]
    assert streams(told, 1)[0] == b"old"
    assert streams(told, 2)[0] == b"new"
    old, new = Talk(), Talk()  # even with the very same numbers, once the old one has ended
    told = told_of(*old.hello(), *old.bye(), *new.hello(), new.data(True, b"new"))
    assert [type(event) for event in told] == [Opened, Ended, Ended, Opened, Data]


def test_a_late_packet_of_an_ended_connection_is_no_new_one() -> None:
    talk, counts = Talk(), Counts()
    hello, data, bye = talk.hello(), talk.data(True, b"x"), talk.bye()
    told = told_of(*hello, data, *bye, data, *bye, hello[1], counts=counts)
    assert [type(event) for event in told] == [Opened, Data, Ended, Ended]
    assert counts.stray == 6


def test_half_closed_goes_on() -> None:
    talk = Talk()
    packets = [*talk.hello(), talk.fin(True), talk.data(False, b"a"), talk.data(False, b"b")]
    told = told_of(*packets, talk.fin(False))
    assert streams(told) == (b"", b"ab")
    assert ends(told) == [(True, "fin"), (False, "fin")]


def test_a_fin_with_data_and_one_before_its_data() -> None:
    talk = Talk()
    hello = talk.hello()
    last = tcp(CLIENT, SERVER, talk.client_seq + 3, 9_001, FIN | ACK, b"def")
    told = told_of(*hello, last, tcp(CLIENT, SERVER, talk.client_seq, 9_001, ACK, b"abc"))
    assert told[1:] == [
        Data(1, True, b"abc", 0.004),
        Data(1, True, b"def", 0.004),
        Ended(1, True, "fin", 0.004),
    ]


def test_nothing_comes_after_an_end() -> None:
    talk, counts = Talk(), Counts()
    packets = [*talk.hello(), talk.fin(True), talk.data(True, b"ghost")]
    told = told_of(*packets, counts=counts)
    assert [type(event) for event in told] == [Opened, Ended]
    assert counts.stray == 1


def test_a_reset_ends_both() -> None:
    talk = Talk()
    packets = [*talk.hello(), talk.data(True, b"x"), talk.rst(False), talk.data(True, b"y")]
    assert told_of(*packets)[1:] == [Data(1, True, b"x", 0.003), Ended(1, False, "rst", 0.004)]


def test_a_reset_after_a_fin_is_told() -> None:
    talk = Talk()
    told = told_of(*talk.hello(), talk.fin(True), talk.data(False, b"late"), talk.rst(True))
    assert ends(told) == [(True, "fin"), (True, "rst")]


def test_a_refused_connection() -> None:
    refusal = tcp(SERVER, CLIENT, 0, 1_001, RST | ACK)
    again = Talk(client_seq=5_000)
    told = told_of(Talk().hello()[0], refusal, *again.hello())
    assert told[1] == Ended(1, False, "rst", 0.001)
    assert isinstance(told[2], Opened)
    assert len(told) == 3


class TestMidstream:
    def opened(self, *packets: bytes) -> Opened:
        told = told_of(*packets)
        assert isinstance(told[0], Opened)
        return told[0]

    def test_the_one_that_asks_is_the_client(self) -> None:
        talk = Talk(client=("10.0.0.1", 80), server=("10.0.0.2", 50_000))
        opened = self.opened(talk.data(True, b"GET /chat HTTP/1.1\r\n"))
        assert (opened.client[1], opened.midstream) == (80, True)
        assert self.opened(talk.data(False, b"HTTP/1.1 101 ")).client[1] == 80

    def test_else_the_one_with_the_higher_port(self) -> None:
        assert self.opened(Talk().data(True, b"\x81\x00")).client == CLIENT
        assert self.opened(Talk().data(False, b"\x81\x00")).client == CLIENT

    def test_both_streams_begin_where_they_are_first_seen(self) -> None:
        talk = Talk()
        packets = [
            talk.ack(True),
            talk.data(False, b"abc"),
            talk.ack(True),
            talk.data(False, b"def"),
        ]
        talk.client_seq += 1_000_000
        told = told_of(*packets, talk.data(True, b"x"), talk.data(True, b"y"), *talk.bye())
        assert streams(told) == (b"xy", b"abcdef")
        assert ends(told) == [(True, "fin"), (False, "fin")]

    def test_bare_ends_of_the_unknown_are_strays(self) -> None:
        counts = Counts()
        talk = Talk()
        assert told_of(talk.ack(True), talk.fin(False), talk.rst(True), counts=counts) == []
        assert counts.stray == 3

    def test_an_answer_to_an_unseen_syn_shows_both_beginnings(self) -> None:
        talk = Talk()
        _, answer, ack = talk.hello()
        lost, told_packet = talk.data(True, b"lost"), talk.data(True, b"told")
        assert lost
        told = told_of(answer, ack, told_packet)
        assert told[:1] == [Opened(1, CLIENT, SERVER, 0.0, None, False)]
        assert gaps(told) == [(True, 4)]

    def test_an_unseen_answer_is_made_good_by_the_ack(self) -> None:
        talk = Talk()
        syn, _, ack = talk.hello()
        assert talk.data(False, b"lost")
        assert gaps(told_of(syn, ack, talk.data(False, b"told"))) == [(False, 4)]


class TestOurs:
    """Captures whose packets bear our recorder's comments."""

    def read(self, *told: tuple[bytes, str | None]) -> list[CaptureEvent]:
        records: list[Packet] = [
            (RAW, packet, number / 1000, False, () if comment is None else ("by hand", comment))
            for number, (packet, comment) in enumerate(told)
        ]
        return list(reassemble(records, Counts()))

    def test_facts_notes_and_ends(self) -> None:
        talk = Talk()
        syn, answer, ack = talk.hello()
        told = self.read(
            (syn, 'ws101 {"version":1,"url":"ws://a/b","tls":false}'),
            (answer, None),
            (ack, None),
            (talk.data(True, b"x"), 'ws101 {"reserialised":true}'),
            (talk.fin(True), 'ws101 {"end":null}'),
            (talk.fin(False), 'ws101 {"end":null,"by":"proxy"}'),
        )
        facts = {"version": 1, "url": "ws://a/b", "tls": False}
        assert told == [
            Opened(1, CLIENT, SERVER, 0.0, facts, False),
            Noted(1, True, {"reserialised": True}, 0.003),
            Data(1, True, b"x", 0.003),
            Ended(1, True, None, 0.004),
            Ended(1, False, None, 0.005, by_proxy=True),
        ]

    def test_a_hole_is_a_loss_at_once(self) -> None:
        talk = Talk()
        packets = talk.hello()
        talk.client_seq += 2**30 + 7
        data = talk.data(True, b"after")
        comments = ['ws101 {"version":1}', None, None, None, None]
        told = self.read(*zip([*packets, data, talk.data(False, b"ho")], comments, strict=True))
        assert told[1:] == [
            Gap(1, True, 2**30 + 7, 0.003),
            Data(1, True, b"after", 0.003),
            Data(1, False, b"ho", 0.004),
        ]

    @pytest.mark.parametrize(
        "comment",
        [
            "ws101",
            "ws101 ",
            "ws101 []",
            "ws101 {",
            "ws101 null",
            "ws101 " + "[" * 60_000,
            'ws101 {"a":' + "9" * 50_000 + "}",
            "\ud800",
            "WS101 {}",
        ],
    )
    def test_comments_that_are_not_ours(self, comment: str) -> None:
        told = self.read((Talk().hello()[0], comment))
        assert told == [Opened(1, CLIENT, SERVER, 0.0, None, False)]

    @pytest.mark.parametrize(
        ("end", "how"),
        [('"fin"', "fin"), ('"rst"', "rst"), ("7", None), ('"x"', None), ("{}", None)],
    )
    def test_an_end_is_what_the_recorder_knows(self, end: str, how: str | None) -> None:
        talk = Talk()
        told = self.read(
            *((packet, None) for packet in talk.hello()), (talk.fin(True), f'ws101 {{"end":{end}}}')
        )
        assert ends(told) == [(True, how)]


def test_other_records_keep_their_place_and_a_fault_comes_last() -> None:
    talk = Talk()
    packets = talk.hello()
    talk.client_seq += 1
    packets.append(talk.data(True, b"x"))
    finished, fault = Finished(Statistics()), Fault(7, "broken")
    records: list[Record] = [(RAW, packet, 0.0, False, ()) for packet in packets]
    records.insert(1, finished)
    told = list(reassemble([*records, fault], Counts()))
    assert [type(event) for event in told] == [Opened, Finished, Gap, Data, Fault]


def test_a_connection_with_itself_does_no_harm() -> None:
    here = ("127.0.0.1", 7)
    packets = [
        tcp(here, here, 1, 0, SYN),
        tcp(here, here, 2, 2, ACK, b"x"),
        tcp(here, here, 3, 3, RST),
    ]
    told_of(*packets, *packets)


def test_keep_alives_and_probes_of_a_closed_window_add_nothing() -> None:
    """Both repeat a byte that was sent before, or bring the next one early; so do their answers."""
    talk, counts = Talk(), Counts()
    packets = [*talk.hello(), talk.data(True, b"abc")]
    alive = tcp(CLIENT, SERVER, talk.client_seq - 1, talk.server_seq, ACK, b"\0")
    bare = tcp(CLIENT, SERVER, talk.client_seq - 1, talk.server_seq, ACK)
    probe = tcp(CLIENT, SERVER, talk.client_seq, talk.server_seq, ACK, b"d")
    answer = talk.ack(False)
    packets += [alive, answer, bare, answer, probe, answer, probe, answer]
    packets += [talk.data(True, b"def"), *talk.bye()]
    told = told_of(*packets, counts=counts)
    assert streams(told)[0] == b"abcdef"
    assert not gaps(told)
    assert counts.repeated_bytes == 3
