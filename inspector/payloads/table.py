"""The views, and the one question that is asked of them: what is in this message?

All are asked for a guess; the surest looks first, and one that was wrong makes room for the next.
A view that fails, fails alone: that is said, and the bytes stand where they stood. Whoever shows
the answer shows that it is a guess, and why.
"""

from dataclasses import dataclass
from typing import Final

from inspector.payloads.engine_io import ENGINE_IO
from inspector.payloads.graphql_ws import GRAPHQL
from inspector.payloads.json_text import JSON
from inspector.payloads.message_pack import MESSAGE_PACK
from inspector.payloads.mqtt import MQTT
from inspector.payloads.signalr import SIGNALR
from inspector.payloads.socket_io import SOCKET_IO
from inspector.payloads.stomp import STOMP
from inspector.payloads.view import MAX_VIEWED, Guess, Hints, Shown, View

VIEWS: Final[tuple[View, ...]] = (
    JSON,
    MESSAGE_PACK,
    SOCKET_IO,
    ENGINE_IO,
    GRAPHQL,
    SIGNALR,
    STOMP,
    MQTT,
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a view made of a message: `view` is its name, `why` what made it guess so."""

    view: str
    why: str
    confidence: int
    shown: Shown


@dataclass(frozen=True, slots=True)
class Answer:
    """The view that fits, if one does, and which ones failed by a fault of their own."""

    decoded: Decoded | None
    failed: tuple[str, ...] = ()


def look(data: bytes, hints: Hints, views: tuple[View, ...] = VIEWS) -> Answer:
    """What is in a message of an application. Never raises, whatever the views do."""
    if not data or len(data) > MAX_VIEWED:
        return Answer(None)
    failed: list[str] = []
    guesses: list[tuple[Guess, View]] = []
    for view in views:
        try:
            guess = view.guess(data, hints)
        except Exception as error:
            failed.append(f"{view.name}: {type(error).__name__}")
            continue
        if guess is not None:
            guesses.append((guess, view))
    for guess, view in sorted(guesses, key=lambda each: -each[0].confidence):
        try:
            shown = view.view(data, hints)
        except Exception as error:
            failed.append(f"{view.name}: {type(error).__name__}")
            continue
        if shown is not None:
            decoded = Decoded(view.name, guess.why, guess.confidence, shown)
            return Answer(decoded, tuple(failed))
    return Answer(None, tuple(failed))
