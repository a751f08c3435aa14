"""Telling the dispatcher at once that there is something to do with tasks.

A named pipe in the platform's folder: a byte in it ends the dispatcher's wait. Nothing is
lost without it; the dispatcher looks by itself every other second.
"""

from __future__ import annotations

import os
import select
from contextlib import suppress
from pathlib import Path

from lyceum.config import settings


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
    """The dispatcher's end of the pipe."""

    def __init__(self) -> None:
        with suppress(FileExistsError):
            os.mkfifo(_pipe(), 0o600)
        # Open for both: with no writer, a reader's end would always be readable.
        self._pipe = os.open(_pipe(), os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def wait(self, seconds: float) -> None:
        """Return after ``seconds``, or sooner when somebody wakes us."""
        if select.select([self._pipe], [], [], seconds)[0]:
            os.read(self._pipe, 65536)
