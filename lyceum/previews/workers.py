"""The processes that open files of people: limited, replaced when they die."""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from lyceum.previews.results import Problem

T = TypeVar("T")

LOOKERS = 2
_TASKS_A_WORKER = 500
_MEMORY_BYTES = 4 << 30
_OPEN_FILES = 256
_lock = threading.Lock()
_pools: dict[str, ProcessPool] = {}


class Unreadable(Exception):
    """Raised in a worker: the file can't be read; the message says why, in its parser's words."""


def run(function: Callable[..., T], *arguments: Any, seconds: float) -> T | Problem:
    """What ``function(*arguments)`` gives in a worker; a ``Problem`` when it can't.

    ``function`` is one of ``previews.inside``; it is ended after ``seconds``.
    """
    return outcome(_schedule("look", function, *arguments, seconds=seconds), seconds)


def begin(function: Callable[..., Any], *arguments: Any, seconds: float) -> Future:
    """Start ``function(*arguments)``, which takes long, in the one worker for such work."""
    return _schedule("work", function, *arguments, seconds=seconds)


def warm_up() -> None:
    """Start the workers ahead, so that nobody waits for their imports; returns at once."""

    def start() -> None:
        for _ in range(LOOKERS):
            _schedule("look", _nothing, seconds=60)

    threading.Thread(target=start, daemon=True).start()


def outcome(future: Future, seconds: float) -> Any:
    """What a task gave, or the ``Problem`` that it ended with; waits for it."""
    try:
        return future.result()
    except Late:
        return Problem("too_slow", {"seconds": round(seconds)})
    except ProcessExpired:
        return Problem("crashed")
    except (Unreadable, OSError) as error:
        return Problem("unreadable", {"detail": str(error)[:500]})
    except MemoryError:
        return Problem("crashed")


def _schedule(name: str, function: Callable[..., Any], *arguments: Any, seconds: float) -> Future:
    with _lock:
        pool = _pools.get(name)
        if pool is None or not pool.active:
            pool = _pools[name] = ProcessPool(
                max_workers=LOOKERS if name == "look" else 1,
                max_tasks=_TASKS_A_WORKER,
                initializer=_confine,
                context=_context(),
            )
        return pool.schedule(function, args=list(arguments), timeout=seconds)


def _context() -> Any:
    # From a fresh server process: the portal has threads, which fork does not copy.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["lyceum.previews.inside.everything"])
    return context


def _confine() -> None:
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def _nothing() -> None:
    return None
