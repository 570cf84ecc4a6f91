"""Vectors of several connections: captures, and all that has to be told about them.

They stand in `tests/vectors/captures/*.toml`, and are written as those of one connection are, but
that each step says `on` which TCP connection it was seen. Two steps are for handshakes: `asks` is a
request with that key, `answers` the 101 that fits the last one. Connection N comes from port
50000 + N of 10.0.0.1 to port 80 of 10.0.0.2, unless `from` or `to` says from which host, or to
which. `expect` has the connection's number before each line.
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
from dataclasses import dataclass
from typing import Any

from inspector.core.findings import Finding
from inspector.core.rfc import GUID
from inspector.files.dissect import Item, dissect
from tests.core import vectors
from tests.core.vectors import REQUEST, RESPONSE, Step
from tests.files import kit

FOLDER = vectors.FOLDER / "captures"
KEY = "AAECAwQFBgcICQoLDA0ODw=="
ACCEPT = "Bz3qJYTGdOe8gUSpLosEdiLKDrk="


@dataclass(frozen=True, slots=True)
class CaptureVector:
    name: str
    why: str
    capture: bytes
    expect: list[str]
    breaks: frozenset[str] = frozenset()
    keeps: frozenset[str] = frozenset()


def load() -> list[CaptureVector]:
    return [
        _vector(f"{path.stem}: {table['name']}", table)
        for path in sorted(FOLDER.glob("*.toml"))
        for table in tomllib.loads(path.read_text("utf-8"))["capture"]
    ]


def play(data: bytes) -> list[Item]:
    """All that is told of a capture."""
    told = dissect(kit.capture(data), reopen=lambda: kit.capture(data))
    return [item for item in told if isinstance(item, Item)]


def transcript(items: list[Item]) -> list[str]:
    """One line an item."""
    lines = vectors.transcript(item.event for item in items)
    return [f"{item.connection.number}: {line}" for item, line in zip(items, lines, strict=True)]


def findings(items: list[Item]) -> list[Finding]:
    return vectors.findings(item.event for item in items)


def _vector(name: str, table: dict[str, Any]) -> CaptureVector:
    known = {"name", "why", "from", "to", "steps", "expect", "breaks", "keeps"}
    assert not table.keys() - known, f"{name}: {table.keys() - known}"
    return CaptureVector(
        name,
        table.get("why", ""),
        _capture(table),
        table["expect"].strip().splitlines(),
        frozenset(table.get("breaks", ())),
        frozenset(table.get("keeps", ())),
    )


def _capture(table: dict[str, Any]) -> bytes:
    """A pcapng file with a packet for each step; connections begin with their first."""
    talks: dict[int, kit.Talk] = {}
    packets: list[tuple[float, bytes]] = []
    keys: dict[int, str] = {}
    for number, row in enumerate(table["steps"], 1):
        on, time = row["on"], row.get("at", float(number))
        if on not in talks:
            client = table.get("from", {}).get(str(on), "10.0.0.1")
            server = table.get("to", {}).get(str(on), "10.0.0.2")
            talks[on] = kit.Talk((client, 50_000 + on), (server, 80))
            packets += [(time, packet) for packet in talks[on].hello()]
        step = _step(row, keys, time)
        if step.kind == "bytes":
            packets.append((time, talks[on].data(step.side == "client", step.value)))
        else:
            packets.append((time, talks[on].fin(step.side == "client")))
    blocks = [kit.enhanced(packet, time) for time, packet in packets]
    return kit.section() + kit.interface() + b"".join(blocks)


def _step(row: dict[str, Any], keys: dict[int, str], time: float) -> Step:
    if "asks" in row:
        keys[row["on"]] = row["asks"]
        return Step("bytes", "client", f"{REQUEST}\r\n".replace(KEY, row["asks"]).encode(), time)
    if "answers" in row:
        proof = base64.b64encode(hashlib.sha1(keys[row["on"]].encode() + GUID).digest()).decode()
        return Step("bytes", "server", f"{RESPONSE}\r\n".replace(ACCEPT, proof).encode(), time)
    return vectors.step(row, time)
