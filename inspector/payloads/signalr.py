"""SignalR's JSON protocol: pieces of JSON, each ended by the record separator, 1e."""

from typing import Final

from inspector.payloads.json_text import lay_out, parsed
from inspector.payloads.view import Guess, Hints, Shown, View, shown, text_of

SEPARATOR: Final = "\x1e"
MOST: Final = 100
"""Records of one message that are told."""
TYPES: Final = {
    1: "invocation",
    2: "item of a stream",
    3: "completion",
    4: "invocation of a stream",
    5: "cancellation",
    6: "ping",
    7: "close",
    8: "acknowledgement",
    9: "sequence",
}


def _guess(data: bytes, hints: Hints) -> Guess | None:
    if hints.kind == "text" and data[:1] == b"{" and data[-1:] == SEPARATOR.encode():
        return Guess(75, "JSON that ends in the record separator, 1e")
    return None


def _view(data: bytes, hints: Hints) -> Shown | None:
    text = text_of(data)
    if text is None or not text.endswith(SEPARATOR):
        return None
    records = text[:-1].split(SEPARATOR)
    facts: list[tuple[str, str]] = []
    lines: list[str] = []
    notes: list[str] = []
    for number, record in enumerate(records[:MOST], 1):
        layout = lay_out(record)
        if layout is None:
            return None
        facts.append((f"record {number}" if len(records) > 1 else "record", _words(record)))
        lines += layout.lines
        notes += [note for note in layout.notes if note not in notes]
    what = "SignalR" if len(records) == 1 else f"SignalR, {len(records)} records"
    return shown(what, facts, lines, notes)


def _words(record: str) -> str:
    value = parsed(record)
    if not isinstance(value, dict):
        return "no object"
    if "protocol" in value:
        return f"handshake: protocol {value['protocol']}, version {value.get('version')}"
    kind = value.get("type")
    if not isinstance(kind, int):
        return "answer to the handshake" if not value or "error" in value else "without a type"
    words = TYPES.get(kind, "a type not known here")
    target = f" of {value['target']}" if "target" in value else ""
    asked = f", number {value['invocationId']}" if "invocationId" in value else ""
    return f"type {kind}, {words}{target}{asked}"


SIGNALR: Final = View("SignalR", _guess, _view)
