"""Several at once, where each spends most of its time waiting for the other side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

AT_ONCE = 32
SMALL = 1 << 20
"""Bytes up to which a file mostly waits; of larger ones the bytes are what takes time."""
_GRACE_SECONDS = 5.0


class Parallel:
    """Does one piece of work for each of some things, ``AT_ONCE`` at a time.

    ``stop`` is set when no more is to be begun: after a failure, or Ctrl-C. Who waits
    on the way should wait for it too.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()

    def each(self, work: Callable[[T], None], things: Sequence[T]) -> None:
        """Until all is done; raises the first failure, when what else was under way has
        ended too or a few seconds have passed. Ctrl-C waits for nothing."""
        waiting = iter(things)
        failures: list[Exception] = []

        def worker() -> None:
            while not self.stop.is_set():
                with lock:
                    thing = next(waiting, _END)
                if thing is _END:
                    return
                try:
                    work(thing)
                except Exception as failure:
                    failures.append(failure)
                    self.stop.set()

        lock = threading.Lock()
        # Daemons: a connection that hangs must not keep a program from ending.
        threads = [
            threading.Thread(target=worker, daemon=True) for _ in range(min(AT_ONCE, len(things)))
        ]
        for thread in threads:
            thread.start()
        try:
            self._join(threads)
        except BaseException:
            self.stop.set()
            raise
        if failures:
            raise failures[0]

    def _join(self, threads: Sequence[threading.Thread]) -> None:
        stopped_at: float | None = None
        for thread in threads:
            while thread.is_alive():
                thread.join(0.5)
                if self.stop.is_set():
                    stopped_at = stopped_at or time.monotonic()
                    if time.monotonic() - stopped_at > _GRACE_SECONDS:
                        return


_END = object()
