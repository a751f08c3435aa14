"""Archives being unpacked: one step each a round, the long ones on threads of their own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from lyceum.datasets.actions import unpacking_steps as steps
from lyceum.datasets.models import Unpacking
from lyceum.unpacking import State

log = logging.getLogger(__name__)

_WORKERS = 2


class Unpackings:
    """Takes every pending unpacking one step further, never two steps of one at once.

    Taking the unpacked files into the dataset hashes all of them, and must keep neither
    the rounds nor the looks at other runs from going on.
    """

    def __init__(self) -> None:
        self._steps = ThreadPoolExecutor(_WORKERS, thread_name_prefix="unpacking")
        self._finishing = ThreadPoolExecutor(_WORKERS, thread_name_prefix="unpacked")
        self._in_hand: set[int] = set()

    def turn(self) -> bool:
        """Hand out what is to be done; whether anything is under way."""
        keys = list(steps.pending().values_list("pk", flat=True))
        for key in keys:
            if key not in self._in_hand:
                self._in_hand.add(key)
                self._submit(self._steps, self._step, key)
        return bool(keys)

    def _step(self, key: int) -> bool:
        """One step; whether `_finish` follows at once."""
        # Read now: the round that handed it out may have seen it before its last step.
        unpacking = steps.pending().filter(pk=key).first()
        if unpacking is None:
            return False
        if unpacking.state not in Unpacking.ACTIVE:
            steps.clear(unpacking)
        elif not steps.is_wanted(unpacking):
            steps.drop(unpacking)
        elif unpacking.state == Unpacking.State.QUEUED:
            steps.begin(unpacking)
        elif steps.look(unpacking).state == State.DONE:
            self._submit(self._finishing, self._finish, key)
            return True
        return False

    def _finish(self, key: int) -> bool:
        unpacking = steps.pending().filter(pk=key).first()
        if unpacking is not None and steps.is_wanted(unpacking):
            steps.finish(unpacking)
        return False

    def _submit(self, pool: ThreadPoolExecutor, step: Callable[[int], bool], key: int) -> None:
        def work() -> None:
            goes_on = False
            try:
                goes_on = step(key)
            except Exception:
                log.exception("a step of unpacking %s failed; it is tried again", key)
            finally:
                connection.close()
                if not goes_on:
                    self._in_hand.discard(key)

        pool.submit(work)
