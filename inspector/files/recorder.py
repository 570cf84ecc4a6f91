"""The writer of captures: what crossed a connection, as TCP segments in a pcapng file.

Its one rule: **recording never stops the traffic, and never lies about it.** Nothing here raises
on a full disk, a broken pipe or a closed descriptor: a record that could not be written whole is
cut away again, counted, and reported once; its sequence numbers stay used, so that a reader sees a
gap where bytes are missing. The next record is tried anew: with room again, the capture goes on.

Each read of the proxy is written at once, unbuffered, header and data by one `writev`: what the far
side received is in the file before it is sent, whatever happens to this process a moment later.

The bytes were read from TLS or TCP by someone else, so the packets around them are of our making:
IP and TCP headers with the real addresses, a SYN, SYN/ACK and ACK in front, a FIN where a side
ended (whether it was a FIN or a reset is not known: its comment says `"end": null`). The TCP
checksum is 0, "not computed"; the IPv4 header's is right. What the bytes don't tell (the URL,
whether it was TLS) is the JSON comment of the SYN. The layout is told at the top of `pcapng.py`.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from struct import Struct
from typing import NamedTuple, Self

from inspector.files import pcapng
from inspector.files.events import Manner

type Address = tuple[str, int]
type LossReport = Callable[[OSError], object]

MAX_SEGMENT = 65_495
"""Bytes of data in one packet: an IPv4 packet has at most 65,535, 40 of them headers."""
MAX_COMMENT = 65_000
TICKS = 1_000_000
"""Of the capture's clock, a second: pcapng's default, and as much as a float keeps today."""

SYN, ACK, FIN, RST, PSH = 0x02, 0x10, 0x01, 0x04, 0x08

_word = Struct("<I")
_option = Struct("<HH")
_packet = Struct("<7I")
_ipv4 = Struct(">BBHHHBBH4s4sHHIIBBHHH")
_ipv6 = Struct(">IHBB16s16sHHIIBBHHH")
_PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")
_MAPPED = bytes(10) + b"\xff\xff"
"""In front of an IPv4 address that has to look like an IPv6 one, RFC 4291 §2.5.5.2."""


def _options(*values: tuple[int, bytes]) -> bytes:
    """A list of pcapng options, closed by the end-of-options mark."""
    return b"".join(
        _option.pack(code, len(value)) + value + _PADDING[len(value) & 3] for code, value in values
    ) + _option.pack(pcapng.OPT_END, 0)


def _block(kind: int, body: bytes) -> bytes:
    total = _word.pack(12 + len(body))
    return _word.pack(kind) + total + body + total


def _comment(facts: Mapping[str, object]) -> tuple[int, bytes]:
    """Facts as an opt_comment `ws101 {json}`; strings are shortened if it would not fit."""
    text = f"ws101 {json.dumps(facts, separators=(',', ':'))}"
    if len(text) > MAX_COMMENT:
        short = {k: v[:1000] + "…" if isinstance(v, str) else v for k, v in facts.items()}
        text = f"ws101 {json.dumps(short, separators=(',', ':'))}"
    return pcapng.OPT_COMMENT, text.encode()[:MAX_COMMENT]


PREAMBLE = _block(
    pcapng.SECTION_HEADER,
    Struct("<IHHq").pack(pcapng.BYTE_ORDER_MAGIC, 1, 0, -1),
) + _block(
    pcapng.INTERFACE_DESCRIPTION,
    Struct("<HHI").pack(pcapng.LINKTYPE_RAW, 0, 0),
)
"""What every capture begins with: a section of unknown length, an interface of bare IP packets."""


class CaptureWriter:
    """A capture being written. Attributes tell what is in it and what is missing from it."""

    def __init__(self, fd: int, *, on_loss: LossReport | None = None) -> None:
        """Write to an open descriptor, which is ours from now on. OSError if that fails at once.

        `on_loss` is called once, with the error, when the first record could not be written.
        """
        self.connections = 0
        self.bytes = 0
        self.records = 0
        self.lost_records = 0
        self.lost_bytes = 0
        self.complete = False
        """Its end is written, too."""
        self._fd = fd
        self.on_loss = on_loss
        self._identity = _identity(os.fstat(fd))
        self._size = 0
        self._torn = False
        self._open: set[Stream] = set()
        self._put(PREAMBLE)

    @classmethod
    def create(
        cls, path: str | os.PathLike[str], *, force: bool = False, on_loss: LossReport | None = None
    ) -> Self:
        """Make a new file, readable by its owner only; OSError if it exists or can't be made.

        With `force`, an existing regular file is replaced: a new one takes its name. Folders that
        are missing are made, the last one for the owner only.
        """
        path = Path(path)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists(follow_symlinks=False):
            if not stat.S_ISREG(path.lstat().st_mode):
                raise FileExistsError(errno.EEXIST, "Not a regular file", str(path))
            if force:
                path.unlink()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        fd = os.open(path, flags, 0o600)
        try:
            return cls(fd, on_loss=on_loss)
        except OSError:
            os.close(fd)
            path.unlink()
            raise

    def open(
        self, client: Address, server: Address, facts: Mapping[str, object], time: float
    ) -> Stream:
        """Begin a connection: its three-way handshake, with `facts` as the comment of its SYN.

        `client` is the peer that connected, `server` the address that answered it; hosts are IPv4
        or IPv6 literals. `time` is in seconds since the epoch.
        """
        self.connections += 1
        stream = Stream(self, client, server, self.connections)
        self._open.add(stream)
        stream.begin({"version": 1, **facts}, time)
        return stream

    def copy(
        self, client: Address, server: Address, facts: Mapping[str, object], time: float
    ) -> Stream:
        """Begin a connection as another capture has it, with nothing but its `facts`."""
        self.connections += 1
        stream = Stream(self, client, server, self.connections)
        stream.begin(facts, time)
        return stream

    def close(self, time: float) -> None:
        """End what is still open (copies aside), in the proxy's name, then the capture. Idle the
        second time.
        """
        if self._fd < 0:
            return
        for stream in sorted(self._open, key=lambda stream: stream.number):
            for from_client in (True, False):
                stream.end(from_client, time, by_proxy=True)
        self._statistics(time)
        with contextlib.suppress(OSError):
            os.close(self._fd)
        self._fd = -1

    def _statistics(self, time: float) -> None:
        ticks = _ticks(time)
        counter = Struct("<Q")
        values = [
            (pcapng.ISB_RECEIVED, counter.pack(self.records + self.lost_records)),
            (pcapng.ISB_DROPPED, counter.pack(self.lost_records)),
        ]
        if self.lost_records:
            lost = {"lost_records": self.lost_records, "lost_bytes": self.lost_bytes}
            values.insert(0, _comment(lost))
        body = Struct("<III").pack(0, ticks >> 32, ticks & 0xFFFFFFFF) + _options(*values)
        with contextlib.suppress(OSError):
            self._put(_block(pcapng.INTERFACE_STATISTICS, body))
            self.complete = True

    def is_at(self, path: Path) -> bool:
        """Is this capture what is found at `path`, or was it removed or replaced meanwhile?"""
        try:
            return _identity(path.stat()) == self._identity
        except OSError:
            return False

    def record(self, *parts: bytes | memoryview, payload: int) -> None:
        """Write one block, `payload` of whose bytes came from a peer. Never raises OSError."""
        try:
            self._put(*parts)
        except OSError as error:
            self.lost_records += 1
            self.lost_bytes += payload
            if self.lost_records == 1 and self.on_loss:
                self.on_loss(error)
        else:
            self.records += 1
            self.bytes += payload

    def ended(self, stream: Stream) -> None:
        self._open.discard(stream)

    def _put(self, *parts: bytes | memoryview) -> None:
        """Append a block whole, or leave the file as it was and raise OSError."""
        if self._torn:
            self._mend()
        size = sum(map(len, parts))
        done = os.writev(self._fd, parts)
        while done < size:
            self._torn = True
            try:
                done += os.write(self._fd, b"".join(parts)[done:])
            except OSError:
                with contextlib.suppress(OSError):
                    self._mend()
                raise
        self._torn = False
        self._size += size

    def _mend(self) -> None:
        """Cut a torn record away; a pipe can't be mended, so nothing can follow there."""
        os.ftruncate(self._fd, self._size)
        self._torn = False


class Stream:
    """One connection of a capture. Its methods take the sender, the bytes and the time."""

    __slots__ = ("_ended", "_packet_head", "_seq", "_sides", "_writer", "number")

    def __init__(
        self, writer: CaptureWriter, client: Address, server: Address, number: int
    ) -> None:
        self.number = number
        self._writer = writer
        self._ended: set[bool] = set()
        # By the sender, as everything here: index 1 is the client's, 0 the server's.
        self._sides, self._packet_head = _sides(client, server)
        # A fresh number for each, else two connections of the same ports would look like one.
        first = number * 0x9E3779B1 & 0xFFFFFFFF
        self._seq = [first ^ 0x80000000, first]

    def begin(self, facts: Mapping[str, object], time: float) -> None:
        self._segment(True, SYN, time, options=_options(_comment(facts)))
        self._segment(False, SYN | ACK, time)
        self._segment(True, ACK, time)

    def data(
        self,
        from_client: bool,
        data: bytes,
        time: float,
        note: Mapping[str, object] | None = None,
    ) -> None:
        """One read: `data` as it came, in as many records as it needs, `note` on the first."""
        options = _options(_comment(note)) if note else b""
        if len(data) <= MAX_SEGMENT:
            self._segment(from_client, PSH | ACK, time, data, options)
            return
        rest = memoryview(data)
        while rest:
            self._segment(from_client, PSH | ACK, time, rest[:MAX_SEGMENT], options)
            rest, options = rest[MAX_SEGMENT:], b""

    def skip(self, from_client: bool, size: int) -> None:
        """So many bytes of a side are not known: a reader will see that they are missing."""
        self._seq[from_client] = (self._seq[from_client] + size) & 0xFFFFFFFF

    def end(
        self, from_client: bool, time: float, *, by_proxy: bool = False, how: Manner | None = None
    ) -> None:
        """A side sent its last byte; in which manner, a proxy does not know. The second call for a
        side is idle.

        `by_proxy`: no peer ended it, the proxy did, so nobody is to blame for how.
        """
        if from_client in self._ended:
            return
        self._ended.add(from_client)
        facts: dict[str, object] = {"end": None, "by": "proxy"} if by_proxy else {"end": how}
        flags = (RST if how == "rst" else FIN) | ACK
        self._segment(from_client, flags, time, options=_options(_comment(facts)))
        if len(self._ended) == 2:
            self._writer.ended(self)

    def _segment(
        self,
        from_client: bool,
        flags: int,
        time: float,
        data: bytes | memoryview = b"",
        options: bytes = b"",
    ) -> None:
        seq = self._seq[from_client]
        ack = self._seq[not from_client] if flags & ACK else 0
        size = len(data)
        head = self._packet_head(self._sides[from_client], size, seq, ack, flags)
        self._seq[from_client] = (seq + size + bool(flags & (SYN | FIN))) & 0xFFFFFFFF
        captured = len(head) + size
        tail = _PADDING[captured & 3] + options
        total = 32 + captured + len(tail)
        ticks = _ticks(time)
        front = _packet.pack(
            *(pcapng.ENHANCED_PACKET, total, 0, ticks >> 32, ticks & 0xFFFFFFFF, captured, captured)
        )
        self._writer.record(front + head, data, tail + _word.pack(total), payload=size)


class _Side(NamedTuple):
    """What all packets of one sender have in common."""

    source: bytes
    destination: bytes
    source_port: int
    destination_port: int
    summed: int
    """IPv4: the header's 16-bit words, but for the length and the checksum itself."""


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _ticks(time: float) -> int:
    return max(0, round(time * TICKS)) & 0xFFFFFFFFFFFFFFFF


def _sides(
    client: Address, server: Address
) -> tuple[tuple[_Side, _Side], Callable[[_Side, int, int, int, int], bytes]]:
    """The server's side, the client's, and what makes the headers of their common family."""
    ips = [_ip(client[0]), _ip(server[0])]
    is_ipv4 = all(len(ip) == 4 for ip in ips)
    if not is_ipv4:
        ips = [ip if len(ip) == 16 else _MAPPED + ip for ip in ips]
    words = Struct(">4H").unpack(ips[0] + ips[1]) if is_ipv4 else ()
    summed = 0x4500 + 0x4000 + 0x4006 + sum(words)
    sides = (
        _Side(ips[1], ips[0], server[1], client[1], summed),
        _Side(ips[0], ips[1], client[1], server[1], summed),
    )
    return sides, _ipv4_head if is_ipv4 else _ipv6_head


def _ip(host: str) -> bytes:
    """Four or sixteen bytes. A zone (`%eth0`) is left out; what is no address is 0.0.0.0."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).packed
    except ValueError:
        return bytes(4)


def _ipv4_head(side: _Side, size: int, seq: int, ack: int, flags: int) -> bytes:
    """IPv4 and TCP headers, RFC 791 §3.1 and RFC 9293 §3.1: don't fragment, 64 hops."""
    source, destination, source_port, destination_port, summed = side
    total = 40 + size
    summed += total
    summed = (summed & 0xFFFF) + (summed >> 16)
    checksum = ~(summed + (summed >> 16)) & 0xFFFF
    return _ipv4.pack(
        *(0x45, 0, total, 0, 0x4000, 64, 6, checksum, source, destination),
        *(source_port, destination_port, seq, ack, 0x50, flags, 0xFFFF, 0, 0),
    )


def _ipv6_head(side: _Side, size: int, seq: int, ack: int, flags: int) -> bytes:
    """IPv6 and TCP headers, RFC 8200 §3."""
    source, destination, source_port, destination_port, _ = side
    return _ipv6.pack(
        *(0x60000000, 20 + size, 6, 64, source, destination),
        *(source_port, destination_port, seq, ack, 0x50, flags, 0xFFFF, 0, 0),
    )
