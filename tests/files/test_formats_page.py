"""docs/capture-format.md lists the formats that the code knows."""

from __future__ import annotations

import re

from inspector.files.capture import FORMATS
from inspector.files.targets import TARGETS
from tests.house.tree import ROOT

ROW = re.compile(r"^\| `(\w+)` \|([^|]*)\| (yes|no) \| (yes|no) \|", re.MULTILINE)


def test_the_page_lists_what_is_read_and_written() -> None:
    rows = ROW.findall((ROOT / "docs" / "capture-format.md").read_text("utf-8"))
    assert {name for name, _, read, _ in rows if read == "yes"} == {kind.name for kind in FORMATS}
    written = {
        name: tuple(re.findall(r"`(\.\w+)`", extensions))
        for name, extensions, _, write in rows
        if write == "yes"
    }
    assert written == {target.name: target.extensions for target in TARGETS}
