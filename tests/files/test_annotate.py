"""Findings as packet comments: on the right packet, seen by Wireshark, and nothing else changed."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from inspector.core.frames import encode_close, encode_frame
from inspector.files.annotate import MAX_COMMENTS, Annotated, annotate
from inspector.files.capture import open_capture
from inspector.files.pcapng import records
from inspector.files.source import CannotOpen, Source
from tests.core.vectors import handshake
from tests.files.kit import (
    ETHERNET,
    Talk,
    block,
    enhanced,
    interface,
    option,
    pcap,
    pcapng,
    section,
    statistics,
)
from tests.needs import program

REQUEST, RESPONSE = (step.value for step in handshake())
GOOD = encode_frame(1, b"fine", masking_key=b"abcd")
UNMASKED = encode_frame(1, b"oh")
MASKED = encode_frame(1, b"no", masking_key=b"wxyz")


def talk(*data: tuple[bool, bytes]) -> list[bytes]:
    """The packets of a connection: SYNs, heads, then these segments, and its end."""
    spoken = Talk()
    packets = [*spoken.hello(), spoken.data(True, REQUEST), spoken.data(False, RESPONSE)]
    packets += [spoken.data(from_client, payload) for from_client, payload in data]
    return packets + spoken.bye()


def annotated(data: bytes, tmp_path: Path) -> tuple[Annotated, Path]:
    path, out = tmp_path / "in.pcapng", tmp_path / "out.pcapng"
    path.write_bytes(data)
    with out.open("wb") as file:
        told = annotate(path, file.fileno())
    return told, out


def comments(path: Path) -> dict[int, tuple[str, ...]]:
    """Comments by the numbers of their packets, from 1, as our reader finds them."""
    packets = [r for r in records(Source(io.BytesIO(path.read_bytes()))) if isinstance(r, tuple)]
    return {number: packet[4] for number, packet in enumerate(packets, 1) if packet[4]}


def test_wireshark_shows_them_on_the_packets_that_broke_the_rules(tmp_path: Path) -> None:
    tshark = program("tshark")
    packets = talk(
        (True, GOOD + UNMASKED[:1]), (True, UNMASKED[1:]), (False, b"\x81\x02ok" + MASKED)
    )
    told, out = annotated(pcapng(packets), tmp_path)
    assert told.fault is None
    fields = ["-e", "frame.number", "-e", "frame.comment"]
    command = [tshark, "-r", out, "-Y", "frame.comment", "-T", "json", *fields]
    done = subprocess.run(command, capture_output=True, check=True)
    shown = {
        int(row["_source"]["layers"]["frame.number"][0]): row["_source"]["layers"]["frame.comment"]
        for row in json.loads(done.stdout)
    }
    assert shown == {number: list(words) for number, words in comments(out).items()}
    assert [text.split(":")[2].split(",")[0].strip() for text in shown[6]] == [
        "frame-unmasked-client"
    ]
    assert "frame-masked-server" in shown[8][0]
    assert 7 not in shown, "the packet with the first byte has it, not that with the last"
    assert told.findings == sum(map(len, shown.values()))
    assert told.left_out == 0


def test_all_else_stays_byte_for_byte(tmp_path: Path) -> None:
    """Odd blocks, options, comments, the other byte order: the copy without our comments is it."""
    packets = talk((True, UNMASKED))
    for order in ("<", ">"):
        parts = [
            section(order),
            interface(101, order, options=option(2, b"eth0", order) + bytes(4)),
            block(0x0BAD, b"custom block", order),
            *(
                enhanced(packet, number / 1000, order, comment="mine" if number == 5 else None)
                for number, packet in enumerate(packets)
            ),
            statistics(order),
        ]
        data = b"".join(parts)
        told, out = annotated(data, tmp_path)
        assert told.packets == 2  # the frame, and the end that no Close came before
        assert comments(out)[6][0] == "mine"
        assert "frame-unmasked-client" in comments(out)[6][1]
        copy = out.read_bytes()
        assert copy.startswith(b"".join(parts[:8]))
        assert copy.endswith(parts[-1])
        assert sum(part in copy for part in parts) == len(parts) - told.packets
        before = [r[:4] for r in records(Source(io.BytesIO(data))) if isinstance(r, tuple)]
        after = [r[:4] for r in records(Source(io.BytesIO(copy))) if isinstance(r, tuple)]
        assert after == before


def test_a_capture_without_findings_is_copied_as_it_is(tmp_path: Path) -> None:
    close = encode_close(1000, masking_key=b"efgh")
    packets = talk((True, GOOD), (True, close), (False, encode_close(1000)))
    client_fin, server_fin, ack = packets[-3:]
    data = pcapng([*packets[:-3], server_fin, client_fin, ack])
    told, out = annotated(data, tmp_path)
    assert (told.findings, told.packets) == (0, 0)
    assert out.read_bytes() == data


@pytest.mark.parametrize("nano", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_pcap_becomes_a_pcapng_with_its_packets_and_times(
    nano: bool, order: str, tmp_path: Path
) -> None:
    packets = [bytes(12) + b"\x08\x00" + packet for packet in talk((True, UNMASKED))]
    data = pcap(packets, link=ETHERNET, order=order, nano=nano)
    told, out = annotated(data, tmp_path)
    assert "frame-unmasked-client" in comments(out)[6][0]
    assert told.packets == 2
    read = [r for r in records(Source(io.BytesIO(out.read_bytes()))) if isinstance(r, tuple)]
    assert [packet[1] for packet in read] == packets
    with open_capture(tmp_path / "in.pcapng") as capture:
        before = list(capture)
    with open_capture(out) as capture:
        assert [repr(e) for e in capture] == [repr(e) for e in before]


def test_lines_of_heads_stand_on_the_packets_that_brought_them(tmp_path: Path) -> None:
    head = REQUEST.replace(b"Sec-WebSocket-Version: 13\r\n", b"Sec-WebSocket-Version: 12\r\n")
    spoken = Talk()
    at = head.index(b"Sec-WebSocket-Version")
    packets = spoken.hello()
    packets += [spoken.data(True, head[:at]), spoken.data(True, head[at:])]
    packets += [spoken.data(False, RESPONSE), *spoken.bye()]
    _, out = annotated(pcapng(packets), tmp_path)
    shown = comments(out)
    assert any("req-version" in text for text in shown[5])
    assert not any("version" in text for text in shown.get(4, ()))


def test_out_of_order_and_repeated_packets(tmp_path: Path) -> None:
    """The first packet that holds the byte has the comment, whenever it can be delivered."""
    spoken = Talk()
    packets = [*spoken.hello(), spoken.data(True, REQUEST), spoken.data(False, RESPONSE)]
    good, bad = spoken.data(True, GOOD), spoken.data(True, UNMASKED)
    packets += [bad, good, bad, *spoken.bye()]
    _, out = annotated(pcapng(packets), tmp_path)
    assert any("frame-unmasked-client" in text for text in comments(out)[6])
    assert 8 not in comments(out)


def test_what_is_no_file_of_packets_gets_packets_of_ours(tmp_path: Path) -> None:
    first = tmp_path / "chat.pcapng"
    first.write_bytes(pcapng(talk((True, UNMASKED))))
    lines = tmp_path / "chat.jsonl"
    command = [sys.executable, "-m", "inspector", "dump", str(first), "--format", "jsonl"]
    lines.write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)
    out = tmp_path / "out.pcapng"
    with out.open("wb") as file:
        told = annotate(lines, file.fileno())
    assert told.packets == 2
    assert any("frame-unmasked-client" in text for each in comments(out).values() for text in each)


def test_many_findings_in_one_packet_are_counted(tmp_path: Path) -> None:
    told, out = annotated(pcapng(talk((True, UNMASKED * 100))), tmp_path)
    words = comments(out)[6]
    assert len(words) == MAX_COMMENTS + 1
    assert words[-1] == f"ws101: and {100 - MAX_COMMENTS} more findings here"
    assert told.left_out == 0


def test_a_cut_file_is_copied_up_to_the_cut(tmp_path: Path) -> None:
    whole = pcapng(talk((True, UNMASKED), (True, GOOD)))
    told, out = annotated(whole[:-150], tmp_path)
    assert told.fault is not None
    assert told.fault.cut
    assert "frame-unmasked-client" in comments(out)[6][0]
    list(records(Source(io.BytesIO(out.read_bytes()))))


def test_standard_input_is_read_twice_all_the_same(tmp_path: Path) -> None:
    code = "import sys; from inspector.files.annotate import annotate; annotate('-', 1)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=pcapng(talk((True, UNMASKED))), capture_output=True, check=True,
    )  # fmt: skip
    out = tmp_path / "out.pcapng"
    out.write_bytes(done.stdout)
    assert "frame-unmasked-client" in comments(out)[6][0]


def test_what_is_no_capture_is_said(tmp_path: Path) -> None:
    told, out = annotated(b"no capture at all", tmp_path)
    assert told.fault is not None
    assert out.read_bytes() == b""
    with pytest.raises(CannotOpen):
        annotate(tmp_path / "missing", os.open(os.devnull, os.O_WRONLY))
