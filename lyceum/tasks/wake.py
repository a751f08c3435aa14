"""Telling the dispatcher at once that there is something to do with tasks.

A named pipe in the platform's folder: a byte in it ends the dispatcher's wait. Nothing is
lost without it; the dispatcher looks by itself every other second.
"""

from __future__ import annotations

import logging
import os
import select
from contextlib import suppress
from pathlib import Path

from lyceum.config import settings

log = logging.getLogger(__name__)


def _pipe() -> Path:
    return settings().root / "dispatcher.wake"


def dispatcher() -> None:
    """Wake the dispatcher, if one runs on this machine."""
    with suppress(OSError):  # none is there, or it has been told already
        descriptor = os.open(_pipe(), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(descriptor, b".")
        finally:
            os.close(descriptor)


class Alarm:
    """The dispatcher's end of the pipe; on a file system without pipes, a clock."""

    def __init__(self) -> None:
        self._pipes: list[int] = []
        with suppress(FileExistsError):
            try:
                os.mkfifo(_pipe(), 0o600)
            except PermissionError as error:
                log.warning("tasks wait up to two seconds for the dispatcher: %s", error)
                return
        # Open for both: with no writer, a reader's end would always be readable.
        self._pipes.append(os.open(_pipe(), os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))

    def wait(self, seconds: float) -> None:
        """Return after ``seconds``, or sooner when somebody wakes us."""
        for pipe in select.select(self._pipes, [], [], seconds)[0]:
            os.read(pipe, 65536)
