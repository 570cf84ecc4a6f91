"""A capture's events written as pcapng: the same bytes, ends, gaps and notes, in new packets.

The packets are those of `recorder`, so one file is written whatever the other was: IP and TCP
headers of our making, one packet a piece of data, times to the microsecond.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Final, NoReturn

from inspector.files.events import (
    CaptureEvent,
    Data,
    Ended,
    Fault,
    Finished,
    Forgotten,
    Gap,
    Noted,
    Opened,
)
from inspector.files.recorder import MAX_COMMENT, CaptureWriter, Stream

MAX_GAP: Final = 1 << 30
"""Bytes that a hole can have: TCP's numbers wrap, and a reader takes the nearest place."""


class PcapngCopy:
    """Take events, then `close`. Raises OSError where the file takes no more."""

    def __init__(self, fd: int) -> None:
        self.left_out: Counter[str] = Counter()
        self._writer = CaptureWriter(fd, on_loss=_give_up)
        self._streams: dict[int, Stream] = {}
        self._ended: dict[int, set[bool]] = {}
        self._time = 0.0

    def take(self, event: CaptureEvent) -> None:
        if isinstance(event, Fault | Finished):
            if isinstance(event, Finished):
                self._writer.lost_records += event.stats.dropped or 0
            return
        self._time = max(self._time, event.time)
        if isinstance(event, Opened):
            self._open(event)
            return
        stream = self._streams.get(event.connection_id)
        if stream is None:
            return
        match event:
            case Data(_, from_client, data, time):
                stream.data(from_client, data, time)
            case Gap():
                if event.size > MAX_GAP:
                    self.left_out["gaps longer than 1 GiB"] += 1
                stream.skip(event.from_client, min(event.size, MAX_GAP))
            case Ended():
                stream.end(event.from_client, event.time, by_proxy=event.by_proxy, how=event.how)
                self._end(event)
            case Noted():
                stream.data(event.from_client, b"", event.time, self._sayable(event.facts))
            case Forgotten():
                self._forget(event.connection_id)

    def close(self) -> None:
        """The end of the capture; connections that are open stay so."""
        self._writer.close(self._time)

    def _open(self, event: Opened) -> None:
        facts = self._sayable(event.facts or {})
        if event.midstream:
            facts = {**facts, "midstream": True}
        stream = self._writer.copy(event.client, event.server, facts, event.time)
        self._streams[event.connection_id] = stream
        self._ended[event.connection_id] = set()

    def _end(self, event: Ended) -> None:
        ended = self._ended[event.connection_id]
        ended.add(event.from_client)
        if len(ended) == 2 or event.how == "rst":
            self._forget(event.connection_id)

    def _forget(self, connection_id: int) -> None:
        del self._streams[connection_id], self._ended[connection_id]

    def _sayable(self, facts: Mapping[str, object]) -> Mapping[str, object]:
        """Facts that fit into a comment: a stranger's may be nothing that can be said."""
        try:
            if len(json.dumps(facts, allow_nan=False)) < MAX_COMMENT // 2:
                return facts
        except (ValueError, RecursionError):
            pass
        self.left_out["notes that no comment can hold"] += 1
        return {}


def _give_up(error: OSError) -> NoReturn:
    raise error
