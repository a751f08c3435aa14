"""A DuckDB that may read one file and use one cache folder, and nothing else."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from lyceum.previews.workers import Unreadable

_MEMORY = "1GB"
_MOST_SPILLED = "8GB"
_SPILL = "spill-"
_SPILL_SECONDS = 2 * 3600.0


@contextmanager
def database(*, file: Path, cache: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that may read ``file`` and use ``cache``, and nothing else.

    Raises ``Unreadable`` for what DuckDB says against the file, ``MemoryError`` when
    it would take too much.
    """
    _remove_old_spills(cache)
    # Each has a folder of its own: databases that share one write over each other's files.
    with tempfile.TemporaryDirectory(
        prefix=_SPILL, dir=cache, ignore_cleanup_errors=True
    ) as spill:
        connection = duckdb.connect(config={"threads": 2, "memory_limit": _MEMORY})
        try:
            connection.execute(f"SET allowed_paths=[{literal(str(file))}]")
            connection.execute(f"SET allowed_directories=[{literal(str(cache))}]")
            connection.execute(f"SET temp_directory={literal(spill)}")
            connection.execute(f"SET max_temp_directory_size='{_MOST_SPILLED}'")
            connection.execute("SET enable_progress_bar=true")
            connection.execute("SET enable_progress_bar_print=false")
            connection.execute("SET enable_external_access=false")
            connection.execute("SET lock_configuration=true")
            yield connection
        except duckdb.OutOfMemoryException as error:
            raise MemoryError(str(error)) from None
        except duckdb.Error as error:
            code = "cut_parquet" if "No magic bytes" in str(error) else "unreadable"
            raise Unreadable(_said(error, file), code=code) from None
        finally:
            connection.close()


def literal(text: str) -> str:
    """``text`` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def name(column: str) -> str:
    """``column`` as an SQL identifier."""
    return '"' + column.replace('"', '""') + '"'


def _said(error: duckdb.Error, file: Path) -> str:
    """The error's first line, without where our folders are."""
    line = str(error).partition("\n")[0]
    return line.replace(str(file), "…").replace(str(file.parent), "…")


def _remove_old_spills(cache: Path) -> None:
    """Remove what workers left that were ended in the middle of a query."""
    for folder in cache.glob(f"{_SPILL}*"):
        try:
            is_old = time.time() - folder.stat().st_mtime > _SPILL_SECONDS
        except OSError:
            continue
        if is_old:
            shutil.rmtree(folder, ignore_errors=True)
