"""A capture file, pcapng or pcap: from any bytes to connections, frames and findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from inspector.core.events import Framed, Opened
from inspector.core.frames import Raw
from inspector.files.dissect import Item, dissect
from inspector.files.events import CaptureEvent, Gap
from inspector.files.jsonl import dumps, to_line
from tests.files import kit
from tests.files.kit import ACK, ETHERNET, PSH, Talk
from tests.files.round_trip import lawful, opened, streams

LONGEST = 6000


def check(data: bytes) -> None:
    def read() -> Iterable[CaptureEvent]:
        return opened(data)

    events = list(read())
    lawful(events)
    sides = streams(events)
    holes = {event.connection_id for event in events if isinstance(event, Gap)}
    assert sum(map(len, sides.values())) <= len(data)
    told: dict[tuple[int, bool], bytes] = {}
    upgraded: list[int] = []
    for item in dissect(events, reopen=read):
        if not isinstance(item, Item):
            continue
        assert dumps(to_line(item)).isascii()
        stream = item.connection.stream
        match item.event:
            case Opened():
                assert item.connection.number
                upgraded.append(stream)
            case Framed(frame=frame):
                key = stream, frame.side == "client"
                told[key] = told.get(key, b"") + frame.wire
            case Raw() as raw if raw.offset >= 0:
                key = stream, raw.side == "client"
                told[key] = told.get(key, b"") + raw.data
    for key, content in told.items():
        if upgraded.count(key[0]) == 1 and key[0] not in holes:
            assert content in sides[key]


def seeds() -> Iterator[bytes]:
    request = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    response = b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    for addresses in (("10.0.0.1", "10.0.0.2"), ("::1", "::2")):
        talk = Talk(client=(addresses[0], 50_000), server=(addresses[1], 80))
        packets = [*talk.hello(), talk.data(True, request), talk.data(False, response)]
        packets += [talk.data(False, b"\x81\x02hi"), talk.data(True, b"\x81\x82\0\0\0\0hi")]
        packets += talk.bye()
        yield kit.pcapng(packets)
        yield kit.pcapng([*packets[:5], packets[4], packets[6], packets[5], *packets[7:]])
        for order in "<>":
            yield kit.pcap(packets, order=order)
            yield (
                kit.section(order)
                + kit.interface(kit.RAW, order)
                + b"".join(
                    kit.enhanced(packet, 1.0, order, comment='ws101 {"url":"ws://a/"}')
                    for packet in packets
                )
                + kit.statistics(order)
            )
        kind = b"\x86\xdd" if ":" in addresses[0] else b"\x08\0"
        ethernet = [bytes(12) + kind + packet for packet in packets]
        yield kit.pcapng(ethernet, link=ETHERNET)
        vlan = [bytes(12) + b"\x81\0\0\5" + kind + packet for packet in packets]
        yield kit.pcapng(vlan, link=ETHERNET)
        cooked = [b"\0\0\0\1\0\6" + bytes(8) + kind + packet for packet in packets]
        yield kit.pcapng(cooked, link=113)
    lone = kit.tcp(kit.CLIENT, kit.SERVER, 5, 9, PSH | ACK, request)
    yield kit.pcapng([lone, kit.tcp(kit.SERVER, kit.CLIENT, 9, 5, PSH | ACK, response)])
