"""What no view may ever write to a terminal, whatever peers sent."""

from __future__ import annotations

import re
import unicodedata

from rich.cells import cell_len

SGR = re.compile(r"\x1b\[[0-9;]*m")


def assert_harmless(text: str, width: int, *, colour: bool = False) -> None:
    """No control, format or surrogate code point but line feeds (and colours); no line too wide."""
    if colour:
        text = SGR.sub("", text)
    for character in set(text) - {"\n"}:
        category = unicodedata.category(character)
        assert category not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}, f"{ord(character):04x}"
    for line in text.split("\n"):
        assert cell_len(line) <= width, line
