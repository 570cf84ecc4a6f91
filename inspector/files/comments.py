"""What our recorder notes beside the bytes: packet comments that read `ws101 {json}`.

On the first packet of a connection they are its facts (url, tls, ...), on a later one a note, on
the last one of a side what is known of its end: `{"end": null}` says that the manner is not.
Anybody can write such a comment, so nothing in it is believed to have a certain type.
"""

from __future__ import annotations

import json
from typing import Any

from inspector.files.events import Manner

type Facts = dict[str, Any]

OURS = "ws101 "


def facts_in(comments: tuple[str, ...]) -> Facts | None:
    """The object in the first comment of ours, None if there is none."""
    for comment in comments:
        if comment.startswith(OURS):
            try:
                facts = json.loads(comment.removeprefix(OURS))
            except (ValueError, RecursionError):
                continue
            if isinstance(facts, dict):
                return facts
    return None


def manner(facts: Facts | None, seen: Manner) -> Manner | None:
    """How a stream ended: as was seen, unless the recorder knows better, or that it can't know."""
    match facts:
        case {"end": "fin"}:
            return "fin"
        case {"end": "rst"}:
            return "rst"
        case {"end": _}:
            return None
    return seen


def by_proxy(facts: Facts | None) -> bool:
    """Whether the recorder says that no peer ended the stream: the proxy itself went away."""
    return facts is not None and facts.get("by") == "proxy"
