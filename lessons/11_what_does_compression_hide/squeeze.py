"""What page, server and script of this lesson say to each other."""

from __future__ import annotations

from typing import Final

PATH: Final = "/ws/squeeze"
FORGETS: Final = f"{PATH}/forgets"

HELLO: Final = "hello"
SENTENCE: Final = "A WebSocket stays open, and both sides may speak whenever they like."
PIECES: Final = "One message, compressed as a whole, and then cut into three frames for the way."
PLAIN: Final = "This one was not worth the trouble."
ASK_PIECES: Final = "three frames, please"
ASK_ZEROS: Final = "zeros, please"
ZEROS: Final = 5_000_000
GUESS: Final = "guess "
HEARD: Final = "heard "
ANIMALS: Final = ("camel", "koala", "otter", "panda", "tiger", "zebra")
SIZE: Final = 1000
"""Bytes of each of the four kinds that are sent."""


def answer(secret: str, guess: str) -> str:
    """What the server says to a guess: something secret beside something of the guesser's."""
    return f"Your secret animal is the {secret}. You asked about the {guess}."
