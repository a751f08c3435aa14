"""The Parquet copy of a table, and what its columns hold; made once, kept in the cache."""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from lyceum.previews.inside import reading
from lyceum.previews.inside.tables import TABLE, cell, type_of
from lyceum.previews.results import Bin, ColumnProfile, Problem, TableProfile
from lyceum.previews.workers import Unreadable

PROFILE = "profile.json"
PROGRESS = "progress.json"
LOCK = "preparing.lock"
PROFILED_COLUMNS = 100
BINS = 12
COMMONEST = 6
_COPY_SHARE = 60
_POLL_SECONDS = 0.4
_LONGEST_LABEL = 60


def prepare(path: Path, format_: str, cache: Path) -> None:
    """Make ``table.parquet`` (unless the file is Parquet) and ``profile.json`` in ``cache``.

    At once done when they are there or another is making them. What can't be read
    is told by ``profile.json``'s problem; what a kill leaves half made is made anew.
    """
    cache.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(cache / LOCK, timeout=0):
            if not (cache / PROFILE).exists():
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


def _prepare(path: Path, format_: str, cache: Path) -> None:
    _note(cache, 0)
    try:
        if path.stat().st_size == 0:
            profile = TableProfile(problem=Problem("empty"))
        elif format_ == "parquet":
            profile = _profile(path, cache)
        else:
            source, problem = _copy(path, format_, cache)
            profile = replace(
                _profile(cache / TABLE, cache),
                encoding=source.encoding,
                delimiter=source.delimiter,
                problem=problem,
            )
    except Unreadable as error:
        profile = TableProfile(problem=Problem("unreadable", {"detail": str(error)[:500]}))
    except MemoryError:
        profile = TableProfile(problem=Problem("crashed"))
    finally:
        for name in ("whole.txt", f"{TABLE}.new"):
            (cache / name).unlink(missing_ok=True)
    _write(cache / PROFILE, asdict(profile))


def _copy(path: Path, format_: str, cache: Path) -> tuple[reading.Source, Problem | None]:
    file, encoding = reading.open_source(path, format_, cache, whole=True)
    fresh = cache / f"{TABLE}.new"
    with reading.database(file=file, cache=cache) as database:
        source = reading.source(database, file, format_, encoding)
        with _watched(database, cache, share=_COPY_SHARE):
            database.execute(
                f"COPY (SELECT * FROM {source.sql}) TO {reading.literal(str(fresh))} "  # noqa: S608
                "(FORMAT parquet, COMPRESSION zstd)"
            )
        if format_ == "csv":
            problem = reading.rejected(database) or reading.first_nul(file)
        else:
            problem = reading.first_bad_json(file)
    os.replace(fresh, cache / TABLE)
    return source, problem


def _profile(table: Path, cache: Path) -> TableProfile:
    with reading.database(file=table, cache=cache) as database:
        rows = f"read_parquet({reading.literal(str(table))})"
        described = database.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()  # noqa: S608
        counted = database.execute(f"SELECT count(*) FROM {rows}").fetchone()  # noqa: S608
        columns = []
        shown = described[:PROFILED_COLUMNS]
        if len(described) > len(shown):
            rows = _narrowed(database, rows, [each[0] for each in shown])
        for number, (name, kind, *_rest) in enumerate(shown):
            columns.append(_column(database, rows, name, type_of(kind)))
            _note(cache, _COPY_SHARE + (100 - _COPY_SHARE) * (number + 1) // len(shown))
        return TableProfile(counted[0] if counted else 0, columns)


def _narrowed(database: duckdb.DuckDBPyConnection, rows: str, names: list[str]) -> str:
    """These columns alone: each query on a table of thousands first reads about all of them."""
    chosen = ", ".join(reading.name(each) for each in names)
    database.execute(f"CREATE TEMP TABLE narrowed AS SELECT {chosen} FROM {rows}")  # noqa: S608
    return "narrowed"


def _column(database: duckdb.DuckDBPyConnection, rows: str, name: str, kind: str) -> ColumnProfile:
    value = reading.name(name)
    ordered = kind != "other"
    mean = f"avg({value})" if kind in ("integer", "number") else "NULL"
    bounds = f"min({value}), max({value})" if ordered else "NULL, NULL"
    found = database.execute(
        f"SELECT count(*) - count({value}), approx_count_distinct({value}), {bounds}, {mean} "  # noqa: S608
        f"FROM {rows}"
    ).fetchone()
    missing, distinct, least, most, average = found or (0, 0, None, None, None)
    if kind in ("integer", "number"):
        bins = _ranges(database, rows, value, least, most)
    else:
        bins = _commonest(database, rows, value)
    return ColumnProfile(
        name, kind, missing, distinct, cell(least), cell(most), _finite(average), bins
    )


def _ranges(
    database: duckdb.DuckDBPyConnection, rows: str, value: str, least: Any, most: Any
) -> list[Bin]:
    low, high = _finite(least), _finite(most)
    if low is None or high is None:
        return []
    if low == high:
        counted = database.execute(f"SELECT count({value}) FROM {rows}").fetchone()  # noqa: S608
        return [Bin(_short(low), counted[0] if counted else 0)]
    width = (high - low) / BINS
    if not math.isfinite(width) or width <= 0:
        return []
    found = database.execute(
        f"SELECT least(CAST(floor((CAST({value} AS DOUBLE) - ?) / ?) AS BIGINT), ?), "  # noqa: S608
        f"count(*) FROM {rows} WHERE {value} IS NOT NULL "
        f"AND isfinite(CAST({value} AS DOUBLE)) GROUP BY 1",
        [low, width, BINS - 1],
    ).fetchall()
    counts = dict(found)
    return [
        Bin(
            f"{_short(low + width * place)} – {_short(low + width * (place + 1))}",
            counts.get(place, 0),
        )
        for place in range(BINS)
    ]


def _commonest(database: duckdb.DuckDBPyConnection, rows: str, value: str) -> list[Bin]:
    text = f"left(CAST({value} AS VARCHAR), {_LONGEST_LABEL})"
    found = database.execute(
        f"SELECT {text}, count(*) FROM {rows} WHERE {value} IS NOT NULL "  # noqa: S608
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {COMMONEST}"
    ).fetchall()
    return [Bin(label, times) for label, times in found]


def _finite(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _short(number: float) -> str:
    return f"{number:.4g}"


@contextmanager
def _watched(database: duckdb.DuckDBPyConnection, cache: Path, *, share: int) -> Iterator[None]:
    """While the block's query runs, note how far it is, as part of ``share`` percent."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_POLL_SECONDS):
            done = database.query_progress()
            if done > 0:
                _note(cache, int(done * share / 100))

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
    fresh = path.with_suffix(f".{os.getpid()}.new")
    fresh.write_text(json.dumps(value))
    os.replace(fresh, path)
