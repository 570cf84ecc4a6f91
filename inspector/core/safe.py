"""Text of strangers, made safe to show.

Payloads, headers, close reasons, URLs and file names come from whoever sent them, and a terminal
obeys control characters: it can be made to rename its window, to type commands, to show text
backwards. Here, and only here, such characters become visible, harmless ones. What comes out holds
no control character, no C1, no bidi or invisible formatting, no surrogate; it is one line.
"""

import unicodedata
from typing import Final

_PICTURES: Final = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}
"""The Unicode pictures of the C0 control characters: ESC becomes one visible character."""

_UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control, format (bidi, zero width), surrogate, private, unassigned, line, paragraph."""

_INVISIBLE: Final = frozenset(
    [
        *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0),
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE0F),
        *range(0xE0100, 0xE01F0),
    ]
)
"""Letters and marks without a shape, in which text can hide: fillers and variation selectors.

U+FE0F is not among them: it makes an emoji of the sign before it, every day.
"""


def safe(text: str, limit: int | None = None) -> str:
    """`text` as one line without anything a terminal would obey; at most `limit` characters."""
    if limit is not None:
        text = text[: limit + 1]
    shown = text if text.isascii() and text.isprintable() else "".join(map(_visible, text))
    if limit is None or len(shown) <= limit:
        return shown
    return (shown[: max(0, limit - 1)] + "…")[:limit]


def _visible(character: str) -> str:
    code = ord(character)
    if code in _PICTURES:
        return _PICTURES[code]
    if unicodedata.category(character) in _UNSAFE_CATEGORIES or code in _INVISIBLE:
        return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return character


def safe_bytes(data: bytes, limit: int | None = None) -> str:
    """Bytes that are meant as text: UTF-8 where they are, `\\xNN` where they are not."""
    if limit is not None:
        data = data[: (limit + 1) * 4]
    return safe(data.decode("utf-8", "backslashreplace"), limit)


def quoted(text: str, limit: int = 80) -> str:
    """`text` in quotes and escaped, as a finding's words name it; `limit` characters of it."""
    return repr(text) if len(text) <= limit else f"{text[:limit]!r}…"
