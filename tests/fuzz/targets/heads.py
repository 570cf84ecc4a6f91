"""Heads and what they agree on: request, an empty line's worth of zeros, response."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.core.explain import explain
from inspector.core.handshake import negotiated, parse_extensions, verify_accept
from inspector.core.heads import head_length, parse_head
from inspector.core.rfc import SIDES
from tests.core.vectors import load

BETWEEN = b"\0\0"
LONGEST = 3000


def check(data: bytes) -> None:
    parts = data.split(BETWEEN, 1)
    heads = [parse_head(part) for part in parts]
    for part, head in zip(parts, heads, strict=True):
        size = head_length(part)
        assert size is None or 0 < size <= len(part)
        assert head.raw == part
        extensions, faults = parse_extensions(head)
        for at in [*(e.offset for e in extensions), *(fault.offset for fault in faults)]:
            assert 0 <= at < len(part)
        agreed = negotiated(head).deflate
        for side in SIDES if agreed else ():
            assert 8 <= agreed[side].window_bits <= 15
    verify_accept(heads[0], heads[-1])
    told = explain(data.replace(BETWEEN, b"", 1))
    assert b"".join(part.wire for part in told) == data.replace(BETWEEN, b"", 1)


def seeds() -> Iterator[bytes]:
    for vector in load():
        heads: dict[str, bytes] = {"client": b"", "server": b""}
        for step in [*vector.handshake, *vector.steps]:
            if step.kind == "bytes":
                heads[step.side] += step.value
        data = heads["client"] + BETWEEN + heads["server"]
        if len(data) <= LONGEST and not vector.handshake:
            yield data
    offers = ("", 'permessage-deflate; server_max_window_bits="10", x-y; a = "\\"b"', ",, ;=")
    for offer in offers:
        yield f"GET / HTTP/1.1\r\nSec-WebSocket-Extensions: {offer}\r\n\r\n".encode()
