"""The front door: what kind of file it is, what can't be opened, and following one that grows."""

from __future__ import annotations

import gzip
import io
import os
import socket
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inspector.files.capture import (
    CannotOpen,
    Capture,
    CaptureEvent,
    Data,
    Fault,
    Finished,
    open_capture,
)
from inspector.files.recorder import CaptureWriter
from inspector.files.source import POLL_SECONDS, Source
from tests.files.kit import (
    CLIENT,
    Talk,
    capture,
    enhanced,
    events,
    interface,
    pcap,
    section,
    statistics,
    streams,
)
from tests.files.kit import pcapng as write

TALK = Talk()
PACKETS = [*TALK.hello(), TALK.data(True, b"hello"), TALK.data(False, b"world"), *TALK.bye()]
CAPTURE = write(PACKETS)
FINISHED = CAPTURE + statistics()


class TestOpening:
    def test_a_file_by_its_first_bytes_not_its_name(self, tmp_path: Path) -> None:
        for name, data, kind in [("a.pcap", CAPTURE, "pcapng"), ("b.jsonl", pcap(PACKETS), "pcap")]:
            path = tmp_path / name
            path.write_bytes(data)
            with open_capture(str(path)) as read:
                assert streams(list(read)) == (b"hello", b"world")
                assert read.format == kind
                assert read.progress == (len(data), len(data))

    @pytest.mark.parametrize(
        ("data", "cut", "words"),
        [
            (b"", True, "empty"),
            (b"\x0a\x0d", True, "ends after 2 bytes"),
            (b"\xd4\xc3\xb2", True, "ends after 3 bytes"),
            (gzip.compress(CAPTURE, mtime=0), False, "gunzip"),
            (b"\x28\xb5\x2f\xfd....", False, "zstd"),
            (b"\xfd7zXZ\0", False, "xz"),
            (b"PK\x03\x04....", False, "zip"),
            (b"snoop\0\0\0", False, "editcap"),
            (b"\xa1\xb2\xcd\x34" + bytes(40), False, "editcap"),
            (b"GET / HTTP/1.1", False, "47 45 54 20"),
            (b"\x1b[2J\x07", False, "1b 5b 32 4a"),
        ],
    )
    def test_no_capture_at_all(self, data: bytes, cut: bool, words: str) -> None:
        (fault,) = events(data)
        assert isinstance(fault, Fault)
        assert (fault.offset, fault.cut) == (0, cut)
        assert words in fault.words

    def test_what_can_not_be_opened(self, tmp_path: Path) -> None:
        fifo, unix = tmp_path / "fifo", tmp_path / "unix"
        os.mkfifo(fifo)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(unix))
            for path, words in {
                "missing.pcapng": "no such file",
                "\0": "no file can have such a name",
                str(tmp_path): "folder",
                str(fifo): "pipe",
                str(unix): "device or socket",
                "/dev/zero": "device or socket",
                str(tmp_path / "a" / ("b" * 300)): "",
            }.items():
                with pytest.raises(CannotOpen) as caught:
                    open_capture(path)
                assert str(caught.value).startswith(f"{path}: ")
                assert words in str(caught.value)
                assert "\n" not in str(caught.value)

    def test_a_file_that_may_not_be_read(self, tmp_path: Path) -> None:
        path = tmp_path / "secret.pcapng"
        path.write_bytes(CAPTURE)
        path.chmod(0)
        script = (
            "import os, sys\n"
            "from inspector.files.capture import CannotOpen, open_capture\n"
            "os.getuid() or os.setuid(65534)\n"  # root may read everything
            "try: open_capture(sys.argv[1])\n"
            "except CannotOpen as error: print(error)\n"
        )
        done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True)
        assert "you may not read it" in done.stdout, done.stderr

    def test_reading_that_fails_is_a_fault(self) -> None:
        class Broken(io.BytesIO):
            def read1(self, size: int | None = -1, /) -> bytes:
                if data := super().read1(100):
                    return data
                raise OSError(5, "Input/output error")

        told = list(Capture(Source(Broken(CAPTURE))))
        assert told[:-1] == events(CAPTURE)
        assert told[-1] == Fault(len(CAPTURE), "reading failed: Input/output error")


def test_a_capture_cut_anywhere_gives_a_prefix() -> None:
    whole = events(FINISHED)
    for size in range(len(FINISHED)):
        told = events(FINISHED[:size])
        if told and isinstance(told[-1], Fault):
            assert told.pop().cut
        assert told == whole[: len(told)]


class TestStandardInput:
    def test_a_pipe_is_read_as_it_comes(self) -> None:
        script = (
            "from inspector.files.capture import open_capture\n"
            "for event in open_capture('-'): print(type(event).__name__, flush=True)\n"
        )
        at = len(section() + interface()) + sum(len(enhanced(packet)) for packet in PACKETS[:4])
        with subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(FINISHED[:at])
            child.stdin.flush()
            assert [child.stdout.readline() for _ in range(2)] == [b"Opened\n", b"Data\n"]
            child.stdin.write(FINISHED[at:])
            child.stdin.close()
            assert child.stdout.read() == b"Data\nEnded\nEnded\nFinished\n"

    def test_it_has_no_size_and_following_it_is_reading_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CAPTURE)))
        with open_capture("-", follow=True) as read:
            assert list(read) == events(CAPTURE)
            assert read.progress == (len(CAPTURE), None)
        assert not sys.stdin.closed

    def test_a_terminal_is_no_capture(self, monkeypatch: pytest.MonkeyPatch) -> None:
        leader, follower = os.openpty()
        with open(leader, "rb"), open(follower) as terminal:
            monkeypatch.setattr(sys, "stdin", terminal)
            with pytest.raises(CannotOpen, match="is a terminal"):
                open_capture("-")


class Growing:
    """A file that changes, one step at a time, whenever its reader would wait: no clock needed."""

    def __init__(self, path: Path, steps: Iterator[Callable[[], object]]) -> None:
        self.path = path
        self.stop = threading.Event()
        self._steps = steps

    def wait(self, seconds: float) -> None:
        assert seconds == POLL_SECONDS
        step = next(self._steps, None)
        if step is None:
            assert not self.stop.is_set(), "it went on waiting after it was told to stop"
            self.stop.set()
        else:
            step()

    def read(self) -> list[CaptureEvent]:
        with open_capture(str(self.path), follow=True, stop=self.stop, wait=self.wait) as read:
            return list(read)


class TestFollowing:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "live.pcapng"
        path.touch()
        return path

    def add(self, path: Path, data: bytes) -> Callable[[], object]:
        def step() -> None:
            with path.open("ab") as file:
                file.write(data)

        return step

    @pytest.mark.parametrize("size", [1, 3, 64, 500])
    def test_a_cut_tail_is_not_yet(self, path: Path, size: int) -> None:
        pieces = [FINISHED[at : at + size] for at in range(0, len(FINISHED), size)]
        growing = Growing(path, (self.add(path, piece) for piece in pieces))
        assert growing.read() == events(FINISHED)
        assert not growing.stop.is_set()  # the capture's own end was enough

    def test_pcap_grows_as_well(self, path: Path) -> None:
        data = pcap(PACKETS)
        pieces = [data[at : at + 7] for at in range(0, len(data), 7)]
        assert Growing(path, (self.add(path, piece) for piece in pieces)).read() == events(data)

    def test_it_goes_on_after_statistics_if_more_follows(self, path: Path) -> None:
        path.write_bytes(FINISHED + FINISHED)
        told = Growing(path, iter([])).read()
        assert sum(isinstance(event, Finished) for event in told) == 2

    def test_events_come_before_the_file_goes_on(self, path: Path) -> None:
        seen: list[CaptureEvent] = []
        path.write_bytes(CAPTURE)
        growing = Growing(path, iter([lambda: seen.append(Fault(0, "waited"))]))
        with open_capture(str(path), follow=True, stop=growing.stop, wait=growing.wait) as read:
            for event in read:
                seen.append(event)
        assert seen == [*events(CAPTURE), Fault(0, "waited")]

    def test_stop_reads_what_is_there_and_ends(self, path: Path) -> None:
        path.write_bytes(FINISHED[:-1])
        growing = Growing(path, iter([]))
        growing.stop.set()
        told = growing.read()
        assert told[:-1] == events(CAPTURE)
        assert isinstance(told[-1], Fault)
        assert told[-1].cut

    def test_half_a_record_taken_back_is_not_believed(self, path: Path) -> None:
        """A recorder without room cuts what it could not write whole, and may go on later."""
        talk = Talk()
        head = write(talk.hello())
        lost, kept = talk.data(False, b"never written whole"), talk.data(True, b"kept")
        torn = enhanced(lost)[:40]

        def mend() -> None:
            os.truncate(path, len(head))

        def mend_and_go_on() -> None:
            mend()
            self.add(path, enhanced(kept) + statistics())()

        path.write_bytes(head)
        tear = self.add(path, torn)
        told = Growing(path, iter([tear, mend, tear, mend_and_go_on])).read()
        assert streams(told) == (b"kept", b"")
        assert isinstance(told[-1], Finished)

    def test_a_file_replaced(self, path: Path, tmp_path: Path) -> None:
        path.write_bytes(CAPTURE)
        other = tmp_path / "other"
        other.write_bytes(FINISHED)
        told = Growing(path, iter([lambda: other.replace(path)])).read()
        assert told[:-1] == events(CAPTURE)
        assert isinstance(told[-1], Fault)
        assert "another file took its place" in told[-1].words

    def test_a_file_removed(self, path: Path) -> None:
        path.write_bytes(CAPTURE)
        told = Growing(path, iter([path.unlink])).read()
        assert told[:-1] == events(CAPTURE)
        assert isinstance(told[-1], Fault)
        assert "removed" in told[-1].words

    def test_a_file_cut_behind_our_back(self, path: Path) -> None:
        path.write_bytes(CAPTURE)
        told = Growing(path, iter([lambda: os.truncate(path, 100)])).read()
        assert told[:-1] == events(CAPTURE)
        assert told[-1] == Fault(
            len(CAPTURE), "it was cut to 100 bytes while followed: start again"
        )


class Endless(io.RawIOBase):
    """A capture that is never held in memory: made while it is read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def read(self, size: int = -1, /) -> bytes:
        return next(self._chunks, b"")


@pytest.mark.slow
def test_memory_stays_flat() -> None:
    """16 MB of it: one long connection, 2,500 short ones, and a hole in each."""

    def chunks() -> Iterator[bytes]:
        yield section() + interface()
        long = Talk(client=("10.0.0.9", 9))
        yield b"".join(map(enhanced, long.hello()))
        payload = bytes(60_000)
        for number in range(250):
            yield enhanced(long.data(number % 2 == 0, payload))
            parts = []
            for port in range(10):
                talk = Talk(client=(f"10.1.{number // 256}.{number % 256}", 1_000 + port))
                parts += [*talk.hello(), talk.data(True, b"x" * 100)]
                talk.client_seq += 1
                parts += [talk.data(True, b"y" * 100), *talk.bye()]
            yield b"".join(map(enhanced, parts))

    tracemalloc.start()
    size = connections = 0
    for event in Capture(Source(Endless(chunks()))):  # type: ignore[arg-type]
        if isinstance(event, Data):
            size += len(event.data)
            connections = max(connections, event.connection_id)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (size, connections) == (15_000_000 + 2_500 * 200, 2_501)
    assert peak < 8 << 20


def test_a_followed_capture_of_a_real_recorder(tmp_path: Path) -> None:
    """Writer and reader side by side: whatever the writer finished writing, the reader has."""
    path = tmp_path / "live.pcapng"
    writer = CaptureWriter.create(path)
    said: list[bytes] = []

    def steps() -> Iterator[Callable[[], object]]:
        stream = writer.open(CLIENT, ("::1", 80), {"url": "ws://example/"}, 1.5)
        for number in range(20):
            data = bytes([number]) * 5_000 * number
            said.append(data)
            yield lambda data=data, number=number: stream.data(number % 2 == 0, data, 2.0)
        yield lambda: stream.end(True, 3.0)
        yield lambda: writer.close(4.0)

    growing = Growing(path, steps())
    told = growing.read()
    assert streams(told) == (b"".join(said[::2]), b"".join(said[1::2]))
    assert isinstance(told[-1], Finished)
    assert not growing.stop.is_set()
    assert capture(path.read_bytes()).counts.notes() == []
