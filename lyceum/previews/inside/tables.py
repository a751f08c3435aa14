"""Pages of tables: the first one from the file itself, any other from its Parquet copy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from lyceum.previews.inside.database import database, name
from lyceum.previews.inside.formats import FORMATS
from lyceum.previews.inside.formats.parquet import rows_of
from lyceum.previews.results import Column, Problem, TablePage

LONGEST_CELL = 300
COLUMNS_SHOWN = 100
REVISION = 2
"""Changes when the same file would give another table: what was kept before is not used."""
TABLE = f"table-{REVISION}.parquet"

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
_PLACE = "file_row_number"
"""DuckDB's name for a row's place in a Parquet file, from 0."""


def first_page(path: Path, format_: str, cache: Path, *, count: int) -> TablePage:
    """The first ``count`` rows, at once whatever the file's size."""
    if path.stat().st_size == 0:
        return TablePage(problem=Problem("empty"))
    cache.mkdir(parents=True, exist_ok=True)

    def page(connection: duckdb.DuckDBPyConnection, rows: str) -> TablePage:
        found = connection.execute(f"SELECT * FROM {rows} LIMIT {count + 1}")  # noqa: S608
        return _page(found, count=count)

    found = FORMATS[format_].read(path, cache, whole=False, use=page)
    return replace(
        found.made, encoding=found.encoding, delimiter=found.delimiter, problem=found.problem
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
    that is not there is not sorted by, nor shown first: then the table's first one is.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with database(file=source, cache=cache) as connection:
        table = rows_of(source)
        described = connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()  # noqa: S608
        names = [each[0] for each in described]
        first_column = first_column if first_column < len(names) else 0
        shown = names[first_column : first_column + COLUMNS_SHOWN]
        # A column of that name hides the place.
        place = "CAST(NULL AS BIGINT)" if _PLACE in names else _PLACE
        wanted = ", ".join([place, *(name(each) for each in shown)])
        clauses, values = _conditions(names, words)
        order = ""
        if sort in names:
            # By place among equals, so that no page has a row of another.
            order = f" ORDER BY {name(sort)} {'DESC' if descending else 'ASC'} NULLS LAST, {place}"
        found = connection.execute(
            f"SELECT {wanted} FROM {table}{clauses}{order} LIMIT {count + 1} OFFSET {offset}",  # noqa: S608
            values,
        )
        page = _page(found, count=count, offset=offset, is_numbered=True)
        return replace(page, column_count=len(names), first_column=first_column)


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


def _page(
    found: duckdb.DuckDBPyConnection, *, count: int, offset: int = 0, is_numbered: bool = False
) -> TablePage:
    """The rows found; with ``is_numbered`` each begins with its place in the table."""
    described = (found.description or [])[int(is_numbered) :]
    fetched = found.fetchmany(count + 1)
    counted = range(offset + 1, offset + count + 1)
    numbers = [
        row[0] + 1 if is_numbered and row[0] is not None else number
        for number, row in zip(counted, fetched, strict=False)
    ]
    values = (row[int(is_numbered) :][:COLUMNS_SHOWN] for row in fetched[:count])
    return TablePage(
        columns=[Column(each[0], type_of(each[1])) for each in described[:COLUMNS_SHOWN]],
        rows=[[cell(value) for value in row] for row in values],
        numbers=numbers,
        column_count=len(described),
        offset=offset,
        has_more=len(fetched) > count,
    )


def _conditions(names: Sequence[str], words: Sequence[str]) -> tuple[str, dict[str, str]]:
    """A row has each word in some column, whatever the case of its letters."""
    clauses, values = [], {}
    for number, word in enumerate(words):
        values[f"word{number}"] = f"%{_escaped(word)}%"
        each = (f"CAST({name(one)} AS VARCHAR) ILIKE $word{number} ESCAPE '\\'" for one in names)
        clauses.append(f"({' OR '.join(each)})")
    return (f" WHERE {' AND '.join(clauses)}" if clauses else ""), values


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
