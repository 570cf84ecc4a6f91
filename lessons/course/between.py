"""A stock mitmproxy in front of the tap, and one more tap in front of that: the two legs of a
connection that goes through a proxy, both recorded.

    browser -> near tap -> mitmdump -> the session's tap -> demo app
            leg A                   leg B

`mitmdump` runs with nothing of ours in it, nor of the learner's: a settings folder of its own. It
hears on loopback, and on the same port when it is started again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from lessons.course.process import Child, StartFailed

_TAP_READY: Final = r"ws101 proxy listening on (http://\S+)"
_STOCK_READY: Final = r"listening at \*?:?(127\.0\.0\.1:\d+)"


def start_tap(to: str, port: int, capture: Path, env: Mapping[str, str]) -> tuple[Child, str]:
    """A tap in front of the address `to`, at `port` if that is free, and where it is found. Raises
    `StartFailed`."""
    tap = Child(
        "proxy", "--to", to, "--listen", f"127.0.0.1:{port}",
        "--http", "--quiet", "-o", str(capture), env=env,
    )  # fmt: skip
    try:
        return tap, tap.ready(_TAP_READY)[1]
    except BaseException as fault:  # an interrupt, too, must not leave it behind
        tap.end()
        if not (port and isinstance(fault, StartFailed) and "is taken" in str(fault)):
            raise
    return start_tap(to, 0, capture, env)


class Between:
    """The two processes between the learner's browser and the session's tap."""

    def __init__(self, scratch: Path, env: Mapping[str, str]) -> None:
        self.url = ""
        """Where the page is found behind the proxy."""
        self.capture = Path()
        """What the near tap records: leg A."""
        self._scratch = scratch
        self._env = env
        self._stock: Child | None = None
        self._stock_url = "http://127.0.0.1:0"
        self._tap: Child | None = None

    def start(self, page: str, capture: Path, port: int, options: Sequence[str]) -> None:
        """Stand in front of `page`, at `port` if that is free. Raises `StartFailed`."""
        self.capture = capture
        self.start_stock(page, options)
        self._tap, self.url = start_tap(self._stock_url, port, capture, self._env)

    def start_stock(self, page: str, options: Sequence[str]) -> None:
        """Start the proxy, or start it again with other settings (`keep_host_header=true`)."""
        if self._stock:
            self._stock.end()
        folder = self._scratch / "stock"
        folder.mkdir(mode=0o700, exist_ok=True)
        set_to = [f"confdir={folder}", "flow_detail=0", *options]
        self._stock = Child(
            "stock", "--mode", f"reverse:{page}", "--listen-host", "127.0.0.1",
            "--listen-port", str(urlsplit(self._stock_url).port),
            *(word for each in set_to for word in ("--set", each)), env=self._env,
        )  # fmt: skip
        self._stock_url = f"http://{self._stock.ready(_STOCK_READY)[1]}"

    @property
    def ended(self) -> Child | None:
        """One that ended by itself."""
        both = (self._tap, self._stock)
        return next((c for c in both if c and c.exit_code is not None and not c.expected_end), None)

    def end(self) -> None:
        for child in (self._tap, self._stock):
            if child:
                child.end()
