"""The proxy's memory stays flat, however long a connection lives and however slow its reader is."""

from __future__ import annotations

import subprocess

import pytest

from tests.addons.conftest import Ways
from tests.addons.peers import PATIENCE
from tests.addons.proxies import Way
from tests.addons.talk import KEY, REQUEST, RESPONSE, Talk, after_a_plain_request, frame

pytestmark = pytest.mark.slow

MIB = 1 << 20
FRAME = frame(2, bytes(MIB), key=KEY)


def resident(way: Way) -> int:
    """Bytes of memory that the proxy's process holds."""
    command = ["ps", "-o", "rss=", "-p", str(way.proxy.process.popen.pid)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) * 1024


@pytest.mark.parametrize("name", ["mitmdump reverse ws", "ws101 reverse wss to wss"])
@pytest.mark.parametrize("used_before", [False, True])
def test_long_traffic(ways: Ways, name: str, used_before: bool) -> None:
    way = ways(name)
    if used_before:
        client, server = after_a_plain_request(way)
        client.send(REQUEST)
        server.head()
        server.send(RESPONSE)
        client.head()
    else:
        talk = Talk.open(way)
        client, server = talk.client, talk.server
    before = 0
    for number in range(72):
        if number == 8:
            before = resident(way)
        sending = client.send_in_background(FRAME)
        assert len(server.read(len(FRAME))) == len(FRAME)
        sending.result(PATIENCE)
    assert resident(way) - before < 24 * MIB
    client.close()
    server.rest()
    server.close()
    assert len(way.proxy.connection().sent) == len(server.received)


@pytest.mark.parametrize(
    "name", ["mitmdump reverse ws", "mitmdump regular ws", "ws101 reverse wss to wss"]
)
def test_slow_reader(ways: Ways, name: str) -> None:
    """What the reader does not take, the sender keeps."""
    talk = Talk.open(ways(name))
    talk.up(FRAME * 4)
    before = resident(talk.way)
    sending = talk.client.send_in_background(FRAME * 64)
    taken = 0
    for _ in range(8):  # a little at a time, so that the proxy is at work in between
        taken += len(talk.server.read(MIB // 4))
        assert resident(talk.way) - before < 24 * MIB
    assert not sending.done()
    assert len(talk.server.read(len(FRAME) * 64 - taken)) == len(FRAME) * 64 - taken
    sending.result(PATIENCE)
    assert resident(talk.way) - before < 24 * MIB
    talk.end()
