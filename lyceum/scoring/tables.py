"""A staged table's columns as arrays, by a DuckDB that sees the staging folder only."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import numpy as np

from lyceum.previews.inside.database import database, literal, name
from lyceum.scoring.files import LONGEST_ROW_MB, Table, structure
from lyceum.scoring.problems import Refused, refused


class Database:
    """Tables of keys, and the files that are compared with them."""

    def __init__(self, folder: Path) -> None:
        self._stack = ExitStack()
        self._connection = self._stack.enter_context(database(file=folder, cache=folder))
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stack.close()

    def keep_keys(self, keys: Sequence[str]) -> str:
        """A table that gives each key its place; its name."""
        table = f"keys_{next(self._numbers)}"
        arrays = {"k": np.array(keys, dtype=object), "n": np.arange(len(keys))}
        self._connection.register("given", arrays)
        self._connection.execute(
            f"CREATE TABLE {table} AS "  # noqa: S608 - the name is our own
            "SELECT CAST(k AS VARCHAR) AS k, CAST(n AS BIGINT) AS n FROM given"
        )
        self._connection.unregister("given")
        return table

    def select(
        self, table: Table, columns: Sequence[str], joins: Sequence[str] = (), where: str = ""
    ) -> dict[str, np.ma.MaskedArray]:
        """Each of ``columns`` (SQL over the file's columns ``c0`` …) as a masked array.

        ``r``, the row's place in the file from 0, is among them; rows are in any order.
        ``where`` chooses by ``r``. Raises ``Refused`` for a file that is no table.
        """
        rows = f"(SELECT row_number() OVER () - 1 AS r, * FROM {_rows(table)})"  # noqa: S608
        wanted = ", ".join(["r", *columns])
        query = f"SELECT {wanted} FROM {rows} {' '.join(joins)} {where}"  # noqa: S608 - our own
        try:
            fetched = self._connection.execute(query).fetchnumpy()
        except duckdb.OutOfMemoryException as error:
            raise MemoryError(str(error)) from None
        except duckdb.Error as error:
            raise structure(table) or _broken(error, table) from None
        return {each: np.ma.asarray(values) for each, values in fetched.items()}


def joined(keys: str, column: int, label: str) -> str:
    """The join that finds a column's texts in a table of ``keep_keys``."""
    return f"LEFT JOIN {keys} {label} ON {label}.k = trim(c{column})"


def _rows(table: Table) -> str:
    columns = ", ".join(f"{name(f'c{number}')}: 'VARCHAR'" for number in range(len(table.header)))
    return (
        f"read_csv({literal(str(table.path))}, auto_detect=false, header=true, "
        f"delim={literal(table.separator)}, quote='\"', escape='\"', new_line='\\n', "
        f"columns={{{columns}}}, max_line_size={LONGEST_ROW_MB << 20}, null_padding=false, "
        f"strict_mode=true)"
    )


def _broken(error: duckdb.Error, table: Table) -> Refused:
    line = str(error).partition("\n")[0].replace(str(table.path), "…")
    return refused("broken", detail=line[:200])
