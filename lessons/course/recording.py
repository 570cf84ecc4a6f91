"""What is captured of one run: the tap in front of the demo app, in front of that a stock mitmproxy
and a second tap where a lesson has them (between.py), the files that they write, and the evidence
that is read from these while they grow.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from lessons.course.between import Between, start_tap
from lessons.course.child import SCRATCH
from lessons.course.evidence import Evidence
from lessons.course.follower import Follower
from lessons.course.home import Home, HomeError
from lessons.course.model import Lesson
from lessons.course.process import Child, starting

_COMPLAINT = r"capture is incomplete: [^:]+"


class Recording:
    """Captures of one run of a lesson: those of before, and the one that is being written."""

    def __init__(
        self, lesson: Lesson, home: Home, *, port: int, earlier: Sequence[Path], by_script: bool
    ) -> None:
        """`port` is wanted for the page; `earlier` are captures of the same run of the lesson."""
        self.page = ""
        self.capture = Path()
        self.between: Between | None = None
        self.told: list[str] = []
        """What the learner should know of, a line each; who tells it empties it."""
        self._lesson, self._home = lesson, home
        self._wanted_port, self._by_script = port, by_script
        self._earlier = tuple(earlier)
        self._evidence = Evidence.read(*earlier)
        self._scratch = Path()
        self._to = ""
        self._settings: Sequence[str] = ()
        self._tap: Child | None = None
        self._follower: Follower | None = None

    # The processes

    def start(self, to: str, scratch: Path, settings: Sequence[str] | None) -> None:
        """Record what goes to the address `to`. `settings` are those of the stock mitmproxy in
        front, None if there is to be none. Raises `SessionFailed`."""
        self._to, self._scratch = to, scratch
        if settings is not None:
            self._settings = settings
            self.between = Between(scratch, self._env)
        self._start_tap(self._wanted_port)

    @property
    def _env(self) -> dict[str, str]:
        return {"WS101_HOME": str(self._scratch), SCRATCH: str(self._scratch)}

    def _start_tap(self, port: int) -> None:
        self.capture = self._new_capture()
        with starting("the tap does not start"):
            self._tap, self.page = start_tap(self._to, port, self.capture, self._env)
        if port and urlsplit(self.page).port != port:
            self.told.append(
                f"port {port} is taken (another ws101 learn?): this run is at {self.page}"
            )
        if self.between:
            self._start_between(self.between)
        self._follower = Follower(*self._own)

    def _start_between(self, between: Between) -> None:
        """The proxy of a lesson that has one, and the tap in front of it."""
        port = urlsplit(between.url).port or (self._wanted_port and self._wanted_port + 1)
        with starting("the proxy does not start"):
            between.start(self.page, self._new_capture("near"), port, self._settings)

    def set_proxy(self, settings: Sequence[str]) -> None:
        """Start the stock mitmproxy again, with these settings."""
        assert self.between, "the lesson's experiment.py has no PROXIED = True"
        self._settings = settings
        with starting("the proxy does not start again"):
            self.between.start_stock(self.page, settings)

    @property
    def gone(self) -> tuple[str, Child] | None:
        """What records or stands in between, and ended by itself: its name, and it."""
        if self._tap and self._tap.exit_code is not None and not self._tap.expected_end:
            return "tap", self._tap
        if self.between and (child := self.between.ended):
            return ("tap" if child.role == "proxy" else "proxy"), child
        return None

    def go_on(self) -> None:
        """Start anew in the place of what is gone, with a new file."""
        self.end()
        self._earlier = self.captures
        self._start_tap(urlsplit(self.page).port or 0)

    def complaints(self) -> list[str]:
        """Why the capture has a hole, if it has one."""
        return self._tap.complaints(_COMPLAINT) if self._tap else []

    def end(self) -> None:
        """The capture is finished, and read to its end."""
        if self.between:
            self.between.end()
        if self._tap:
            self._tap.end()
        if self._follower:
            for told in self._follower.close():
                self._evidence.take(told)
            self._follower = None

    # The files

    def _new_capture(self, leg: str = "") -> Path:
        try:
            return self._home.new_capture(self._lesson, by_script=self._by_script, leg=leg)
        except HomeError as fault:
            self.told.append(f"this run's capture is not kept: {fault}")
            return self._scratch / f"{self._lesson.slug}{leg}.pcapng"

    @property
    def captures(self) -> tuple[Path, ...]:
        """The captures of this run of the lesson, oldest first."""
        return (*self._earlier, *(self._own or (self.capture,)))

    @property
    def _own(self) -> tuple[Path, ...]:
        """Those that are being written."""
        both = (self.capture, self.between.capture if self.between else Path())
        return tuple(path for path in both if path != Path())

    @property
    def kept(self) -> tuple[Path, ...]:
        """Those that hold bytes and will be there when the session has ended."""
        files, scratch = self.evidence().files, self._scratch
        return tuple(p for p in self.captures if p in files and not p.is_relative_to(scratch))

    def forget_empty(self) -> None:
        """A capture with nothing in it is of no use to anybody."""
        for capture in self._own:
            if capture not in self._evidence.files:
                with suppress(OSError):
                    capture.unlink()

    # What is in them

    @property
    def wake(self) -> int | None:
        """A descriptor that is readable when something new was captured."""
        return self._follower.wake if self._follower else None

    def evidence(self) -> Evidence:
        """Everything captured so far in this run of the lesson; the same object each time."""
        if self._follower:
            for told in self._follower.drain():
                self._evidence.take(told)
        return self._evidence
