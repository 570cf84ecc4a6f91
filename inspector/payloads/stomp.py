"""STOMP: a command, headers, an empty line, a body up to a NUL. A line feed alone: a heartbeat."""

import re
from typing import Final

from inspector.payloads.json_text import lay_out
from inspector.payloads.view import Guess, Hints, Shown, View, shown, text_of

COMMANDS: Final = {
    "CONNECT": "the client begins",
    "STOMP": "the client begins",
    "CONNECTED": "the server agrees",
    "SEND": "a message to a destination",
    "SUBSCRIBE": "messages of a destination are wanted",
    "UNSUBSCRIBE": "no more of them",
    "ACK": "a message was taken",
    "NACK": "a message was not taken",
    "BEGIN": "a transaction begins",
    "COMMIT": "a transaction holds",
    "ABORT": "a transaction is void",
    "DISCONNECT": "the client ends",
    "MESSAGE": "a message of a destination",
    "RECEIPT": "the server has done as it was told",
    "ERROR": "something went wrong",
}
_HEAD_ENDS: Final = re.compile(r"\n\r?\n")
_LIKELY: Final = re.compile(rb"(?:%b)\r?\n" % "|".join(COMMANDS).encode())
_ESCAPES: Final = {"\\n": "\n", "\\c": ":", "\\\\": "\\", "\\r": "\r"}


def _guess(data: bytes, hints: Hints) -> Guess | None:
    named = "stomp" in hints.subprotocol.lower()
    if named and (not data.strip(b"\r\n") or data[:1].isupper()):
        return Guess(90, f"the subprotocol is {hints.subprotocol}")
    if _LIKELY.match(data) and data.rstrip(b"\r\n")[-1:] == b"\0":
        return Guess(70, "begins with a command of STOMP, and ends in a NUL")
    return None


def _view(data: bytes, hints: Hints) -> Shown | None:
    text = text_of(data)
    if text is None:
        return None
    if not text.strip("\r\n"):
        return shown("STOMP heartbeat: a line feed alone") if text else None
    ends = _HEAD_ENDS.search(text)
    body, nul, rest = text[ends.end() :].partition("\0") if ends else ("", "", "")
    if ends is None or not nul or rest.strip("\r\n"):
        return None
    command, _, headers = text[: ends.start()].partition("\n")
    command = command.rstrip("\r")
    if command not in COMMANDS:
        return None
    facts = [("command", f"{command}: {COMMANDS[command]}")]
    for line in headers.splitlines()[:50]:
        name, _, value = line.partition(":")
        facts.append((_unescaped(name), _unescaped(value)))
    layout = lay_out(body)
    lines = layout.lines if layout else body.split("\n") if body else []
    return shown(f"STOMP {command}", facts, lines, layout.notes if layout else ())


def _unescaped(text: str) -> str:
    return re.sub(r"\\[nrc\\]", lambda found: _ESCAPES[found[0]], text)


STOMP: Final = View("STOMP", _guess, _view)
