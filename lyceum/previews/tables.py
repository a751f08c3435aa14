"""Tables: the first page at once, the rest from a copy that is prepared once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from lyceum.previews import workers
from lyceum.previews.inside import preparing, tables
from lyceum.previews.inside.formats import FORMATS
from lyceum.previews.results import (
    Bin,
    ColumnProfile,
    Problem,
    Progress,
    TablePage,
    TableProfile,
)
from lyceum.previews.workers import Crew

ROWS_A_PAGE = 50
_FIRST_SECONDS = 20.0
_QUERY_SECONDS = 40.0
_PREPARE_SECONDS = 1800.0
_FAILURE_SECONDS = 6 * 3600.0
"""A preparation that ended its worker is not tried again for so long."""
_FAILURE = f"failure-{tables.REVISION}.json"
_PARTLY = ("broken_rows", "nul_bytes", "mixed_types")
"""Problems of tables that can be read all the same."""
_lock = threading.Lock()
_at_work: dict[Path, Future] = {}


def first_page(path: Path, format_: str, cache: Path, *, count: int = ROWS_A_PAGE) -> TablePage:
    """The first rows of a ``csv``, ``parquet`` or ``jsonl`` file, at once whatever its size.

    ``cache`` is a folder for this content alone.
    """
    found = workers.run(
        partial(tables.first_page, count=count), path, format_, cache, seconds=_FIRST_SECONDS
    )
    return TablePage(problem=found) if isinstance(found, Problem) else found


def prepare(path: Path, format_: str, cache: Path) -> Progress:
    """Have the table prepared for pages, order, search and profile; how far that is.

    Returns at once; asking again tells the progress, also that of another process. A
    preparation that was killed is begun anew.
    """
    if preparing.profile_path(cache).exists():
        found = profile(cache)
        return Progress(100, is_ready=_can_be_read(found), problem=found.problem)
    if failed := _last_failure(cache):
        return Progress(0, is_ready=False, problem=failed)
    with _lock:
        future = _at_work.get(cache)
        if future is None or future.done():
            if future is not None and (failed := _failure(future)):
                del _at_work[cache]
                _keep_failure(cache, failed)
                return Progress(0, is_ready=False, problem=failed)
            if not preparing.is_preparing(cache):
                _at_work[cache] = workers.begin(
                    preparing.prepare,
                    path,
                    format_,
                    cache,
                    seconds=_PREPARE_SECONDS,
                    crew=Crew.PREPARE,
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
    source = cache / tables.TABLE if FORMATS[format_].has_copy else path
    look = partial(
        tables.rows,
        source=source,
        offset=offset,
        count=count,
        sort=sort,
        descending=descending,
        words=list(words),
        first_column=first_column,
    )
    found = workers.run(look, cache, seconds=_QUERY_SECONDS, crew=Crew.QUERY)
    return TablePage(problem=found) if isinstance(found, Problem) else found


def profile(cache: Path, *, first_column: int = 0) -> TableProfile:
    """What a prepared table's columns from ``first_column`` on hold, where that is known;
    else an empty one."""
    try:
        kept = json.loads(preparing.profile_path(cache, first_column).read_text())
    except (OSError, ValueError):
        return TableProfile()
    columns = [
        ColumnProfile(**{**column, "bins": [Bin(**each) for each in column["bins"]]})
        for column in kept["columns"]
    ]
    problem = Problem(**kept["problem"]) if kept["problem"] else None
    return TableProfile(**{**kept, "columns": columns, "problem": problem})


def further_profile(path: Path, format_: str, cache: Path, *, first_column: int) -> TableProfile:
    """What the columns from ``first_column`` on of a prepared table hold, found out now if
    it is not known; an empty one when that fails."""
    if not preparing.profile_path(cache, first_column).exists():
        workers.run(
            preparing.further_columns,
            path,
            format_,
            cache,
            first_column,
            seconds=_QUERY_SECONDS,
            crew=Crew.QUERY,
        )
    return profile(cache, first_column=first_column)


def _can_be_read(found: TableProfile) -> bool:
    return found.problem is None or found.problem.code in _PARTLY


def _percent(cache: Path) -> int:
    try:
        return int(json.loads((cache / preparing.PROGRESS).read_text())["percent"])
    except (OSError, ValueError, KeyError):
        return 0


def _failure(future: Future) -> Problem | None:
    """Why a preparation ended without its result; ``None`` when it did not fail."""
    outcome = workers.outcome(future, _PREPARE_SECONDS)
    return outcome if isinstance(outcome, Problem) else None


def _keep_failure(cache: Path, problem: Problem) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    (cache / _FAILURE).write_text(json.dumps({"code": problem.code, "params": problem.params}))


def _last_failure(cache: Path) -> Problem | None:
    try:
        if time.time() - (cache / _FAILURE).stat().st_mtime > _FAILURE_SECONDS:
            return None
        return Problem(**json.loads((cache / _FAILURE).read_text()))
    except (OSError, ValueError):
        return None
