"""The Parquet copy of a table, and what its columns hold; made once, kept in the cache."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from lyceum.previews.inside.database import literal
from lyceum.previews.inside.formats import FORMATS
from lyceum.previews.inside.profiling import profile
from lyceum.previews.inside.tables import REVISION, TABLE
from lyceum.previews.inside.writing import replacing
from lyceum.previews.results import Problem, TableProfile
from lyceum.previews.workers import Unreadable

PROGRESS = "progress.json"
LOCK = "preparing.lock"
_COPY_SHARE = 60
_POLL_SECONDS = 0.4


def prepare(path: Path, format_: str, cache: Path) -> None:
    """Make the copy (unless the file is Parquet) and the profile in ``cache``.

    At once done when they are there or another is making them. What can't be read
    is told by the profile's problem; what a kill leaves half made is made anew.
    """
    cache.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(cache / LOCK, timeout=0):
            if not profile_path(cache).exists():
                _prepare(path, format_, cache)
    except Timeout:
        return


def is_preparing(cache: Path) -> bool:
    """Whether a living process is at it."""
    if not (cache / LOCK).exists():
        return False
    lock = FileLock(cache / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def further_columns(path: Path, format_: str, cache: Path, first_column: int) -> None:
    """Make the profile of a prepared table's columns from ``first_column`` on."""
    table = path if not FORMATS[format_].has_copy else cache / TABLE
    found = profile(table, cache, first_column=first_column, told=lambda share: None)
    keep_profile(cache, found, first_column=first_column)


def keep_profile(cache: Path, found: TableProfile, *, first_column: int = 0) -> None:
    """Keep what is known of the columns from ``first_column`` on."""
    _write(profile_path(cache, first_column), asdict(found))


def profile_path(cache: Path, first_column: int = 0) -> Path:
    """Where the profile of the columns from ``first_column`` on is."""
    return cache / f"profile-{REVISION}-{first_column}.json"


def _prepare(path: Path, format_: str, cache: Path) -> None:
    _sweep(cache)
    _note(cache, 0)
    try:
        if path.stat().st_size == 0:
            found = TableProfile(problem=Problem("empty"))
        elif FORMATS[format_].has_copy:
            found = _copied(path, format_, cache)
        else:
            found = profile(path, cache, told=lambda share: _note(cache, int(100 * share)))
    except Unreadable as error:
        found = TableProfile(problem=error.problem)
    except MemoryError:
        found = TableProfile(problem=Problem("crashed"))
    finally:
        _sweep(cache)
    keep_profile(cache, found)


def _copied(path: Path, format_: str, cache: Path) -> TableProfile:
    """The profile of the copy that this makes."""
    fresh = cache / f"{TABLE}.new"

    def copy(connection: duckdb.DuckDBPyConnection, rows: str) -> None:
        with _watched(connection, cache):
            connection.execute(
                f"COPY (SELECT * FROM {rows}) TO {literal(str(fresh))} "  # noqa: S608
                "(FORMAT parquet, COMPRESSION zstd)"
            )

    def told(share: float) -> None:
        _note(cache, int(_COPY_SHARE + (100 - _COPY_SHARE) * share))

    done = FORMATS[format_].read(path, cache, whole=True, use=copy)
    fresh.replace(cache / TABLE)
    return replace(
        profile(cache / TABLE, cache, told=told),
        encoding=done.encoding,
        delimiter=done.delimiter,
        problem=done.problem,
    )


def _sweep(cache: Path) -> None:
    """Remove what is only there while a table is prepared."""
    for name in ("whole.txt", f"{TABLE}.new"):
        (cache / name).unlink(missing_ok=True)


@contextmanager
def _watched(connection: duckdb.DuckDBPyConnection, cache: Path) -> Iterator[None]:
    """While the block's query runs, note how far it is."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_POLL_SECONDS):
            done = connection.query_progress()
            if done > 0:
                _note(cache, int(done * _COPY_SHARE / 100))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _note(cache: Path, percent: int) -> None:
    _write(cache / PROGRESS, {"percent": percent})


def _write(path: Path, value: Any) -> None:
    with replacing(path) as file:
        json.dump(value, file)
