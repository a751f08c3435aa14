"""What a long transfer says of itself while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload or a download of some files is.

    Sizes are in bytes; ``done`` counts what was there before this run too
    (``resumed``). ``path`` is the file at work, empty before the first. ``waiting``
    is true while the connection is lost and is tried again.
    """

    path: str
    done: int
    total: int
    resumed: int
    files_done: int
    files: int
    waiting: bool = False


Callback = Callable[[Progress], None]


class Meter:
    """Counts the bytes and files of a transfer and tells ``callback``, one call at a time,
    whichever thread a file is transferred in."""

    def __init__(self, callback: Callback | None, *, total: int, files: int) -> None:
        self._callback = callback
        self._total = total
        self._files = files
        self._lock = threading.Lock()
        self._done = self._resumed = self._files_done = 0

    def begin(self, path: str, *, there: int = 0) -> FileMeter:
        """``path`` is next; ``there`` bytes of it are there already."""
        begun = FileMeter(self, path)
        begun.resume(there)
        return begun

    def count(
        self, path: str, *, done: int = 0, resumed: int = 0, files: int = 0, waiting: bool = False
    ) -> None:
        """So much more is done, of the file at ``path``."""
        with self._lock:
            self._done += done
            self._resumed += resumed
            self._files_done += files
            if self._callback:
                self._callback(
                    Progress(
                        path,
                        self._done,
                        self._total,
                        self._resumed,
                        self._files_done,
                        self._files,
                        waiting,
                    )
                )


class FileMeter:
    """The part of a :class:`Meter` that one file is."""

    def __init__(self, meter: Meter, path: str) -> None:
        self._meter = meter
        self._path = path
        self._at = 0

    def resume(self, offset: int) -> None:
        """Up to byte ``offset``, it was there before."""
        more, self._at = offset - self._at, offset
        self._meter.count(self._path, done=more, resumed=more)

    def move(self, offset: int) -> None:
        """It is at byte ``offset``; back of the last one after a loss."""
        more, self._at = offset - self._at, offset
        self._meter.count(self._path, done=more)

    def end(self) -> None:
        """It is complete."""
        self._meter.count(self._path, files=1)

    def wait(self) -> None:
        """Its connection is lost."""
        self._meter.count(self._path, waiting=True)
