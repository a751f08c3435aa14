"""CSV, TSV and the like."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from lyceum.previews.inside.database import database, literal
from lyceum.previews.inside.encodings import (
    HEAD_BYTES,
    encoding_of_file,
    is_text,
    is_utf8,
    transcode,
)
from lyceum.previews.inside.formats.base import Format, Reading, T, Use
from lyceum.previews.results import Problem
from lyceum.previews.workers import Unreadable

_HEAD_OF_OTHER_ENCODINGS = 4 << 20
_LONGEST_LINE = 2 << 20
_HEAD_BUFFER = 4 << 20
_REJECTS_KEPT = 1_000_000
_MOST_TITLE_LINES = 100
_SNIFFED_ROWS = 20_000
_FEW = 20
"""Up to so many values that do not fit their column's type are broken rows; with more the
column is text. The type was sniffed in over 20,000 rows, so this is one in a thousand."""
_NOTHING = "(empty)"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text is a table: DuckDB's sniffer's words. ``types`` by column, in their order."""

    delimiter: str
    quote: str
    escape: str
    comment: str
    skip: int
    has_header: bool
    date_format: str
    timestamp_format: str
    types: dict[str, str]

    def rows(self, path: Path, *, attempt: int, whole: bool) -> str:
        """SQL that gives the rows; those left out are in ``rejects_<attempt>``."""
        columns = ", ".join(
            f"{literal(name)}: {literal(kind)}" for name, kind in self.types.items()
        )
        options = {
            "auto_detect": "false",
            "delim": literal(self.delimiter),
            "quote": literal(self.quote),
            "escape": literal(self.escape),
            "comment": literal(self.comment),
            "skip": str(self.skip),
            "header": str(self.has_header).lower(),
            "columns": f"{{{columns}}}",
            "hive_partitioning": "false",
            "max_line_size": str(_LONGEST_LINE),
            "store_rejects": "true",
            "rejects_table": literal(f"rejects_{attempt}"),
            "rejects_scan": literal(f"scans_{attempt}"),
            "rejects_limit": str(_REJECTS_KEPT),
        }
        if self.date_format:
            options["dateformat"] = literal(self.date_format)
        if self.timestamp_format:
            options["timestampformat"] = literal(self.timestamp_format)
        if not whole:
            options["buffer_size"] = str(_HEAD_BUFFER)
        given = ", ".join(f"{name}={value}" for name, value in options.items())
        return f"read_csv({literal(str(path))}, {given})"

    def with_text(self, columns: Collection[str]) -> Dialect:
        """The same with ``columns`` read as text."""
        types = {name: "VARCHAR" if name in columns else kind for name, kind in self.types.items()}
        return replace(self, types=types)


class Delimited(Format):
    """Delimiter, quotes, header and types are sniffed; rows that break the form are left out
    and told (DuckDB, "Reading Faulty CSV Files")."""

    def read(self, path: Path, cache: Path, *, whole: bool, use: Use[T]) -> Reading[T]:
        encoding = encoding_of_file(path)
        if not is_text(_head(path), encoding) or _is_one_long_line(path):
            raise Unreadable("no lines of text", code="no_table")
        text = _in_utf8(path, cache, encoding, whole=whole)
        with database(file=text, cache=cache) as connection:
            dialect = _sniffed(connection, text)
            mixed: dict[str, Problem] = {}
            made = use(connection, dialect.rows(text, attempt=0, whole=whole))
            if mixed := _mixed(connection, attempt=0):
                dialect = dialect.with_text(mixed)
                made = use(connection, dialect.rows(text, attempt=1, whole=whole))
            problem = _broken_rows(connection, attempt=1 if mixed else 0)
        problem = problem or _first_nul(text) or next(iter(mixed.values()), None)
        return Reading(made, encoding, dialect.delimiter, problem)


def _in_utf8(path: Path, cache: Path, encoding: str, *, whole: bool) -> Path:
    if is_utf8(encoding):
        return path
    copy = cache / ("whole.txt" if whole else f"head-{encoding}.txt")
    if not copy.exists():
        limit = None if whole else _HEAD_OF_OTHER_ENCODINGS
        transcode(path, copy, encoding, limit=limit)
    return copy


def _sniffed(connection: duckdb.DuckDBPyConnection, path: Path) -> Dialect:
    # Ragged rows among the good ones must not make the sniffer begin below them …
    dialect = _sniff(connection, path, "ignore_errors=true")
    if dialect is None:
        dialect = _sniff(
            connection, path, f"ignore_errors=true, max_line_size={8 * _LONGEST_LINE}"
        )
    if dialect is None:
        raise Unreadable("no table", code="no_table")
    if len(dialect.types) == 1:  # … unless they are a title above the table.
        below = _sniff(connection, path, "")
        if below and len(below.types) > 1 and below.skip <= _MOST_TITLE_LINES:
            dialect = below
    # Marks that what was sniffed does without mean further down what they always do.
    if not dialect.quote and not any(b'"' in line for line in _sniffed_lines(path)):
        dialect = replace(dialect, quote='"')
    if not dialect.escape:
        dialect = replace(dialect, escape=dialect.quote)
    return dialect


def _sniff(connection: duckdb.DuckDBPyConnection, path: Path, options: str) -> Dialect | None:
    try:
        found = connection.execute(
            "SELECT Delimiter, Quote, Escape, Comment, SkipRows, HasHeader, "  # noqa: S608
            "DateFormat, TimestampFormat, Columns "
            f"FROM sniff_csv({literal(str(path))}{options and ', '}{options})"
        ).fetchone()
    except duckdb.Error:
        return None
    if found is None or not found[-1]:
        return None
    *marks, skip, has_header, date_format, timestamp_format, columns = found
    delimiter, quote, escape, comment = (_given(each) for each in marks)
    return Dialect(
        delimiter, quote, escape, comment, skip, has_header, date_format or "",
        timestamp_format or "", {column["name"]: column["type"] for column in columns},
    )  # fmt: skip


def _given(mark: str) -> str:
    return "" if mark == _NOTHING or mark == "\0" else mark


def _mixed(connection: duckdb.DuckDBPyConnection, *, attempt: int) -> dict[str, Problem]:
    """The columns with more than a few values of another type, with what is said of them."""
    if not _exists(connection, f"rejects_{attempt}"):
        return {}
    found = connection.execute(
        f"SELECT column_name, count(*), min(line) FROM rejects_{attempt} "  # noqa: S608
        "WHERE error_type = 'CAST' GROUP BY 1 HAVING count(*) > ? ORDER BY 3",
        [_FEW],
    ).fetchall()
    return {
        column: Problem("mixed_types", {"column": column, "count": count, "line": line})
        for column, count, line in found
    }


def _broken_rows(connection: duckdb.DuckDBPyConnection, *, attempt: int) -> Problem | None:
    """The rows that were left out; ``None`` when none were."""
    table = f"rejects_{attempt}"
    if not _exists(connection, table):
        return None
    count = connection.execute(f"SELECT count(DISTINCT line) FROM {table}").fetchone()  # noqa: S608
    if not count or not count[0]:
        return None
    line, reason, column = connection.execute(
        f"SELECT line, error_type, column_name FROM {table} ORDER BY line LIMIT 1"  # noqa: S608
    ).fetchone() or (0, "", None)
    return Problem(
        "broken_rows",
        {
            "count": int(count[0]),
            "line": int(line),
            "reason": str(reason).lower().replace(" ", "_"),
            "column": column,
        },
    )


def _exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether there is such a table: DuckDB makes one when it has looked at a whole buffer."""
    found = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [table])
    return found.fetchone() is not None


def _first_nul(path: Path) -> Problem | None:
    """The first line with a NUL in the beginning of a text; ``None`` when there is none."""
    head = _head(path)
    place = head.find(b"\0")
    if place < 0:
        return None
    return Problem("nul_bytes", {"line": head.count(b"\n", 0, place) + 1})


def _is_one_long_line(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(_LONGEST_LINE + 1)
    return len(start) > _LONGEST_LINE and b"\n" not in start and b"\r" not in start


def _sniffed_lines(path: Path) -> list[bytes]:
    return _head(path).split(b"\n", _SNIFFED_ROWS)[:_SNIFFED_ROWS]


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)
