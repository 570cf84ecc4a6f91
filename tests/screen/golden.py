"""Golden pictures: what a view has to look like, as files that people read.

`WS101_REFRESH_GOLDEN=1 pytest tests/screen` writes them anew; look at the difference before you
keep it. In the coloured ones an escape character stands as ␛.
"""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).with_name("golden")
# Read on import: while tests run, the settings of whoever runs them are out of sight.
REFRESH = os.environ.get("WS101_REFRESH_GOLDEN") == "1"


def assert_golden(name: str, text: str) -> None:
    """Compare a text with the file of that name; on request write the file instead."""
    path = HERE / f"{name}.txt"
    seen = text.replace("\x1b", "␛")
    if REFRESH:
        path.write_text(seen, "utf-8")
    assert path.exists(), f"no {path.name}: look at it with WS101_REFRESH_GOLDEN=1"
    assert seen == path.read_text("utf-8")
