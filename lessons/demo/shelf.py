"""Where the lab keeps what was stored (lesson 13), so that it outlives the process that stored it:
a SQLite file, and the private Redis and PostgreSQL of the course where they run.

Each shelf has `put`, which stores a value under an attempt's name and returns what the store then
reads back, and `all`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

PATIENCE = 5  # seconds for a database to answer


class Absent(Exception):
    """There is no such database here, or it is gone; says which."""


class Shelves(Protocol):
    def put(self, attempt: str, value: Any) -> Any: ...

    def all(self) -> dict[str, Any]: ...


class Shelf:
    """A SQLite file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / "lab.sqlite"
        self.path.touch(mode=0o600)
        with closing(self._open()) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS kept (attempt TEXT PRIMARY KEY, value)")

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=PATIENCE)

    def put(self, attempt: str, value: Any) -> Any:
        """Store a value under the attempt's name, in place of an older one."""
        with closing(self._open()) as database, database:
            database.execute("DELETE FROM kept WHERE attempt = ?", (attempt,))
        with closing(self._open()) as database, database:
            database.execute("INSERT INTO kept VALUES (?, ?)", (attempt, value))
        return self.all()[attempt]

    def all(self) -> dict[str, Any]:
        with closing(self._open()) as database:
            return dict(database.execute("SELECT attempt, value FROM kept ORDER BY attempt"))


class RedisShelf:
    """A Redis, a key each."""

    def __init__(self, address: str | None) -> None:
        self.address = address

    @contextmanager
    def _open(self) -> Iterator[Any]:
        if not self.address:
            raise Absent("no Redis")
        import redis

        database = redis.Redis.from_url(
            self.address, decode_responses=True, encoding_errors="replace",
            socket_timeout=PATIENCE, retry=None,
        )  # fmt: skip
        try:
            with closing(database):
                yield database
        except (redis.ConnectionError, redis.TimeoutError):
            raise Absent("no Redis") from None

    def put(self, attempt: str, value: Any) -> Any:
        with self._open() as database:
            database.delete(attempt)
            database.set(attempt, value)
            return database.get(attempt)

    def all(self) -> dict[str, Any]:
        with self._open() as database:
            keys = sorted(database.keys())
            found = zip(keys, database.mget(keys) if keys else [], strict=True)
            return {key: value for key, value in found if value is not None}


class PostgresShelf:
    """A PostgreSQL: a table with a column for each type that people try."""

    COLUMNS = ("as_text", "as_json", "as_bytes")

    def __init__(self, address: str | None, column: str = COLUMNS[0]) -> None:
        assert column in self.COLUMNS
        self.address, self.column = address, column

    @contextmanager
    def _open(self) -> Iterator[Any]:
        if not self.address:
            raise Absent("no PostgreSQL")
        import psycopg

        try:
            database = psycopg.connect(self.address, connect_timeout=PATIENCE, autocommit=True)
        except psycopg.OperationalError:
            raise Absent("no PostgreSQL") from None
        with closing(database):
            database.execute(
                "CREATE TABLE IF NOT EXISTS kept"
                " (attempt text PRIMARY KEY, as_text text, as_json jsonb, as_bytes bytea)"
            )
            yield database

    def put(self, attempt: str, value: Any) -> Any:
        with self._open() as database:
            database.execute("DELETE FROM kept WHERE attempt = %s", (attempt,))
            database.execute(
                f"INSERT INTO kept (attempt, {self.column}) VALUES (%s, %s)", (attempt, value)
            )
        return self.all()[attempt]

    def all(self) -> dict[str, Any]:
        with self._open() as database:
            rows = database.execute("SELECT * FROM kept ORDER BY attempt").fetchall()
        return {name: next((each for each in row if each is not None), None) for name, *row in rows}
