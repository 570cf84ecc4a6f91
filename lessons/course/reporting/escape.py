"""Text made harmless, in the one place where the report does it: for HTML, and for Markdown.

What a report holds was said by a browser, a capture or an imported file, and may be a stranger's.
`safe` takes out what no page should have (control characters, text that runs backwards); then
everything that could be markup becomes letters.
"""

from __future__ import annotations

import re
from html import escape as entities

from inspector.core.safe import safe

_MARKUP = re.compile(r"[\\`*_\[\]~|$]")
_LINE_START = re.compile(r"^\s*(?:[#+\-=]|\d{1,9}(?=[.)](?:\s|$)))")
_ADDRESS = re.compile(r"://|(?<=www)\.", re.IGNORECASE)
_TICKS = re.compile(r"`+")


def for_html(text: str) -> str:
    """Text for an element or a quoted attribute."""
    return entities(safe(text), quote=True)


def for_markdown(text: str) -> str:
    """Text for a paragraph, a list's item or a cell. Addresses are no links: nobody but we says
    where a reader goes."""
    told = _MARKUP.sub(r"\\\g<0>", safe(text))
    told = told.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _ADDRESS.sub(lambda found: found[0].replace("/", "\\/").replace(".", "\\."), told)


def paragraph_for_markdown(written: str) -> str:
    """Escaped text that begins a paragraph or an item: it begins no heading, list or rule."""

    def as_letters(found: re.Match[str]) -> str:
        start = found[0].strip()
        return f"{start}\\" if start.isdecimal() else f"\\{start}"

    return _LINE_START.sub(as_letters, written.replace("\n", " ").strip())


def code_for_markdown(text: str) -> str:
    """Text as a code span, whatever backticks are in it; a cell's border stays one."""
    told = safe(text).replace("|", "¦")
    longest = max((len(run) for run in _TICKS.findall(told)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if told.startswith("`") or told.endswith("`") or not told.strip() else ""
    return f"{fence}{pad}{told}{pad}{fence}"
