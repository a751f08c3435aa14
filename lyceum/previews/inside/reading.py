"""A table file as DuckDB reads it, in a database that can touch nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from lyceum.previews.inside.encodings import HEAD_BYTES, encoding_of, is_utf8, transcode
from lyceum.previews.results import Problem
from lyceum.previews.workers import Unreadable

_MEMORY = "1GB"
_HEAD_OF_OTHER_ENCODINGS = 4 << 20
_LONGEST_LINE = 8 << 20
_REJECTS_KEPT = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'"


@dataclass(frozen=True, slots=True)
class Source:
    """SQL that gives a file's rows; what the file was found to be written in."""

    sql: str
    encoding: str = ""
    delimiter: str = ""


@contextmanager
def database(*, file: Path, cache: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that may read ``file`` and use ``cache``, and nothing else.

    Raises ``Unreadable`` for what DuckDB says against the file.
    """
    connection = duckdb.connect(config={"threads": 2, "memory_limit": _MEMORY})
    try:
        connection.execute(f"SET allowed_paths=[{literal(str(file))}]")
        connection.execute(f"SET allowed_directories=[{literal(str(cache))}]")
        connection.execute(f"SET temp_directory={literal(str(cache / 'spill'))}")
        connection.execute("SET enable_progress_bar=true")
        connection.execute("SET enable_progress_bar_print=false")
        connection.execute("SET enable_external_access=false")
        connection.execute("SET lock_configuration=true")
        yield connection
    except duckdb.OutOfMemoryException as error:
        raise MemoryError(str(error)) from None
    except duckdb.Error as error:
        raise Unreadable(str(error).partition("\n")[0]) from None
    finally:
        connection.close()


def open_source(path: Path, format_: str, cache: Path, *, whole: bool) -> tuple[Path, str]:
    """The file to read instead of ``path``, and the encoding that ``path`` is in.

    DuckDB reads UTF-8; of a text in another encoding a copy goes to ``cache``, unless
    ``whole`` of its beginning only. Raises ``Unreadable``.
    """
    if format_ == "parquet":
        return path, ""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    encoding = encoding_of(head)
    if len(head) == HEAD_BYTES and b"\n" not in head and b"\r" not in head:
        raise Unreadable("the first line is longer than 1 MB")
    if is_utf8(encoding):
        return path, encoding
    copy = cache / ("whole.txt" if whole else "head.txt")
    transcode(path, copy, encoding, limit=None if whole else _HEAD_OF_OTHER_ENCODINGS)
    return copy, encoding


def source(
    connection: duckdb.DuckDBPyConnection, path: Path, format_: str, encoding: str
) -> Source:
    """The SQL that reads ``path``; a CSV's delimiter, quotes, header and types are sniffed."""
    file = literal(str(path))
    if format_ == "parquet":
        return Source(f"read_parquet({file})")
    if format_ == "jsonl":
        return Source(
            f"read_json({file}, format='newline_delimited', ignore_errors=true, "
            f"maximum_object_size={_LONGEST_LINE})",
            encoding,
        )
    sniffed = connection.execute(
        f"SELECT Delimiter, Prompt FROM sniff_csv({file}, store_rejects=true)"  # noqa: S608
    ).fetchone()
    if sniffed is None:
        raise Unreadable("no table was found in it")
    delimiter, prompt = sniffed
    # Broken rows are left out and told, not an end; see DuckDB's "Reading Faulty CSV Files".
    return Source(prompt.removeprefix("FROM ").rstrip().rstrip(";"), encoding, delimiter)


def rejected(connection: duckdb.DuckDBPyConnection) -> Problem | None:
    """The rows that the last CSV read left out; ``None`` when it left none."""
    if not connection.execute(_REJECTS_KEPT).fetchone():
        return None  # the reading was over before it had looked at a whole buffer
    count = connection.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()
    if not count or not count[0]:
        return None
    first = connection.execute(
        "SELECT line, error_type, column_name FROM reject_errors ORDER BY line LIMIT 1"
    ).fetchone()
    line, reason, column = first or (0, "", None)
    return Problem(
        "broken_rows",
        {
            "count": int(count[0]),
            "line": int(line),
            "reason": str(reason).lower().replace(" ", "_"),
            "column": column,
        },
    )


def first_nul(path: Path) -> Problem | None:
    """The first line with a NUL in the beginning of a text; ``None`` when there is none."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    place = head.find(b"\0")
    if place < 0:
        return None
    return Problem("nul_bytes", {"line": head.count(b"\n", 0, place) + 1})


def first_bad_json(path: Path, *, most_lines: int = 1_000_000) -> Problem | None:
    """The first line that is no JSON, looked for in the first ``most_lines``."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if number > most_lines:
                return None
            if not line.strip():
                continue
            try:
                json.loads(line)
            except (ValueError, RecursionError):
                params = {"count": 1, "line": number, "reason": "no_json", "column": None}
                return Problem("broken_rows", params)
    return None


def literal(text: str) -> str:
    """``text`` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def name(column: str) -> str:
    """``column`` as an SQL identifier."""
    return '"' + column.replace('"', '""') + '"'
