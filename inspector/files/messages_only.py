"""What a file of messages leaves out of a capture, counted: for HAR files and mitmproxy's flows."""

from __future__ import annotations

from collections import Counter
from typing import Final

from inspector.core.events import Ended, Framed, Messaged
from inspector.core.frames import Raw
from inspector.core.http1 import Exchange
from inspector.files.dissect import Item

CONTROL: Final = {8: "Close frames", 9: "Pings", 10: "Pongs"}


class LeftOut:
    """Look at every item, then ask for `counted`."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()

    def look(self, item: Item) -> None:
        counted = self.counted
        match item.event:
            case Framed(frame=frame):
                if frame.opcode in CONTROL:
                    counted[CONTROL[frame.opcode]] += 1
                elif not frame.complete or frame.opcode > 2:
                    counted["frames that are no message"] += 1
                else:
                    counted["frames' boundaries"] += 1
                counted["masking keys"] += frame.masking_key is not None
            case Messaged(message=message):
                counted["frames' boundaries"] -= len(message.frames) == 1
                counted["compressed forms of messages"] += message.compressed
            case Raw(data=data):
                counted["bytes that are in no frame"] += len(data)
            case Ended():
                counted["ends of TCP directions"] += 1
            case Exchange():
                counted["bodies of plain HTTP exchanges"] += 1

    @property
    def words(self) -> Counter[str]:
        """What there was of it."""
        return Counter({what: many for what, many in self.counted.items() if many > 0})
