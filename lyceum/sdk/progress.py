"""What a long transfer says of itself while it runs."""

from __future__ import annotations

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
    """Counts the bytes and files of a transfer and tells ``callback``."""

    def __init__(self, callback: Callback | None, *, total: int, files: int) -> None:
        self._callback = callback
        self._total = total
        self._files = files
        self._path = ""
        self._done = self._resumed = self._files_done = 0
        self._at = 0

    def begin(self, path: str, *, there: int = 0) -> None:
        """``path`` is next; ``there`` bytes of it are there already."""
        self._path, self._at = path, 0
        self.resume(there)

    def resume(self, offset: int) -> None:
        """Up to byte ``offset``, the file at work was there before."""
        self._resumed += offset - self._at
        self.move(offset)

    def move(self, offset: int) -> None:
        """The file at work is at byte ``offset``; back of the last one after a loss."""
        self._done += offset - self._at
        self._at = offset
        self._tell()

    def end(self) -> None:
        """The file at work is complete."""
        self._files_done += 1
        self._tell()

    def wait(self) -> None:
        """The connection is lost."""
        self._tell(waiting=True)

    def _tell(self, *, waiting: bool = False) -> None:
        if self._callback:
            self._callback(
                Progress(
                    self._path,
                    self._done,
                    self._total,
                    self._resumed,
                    self._files_done,
                    self._files,
                    waiting,
                )
            )
