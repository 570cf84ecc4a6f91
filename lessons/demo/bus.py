"""The rooms of several servers, joined by Redis' pub/sub.

    bus = Bus("redis://127.0.0.1:6379/0", "A")
    bus.join("chat", deliver)       # deliver(data): to the members that this server holds
    bus.start()
    bus.publish("chat", "hello")    # True: it comes back, and is delivered then

What is said in a room goes to Redis, and from there to every server, this one too. A server hands
it to its own members when it has come back, not before: so all servers hear a room in the same
order, the one that Redis made. An announcement is delivered at once, and not again when it returns.

When Redis is lost, each server's rooms go on by themselves, and say so. What was on its way is
delivered here; what others said meanwhile is gone: pub/sub keeps nothing.

What comes from Redis is a stranger's: JSON of known form and size, or it is counted and dropped.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from itertools import count
from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

CHANNEL: Final = "ws101:room:"
NAME: Final = re.compile(r"[A-Za-z0-9-]{1,20}", re.ASCII)
"""What a server may be called: it stands in nicknames."""
LARGEST: Final = 2 << 20
"""Octets of one message on the bus: the largest that a page may send, however JSON writes it."""
PATIENCE: Final = 2.0
"""Seconds for Redis to answer."""
SILENCE: Final = 5.0
"""Seconds without a word from Redis; then it is asked, and given `PATIENCE`."""
RETRIES: Final = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds until the next try to reach it; the last one again and again."""

LOST: Final = "* The other servers can't be heard now."
FOUND: Final = "* The other servers are heard again. What they said meanwhile is not here."

type Data = str | bytes
type Deliver = Callable[[Data], object]


class Refused(Exception):
    """What came over the bus is none of our messages."""


def pack(sender: str, number: int, data: Data) -> bytes:
    """A message as it goes over the bus."""
    body = {"text": data} if isinstance(data, str) else {"data": base64.b64encode(data).decode()}
    return json.dumps({"from": sender, "n": number, **body}, ensure_ascii=False).encode()


def unpack(raw: bytes) -> tuple[str, int, Data]:
    """Sender, number and data. Raises `Refused` for anything that `pack` would not make."""
    if len(raw) > LARGEST:
        raise Refused("too long")
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused("no JSON") from None
    if not isinstance(told, dict):
        raise Refused("no object")
    sender, number = told.get("from"), told.get("n")
    if type(sender) is not str or type(number) is not int:
        raise Refused("no sender")
    try:
        match told:
            case {"text": str(text)}:
                text.encode()  # half a surrogate pair is no text (RFC 6455 §5.6: UTF-8)
                return sender, number, text
            case {"data": str(text)}:
                return sender, number, base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        pass
    raise Refused("nothing that was said")


class Bus:
    """One server's place on the bus. `deliver` functions are called in the bus's own thread."""

    def __init__(self, url: str, name: str) -> None:
        """Raises ValueError for a URL that redis-py does not know."""
        self.name = name
        self.id = secrets.token_hex(8)
        self.refused = 0
        """Messages that were dropped for their form."""
        self.losses = 0
        self._client: redis.Redis = redis.Redis.from_url(
            url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),  # a gap must not be mended unseen
            client_name=f"ws101-{name}",
        )  # fmt: skip
        try:
            self._client.connection_pool.make_connection()  # it looks at the rest of the URL
        except (TypeError, AttributeError, redis.RedisError) as fault:
            raise ValueError(str(fault)) from None
        self._rooms: dict[str, Deliver] = {}
        self._numbers = count()
        self._pending: dict[int, tuple[str, Data]] = {}
        self._lock = threading.Lock()
        self._listening = threading.Event()
        self._over = threading.Event()
        self._broken = threading.Event()
        self._thread = threading.Thread(target=self._keep_listening, name="ws101 bus", daemon=True)

    def join(self, room: str, deliver: Deliver) -> None:
        """Hear this room; before `start`."""
        self._rooms[room] = deliver

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Hear no more."""
        self._over.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(PATIENCE * 2)
        self._client.close()

    @property
    def connected(self) -> bool:
        """Are the other servers heard now?"""
        return self._listening.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait until it is connected; whether it is."""
        return self._listening.wait(seconds)

    # What is said here

    def publish(self, room: str, data: Data, *, comes_back: bool = True) -> bool:
        """Say `data` in the room, on all servers. False: it won't come back, deliver it here."""
        if room not in self._rooms:
            return False
        with self._lock:
            if not self.connected or self._broken.is_set():
                return False
            number = next(self._numbers)
            if comes_back:
                self._pending[number] = (room, data)
        try:
            self._client.publish(f"{CHANNEL}{room}", pack(self.id, number, data))
        except Exception as fault:
            log.warning("ws101 demo: the bus took nothing: %s", fault)
            self._broken.set()
            with self._lock:  # not there any more: it came back, or was given up, and delivered
                return comes_back and self._pending.pop(number, None) is None
        return comes_back

    # What is heard

    def _keep_listening(self) -> None:
        tries = 0
        while not self._over.is_set():
            try:
                with closing(self._client.pubsub()) as line:  # type: ignore[no-untyped-call]
                    line.subscribe(*(f"{CHANNEL}{room}" for room in self._rooms))
                    self._hear(line)
            except Exception as fault:  # not every port has a Redis behind it, whatever it answers
                tries = 0 if self.connected else tries
                if not tries:  # once an outage
                    log.warning("ws101 demo: the bus is lost, this server goes on alone: %s", fault)
                self._lose()
                self._over.wait(RETRIES[min(tries, len(RETRIES) - 1)])
                tries += 1
        self._lose()

    def _hear(self, line: Any) -> None:
        """Until the end, or until it breaks."""
        self._broken.clear()
        missing = set(self._rooms)
        heard = time.monotonic()
        asked = False
        while not self._over.is_set():
            told = line.get_message(timeout=0.1 if missing else 0.25)
            if self._broken.is_set():
                raise redis.ConnectionError("it takes nothing")
            silent = time.monotonic() - heard
            if told is None:
                if silent > SILENCE + PATIENCE:
                    raise redis.ConnectionError("it is silent")
                if silent > SILENCE and not asked:
                    line.ping()
                    asked = True
                continue
            heard, asked = time.monotonic(), False
            room = (told["channel"] or b"").decode("utf-8", "replace").removeprefix(CHANNEL)
            if told["type"] == "subscribe":
                missing.discard(room)
                if not missing:
                    self._find()
            elif told["type"] == "message":
                self._take(room, told["data"])

    def _take(self, room: str, raw: bytes) -> None:
        """One message, whoever sent it. Nothing that it holds ends the bus."""
        try:
            sender, number, data = unpack(raw)
        except Refused:
            self.refused += 1
            return
        if sender == self.id:
            with self._lock:
                if self._pending.pop(number, None) is None:
                    return  # it was delivered when it was said
        self._deliver(room, data)

    def _deliver(self, room: str, data: Data) -> None:
        try:
            if deliver := self._rooms.get(room):
                deliver(data)
        except ValueError:
            self.refused += 1
        except Exception:
            log.exception("what came over the bus into the room %r", room)

    # Lost and found

    def _find(self) -> None:
        with self._lock:
            self._listening.set()
        if self.losses:
            log.warning("ws101 demo: the bus is found again")
            self._announce(FOUND)

    def _lose(self) -> None:
        with self._lock:
            was = self.connected
            self._listening.clear()
        self._give_up_pending()
        if was and not self._over.is_set():
            self.losses += 1
            self._announce(LOST)

    def _give_up_pending(self) -> None:
        """What was on its way and comes back no more is delivered here, in the order of saying."""
        with self._lock:
            left = list(self._pending.values())
            self._pending.clear()
        for room, data in left:
            self._deliver(room, data)

    def _announce(self, words: str) -> None:
        """To those rooms that take text."""
        for deliver in self._rooms.values():
            with suppress(ValueError):
                deliver(words)


def place(url: str) -> str:
    """A URL without its password, to be shown; it may be a URL gone wrong."""
    return re.sub(r"\?.*", "?...", re.sub(r"//.*@", "//", url))
