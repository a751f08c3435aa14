"""Pages of tables: the first one from the file itself, any other from its Parquet copy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from lyceum.previews.inside import reading
from lyceum.previews.results import Column, Problem, TablePage

LONGEST_CELL = 300
COLUMNS_SHOWN = 100
TABLE = "table.parquet"

_TYPES = {
    "text": ("VARCHAR",),
    "integer": (
        "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
        "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
    ),
    "number": ("FLOAT", "DOUBLE", "DECIMAL"),
    "boolean": ("BOOLEAN",),
    "date": ("DATE",),
    "time": ("TIME", "TIMESTAMP"),
}  # fmt: skip


def first_page(path: Path, format_: str, cache: Path, *, count: int) -> TablePage:
    """The first ``count`` rows, at once whatever the file's size."""
    if path.stat().st_size == 0:
        return TablePage(problem=Problem("empty"))
    cache.mkdir(parents=True, exist_ok=True)
    file, encoding = reading.open_source(path, format_, cache, whole=False)
    with reading.database(file=file, cache=cache) as database:
        source = reading.source(database, file, format_, encoding)
        found = database.execute(f"SELECT * FROM {source.sql} LIMIT {count + 1}")  # noqa: S608
        page = _page(found, count=count)
        return replace(
            page,
            encoding=encoding,
            delimiter=source.delimiter,
            problem=_first_problem(database, file, format_, page),
        )


def rows(
    cache: Path,
    *,
    source: Path,
    offset: int,
    count: int,
    sort: str,
    descending: bool,
    words: Sequence[str],
    first_column: int,
) -> TablePage:
    """Rows ``offset`` to ``offset + count`` of a prepared table, or of a Parquet file.

    ``sort`` is a column's name; each of ``words`` must be in some column. A column
    that is not there is not sorted by.
    """
    with reading.database(file=source, cache=cache) as database:
        table = f"read_parquet({reading.literal(str(source))})"
        described = database.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()  # noqa: S608
        names = [each[0] for each in described]
        shown = names[first_column : first_column + COLUMNS_SHOWN]
        wanted = ", ".join(reading.name(each) for each in shown) or "*"
        clauses, values = _conditions(names, words)
        order = ""
        if sort in names:
            order = f" ORDER BY {reading.name(sort)} {'DESC' if descending else 'ASC'} NULLS LAST"
        found = database.execute(
            f"SELECT {wanted} FROM {table}{clauses}{order} LIMIT {count + 1} OFFSET {offset}",  # noqa: S608
            values,
        )
        page = _page(found, count=count)
        return replace(page, column_count=len(names), first_column=first_column, offset=offset)


def type_of(database_type: Any) -> str:
    """DuckDB's type in the words of ``Column``."""
    text = str(database_type).partition("(")[0].upper()
    for shown, names in _TYPES.items():
        if text in names or (shown == "time" and text.startswith("TIMESTAMP")):
            return shown
    return "other"


def cell(value: Any) -> str | None:
    """A value as text, cut."""
    if value is None:
        return None
    if isinstance(value, (dict, list)):
        text = json.dumps(value, ensure_ascii=False, default=str)
    elif isinstance(value, bytes):
        text = value[:LONGEST_CELL].hex(" ")
    else:
        text = str(value).replace("\0", "␀")
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"


def _page(found: duckdb.DuckDBPyConnection, *, count: int) -> TablePage:
    described = found.description or []
    fetched = found.fetchmany(count + 1)
    return TablePage(
        columns=[Column(each[0], type_of(each[1])) for each in described[:COLUMNS_SHOWN]],
        rows=[[cell(value) for value in row[:COLUMNS_SHOWN]] for row in fetched[:count]],
        column_count=len(described),
        has_more=len(fetched) > count,
    )


def _conditions(names: Sequence[str], words: Sequence[str]) -> tuple[str, list[str]]:
    clauses, values = [], []
    searched = names[: COLUMNS_SHOWN * 2]
    for word in words:
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        each = (f"CAST({reading.name(name)} AS VARCHAR) ILIKE ? ESCAPE '\\'" for name in searched)
        clauses.append(f"({' OR '.join(each)})")
        values += [f"%{escaped}%"] * len(searched)
    return (f" WHERE {' AND '.join(clauses)}" if clauses else ""), values


def _first_problem(
    database: duckdb.DuckDBPyConnection, file: Path, format_: str, page: TablePage
) -> Problem | None:
    if format_ == "csv":
        return reading.rejected(database) or reading.first_nul(file)
    if format_ == "jsonl" and any(all(value is None for value in row) for row in page.rows):
        return reading.first_bad_json(file, most_lines=len(page.rows) + 1)
    return None
