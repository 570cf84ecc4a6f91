"""The title of a picture fits into the screen, whatever it names."""

from __future__ import annotations

import pytest

from inspector.core.explain import explain
from inspector.core.frames import encode_frame
from inspector.screen.picture import picture
from tests.screen.harm import assert_harmless
from tests.screen.specimens import response


@pytest.mark.parametrize("width", [40, 41, 56, 80])
@pytest.mark.parametrize(
    ("data", "name", "way"),
    [
        (response(), "connection 1, response", "server -> client"),
        (encode_frame(0), "frame 123456", "server -> client"),
    ],
)
def test_a_title_fits(data: bytes, name: str, way: str, width: int) -> None:
    (part,) = explain(data, "server")
    text = "".join(f"{line.plain}\n" for line in picture(part, width, name=name))
    assert_harmless(text, width)
    title = " ".join(text.partition("\n\n")[0].split())
    assert title.startswith(f"{name} {way}")
