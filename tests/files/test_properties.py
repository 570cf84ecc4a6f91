"""Reassembly against streams known beforehand, and readers against any bytes at all."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from inspector.files.capture import CaptureEvent, Data, Fault, Forgotten, Gap, Opened
from tests.files.kit import (
    ACK,
    CLIENT,
    ETHERNET,
    FIN,
    PSH,
    RAW,
    SERVER,
    SYN,
    Talk,
    ends,
    enhanced,
    events,
    gaps,
    interface,
    pcap,
    pcapng,
    section,
    statistics,
    streams,
    tcp,
)

FIRSTS = st.one_of(st.integers(2**32 - 600, 2**32 - 1), st.integers(0, 2**32 - 1))


@st.composite
def cuts(draw: st.DrawFn, stream: bytes) -> list[tuple[int, int]]:
    """Segments that cover a stream, in order, some reaching back over what came before."""
    size = len(stream)
    borders = sorted({0, size, *draw(st.lists(st.integers(0, size), max_size=12))})
    back = draw(st.lists(st.integers(0, 40), min_size=len(borders), max_size=len(borders)))
    return [
        (max(0, start - reach), stop)
        for (start, stop), reach in zip(itertools.pairwise(borders), back, strict=False)
    ]


@st.composite
def conversations(draw: st.DrawFn) -> tuple[bytes, bytes, list[bytes], list[bytes], list[bytes]]:
    """Both streams; handshake; shuffled, repeated and overlapping segments; both ends."""
    client = draw(st.binary(max_size=400))
    server = draw(st.binary(max_size=400))
    client_first, server_first = draw(FIRSTS), draw(FIRSTS)
    syn = tcp(CLIENT, SERVER, client_first - 1, 0, SYN)
    answer = tcp(SERVER, CLIENT, server_first - 1, client_first, SYN | ACK)
    segments = []
    for start, stop in draw(cuts(client)):
        seq = client_first + start
        segments.append(tcp(CLIENT, SERVER, seq, server_first, PSH | ACK, client[start:stop]))
    for start, stop in draw(cuts(server)):
        seq = server_first + start
        segments.append(tcp(SERVER, CLIENT, seq, client_first, PSH | ACK, server[start:stop]))
    if segments:
        segments += draw(st.lists(st.sampled_from(segments), max_size=6))
    segments = draw(st.permutations(segments))
    bye = [
        tcp(CLIENT, SERVER, client_first + len(client), server_first, FIN | ACK),
        tcp(SERVER, CLIENT, server_first + len(server), client_first, FIN | ACK),
    ]
    return client, server, [syn, answer], segments, bye


@given(conversations())
def test_any_order_and_cut_gives_the_same_bytes(
    told: tuple[bytes, bytes, list[bytes], list[bytes], list[bytes]],
) -> None:
    client, server, hello, segments, bye = told
    seen = events(pcapng([*hello, *segments, *bye]))
    assert streams(seen) == (client, server)
    assert not gaps(seen)
    assert ends(seen) == [(True, "fin"), (False, "fin")]
    # The ends may overtake as well.
    seen = events(pcapng([*hello, *bye, *segments]))
    assert streams(seen) == (client, server)
    assert sorted(ends(seen)) == [(False, "fin"), (True, "fin")]


@given(conversations(), st.data())
def test_what_is_missing_is_a_gap_of_its_size_in_its_place(
    told: tuple[bytes, bytes, list[bytes], list[bytes], list[bytes]], data: st.DataObject
) -> None:
    client, server, hello, segments, bye = told
    kept = [packet for packet in segments if data.draw(st.booleans())]
    seen = events(pcapng([*hello, *kept, *bye]))
    place = {True: 0, False: 0}
    truth = {True: client, False: server}
    for event in seen:
        if isinstance(event, Data):
            start = place[event.from_client]
            place[event.from_client] = stop = start + len(event.data)
            assert truth[event.from_client][start:stop] == event.data
        elif isinstance(event, Gap):
            assert event.size > 0
            place[event.from_client] += event.size
    assert place == {True: len(client), False: len(server)}
    assert len(ends(seen)) == 2


@given(st.lists(st.integers(0, 5), max_size=40), st.data())
def test_many_connections_interleaved(speakers: list[int], data: st.DataObject) -> None:
    talks = [Talk(client=("::1", 50_000 + number), server=("::2", 80)) for number in range(6)]
    packets = [packet for talk in talks for packet in talk.hello()]
    said = dict.fromkeys(range(1, 7), (b"", b""))
    for number in speakers:
        from_client, text = data.draw(st.booleans()), data.draw(st.binary(min_size=1, max_size=9))
        packets.append(talks[number].data(from_client, text))
        client, server = said[number + 1]
        said[number + 1] = (client + text, server) if from_client else (client, server + text)
    seen = events(pcapng(packets))
    assert {number: streams(seen, number) for number in said} == said


def lawful(told: list[CaptureEvent]) -> None:
    """What holds whatever the bytes: a fault is last, connections open before they speak."""
    opened: set[int] = set()
    for event in told:
        if isinstance(event, Opened):
            assert event.connection_id == len(opened) + 1
            opened.add(event.connection_id)
        elif isinstance(event, Data | Gap | Forgotten):
            assert event.connection_id in opened
    assert not any(isinstance(event, Fault) for event in told[:-1])


@given(
    st.sampled_from(
        [b"", section(), section() + interface(), section() + interface(ETHERNET), pcap([])]
    ),
    st.binary(max_size=300),
)
def test_any_bytes_are_read_without_raising(head: bytes, rest: bytes) -> None:
    lawful(events(head + rest))


def examples() -> Iterator[bytes]:
    talk = Talk()
    packets = [*talk.hello(), talk.data(True, b"GET / HTTP/1.1\r\n\r\n"), talk.data(False, b"ok")]
    packets += talk.bye()
    for order in "<>":
        yield (
            section(order)
            + interface(RAW, order)
            + b"".join(enhanced(packet, 1.0, order, comment='ws101 {"a":1}') for packet in packets)
            + statistics(order)
        )
        yield pcap(packets, order=order)


@given(
    st.sampled_from(list(examples())),
    st.lists(st.tuples(st.integers(0, 1_200), st.integers(0, 255)), max_size=8),
    st.integers(0, 1_200),
)
def test_any_damage_is_read_without_raising(
    data: bytes, changes: list[tuple[int, int]], size: int
) -> None:
    damaged = bytearray(data)
    for place, value in changes:
        damaged[place % len(damaged)] = value
    lawful(events(bytes(damaged)))
    lawful(events(bytes(damaged[:size])))


@st.composite
def wild_packets(draw: st.DrawFn) -> bytes:
    """Segments between two ports, with any numbers near one another and any flags."""
    ends = draw(st.sampled_from([(CLIENT, SERVER), (SERVER, CLIENT)]))
    seq = draw(st.integers(-40, 40)) + draw(st.sampled_from([0, 0, 0, 2**31, 2**30]))
    flags = draw(st.integers(0, 255))
    return tcp(*ends, seq, draw(st.integers(-40, 40)), flags, draw(st.binary(max_size=30)))


@given(st.lists(wild_packets(), max_size=30))
def test_any_segments_are_read_without_raising(packets: list[bytes]) -> None:
    told = events(pcapng(packets))
    lawful(told)
    ended: set[int] = set()
    for event in told:
        if isinstance(event, Data | Gap):
            assert event.connection_id not in ended
        if isinstance(event, Opened):
            ended |= set(range(1, event.connection_id))
