"""The processes that open files of people: limited, replaced when they die."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from enum import StrEnum
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from lyceum.previews.results import Problem

T = TypeVar("T")

_TASKS_A_WORKER = 500
_MEMORY_BYTES = 4 << 30
_OPEN_FILES = 256
_NICE = 10
_GRACE_SECONDS = 10
_lock = threading.Lock()
_pools: dict[Crew, ProcessPool] = {}
_log = logging.getLogger(__name__)


class Crew(StrEnum):
    """Who does it, so that none waits for what takes longer: a look at a file's beginning,
    a query over a whole table, the preparation of a table, the scoring of a submission."""

    LOOK = "look"
    QUERY = "query"
    PREPARE = "prepare"
    SCORE = "score"


_WORKERS = {Crew.LOOK: 2, Crew.QUERY: 2, Crew.PREPARE: 1, Crew.SCORE: 1}


class Unreadable(Exception):
    """Raised in a worker: the file can't be read. ``detail`` is what its parser says; ``code``
    one of ``Problem``'s."""

    def __init__(self, detail: str, code: str = "unreadable") -> None:
        super().__init__(detail, code)  # what unpickling gives back to this

    @property
    def problem(self) -> Problem:
        detail, code = self.args
        return Problem(code, {"detail": detail[:500]} if code == "unreadable" else {})


def run(
    function: Callable[..., T], *arguments: Any, seconds: float, crew: Crew = Crew.LOOK
) -> T | Problem:
    """What ``function(*arguments)``, which can be pickled, gives in a worker; a ``Problem``
    when it can't. It is ended after ``seconds``."""
    return outcome(begin(function, *arguments, seconds=seconds, crew=crew), seconds)


def begin(
    function: Callable[..., Any], *arguments: Any, seconds: float, crew: Crew
) -> Future[Any]:
    """Start ``function(*arguments)`` in a worker, or have it wait for one that is free."""
    with _lock:
        pool = _pools.get(crew)
        if pool is None or not pool.active:
            pool = _pools[crew] = ProcessPool(
                max_workers=_WORKERS[crew],
                max_tasks=_TASKS_A_WORKER,
                initializer=_confine,
                initargs=[crew],
                context=_context(),
            )
        return pool.schedule(_in_time, args=[seconds, function, *arguments], timeout=seconds)


def warm_up() -> None:
    """Start the workers ahead, so that nobody waits for their imports; returns at once."""

    def start() -> None:
        for crew in (Crew.LOOK, Crew.QUERY):
            for _ in range(_WORKERS[crew]):
                begin(_nothing, seconds=60, crew=crew)

    threading.Thread(target=start, daemon=True).start()


def outcome(future: Future[Any], seconds: float) -> Any:
    """What a task gave, or the ``Problem`` that it ended with; waits for it."""
    try:
        return future.result()
    except Late:
        return Problem("too_slow", {"seconds": round(seconds)})
    except Unreadable as error:
        return error.problem
    except (ProcessExpired, MemoryError):
        return Problem("crashed")
    except Exception:
        # Parsers given broken files raise anything; only the log tells that it may be our fault.
        _log.exception("A preview failed")
        return Problem("crashed")


def _context() -> Any:
    # From a fresh server process: the portal has threads, which fork does not copy.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["lyceum.previews.inside.everything"])
    return context


def _confine(crew: Crew) -> None:
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))
    if crew is Crew.PREPARE:
        os.nice(_NICE)


def _in_time(seconds: float, function: Callable[..., T], *arguments: Any) -> T:
    """A worker whose portal was killed ends its task, and by itself if that takes too long:
    nobody else is left to do it."""
    signal.alarm(round(seconds) + _GRACE_SECONDS)
    try:
        return function(*arguments)
    finally:
        signal.alarm(0)


def _nothing() -> None:
    return None
