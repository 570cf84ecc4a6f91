"""A capture, read item by item: to its end, or while it grows, in a thread of its own."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from inspector.core.rfc import Side
from inspector.files.capture import CannotOpen, CaptureEvent, Data, Fault, Finished, open_capture
from inspector.files.dissect import Item, dissect
from lessons.course.traffic import Read

type Told = tuple[Path, Item | Fault | Finished, dict[int, list[Read]]]
"""Which capture, what it tells, and the reads of all its TCP connections so far."""


def read_capture(
    path: Path, *, follow: bool = False, stop: threading.Event | None = None
) -> Iterator[Told]:
    """A capture item by item, and with each the reads of all TCP connections so far."""
    reads: dict[int, list[Read]] = {}

    def noting(events: Iterable[CaptureEvent]) -> Iterator[CaptureEvent]:
        for event in events:
            if isinstance(event, Data):
                side: Side = "client" if event.from_client else "server"
                read = Read(side, event.data, event.time)
                reads.setdefault(event.connection_id, []).append(read)
            yield event

    try:
        with open_capture(str(path), follow=follow, stop=stop) as capture:
            for item in dissect(noting(capture), settle=not follow):
                if not (isinstance(item, Fault) and item.cut):  # cut is "not yet", or was killed
                    yield path, item, reads
    except CannotOpen as fault:
        yield path, Fault(0, str(fault)), reads


class Follower:
    """Reads growing captures, each in a thread of its own; `drain` hands over what they have read.

    `wake` is a descriptor that becomes readable when there is something new, for `select`.
    """

    def __init__(self, *paths: Path) -> None:
        self.wake, self._bell = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(self._bell, False)
        self._told: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(path,), daemon=True) for path in paths
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, path: Path) -> None:
        try:
            for told in read_capture(path, follow=True, stop=self._stop):
                self._told.put(told)
                self._ring()
        except Exception as fault:  # ours, and the lesson has to say so instead of waiting for ever
            self._told.put((path, Fault(0, f"reading it broke off: {fault!r}"), {}))
            self._ring()

    def _ring(self) -> None:
        with suppress(BlockingIOError):  # it is ringing already
            os.write(self._bell, b"!")

    def drain(self) -> list[Told]:
        """Everything new since the last call."""
        with suppress(BlockingIOError):
            while os.read(self.wake, 4096):
                pass
        told = []
        while True:
            try:
                told.append(self._told.get_nowait())
            except queue.Empty:
                return told

    def close(self, patience: float = 5.0) -> list[Told]:
        """Read to the present end of the files, and stop; the last of what there was."""
        self._stop.set()
        for thread in self._threads:
            thread.join(patience)
        told = self.drain()
        if not any(thread.is_alive() for thread in self._threads):
            os.close(self.wake)
            os.close(self._bell)
        return told
