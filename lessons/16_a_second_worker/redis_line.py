"""What the script asks a Redis for, in bytes: RESP, as it is on that wire."""

from __future__ import annotations

from contextlib import closing
from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from lessons.course.wire import PATIENCE, ScriptFailed

CHANNEL: Final = "ws101:room:chat"


def open_redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=PATIENCE, retry=Retry(NoBackoff(), 0), client_name="ws101-script"
    )


class Spy:
    """One more subscriber of the channel. It reads what comes as bytes, without redis-py's help.

    RESP (version 2, since nothing else was asked for): `$15` announces a string of 15 bytes, `*3`
    an array of three things.
    """

    def __init__(self, url: str) -> None:
        self._client = open_redis(url)
        self._line: Any = self._client.connection_pool.connection_class(
            **{**self._client.connection_pool.connection_kwargs, "protocol": 2}
        )
        self._line.connect()
        self._ask("SUBSCRIBE", CHANNEL)
        self._read(3)

    def _ask(self, *words: str) -> None:
        self._line.send_command(*words)

    def message(self) -> bytes:
        """The next message, all its bytes."""
        return self._read(3)

    def _read(self, things: int) -> bytes:
        """An array of strings and numbers, as it came."""
        sock = self._line._sock
        raw = b""
        while not whole(raw, things):
            try:
                data = sock.recv(65536)
            except TimeoutError:
                raise ScriptFailed("Redis was sent no line: the servers are on no bus") from None
            if not data:
                raise ScriptFailed("Redis ended the line before a message was whole")
            raw += data
        return raw

    def close(self) -> None:
        self._line.disconnect()
        self._client.close()


def whole(raw: bytes, things: int) -> bool:
    """Is this array of so many things there to its end?"""
    at = raw.find(b"\r\n") + 2
    for _ in range(things):
        end = raw.find(b"\r\n", at)
        if at < 2 or end < 0:
            return False
        size = int(raw[at + 1 : end]) + 2 if raw[at : at + 1] == b"$" else 0
        at = end + 2 + size
    return len(raw) >= at


def subscribers(url: str) -> int:
    """To how many connections Redis would send what is published."""
    with closing(open_redis(url)) as client:
        ((_, number),) = client.pubsub_numsub(CHANNEL)
        return int(number)


def cut_off(url: str, server: str) -> None:
    """End the line by which a server hears its rooms."""
    with closing(open_redis(url)) as client:
        for each in client.client_list():
            if each["name"] == f"ws101-{server}" and int(each["sub"]):
                client.client_kill_filter(_id=each["id"])
