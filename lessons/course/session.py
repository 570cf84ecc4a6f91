"""One run of a lesson on the wire: the demo app, the tap in front of it, the capture, the scripts.

    with Session(lesson, home) as session:
        session.page                        # http://127.0.0.1:8101, through the tap
        session.evidence()                  # everything captured so far
        with session.client("/ws/chat") as ws: ...

Both servers are processes of their own on loopback (see child.py), so that a lesson may kill one,
and none outlives the runner. What goes wrong on the way is mended where it can be and told by
`heal`, one line each; only what can't be mended is a `SessionFailed`.
"""

from __future__ import annotations

import re
import secrets
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from lessons.course.browser import find_chromium
from lessons.course.child import SCRATCH
from lessons.course.client import Client
from lessons.course.course import experiment_of
from lessons.course.evidence import Evidence
from lessons.course.home import Home
from lessons.course.model import Lesson, Missing, Unavailable
from lessons.course.process import Child, SessionFailed, StartFailed, starting
from lessons.course.recording import Recording
from lessons.course.stores import Stores
from lessons.course.wire import Answer, HttpClient, ScriptFailed
from lessons.course.workers import Workers

PAGE_PORT = 8101
"""Where the learner's page is found, if nobody else is there."""
PATIENCE = 10.0
SETTINGS = "proxy settings"
"""The note under which a lesson's proxy finds its settings again."""
MENDS = 5
"""How often a server that dies by itself is started again."""

_SWITCH = re.compile(r"[a-z_]+=(true|false)")
_DEMO_READY = r"ws101 demo listening on (http://\S+)"
_BROWSER_READY = r"ws101 browser started"


class Closable(Protocol):
    def close(self) -> object: ...


class Session:
    """Demo app, tap and capture of one lesson, for as long as the `with` lasts."""

    def __init__(
        self,
        lesson: Lesson,
        home: Home,
        *,
        port: int = 0,
        earlier: tuple[Path, ...] = (),
        notes: dict[str, Any] | None = None,
        by_script: bool = False,
    ) -> None:
        """`port` is the page's, 0 for any; `earlier` are captures of the same run of the lesson."""
        self.lesson = lesson
        self.home = home
        self.demo_url = ""
        self.notes: dict[str, Any] = {} if notes is None else notes
        """JSON values that outlive quitting."""
        if not earlier:  # taken anew: its proxy is as it comes
            self.notes.pop(SETTINGS, None)
        self.state: dict[str, Any] = {}
        """Anything, until the lesson is quit."""
        self.scratch = Path()
        """A folder that is gone when the session ends."""
        self.recording = Recording(lesson, home, port=port, earlier=earlier, by_script=by_script)
        """The tap and what it captured; see below for what lessons use of it."""
        self._secret = secrets.token_hex(32)
        self._demo: Child | None = None
        self.workers = Workers(self._run_demo)
        """Several servers behind one address, once `share` was called."""
        self.stores: Stores | None = None
        """Private database servers; none runs before it is needed."""
        self._kept: list[Closable] = []
        self._mended = 0
        self._faults_told = 0

    # From start to end

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start both servers. Raises `SessionFailed`."""
        self.scratch = Path(tempfile.mkdtemp(prefix="ws101-"))
        self.stores = Stores(self.scratch, {SCRATCH: str(self.scratch)})
        self._start_servers()
        settings = switches(self.notes) if is_proxied(self.lesson) else None
        self.recording.start(self.demo_url, self.scratch, settings)

    def _start_servers(self) -> None:
        """As the lesson's experiment has it (`serve`), else one demo app."""
        getattr(experiment_of(self.lesson), "serve", Session.start_demo)(self)

    def close(self) -> None:
        """End everything that was started, in order; the capture is finished."""
        for thing in reversed(self._kept):
            with suppress(OSError, ScriptFailed):
                thing.close()
        self._kept.clear()
        self.recording.end()
        if self._demo:
            self._demo.end()
        self.workers.close()
        if self.stores:
            self.stores.close()
        if self.scratch != Path():
            shutil.rmtree(self.scratch, ignore_errors=True)
        self.recording.forget_empty()

    @property
    def folder(self) -> Path:
        """The learner's own folder of this lesson."""
        return self.home.folder(self.lesson)

    @property
    def chromium(self) -> str | None:
        return find_chromium()

    # The servers

    def start_demo(self) -> None:
        """Start the demo app; on the same port as before, if it was there before."""
        port = urlsplit(self.demo_url).port or 0
        self._demo, self.demo_url = self._run_demo(port, {})

    def _run_demo(self, port: int, settings: dict[str, str]) -> tuple[Child, str]:
        env = settings | {"WS101_LAB_FOLDER": str(self.folder), SCRATCH: str(self.scratch)}
        env["WS101_LAB_KEY"] = self._secret
        if self.stores:
            addresses = self.stores.addresses()
            env |= {f"WS101_LAB_{name.upper()}": where for name, where in addresses.items()}
        demo = Child("demo", str(port), str(self.lesson.folder), env=env)
        with starting("the demo app does not start"):
            return demo, demo.ready(_DEMO_READY)[1]

    def share(self, *names: str, bus: str = "") -> None:
        """In the demo app's place, at its address: a server of each name, and a balancer before
        them. `bus` is a Redis that joins their rooms. Called again, it starts them anew."""
        if self._demo:
            self._demo.end()
            self._demo = None
        with starting("the balancer does not start"):
            self.demo_url = self.workers.share(names, bus, self.demo_url)

    def stop_demo(self) -> None:
        """End the demo app: it says goodbye (1001) to everyone."""
        if self._demo:
            self._demo.end()

    def kill_demo(self) -> None:
        """End the demo app without a word, as a crash does (SIGKILL)."""
        if self._demo:
            self._demo.end(signal.SIGKILL)

    def restart_demo(self) -> None:
        """End the demo app and start it again, at the same address."""
        self.stop_demo()
        self.start_demo()

    @property
    def demo_pid(self) -> int | None:
        return self._demo.pid if self._demo and self._demo.exit_code is None else None

    def redis(self) -> str:
        """The address (a URL) of a private Redis, started when first asked for. Raises
        `Unavailable` where none is installed."""
        return self.store("redis")

    def postgres(self) -> str:
        """The address (for `psycopg.connect`) of a private PostgreSQL, likewise."""
        return self.store("postgres")

    def store(self, name: str) -> str:
        assert self.stores, "the session was not started"
        return self.stores.ask(name)

    def set_proxy(self, *settings: str) -> None:
        """Start the proxy of a lesson that is `PROXIED` again, with these settings, and keep to
        them (`notes`)."""
        self.notes[SETTINGS] = list(settings)
        self.recording.set_proxy(settings)

    def heal(self) -> list[str]:
        """Mend what broke by itself; a line for each thing that the learner should know.

        Raises `SessionFailed` when it breaks again and again.
        """
        told, self.recording.told = self.recording.told, []
        if self._demo and self._demo.exit_code is not None and not self._demo.expected_end:
            self._count_mend(f"the demo app ended ({_ending(self._demo)})")
            self.restart_demo()
            told.append("the demo app had ended by itself; it was started again: reload the page")
        if gone := self.recording.gone:
            what, child = gone
            self._count_mend(f"the {what} ended ({_ending(child)})")
            self.recording.go_on()
            told.append(f"the {what} had ended by itself; it was started again: reload the page")
        told += [
            f"the {words}: make room for it, then reload the page"
            for words in self.recording.complaints()
        ]
        told += self._heal_workers()
        told += self.stores.heal() if self.stores else []
        faults = self.evidence().faults
        told += faults[self._faults_told :]
        self._faults_told = len(faults)
        return told

    def _heal_workers(self) -> list[str]:
        with starting("the balancer does not start again"):
            told = self.workers.heal()
        for words in told:
            self._count_mend(words.partition(";")[0])
        return told

    def _count_mend(self, what: str) -> None:
        self._mended += 1
        if self._mended > MENDS:
            raise SessionFailed(f"{what}, for the {self._mended}th time")

    # What was captured

    @property
    def page(self) -> str:
        """Where the learner's page is found, through the tap."""
        return self.recording.page

    @property
    def proxied(self) -> str:
        """The page as it is found behind a stock mitmproxy, in a lesson that is `PROXIED`."""
        return self.recording.between.url if self.recording.between else ""

    @property
    def capture(self) -> Path:
        """What the tap writes now."""
        return self.recording.capture

    @property
    def near_capture(self) -> Path:
        """Leg A, between browser and proxy; `capture` is leg B then."""
        return self.recording.between.capture if self.recording.between else Path()

    @property
    def captures(self) -> tuple[Path, ...]:
        """The captures of this run of the lesson, oldest first."""
        return self.recording.captures

    @property
    def kept(self) -> tuple[Path, ...]:
        """Those that hold bytes and will be there when the session has ended."""
        return self.recording.kept

    @property
    def wake(self) -> int | None:
        """A descriptor that is readable when something new was captured."""
        return self.recording.wake

    def evidence(self) -> Evidence:
        """Everything captured so far in this run of the lesson; the same object each time."""
        return self.recording.evidence()

    def wait_for(
        self, seen: Callable[[Evidence], bool], what: str, patience: float = PATIENCE
    ) -> Evidence:
        """Wait until `seen(evidence)`. Raises `ScriptFailed` if it takes too long."""
        deadline = time.monotonic() + patience
        while not is_seen(seen, self.evidence()):
            left = deadline - time.monotonic()
            if left <= 0 or self.wake is None:
                raise ScriptFailed(f"waited {patience:.0f} s in vain for {what}")
            select.select([self.wake], [], [], min(left, 0.2))
        return self.evidence()

    # Acting

    @property
    def address(self) -> tuple[str, int]:
        """Of the page, for sockets."""
        return address_of(self.page)

    def client(self, path: str, *, proxied: bool = False, **options: Any) -> Client:
        """A scripted WebSocket through the tap, shaken hands (see `Client.open`); `proxied`: and
        through the proxy before it."""
        where = address_of(self.proxied if proxied else self.page)
        return self.keep(Client.open(*where, path, **options))

    def lasting(self, name: str, opened: Callable[[], Client]) -> Client:
        """The script's connection of this name, kept from one turn to the next in `state`, and
        `opened` anew if it was lost."""
        line: Client | None = self.state.pop(name, None)
        if line:
            try:
                line.ping()
            except ScriptFailed:
                line.close()
                line = None
        self.state[name] = line = line or opened()
        return line

    def keep[T: Closable](self, thing: T) -> T:
        """Close `thing` when the session ends, if it was not closed before."""
        self._kept.append(thing)
        return thing

    def http(self) -> HttpClient:
        """Plain HTTP through the tap, on one connection where the server keeps it alive."""
        return HttpClient(*self.address)

    def get(self, path: str) -> Answer:
        with self.http() as http:
            return http.get(path)

    def post(self, path: str, body: bytes = b"") -> Answer:
        with self.http() as http:
            return http.post(path, body)

    def profile(self, name: str) -> Path:
        """The folder in which a Chromium of ours remembers, for `browse`."""
        return self.scratch / f"browser-{name}"

    def browse(
        self,
        path: str,
        until: Callable[[Evidence], bool],
        patience: float = 30.0,
        *,
        profile: str = "",
    ) -> Evidence:
        """Let a headless Chromium visit a page until `until(evidence)`. It remembers nothing, but
        for visits with the same `profile`, a name. Raises `Unavailable`."""
        chromium = self.chromium
        if chromium is None:
            raise Unavailable("no Chromium is installed here, so the script can't play browser")
        remembering = [str(self.profile(profile))] if profile else []
        browser = Child("browser", chromium, f"{self.page}{path}", *remembering)
        try:
            browser.ready(_BROWSER_READY)
            return self.wait_for(until, f"what Chromium does on {path}", patience)
        except StartFailed as fault:
            raise Unavailable(f"Chromium does not start: {fault}") from None
        finally:
            browser.end()


def switches(notes: dict[str, Any]) -> list[str]:
    """The proxy's settings that were noted. Notes may come from an imported file, and a setting can
    name a file to be written or run: only what is on or off is taken from there."""
    noted = notes.get(SETTINGS)
    found = noted if isinstance(noted, list) else []
    return [each for each in found if isinstance(each, str) and _SWITCH.fullmatch(each)]


def is_proxied(lesson: Lesson) -> bool:
    """Does it have a stock mitmproxy in front of its tap?"""
    return bool(getattr(experiment_of(lesson), "PROXIED", False))


def address_of(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 80


def is_seen(seen: Callable[[Evidence], bool], evidence: Evidence) -> bool:
    """Ask an action's question; what is missing from the capture has not been seen."""
    try:
        return bool(seen(evidence))
    except Missing:
        return False


def _ending(child: Child) -> str:
    return child.last_words or f"exit code {child.exit_code}"
