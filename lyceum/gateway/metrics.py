"""Calls a minute, their times, the last errors: counted in memory, kept in SQLite.

A call costs a few counters; every two seconds what has come together is written by a
thread. So a gateway that is killed loses the last two seconds of its statistics.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import msgspec

from lyceum.gateway.histogram import Counts, bucket, percentile

log = logging.getLogger("lyceum.gateway")

WRITE_SECONDS = 2.0
ERRORS = 100
MOST_MINUTES = 7 * 24 * 60
_KEEP_SECONDS = 30 * 24 * 3600

_TABLES = """
CREATE TABLE IF NOT EXISTS minutes (
  service INTEGER, minute INTEGER, calls INTEGER, errors INTEGER, times BLOB,
  PRIMARY KEY (service, minute)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS minutes_by_time ON minutes (minute);
CREATE TABLE IF NOT EXISTS failures (
  id INTEGER PRIMARY KEY, service INTEGER, at REAL, status INTEGER, code TEXT, message TEXT,
  chinese TEXT, field TEXT, input TEXT, traceback TEXT);
CREATE INDEX IF NOT EXISTS failures_by_service ON failures (service, id);
CREATE TABLE IF NOT EXISTS seen (
  kind TEXT, id INTEGER, at REAL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
"""


class Error(msgspec.Struct, frozen=True):
    """A failed call, as the owner sees it; ``input`` is None where it is not kept.

    ``message`` is English, ``chinese`` the same for who reads Chinese.
    """

    at: float
    status: int
    code: str
    message: str
    chinese: str
    field: str | None
    input: str | None
    traceback: str


@dataclass(slots=True)
class _Minute:
    calls: int = 0
    errors: int = 0
    times: Counts = field(default_factory=dict)


@dataclass(slots=True)
class _Fresh:
    """What is not written yet."""

    minutes: dict[tuple[int, int], _Minute] = field(default_factory=dict)
    errors: dict[int, deque[Error]] = field(default_factory=dict)
    seen: dict[tuple[str, int], float] = field(default_factory=dict)


class Metrics:
    """The statistics of all services; ``path`` is the SQLite file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fresh = _Fresh()
        self._thread = ThreadPoolExecutor(1, "metrics")
        self._database: sqlite3.Connection | None = None
        self._cleared = 0.0

    def count(self, service: int, milliseconds: float, status: int) -> None:
        """Take in one call."""
        key = (service, int(time.time()) // 60 * 60)
        minute = self._fresh.minutes.get(key)
        if minute is None:
            minute = self._fresh.minutes[key] = _Minute()
        minute.calls += 1
        minute.errors += status >= 400
        index = bucket(milliseconds)
        minute.times[index] = minute.times.get(index, 0) + 1

    def error(self, service: int, error: Error) -> None:
        """Keep one failed call; of each service the last hundred are kept."""
        self._fresh.errors.setdefault(service, deque(maxlen=ERRORS)).append(error)

    def saw(self, kind: str, number: int, at: float) -> None:
        """Remember when a ``service`` was called or a ``key`` used last."""
        self._fresh.seen[kind, number] = at

    async def open(self) -> dict[tuple[str, int], float]:
        """Open the file, a new one when it is damaged, and give what was seen when.

        Without one (no room, say) there are no statistics until it can be opened.
        """
        return await self._in_thread(self._open)

    async def write_forever(self) -> None:
        """Write every two seconds, until cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write what is fresh; statistics are never worth a call, so it never raises."""
        fresh, self._fresh = self._fresh, _Fresh()
        try:
            await self._in_thread(self._write, fresh)
        except (sqlite3.Error, OSError) as error:
            log.error("statistics could not be written: %s", error)

    async def close(self) -> None:
        """Write the rest and close the file."""
        await self.write()
        await self._in_thread(self._close)
        self._thread.shutdown()

    async def points(self, service: int, minutes: int) -> list[dict[str, Any]]:
        """The last ``minutes`` minutes (at most a week's), oldest first, none left out."""
        await self.write()
        return await self._in_thread(self._points, service, max(1, min(minutes, MOST_MINUTES)))

    async def errors(self, service: int) -> list[Error]:
        """The last failed calls, newest first."""
        await self.write()
        return await self._in_thread(self._errors, service)

    async def _in_thread(self, work: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def _open(self) -> dict[tuple[str, int], float]:
        try:
            return self._connect()
        except (OSError, sqlite3.OperationalError) as error:
            log.error("%s can't be opened: %s", self._path, error)
            return {}
        except sqlite3.DatabaseError as error:
            log.error("%s can't be used, a new one takes its place: %s", self._path, error)
            self._path.replace(self._path.with_suffix(".broken"))
            for suffix in ("-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
            return self._connect()

    def _connect(self) -> dict[tuple[str, int], float]:
        self._path.touch(mode=0o600)  # callers' inputs are in it
        database = sqlite3.connect(self._path, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")
            database.executescript(_TABLES)
            seen = database.execute("SELECT kind, id, at FROM seen").fetchall()
        except sqlite3.Error:
            database.close()
            raise
        self._database = database
        return {(kind, number): at for kind, number, at in seen}

    def _close(self) -> None:
        if self._database:
            self._database.close()
            self._database = None

    def _write(self, fresh: _Fresh) -> None:
        if not (fresh.minutes or fresh.errors or fresh.seen):
            return
        with self._transaction() as database:
            for (service, minute), counted in fresh.minutes.items():
                _add_minute(database, service, minute, counted)
            for service, errors in fresh.errors.items():
                _add_errors(database, service, errors)
            database.executemany(
                "INSERT OR REPLACE INTO seen VALUES (?, ?, ?)",
                [(kind, number, at) for (kind, number), at in fresh.seen.items()],
            )
            self._clear(database)

    def _clear(self, database: sqlite3.Connection) -> None:
        now = time.time()
        if now - self._cleared > 3600:
            self._cleared = now
            database.execute("DELETE FROM minutes WHERE minute < ?", (now - _KEEP_SECONDS,))
            database.execute("DELETE FROM failures WHERE at < ?", (now - _KEEP_SECONDS,))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._database is None:
            self._connect()
        database = cast(sqlite3.Connection, self._database)
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")

    def _points(self, service: int, minutes: int) -> list[dict[str, Any]]:
        last = int(time.time()) // 60 * 60
        first = last - (minutes - 1) * 60
        found = {}
        if self._database:
            rows = self._database.execute(
                "SELECT minute, calls, errors, times FROM minutes"
                " WHERE service = ? AND minute >= ?",
                (service, first),
            )
            found = {minute: (calls, errors, times) for minute, calls, errors, times in rows}
        points = []
        for minute in range(first, last + 60, 60):
            calls, errors, times = found.get(minute, (0, 0, None))
            counts = _counts(times)
            shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
            point = {"minute": minute, "calls": calls, "errors": errors}
            points.append(
                point | {name: percentile(counts, share) for name, share in shares.items()}
            )
        return points

    def _errors(self, service: int) -> list[Error]:
        if self._database is None:
            return []
        rows = self._database.execute(
            "SELECT at, status, code, message, chinese, field, input, traceback FROM failures"
            " WHERE service = ? ORDER BY id DESC LIMIT ?",
            (service, ERRORS),
        )
        return [Error(*row) for row in rows]


def _add_minute(database: sqlite3.Connection, service: int, minute: int, counted: _Minute) -> None:
    row = database.execute(
        "SELECT calls, errors, times FROM minutes WHERE service = ? AND minute = ?",
        (service, minute),
    ).fetchone()
    calls, errors, times = row or (0, 0, None)
    counts = _counts(times)
    for index, count in counted.times.items():
        counts[index] = counts.get(index, 0) + count
    database.execute(
        "INSERT OR REPLACE INTO minutes VALUES (?, ?, ?, ?, ?)",
        (
            service,
            minute,
            calls + counted.calls,
            errors + counted.errors,
            msgspec.msgpack.encode(counts),
        ),
    )


def _add_errors(database: sqlite3.Connection, service: int, errors: deque[Error]) -> None:
    database.executemany(
        "INSERT INTO failures VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(service, *msgspec.structs.astuple(error)) for error in errors],
    )
    database.execute(
        "DELETE FROM failures WHERE service = ? AND id <= (SELECT id FROM failures WHERE"
        " service = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (service, service, ERRORS),
    )


def _counts(times: bytes | None) -> Counts:
    return msgspec.msgpack.decode(times, type=Counts) if times else {}
