"""The writer of captures, read back by an independent walker, by our own reader and by tshark."""

from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.files.capture import Data, Ended, Finished, Gap, Noted, Opened, open_capture
from inspector.files.recorder import MAX_SEGMENT, CaptureWriter, Stream
from tests.addons.walk import walk
from tests.needs import program

CLIENT, SERVER = ("127.0.0.1", 50_312), ("127.0.0.1", 8101)
FACTS = {"url": "ws://localhost:8101/chat", "tls": False}
NOW = 1_700_000_000.123456


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "capture.pcapng"


@pytest.fixture
def writer(path: Path) -> Iterator[CaptureWriter]:
    writer = CaptureWriter.create(path)
    yield writer
    writer.close(NOW)


def begin(writer: CaptureWriter) -> Stream:
    return writer.open(CLIENT, SERVER, FACTS, NOW)


def test_a_connection(writer: CaptureWriter, path: Path) -> None:
    stream = begin(writer)
    stream.data(True, b"GET", NOW + 0.25)
    stream.data(False, b"HTTP", NOW + 0.5, note={"by": "proxy"})
    stream.end(False, NOW + 1)
    stream.end(False, NOW + 2)
    stream.end(True, NOW + 3)
    writer.close(NOW + 4)

    walked = walk(path)
    (connection,) = walked.connections
    assert connection.facts == {"version": 1, **FACTS}
    assert (connection.client, connection.server) == (CLIENT, SERVER)
    kinds = [(s.from_client, s.flags, s.data, s.note) for s in connection.segments[1:]]
    assert kinds == [
        (False, 0x12, b"", None),
        (True, 0x10, b"", None),
        (True, 0x18, b"GET", None),
        (False, 0x18, b"HTTP", {"by": "proxy"}),
        (False, 0x11, b"", {"end": None}),
        (True, 0x11, b"", {"end": None}),
    ]
    times = [round(s.time - NOW, 6) for s in connection.segments]
    assert times == [0, 0, 0, 0.25, 0.5, 1, 3]
    assert walked.statistics == {"received": 7, "dropped": 0}
    assert writer.complete
    assert (writer.connections, writer.records, writer.bytes) == (1, 7, 7)


def test_our_reader_understands_it(writer: CaptureWriter, path: Path) -> None:
    stream = begin(writer)
    stream.data(True, b"GET", NOW)
    stream.data(False, b"HTTP", NOW, note={"by": "proxy"})
    stream.end(True, NOW)
    writer.close(NOW)
    with open_capture(path) as capture:
        events = list(capture)
    assert isinstance(events[-1], Finished)
    assert (events[-1].stats.received, events[-1].stats.dropped) == (7, 0)
    assert events[0] == Opened(1, CLIENT, SERVER, NOW, {"version": 1, **FACTS}, False)
    assert [event for event in events if isinstance(event, Data)] == [
        Data(1, True, b"GET", NOW),
        Data(1, False, b"HTTP", NOW),
    ]
    assert [event.facts for event in events if isinstance(event, Noted)] == [{"by": "proxy"}]
    assert [event for event in events if isinstance(event, Ended)] == [
        Ended(1, True, None, NOW),
        Ended(1, False, None, NOW, by_proxy=True),
    ]


reads = st.lists(st.tuples(st.booleans(), st.binary(max_size=40), st.integers(1, 7000)), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(reads=reads, first=st.tuples(*[st.integers(2**32 - 200_000, 2**32 - 1)] * 2))
def test_any_reads_come_back(
    reads: list[tuple[bool, bytes, int]], first: tuple[int, int], tmp_path: Path
) -> None:
    """Long ones in several records, sequence numbers past 4 GiB included."""
    path = tmp_path / "any.pcapng"
    writer = CaptureWriter.create(path, force=True)
    stream = Stream(writer, CLIENT, SERVER, 1)
    stream._seq[:] = first
    stream.begin(FACTS, NOW)
    sent = {True: b"", False: b""}
    for from_client, data, times in reads:
        stream.data(from_client, data * times, NOW)
        sent[from_client] += data * times
    writer.close(NOW)
    (connection,) = walk(path).connections
    assert connection.lost == {True: 0, False: 0}
    assert not connection.acked_unseen
    assert {side: connection.stream(side) for side in (True, False)} == sent
    read = {True: b"", False: b""}
    with open_capture(path) as capture:
        for event in capture:
            assert not isinstance(event, Gap)
            if isinstance(event, Data):
                read[event.from_client] += event.data
    assert read == sent


def test_a_read_longer_than_a_packet(writer: CaptureWriter, path: Path) -> None:
    stream = begin(writer)
    data = bytes(range(256)) * 600
    stream.data(True, data, NOW, note={"long": True})
    (connection,) = walk(path).connections
    pieces = connection.segments[3:]
    assert [len(piece.data) for piece in pieces] == [
        MAX_SEGMENT,
        MAX_SEGMENT,
        len(data) % MAX_SEGMENT,
    ]
    assert [piece.note for piece in pieces] == [{"long": True}, None, None]
    assert connection.sent == data


@pytest.mark.parametrize(
    ("client", "server", "seen"),
    [
        ("::1", "::1", ("::1", "::1")),
        ("fe80::1%eth0", "fe80::2", ("fe80::1", "fe80::2")),
        ("::ffff:127.0.0.1", "::1", ("::ffff:127.0.0.1", "::1")),
        ("10.0.0.1", "::1", ("::ffff:10.0.0.1", "::1")),
        ("no address", "10.0.0.1", ("0.0.0.0", "10.0.0.1")),
    ],
)
def test_addresses(
    writer: CaptureWriter, path: Path, client: str, server: str, seen: tuple[str, str]
) -> None:
    stream = writer.open((client, 1), (server, 65_535), {}, NOW)
    stream.data(False, b"x" * 200_000, NOW)
    (connection,) = walk(path).connections
    hosts = [ip_address(host) for host, _ in (connection.client, connection.server)]
    assert hosts == [ip_address(host) for host in seen]
    assert (connection.client[1], connection.server[1]) == (1, 65_535)
    assert connection.answered == b"x" * 200_000


def test_connections_of_the_same_ports_are_told_apart(writer: CaptureWriter, path: Path) -> None:
    for number in range(3):
        stream = begin(writer)
        stream.data(True, b"%d" % number, NOW)
        stream.end(True, NOW)
        stream.end(False, NOW)
    connections = walk(path).connections
    assert [connection.sent for connection in connections] == [b"0", b"1", b"2"]
    assert len({connection.segments[0].seq for connection in connections}) == 3
    with open_capture(path) as capture:
        assert sum(isinstance(event, Opened) for event in capture) == 3


def test_facts_too_long_for_a_comment(writer: CaptureWriter, path: Path) -> None:
    writer.open(CLIENT, SERVER, {"url": "ws://" + "\xe9" * 60_000, "tls": True}, NOW)
    facts = walk(path).connections[0].facts
    assert facts["url"].endswith("…")
    assert facts["tls"] is True


def test_close_ends_what_is_open_in_the_name_of_the_proxy(
    writer: CaptureWriter, path: Path
) -> None:
    stream = begin(writer)
    stream.end(True, NOW)
    writer.open(("127.0.0.1", 50_313), SERVER, FACTS, NOW)
    writer.close(NOW)
    writer.close(NOW)
    ends = [connection.ends for connection in walk(path).connections]
    assert ends == [
        [("client", "peer"), ("server", "proxy")],
        [("client", "proxy"), ("server", "proxy")],
    ]


# The file.


def test_only_its_owner_can_read_it(path: Path) -> None:
    before = os.umask(0)
    try:
        CaptureWriter.create(path).close(NOW)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_existing_file_is_left_alone_unless_forced(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("dear")
    with pytest.raises(FileExistsError):
        CaptureWriter.create(path)
    assert path.read_text() == "dear"
    CaptureWriter.create(path, force=True).close(NOW)
    assert walk(path).statistics


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/null"), os.mkdir])
def test_what_is_no_regular_file_is_refused(
    path: Path, make: Callable[[Path], object], force: bool
) -> None:
    path.parent.mkdir()
    make(path)
    with pytest.raises(FileExistsError):
        CaptureWriter.create(path, force=force)
    assert path.exists(follow_symlinks=False)


def test_no_room_from_the_start() -> None:
    fd = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(OSError, match="No space left") as caught:
        CaptureWriter(fd)
    assert caught.value.errno == errno.ENOSPC
    os.close(fd)


# When there is no room.


@pytest.fixture
def room(path: Path) -> Iterator[Callable[[int | None], None]]:
    """The kernel lets a file grow no further than that: a disk as full as can be made anywhere."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size: int | None) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft if size is None else size, hard))

    yield limit
    limit(None)


def test_a_full_disk_leaves_a_gap_and_is_told_once(
    path: Path, room: Callable[[int | None], None]
) -> None:
    told: list[OSError] = []
    writer = CaptureWriter.create(path, on_loss=told.append)
    stream = begin(writer)
    stream.data(True, b"a" * 1000, NOW)
    whole = path.stat().st_size
    room(whole + 500)
    for _ in range(3):
        stream.data(True, b"b" * 1000, NOW)  # half of it would fit
    assert path.stat().st_size == whole
    stream.data(False, b"c", NOW)  # this fits
    room(None)
    stream.data(True, b"d" * 1000, NOW)
    writer.close(NOW)

    assert [error.errno for error in told] == [errno.EFBIG]
    assert (writer.lost_records, writer.lost_bytes) == (3, 3000)
    walked = walk(path)
    (connection,) = walked.connections
    assert connection.sent == b"a" * 1000 + b"d" * 1000
    assert connection.answered == b"c"
    assert connection.lost == {True: 3000, False: 0}
    assert connection.acked_unseen
    assert not walked.cut
    assert walked.statistics == {
        "received": 11,
        "dropped": 3,
        "comment": {"lost_records": 3, "lost_bytes": 3000},
    }
    with open_capture(path) as capture:
        gaps = [event for event in capture if isinstance(event, Gap)]
    assert [(gap.from_client, gap.size) for gap in gaps] == [(True, 3000)]


def test_no_room_for_the_end(path: Path, room: Callable[[int | None], None]) -> None:
    writer = CaptureWriter.create(path)
    room(path.stat().st_size)
    writer.close(NOW)
    assert not writer.complete
    room(None)
    assert walk(path).statistics is None


@pytest.mark.parametrize("close_reader", [True, False])
def test_a_pipe_that_breaks_or_is_full(close_reader: bool) -> None:
    reader, fd = os.pipe()
    os.set_blocking(fd, False)
    told: list[OSError] = []
    writer = CaptureWriter(fd, on_loss=told.append)
    stream = begin(writer)
    if close_reader:
        os.close(reader)
    for _ in range(100):
        stream.data(True, b"x" * 10_000, NOW)
    assert len(told) == 1
    assert writer.lost_records > 0
    writer.close(NOW)
    if not close_reader:
        os.close(reader)


def test_a_descriptor_closed_by_others(path: Path) -> None:
    writer = CaptureWriter.create(path)
    os.close(writer._fd)
    begin(writer).data(True, b"x", NOW)
    writer.close(NOW)
    assert writer.lost_records == 6


# A second opinion.


def test_tshark_reads_it(writer: CaptureWriter, path: Path) -> None:
    tshark = program("tshark")
    stream = begin(writer)
    request = (
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    response = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    )
    stream.data(True, request, NOW)
    stream.data(False, response, NOW)
    stream.data(True, bytes.fromhex("818537fa213d7f9f4d5158"), NOW)
    stream.data(False, b"\x82\x7f" + (200_000).to_bytes(8) + bytes(200_000), NOW)
    stream.end(True, NOW)
    writer.close(NOW)

    def ask(*arguments: str) -> list[str]:
        command = [tshark, "-r", str(path), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.split()

    checked = ask("-o", "ip.check_checksum:TRUE", "-T", "fields", "-e", "ip.checksum.status")
    assert set(checked) == {"1"}
    assert ask("-Y", "tcp.analysis.flags") == []
    assert ask("-Y", "websocket", "-T", "fields", "-e", "websocket.opcode") == ["1", "2"]
    assert ask("-Y", "websocket.opcode == 1", "-T", "fields", "-e", "websocket.payload.text") == [
        "Hello"
    ]
    (comment,) = ask(
        "-Y", "tcp.flags.syn == 1 && tcp.flags.ack == 0", "-T", "fields", "-e", "frame.comment"
    )[1:]
    assert "ws://localhost:8101/chat" in comment
