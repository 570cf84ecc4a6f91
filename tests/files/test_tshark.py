"""Second opinions: Wireshark's programs write captures for us to read, and read what we read."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.files.capture import (
    CaptureEvent,
    Data,
    Ended,
    Fault,
    Finished,
    Gap,
    Opened,
    open_capture,
)
from tests.files.kit import (
    ACK,
    FIN,
    PSH,
    SYN,
    Talk,
    ends,
    enhanced,
    gaps,
    interface,
    pcapng,
    section,
    streams,
    tcp,
)
from tests.needs import program

TSHARK = program("tshark")
FOLLOWED = re.compile(
    r"^Filter: tcp.stream eq (\d+)\nNode 0: .*\nNode 1: .*\n((?:\t?[0-9a-f]+\n)*)", re.MULTILINE
)
"""What `follow,tcp,raw` prints: the client's lines in hex, the server's after a tab."""
PATIENCE = 1_200
"""Polls of 50 ms that a live capture may take to show what crossed it."""


def run(name: str, *arguments: str | Path, given: bytes | None = None) -> bytes:
    """One of the programs that come with tshark."""
    beside = Path(TSHARK).with_name(name)
    done = subprocess.run(
        [beside if beside.exists() else name, *arguments], input=given, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def read(path: Path) -> list[CaptureEvent]:
    with open_capture(str(path)) as capture:
        return list(capture)


def follow(path: Path, count: int) -> list[tuple[bytes, bytes]]:
    """Both streams of the first `count` connections as tshark puts them together."""
    taps = [part for number in range(count) for part in ("-z", f"follow,tcp,raw,{number}")]
    text = run("tshark", "-r", path, "-q", *taps).decode()
    told = {}
    for number, lines in FOLLOWED.findall(text):
        client = "".join(line for line in lines.split("\n") if not line.startswith("\t"))
        server = "".join(line[1:] for line in lines.split("\n") if line.startswith("\t"))
        told[int(number)] = bytes.fromhex(client), bytes.fromhex(server)
    return [told[number] for number in range(count)]


def test_tshark_puts_the_same_streams_together(tmp_path: Path) -> None:
    """Segments shuffled, repeated and overlapping, across the wrap; what overlaps is the same."""
    chance = random.Random(101)
    truth, packets = [], []
    for number in range(12):
        client, server = ("10.0.0.1", 50_000 + number), ("10.0.0.2", 80)
        first = {True: 2**32 - chance.randrange(300), False: chance.randrange(2**32)}
        stream = {side: chance.randbytes(chance.randrange(100, 500)) for side in (True, False)}
        packets.append(tcp(client, server, first[True] - 1, 0, SYN))
        packets.append(tcp(server, client, first[False] - 1, first[True], SYN | ACK))
        packets.append(tcp(client, server, first[True], first[False], ACK))
        segments = []
        for side, here, there in [(True, client, server), (False, server, client)]:
            for start in range(0, len(stream[side]), 40):
                data = stream[side][max(0, start - chance.choice([0, 0, 7])) : start + 40]
                seq = first[side] + min(start + 40, len(stream[side])) - len(data)
                segments.append(tcp(here, there, seq, first[not side], PSH | ACK, data))
        for place in range(0, len(segments), 4):
            few = segments[place : place + 4]
            chance.shuffle(few)
            packets += [*few, chance.choice(few)]
        for side, here, there in [(True, client, server), (False, server, client)]:
            end = first[side] + len(stream[side])
            packets.append(tcp(here, there, end, first[not side], FIN | ACK))
        truth.append((stream[True], stream[False]))
    path = tmp_path / "shuffled.pcapng"
    path.write_bytes(pcapng(packets, start=1_700_000_000.0))
    told = read(path)
    assert [streams(told, number + 1) for number in range(12)] == truth
    assert follow(path, 12) == truth


def hex_dump(packets: list[bytes]) -> bytes:
    """What text2pcap reads: offsets and bytes, a blank line between packets."""
    return "\n\n".join("0000 " + packet.hex(" ") for packet in packets).encode() + b"\n"


class TestFilesOfOthers:
    @pytest.fixture
    def packets(self) -> list[bytes]:
        talk = Talk()
        request, response = (
            b"GET /chat HTTP/1.1\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        )
        return [*talk.hello(), talk.data(True, request), talk.data(False, response), *talk.bye()]

    @pytest.fixture
    def text2pcap(self, packets: list[bytes], tmp_path: Path) -> Path:
        path = tmp_path / "text2pcap.pcapng"
        run("text2pcap", "-l", "101", "-", path, given=hex_dump(packets))
        return path

    def check(self, path: Path) -> None:
        told = read(path)
        assert streams(told) == follow(path, 1)[0]
        assert streams(told)[0] == b"GET /chat HTTP/1.1\r\n\r\n"
        assert ends(told) == [(True, "fin"), (False, "fin")]
        assert not any(isinstance(event, Fault) for event in told)

    def test_text2pcap(self, text2pcap: Path) -> None:
        self.check(text2pcap)

    @pytest.mark.parametrize("kind", ["pcap", "nsecpcap", "pcapng"])
    def test_editcap(self, text2pcap: Path, tmp_path: Path, kind: str) -> None:
        path = tmp_path / kind
        run("editcap", "-F", kind, text2pcap, path)
        self.check(path)

    def test_editcap_comments(self, text2pcap: Path, tmp_path: Path) -> None:
        path = tmp_path / "commented.pcapng"
        comment = 'ws101 {"version":1,"url":"ws://h/é"}'
        run("editcap", "-a", "1:first", "-a", f"1:{comment}", text2pcap, path)
        opened = read(path)[0]
        assert isinstance(opened, Opened)
        assert opened.facts == {"version": 1, "url": "ws://h/é"}

    def test_reordercap(self, packets: list[bytes], tmp_path: Path) -> None:
        """The server's answer before its question, put right by the times."""
        shuffled, path = tmp_path / "shuffled.pcapng", tmp_path / "ordered.pcapng"
        blocks = [enhanced(packet, number) for number, packet in enumerate(packets)]
        blocks[3], blocks[4] = blocks[4], blocks[3]
        shuffled.write_bytes(section() + interface() + b"".join(blocks))
        run("reordercap", shuffled, path)
        speakers = {
            file: [event.from_client for event in read(file) if isinstance(event, Data)]
            for file in (shuffled, path)
        }
        assert speakers == {shuffled: [False, True], path: [True, False]}
        self.check(path)

    def test_mergecap(self, text2pcap: Path, tmp_path: Path) -> None:
        """Two interfaces of different links in one file; their statistics come along."""
        other, path = tmp_path / "other.pcap", tmp_path / "merged.pcapng"
        talk = Talk(client=("10.9.9.9", 9))
        frames = [
            b"\0" * 12 + b"\x08\0" + packet for packet in [*talk.hello(), talk.data(True, b"x")]
        ]
        run("text2pcap", "-F", "pcap", "-l", "1", "-", other, given=hex_dump(frames))
        run("mergecap", "-a", "-w", path, text2pcap, other)
        told = read(path)
        assert streams(told, 1)[0] == b"GET /chat HTTP/1.1\r\n\r\n"
        assert streams(told, 2)[0] == b"x"


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def converse(server: socket.socket, said: list[bytes]) -> None:
    """A real conversation over loopback: the client says, the server echoes in capitals."""

    def serve() -> None:
        peer, _ = server.accept()
        with peer:
            while data := peer.recv(65_536):
                peer.sendall(data.swapcase())

    thread = threading.Thread(target=serve)
    thread.start()
    with socket.create_connection(server.getsockname()) as client:
        for line in said:
            client.sendall(line)
            missing = len(line)
            while missing:
                missing -= len(client.recv(missing))
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    thread.join()


@pytest.mark.parametrize("device", ["lo", "any"])
def test_a_live_capture_of_real_sockets(tmp_path: Path, server: socket.socket, device: str) -> None:
    """dumpcap writes, we follow; when both sides have ended it is told to stop, and so are we."""
    path = tmp_path / "live.pcapng"
    port = server.getsockname()[1]
    dumpcap = subprocess.Popen(
        [program("dumpcap"), "-i", device, "-f", f"tcp port {port}", "-w", path],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert dumpcap.stderr is not None
        heard = []
        for line in dumpcap.stderr:
            heard.append(line)
            if line.startswith("File:"):
                break
        else:
            words = "".join(heard)
            if os.geteuid() and "permission" in words:
                pytest.skip(
                    "needs the right to capture: run as root, or setcap cap_net_raw dumpcap"
                )
            pytest.fail(words)
        said = [b"hello", b"x" * 200_000, bytes(range(256)) * 300]
        converse(server, said)
        polls = iter(range(PATIENCE))
        stop = threading.Event()

        def wait(seconds: float) -> None:
            if next(polls, None) is None:
                stop.set()
            stop.wait(seconds)

        told: list[CaptureEvent] = []
        with open_capture(str(path), follow=True, stop=stop, wait=wait) as capture:
            for event in capture:
                told.append(event)
                if isinstance(event, Ended) and len(ends(told)) == 2:
                    dumpcap.send_signal(signal.SIGINT)
        assert not stop.is_set()
    finally:
        dumpcap.kill()
        dumpcap.communicate()
    everything = b"".join(said)
    assert streams(told) == (everything, everything.swapcase())
    assert ends(told) == [(True, "fin"), (False, "fin")]
    assert not any(isinstance(event, Gap | Fault) for event in told)
    assert isinstance(told[-1], Finished)
    assert told[-1].stats.dropped == 0
    assert follow(path, 1) == [streams(told)]
    classic = tmp_path / "classic"
    run("editcap", "-F", "pcap", path, classic)
    assert streams(read(classic)) == streams(told)
    assert gaps(read(classic)) == []
