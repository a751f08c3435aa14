"""Tables: the first page at once, the rest from a copy that is prepared once."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from lyceum.previews import workers
from lyceum.previews.inside import preparing, tables
from lyceum.previews.results import (
    Bin,
    ColumnProfile,
    Problem,
    Progress,
    TablePage,
    TableProfile,
)

ROWS_A_PAGE = 50
_PAGE_SECONDS = 60.0
_PREPARE_SECONDS = 3600.0
_lock = threading.Lock()
_at_work: dict[Path, Future] = {}


def first_page(path: Path, format_: str, cache: Path, *, count: int = ROWS_A_PAGE) -> TablePage:
    """The first rows of a ``csv``, ``parquet`` or ``jsonl`` file, at once whatever its size.

    ``cache`` is a folder for this content alone.
    """
    found = workers.run(_first_page, path, format_, cache, count, seconds=_PAGE_SECONDS)
    return TablePage(problem=found) if isinstance(found, Problem) else found


def prepare(path: Path, format_: str, cache: Path) -> Progress:
    """Have the table prepared for pages, order, search and profile; how far that is.

    Returns at once; asking again tells the progress, also that of another process. A
    preparation that was killed is begun anew.
    """
    profile_path = cache / preparing.PROFILE
    if profile_path.exists():
        found = profile(cache)
        return Progress(100, is_ready=_can_be_read(found), problem=found.problem)
    with _lock:
        future = _at_work.get(cache)
        if future is None or future.done():
            if future is not None and (failed := _failure(future)):
                del _at_work[cache]
                return Progress(0, is_ready=False, problem=failed)
            if not preparing.is_preparing(cache):
                _at_work[cache] = workers.begin(
                    preparing.prepare, path, format_, cache, seconds=_PREPARE_SECONDS
                )
    return Progress(_percent(cache), is_ready=False)


def rows(
    path: Path,
    format_: str,
    cache: Path,
    *,
    offset: int = 0,
    count: int = ROWS_A_PAGE,
    sort: str = "",
    descending: bool = False,
    words: Sequence[str] = (),
    first_column: int = 0,
) -> TablePage:
    """A page of a table that ``prepare`` says is ready; see ``inside.tables.rows``."""
    source = path if format_ == "parquet" else cache / tables.TABLE
    wanted = {
        "offset": offset,
        "count": count,
        "sort": sort,
        "descending": descending,
        "words": list(words),
        "first_column": first_column,
    }
    found = workers.run(_rows, cache, source, wanted, seconds=_PAGE_SECONDS)
    return TablePage(problem=found) if isinstance(found, Problem) else found


def profile(cache: Path) -> TableProfile:
    """What a prepared table's columns hold; an empty one before."""
    try:
        kept = json.loads((cache / preparing.PROFILE).read_text())
    except (OSError, ValueError):
        return TableProfile()
    columns = [
        ColumnProfile(**{**column, "bins": [Bin(**each) for each in column["bins"]]})
        for column in kept["columns"]
    ]
    problem = Problem(**kept["problem"]) if kept["problem"] else None
    return TableProfile(**{**kept, "columns": columns, "problem": problem})


def _can_be_read(found: TableProfile) -> bool:
    return found.problem is None or found.problem.code in ("broken_rows", "nul_bytes")


def _percent(cache: Path) -> int:
    try:
        return int(json.loads((cache / preparing.PROGRESS).read_text())["percent"])
    except (OSError, ValueError, KeyError):
        return 0


def _failure(future: Future) -> Problem | None:
    """Why a preparation ended without its result; ``None`` when it did not fail."""
    outcome = workers.outcome(future, _PREPARE_SECONDS)
    return outcome if isinstance(outcome, Problem) else None


def _first_page(path: Path, format_: str, cache: Path, count: int) -> TablePage:
    return tables.first_page(path, format_, cache, count=count)


def _rows(cache: Path, source: Path, wanted: dict[str, Any]) -> TablePage:
    return tables.rows(cache, source=source, **wanted)
