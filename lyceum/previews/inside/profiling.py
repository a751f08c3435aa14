"""What the columns of a table hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from lyceum.previews.inside.database import database, name
from lyceum.previews.inside.formats.parquet import rows_of
from lyceum.previews.inside.tables import COLUMNS_SHOWN, cell, type_of
from lyceum.previews.results import COUNTED_ROWS, Bin, ColumnProfile, TableProfile

BINS = 12
COMMONEST = 6
_LONGEST_LABEL = 60
_ABOUT_DISTINCT = "least(approx_count_distinct({0}), count({0}))"


def profile(
    table: Path, cache: Path, *, first_column: int = 0, told: Callable[[float], None]
) -> TableProfile:
    """The columns from ``first_column`` on, as many as a page shows, of a Parquet file.

    ``told`` hears the share that is done, from 0 to 1.
    """
    with database(file=table, cache=cache) as connection:
        rows = rows_of(table)
        described = connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()  # noqa: S608
        row_count = connection.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0]  # noqa: S608
        shown = described[first_column : first_column + COLUMNS_SHOWN]
        if len(described) > len(shown):
            rows = _narrowed(connection, rows, [each[0] for each in shown])
        distinct = "count(DISTINCT {0})" if row_count <= COUNTED_ROWS else _ABOUT_DISTINCT
        columns = []
        for number, (column, kind, *_rest) in enumerate(shown, start=1):
            columns.append(_column(connection, rows, column, kind, distinct))
            told(number / len(shown))
        return TableProfile(row_count, columns)


def _narrowed(connection: duckdb.DuckDBPyConnection, rows: str, columns: list[str]) -> str:
    """These columns alone: each query on a table of thousands first reads about all of them."""
    chosen = ", ".join(name(each) for each in columns)
    connection.execute(f"CREATE TEMP TABLE narrowed AS SELECT {chosen} FROM {rows}")  # noqa: S608
    return "narrowed"


def _column(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    column: str,
    database_type: str,
    distinct_sql: str,
) -> ColumnProfile:
    kind = type_of(database_type)
    value = name(column)
    is_number = kind in ("integer", "number")
    # NaN and infinity are no bounds, and no mean has them in it.
    bounded = (
        f"CASE WHEN isfinite({value}) THEN {value} END" if _may_be_odd(database_type) else value
    )
    bounds = "NULL, NULL" if kind == "other" else f"min({bounded}), max({bounded})"
    mean = f"avg({bounded})" if is_number else "NULL"
    missing, distinct, least, most, average = connection.execute(
        f"SELECT count(*) - count({value}), "  # noqa: S608
        f"{distinct_sql.format(value)}, {bounds}, {mean} FROM {rows}"
    ).fetchone() or (0, 0, None, None, None)
    if is_number:
        bins = _ranges(connection, rows, value, least, most, is_whole=kind == "integer")
    else:
        bins = _commonest(connection, rows, value)
    return ColumnProfile(
        column, kind, missing, distinct, cell(least), cell(most), _finite(average), bins
    )


def _may_be_odd(database_type: str) -> bool:
    return database_type in ("FLOAT", "DOUBLE")


def _ranges(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    value: str,
    least: Any,
    most: Any,
    *,
    is_whole: bool,
) -> list[Bin]:
    low, high = _finite(least), _finite(most)
    if low is None or high is None:
        return []
    each_value = low == high or (is_whole and high - low < BINS)
    count = round(high - low) + 1 if each_value else BINS
    width = 1.0 if each_value else (high - low) / BINS
    if not math.isfinite(width) or width <= 0:
        return []
    found = connection.execute(
        f"SELECT least(CAST(floor((CAST({value} AS DOUBLE) - ?) / ?) AS BIGINT), ?), "  # noqa: S608
        f"count(*) FROM {rows} WHERE {value} IS NOT NULL "
        f"AND isfinite(CAST({value} AS DOUBLE)) GROUP BY 1",
        [low, width, count - 1],
    ).fetchall()
    counts = dict(found)
    return [
        Bin(
            _short(low + place)
            if each_value
            else f"{_short(low + width * place)} – {_short(low + width * (place + 1))}",
            counts.get(place, 0),
        )
        for place in range(count)
    ]


def _commonest(connection: duckdb.DuckDBPyConnection, rows: str, value: str) -> list[Bin]:
    text = f"left(CAST({value} AS VARCHAR), {_LONGEST_LABEL})"
    found = connection.execute(
        f"SELECT {text}, count(*) FROM {rows} WHERE {value} IS NOT NULL "  # noqa: S608
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {COMMONEST}"
    ).fetchall()
    return [Bin(label.replace("\0", "␀"), times) for label, times in found]


def _finite(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _short(number: float) -> str:
    return f"{number:.4g}"
