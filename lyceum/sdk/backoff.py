"""Trying again after a lost connection, more and more slowly."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

_FIRST = 0.5
_LONGEST = 15.0


class Backoff:
    """Pauses between tries, until ``patience`` seconds pass without progress.

    The pauses double and vary, so that many clients do not come back at once.
    ``on_wait`` hears of each. Once ``stop`` is set there are no more tries.
    """

    def __init__(
        self,
        patience: float,
        on_wait: Callable[[], None] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._patience = patience
        self._on_wait = on_wait
        self._stop = stop or threading.Event()
        self.progressed()

    def progressed(self) -> None:
        """Something got through: patience and pauses begin anew."""
        self._pause = _FIRST
        self._until = time.monotonic() + self._patience

    def pause(self, reason: Exception) -> None:
        """Wait before the next try; raises ``reason`` when there is none."""
        if time.monotonic() + self._pause > self._until:
            raise reason
        if self._on_wait:
            self._on_wait()
        if self._stop.wait(self._pause * random.uniform(0.8, 1.2)):  # noqa: S311
            raise reason
        self._pause = min(self._pause * 2, _LONGEST)
