"""What crosses the tap is what was sent, on both legs and in the capture.

Each test is a kind of traffic that mitmproxy's own WebSocket layer swallows, alters, answers in the
peers' name or breaks on, over every way through the proxy.
"""

from __future__ import annotations

import random
import zlib

import pytest

from tests.addons.conftest import Ways
from tests.addons.proxies import Way, eventually
from tests.addons.talk import DEFLATE, KEY, REQUEST, RESPONSE, Talk, close, frame, text
from tests.addons.walk import Connection

COMPRESSED_REQUEST = REQUEST[:-2] + DEFLATE + b"\r\n\r\n"
COMPRESSED_RESPONSE = RESPONSE[:-2] + DEFLATE + b"\r\n\r\n"


def test_a_conversation_and_what_the_capture_knows_of_it(way: Way) -> None:
    talk = Talk.open(way)
    talk.up(text(b"Hello", key=KEY))
    talk.down(text(b"Hello"))
    talk.down(frame(9, b"are you there"))
    talk.up(frame(10, b"are you there", key=KEY))
    talk.up(close(4001, b"enough", key=KEY))
    talk.down(close(4001, b"enough"))
    talk.down_end()
    talk.up_end()
    recorded = talk.settle()
    assert recorded.ends == [("server", "peer"), ("client", "peer")]
    host = "localhost:8101" if way.mode == "reverse" else f"localhost:{way.origin.port}"
    assert recorded.facts == {
        "version": 1,
        "url": f"ws{'s' if way.client_tls else ''}://{host}/chat?x=1",
        "server": f"localhost:{way.origin.port}",
        "tls": way.client_tls,
        "origin_tls": way.origin_tls,
        "mode": way.mode,
        "reserialised": False,
    }
    assert recorded.client[0] == "127.0.0.1"
    assert recorded.server == ("127.0.0.1", way.proxy.port)


def test_unmasked_client_frame(way: Way) -> None:
    talk = Talk.open(way)
    talk.up(text(b"bare"))
    talk.up(text(b"and on", key=KEY))
    talk.end()


def test_masked_server_frame(way: Way) -> None:
    talk = Talk.open(way)
    talk.down(text(b"masked", key=KEY))
    talk.down(text(b"and on"))
    talk.end()


def test_reserved_bits_and_opcodes(way: Way) -> None:
    talk = Talk.open(way)
    talk.up(text(b"rsv1", key=KEY, rsv=4))
    talk.up(frame(0xB, b"reserved", key=KEY))
    talk.down(frame(3, b"reserved", rsv=3))
    talk.end()


def test_text_that_is_not_utf8(way: Way) -> None:
    talk = Talk.open(way)
    talk.up(text(b"\xff\xfe", key=KEY))
    talk.end()


def test_length_that_never_comes(way: Way) -> None:
    talk = Talk.open(way)
    talk.up(frame(2, key=KEY, length=b"\x7f" + (1 << 62).to_bytes(8)) + bytes(100_000))
    talk.end()


def test_length_longer_than_needed(way: Way) -> None:
    talk = Talk.open(way)
    talk.up(text(b"short", key=KEY, length=b"\x7e\0\5"))
    talk.end()


def test_client_half_closes_and_is_answered(way: Way) -> None:
    talk = Talk.open(way)
    talk.up(text(b"last words", key=KEY))
    talk.up_end()
    talk.down(text(b"an answer, later"))
    talk.down_end()
    assert talk.settle().ends == [("client", "peer"), ("server", "peer")]


def test_close_with_fin_from_the_server_is_answered(way: Way) -> None:
    talk = Talk.open(way)
    talk.down(close(1000))
    talk.down_end()
    talk.up(close(1000, key=KEY))
    talk.up_end()
    assert talk.settle().ends == [("server", "peer"), ("client", "peer")]


def test_close_with_fin_from_the_client_is_answered(way: Way) -> None:
    talk = Talk.open(way)
    talk.up(close(1000, key=KEY))
    talk.up_end()
    talk.down(close(1000))
    talk.down_end()
    talk.settle()


def test_data_after_a_close(way: Way) -> None:
    talk = Talk.open(way)
    talk.down(close(1000) + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    talk.up(close(1000, key=KEY) + text(b"more", key=KEY))
    talk.end()


def test_close_codes_that_libraries_refuse(way: Way) -> None:
    talk = Talk.open(way)
    talk.up(close(1014, key=KEY))
    talk.down(close(None))
    talk.down(close(1005) + frame(8, b"\3") + frame(8, b"\3\xe8\xff"))
    talk.end()


def test_ten_thousand_pings(way: Way) -> None:
    talk = Talk.open(way)
    talk.up(frame(9, bytes(125), key=KEY) * 10_000)
    talk.down(frame(10, bytes(125)) * 10_000)
    talk.end()


def test_fragments_arrive_before_the_last_is_sent(way: Way) -> None:
    talk = Talk.open(way)
    talk.up(text(b"a", fin=False, key=KEY) + frame(0, b"a", fin=False, key=KEY) * 10_000)
    talk.up(frame(0, b"z", key=KEY))
    talk.end()


def test_ping_between_compressed_fragments(way: Way) -> None:
    packed = zlib.compress(b"Hello" * 20, wbits=-15)
    talk = Talk.open(way, COMPRESSED_REQUEST, COMPRESSED_RESPONSE)
    talk.up(text(packed[:5], fin=False, rsv=4, key=KEY))
    talk.up(frame(9, b"now", key=KEY))
    talk.up(frame(0, packed[5:], key=KEY))
    talk.end()


def test_small_window(way: Way) -> None:
    response = RESPONSE[:-2] + DEFLATE + b"; server_max_window_bits=8\r\n\r\n"
    talk = Talk.open(way, COMPRESSED_REQUEST, response)
    talk.down(text(zlib.compress(b"x" * 500, wbits=-9), rsv=4))
    talk.end()


def test_text_cut_inside_a_character(way: Way) -> None:
    talk = Talk.open(way)
    talk.up(text(b"h\xc3", fin=False, key=KEY))
    talk.up(frame(0, b"\xa9llo", key=KEY))
    talk.end()


def test_handshake_with_odd_spaces_and_case(way: Way) -> None:
    request = (
        b"GET  /odd HTTP/1.1\r\nHOST:   localhost \r\nuPGRADE:\tWebSocket\r\n"
        b"Connection:keep-alive ,  UPGRADE\r\nsec-websocket-KEY:  dGhlIHNhbXBsZSBub25jZQ==  \r\n"
        b"X: \xe9\r\nX:  twice\r\nSec-WebSocket-Version:13\r\n\r\n"
    )
    response = (
        b"HTTP/1.1 101  \r\nupgrade:WEBSOCKET\r\nconnection:   upgrade \r\n"
        b"Sec-WebSocket-Accept:s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    )
    talk = Talk.open(way, request, response)
    talk.up(text(b"Hello", key=KEY))
    talk.end()


def test_server_frame_in_the_segment_of_the_response(way: Way) -> None:
    Talk.open(way, response=RESPONSE + text(b"at once")).end()


def test_client_frame_before_the_response(way: Way) -> None:
    talk = Talk.begin(way, REQUEST + text(b"early", key=KEY))
    talk.up(text(b"earlier than allowed", key=KEY))
    talk.down(RESPONSE)
    talk.end()


def test_empty_line_after_the_handshake(way: Way) -> None:
    talk = Talk.open(way, response=RESPONSE + b"\r\n")
    talk.up(b"\r\n" + text(b"Hello", key=KEY))
    talk.down(b"\r\n" + text(b"Hello"))
    talk.end()


def test_refused_handshake_and_what_follows_on_the_connection(way: Way) -> None:
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno\n"
    talk = Talk.open(way, response=refusal)
    talk.up(b"GET /why HTTP/1.1\r\nHost: x\r\n\r\n")
    talk.down(b"HTTP/1.0 200 because\r\n\r\nI said so")
    talk.end()


def test_deflate_bomb_and_large_message(way: Way) -> None:
    bomb = zlib.compress(bytes(16 << 20), wbits=-15)
    talk = Talk.open(way, COMPRESSED_REQUEST, COMPRESSED_RESPONSE)
    talk.up(frame(2, bomb, rsv=4, key=KEY))
    talk.down(frame(2, bytes(4 << 20)))
    talk.end()


@pytest.mark.parametrize("name", ["ws101 reverse ws", "mitmdump regular wss to wss"])
def test_many_connections_at_once(ways: Ways, name: str) -> None:
    way = ways(name)
    talks = [Talk.open(way) for _ in range(30)]
    chance = random.Random(101)
    for number in range(600):
        data = frame(2, number.to_bytes(2) * chance.randrange(400), key=KEY)
        talk = chance.choice(talks)
        chance.choice((talk.up, talk.down))(data)
    chance.shuffle(talks)
    for talk in talks:
        for end in chance.sample((talk.up_end, talk.down_end), 2):
            end()
    recorded = {
        connection.client[1]: connection
        for connection in eventually(lambda: settled(way, len(talks)), "thirty connections")
    }
    for talk in talks:
        assert talk.client.sent == talk.server.received
        assert talk.server.sent == talk.client.received
        connection = recorded[talk.client.sock.getsockname()[1]]
        assert connection.sent == talk.client.sent
        assert connection.answered == talk.server.sent


def settled(way: Way, number: int) -> list[Connection]:
    found = way.proxy.walked().connections[-number:]
    return found if all(len(connection.ends) == 2 for connection in found) else []
