"""Private database servers for a lesson: the Redis and the PostgreSQL that are installed here.

    session.redis()         redis.Redis.from_url(session.redis())
    session.postgres()      psycopg.connect(session.postgres())

Each is started when a step first needs it, for this session only: its data lies in the session's
scratch folder, nothing of it is synced to a disk, and it is reached by a Unix socket in a folder
that nobody else may enter; there is no port. A process of ours keeps it (`keep`, run by child.py)
and takes it along when the runner ends, in whatever manner.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from lessons.course.model import Unavailable
from lessons.course.process import Child, StartFailed

READY = r"eady to accept connections"
"""What both say in their log."""
MENDS = 5
"""How often one that dies by itself is started again."""
PATIENCE = 5.0
"""Seconds for a server to end; then it is killed."""
NOT_AS_ROOT = ("postgres", "_postgres", "nobody")
"""Users that PostgreSQL may run as where we are root, which it refuses to be."""


@dataclass(frozen=True, slots=True)
class Store:
    """A database server: how to find, start, address and end it. `package` is Debian's name,
    `brew` Homebrew's, `places` are glob patterns where it hides outside PATH."""

    name: str
    title: str
    program: str
    package: str
    brew: str
    places: tuple[str, ...]
    commands: Callable[[str, Path], list[list[str]]]
    address: Callable[[Path], str]
    socket: str
    ending: signal.Signals
    never_root: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that names the program's path; empty for none."""
        return "WS101_" + self.program.upper().replace("-", "_")

    def find(self) -> str:
        """The program. Raises `Unavailable`, which says how to get it."""
        named = os.environ.get(self.variable)
        found = shutil.which(self.program if named is None else named)
        if found is None and named is None:
            places = (p for pattern in self.places for p in Path("/").glob(pattern.lstrip("/")))
            found = max(map(str, places), key=_version, default=None)
        if found is None:
            raise Unavailable(
                f"no {self.title} is installed here (apt install {self.package}, brew install "
                f"{self.brew}, or name {self.program} in {self.variable})"
            )
        return found


def _version(path: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path)]


def _redis(program: str, folder: Path) -> list[list[str]]:
    return [
        [
            program, "--port", "0", "--unixsocket", f"{folder}/redis.sock",
            "--unixsocketperm", "700", "--dir", str(folder), "--maxmemory", "64mb",
            "--save", "", "--appendonly", "no",
        ]
    ]  # fmt: skip


def _postgres(program: str, folder: Path) -> list[list[str]]:
    initdb = Path(program).with_name("initdb")
    if not initdb.exists():  # a link in PATH, without its fellow
        initdb = Path(program).resolve().with_name("initdb")
    settings = {
        "listen_addresses": "", "unix_socket_permissions": "0700", "fsync": "off",
        "shared_buffers": "16MB", "max_connections": "20", "autovacuum": "off",
    }  # fmt: skip
    return [
        [
            str(initdb), "-D", f"{folder}/data", "-U", "ws101", "-A", "trust", "-E", "UTF8",
            "--no-locale", "--no-sync",
        ],
        [
            program, "-D", f"{folder}/data", "-k", str(folder), "-p", "5432",
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
        ],
    ]  # fmt: skip


STORES = {
    store.name: store
    for store in [
        Store(
            "redis", "Redis", "redis-server", package="redis-server", brew="redis", places=(),
            commands=_redis, address=lambda folder: f"unix://{folder}/redis.sock",
            socket="redis.sock", ending=signal.SIGTERM,
        ),
        Store(
            "postgres", "PostgreSQL", "postgres", package="postgresql", brew="postgresql",
            places=(
                "/usr/lib/postgresql/*/bin/postgres",  # Debian keeps it out of PATH
                "/opt/homebrew/opt/postgresql*/bin/postgres",
                "/usr/local/opt/postgresql*/bin/postgres",
            ),
            commands=_postgres,
            address=lambda folder: f"host={folder} port=5432 user=ws101 dbname=postgres",
            socket=".s.PGSQL.5432",
            ending=signal.SIGQUIT,  # at once; killed outright it would leave shared memory behind
            never_root=True,
        ),
    ]
}  # fmt: skip


class Stores:
    """The private servers of one session, none of which runs before it is asked for."""

    def __init__(self, scratch: Path, env: dict[str, str]) -> None:
        self.scratch = scratch
        self._env = env
        self._running: dict[str, Child] = {}
        self._mended: dict[str, int] = {}

    def addresses(self) -> dict[str, str]:
        """Where each of them is, once it runs."""
        return {store.name: store.address(self.scratch / store.name) for store in STORES.values()}

    def socket(self, name: str) -> Path:
        """The Unix socket at which it is reached, by a client of the learner's own."""
        return self.scratch / name / STORES[name].socket

    def runs(self, name: str) -> bool:
        child = self._running.get(name)
        return child is not None and child.exit_code is None

    def ask(self, name: str) -> str:
        """The address of a running one. Raises `Unavailable`."""
        store = STORES[name]
        if not self.runs(name):
            if self._mended.get(name, 0) > MENDS:
                raise Unavailable(f"the private {store.title} ended again and again")
            self._bury(store)
            self._start(store)
        return store.address(self.scratch / name)

    def _start(self, store: Store) -> None:
        folder = self.scratch / store.name
        child = Child("store", store.name, store.find(), str(folder), env=self._env)
        self._running[store.name] = child
        try:
            child.ready(READY)
        except StartFailed as fault:
            self._bury(store)
            raise Unavailable(f"a private {store.title} does not start: {fault}") from None

    def heal(self) -> list[str]:
        """Start again what died by itself; a line for each thing that the learner should know."""
        told = []
        for name in [name for name in self._running if not self.runs(name)]:
            title = STORES[name].title
            self._mended[name] = self._mended.get(name, 0) + 1
            try:
                self.ask(name)
            except Unavailable as fault:
                self._bury(STORES[name])
                told.append(f"the private {title} had ended by itself; now {fault}")
            else:
                told.append(f"the private {title} had ended by itself; it runs again, and is empty")
        return told

    def _bury(self, store: Store) -> None:
        """End a server and its keeper; where the keeper was killed, the server is still there."""
        if child := self._running.pop(store.name, None):
            if child.exit_code is None:
                child.end(patience=PATIENCE + 3)
            _end_group(child.pid, store.ending)
            child.end()  # by now nobody writes to its pipe any more
        shutil.rmtree(self.scratch / store.name, ignore_errors=True)

    def close(self) -> None:
        for name in list(self._running):
            self._bury(STORES[name])


def lacking(names: Iterable[str], stores: Stores | None = None) -> str:
    """Why one of them can't be had, as far as that is known before it is started: it is not
    installed. Empty if they all are."""
    for name in names:
        if not (stores and stores.runs(name)):
            try:
                STORES[name].find()
            except Unavailable as fault:
                return str(fault)
    return ""


def _end_group(group: int, ending: signal.Signals) -> None:
    """End what is left of a process group, and wait for that."""
    give_up = time.monotonic() + PATIENCE
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, ending)
        while time.monotonic() < give_up:
            os.killpg(group, 0)
            time.sleep(0.01)
        os.killpg(group, signal.SIGKILL)


# In a process of its own


def keep(name: str, program: str, place: str, sweep: Callable[[], object]) -> None:
    """Run a server until SIGTERM. `sweep` is called at the end, if the runner is gone by then."""
    store, folder = STORES[name], Path(place)
    running: subprocess.Popen[Any] | None = None
    over = False

    def end(_number: int = 0, _frame: FrameType | None = None) -> None:
        nonlocal over
        over = True
        if running and running.poll() is None:
            running.send_signal(store.ending)
            timer = threading.Timer(PATIENCE, running.kill)
            timer.daemon = True
            timer.start()

    signal.signal(signal.SIGTERM, end)
    folder.mkdir(mode=0o700)
    user = _lend(folder) if store.never_root and os.geteuid() == 0 else {}
    for command in store.commands(program, folder):
        running = server = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=folder, **user)
        if over:
            end()
        if server.wait() != 0 or over:
            break
    if select.select([0], [], [], 0)[0]:  # end of file: nobody is there any more
        sweep()
    if not over:
        sys.exit(1)


def _lend(folder: Path) -> dict[str, Any]:
    """Give a folder to a user that is not root; who that is, as `Popen` takes it. Those of its
    group, and no others, may pass through the scratch folder to get there."""
    import pwd

    for name in NOT_AS_ROOT:
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            os.chown(folder, user.pw_uid, user.pw_gid)
            os.chown(folder.parent, -1, user.pw_gid)
            folder.parent.chmod(0o710)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}
    sys.exit("it does not run as root, and no other user is known here: " + ", ".join(NOT_AS_ROOT))
