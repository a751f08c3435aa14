"""Telling a process on this machine at once that there is something to do.

A named pipe: a byte in it ends the waiting process's wait. Nothing is lost without it;
who waits looks by itself every few seconds.
"""

from __future__ import annotations

import logging
import os
import select
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)


def ring(pipe: Path) -> None:
    """Wake who waits at ``pipe``, if anybody does."""
    with suppress(OSError):  # none is there, or it has been told already
        descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(descriptor, b".")
        finally:
            os.close(descriptor)


class Alarm:
    """The waiting end of ``pipe``; on a file system without pipes, a clock."""

    def __init__(self, pipe: Path) -> None:
        self._pipes: list[int] = []
        with suppress(FileExistsError):
            try:
                os.mkfifo(pipe, 0o600)
            except PermissionError as error:
                log.warning("without %s the dispatcher is told nothing: %s", pipe, error)
                return
        # Open for both: with no writer, a reader's end would always be readable.
        self._pipes.append(os.open(pipe, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))

    def wait(self, seconds: float) -> None:
        """Return after ``seconds``, or sooner when somebody wakes us."""
        for pipe in select.select(self._pipes, [], [], seconds)[0]:
            os.read(pipe, 65536)
