"""What a format of tables can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from lyceum.previews.results import Problem

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")
# In quotes: typing keeps what it is given, and DuckDB complains of that at exit.
Use = Callable[["duckdb.DuckDBPyConnection", str], T]
"""Takes a database and SQL that gives rows (what follows FROM), and makes something of them."""


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What a ``Use`` made of a file's rows; what the file is written in, what is wrong with it."""

    made: T
    encoding: str = ""
    delimiter: str = ""
    problem: Problem | None = None


class Format(ABC):
    """A way to write a table. One object serves all files."""

    has_copy = True
    """Whether pages are read from a Parquet copy, not from the file itself."""

    @abstractmethod
    def read(self, path: Path, cache: Path, *, whole: bool, use: Use[T]) -> Reading[T]:
        """Have ``use`` take the rows of ``path`` (more than once, if the first try shows
        that they must be read otherwise), or of its beginning unless ``whole``.

        ``cache`` exists; what is written there may be left. Raises ``Unreadable``.
        """
