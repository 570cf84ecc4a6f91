"""What somebody pastes to be explained: bytes of it, or one line on why there are none."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

from inspector.commands.pasted import NotBytes, read_bytes, read_pasted
from inspector.core.explain import explain
from inspector.core.rfc import SIDES
from tests.core.vectors import load

LONGEST = 1500


def check(data: bytes) -> None:
    tiled(data)
    for read, given in ((read_bytes, data), (read_pasted, data.decode("utf-8", "replace"))):
        try:
            pasted = read(given)  # type: ignore[operator]
        except NotBytes as error:
            refused(str(error))
        else:
            tiled(pasted.data)


def refused(words: str) -> None:
    assert words
    assert words.isprintable(), words


def tiled(data: bytes) -> None:
    """The fields cover every bit, each once."""
    side = (*SIDES, None)[len(data) % 3]
    at = 0
    for part in explain(data, side):
        for field in part.fields:
            assert field.bits[0] == at < field.bits[1]
            at = field.bits[1]
    assert at == len(data) * 8


def seeds() -> Iterator[bytes]:
    for vector in load():
        for step in vector.steps:
            if step.kind == "bytes" and len(step.value) <= 200:
                yield step.value
                yield step.value.hex(" ").encode()
                yield b64encode(step.value)
                yield "".join(f"\\x{octet:02x}" for octet in step.value).encode()
    lines = b"0000   81 85 37 fa 21 3d 7f 9f 4d 51 58 00 00 00 00 00   ..7.!=..MQX.....\n0010   0a"
    yield lines
