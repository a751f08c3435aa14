"""What the platform may read while the program is at work, and at its end."""

from __future__ import annotations

import json
import os
import time

PROGRESS, RESULT = "progress.json", "result.json"
_SECONDS = 0.25


class Progress:
    """Counts files and bytes, and writes them down a few times a second.

    ``total`` is how many bytes are expected in all: what the headers tell, or, where
    none tell before their turn, a guess from how much of the archive has been read.
    """

    def __init__(self, folder: str, archive_bytes: int) -> None:
        self._folder = folder
        self._archive_bytes = archive_bytes
        self._written_at = 0.0
        self.declared: int | None = None
        self.files = 0
        self.bytes = 0

    def tell(self, position: int) -> None:
        """Write, unless that was done just now; ``position``: bytes read of the archive."""
        now = time.monotonic()
        if now - self._written_at < _SECONDS:
            return
        self._written_at = now
        total = self.declared
        if total is None and position:
            total = max(self.bytes, self.bytes * self._archive_bytes // position)
        numbers = {"files": self.files, "bytes": self.bytes, "total": total}
        write(self._folder, PROGRESS, numbers)


def write(folder: str, name: str, value: dict) -> None:
    """Put ``value`` at ``folder/name`` so that a reader sees the old or the new, whole."""
    fresh = os.path.join(folder, f"{name}.new")
    with open(fresh, "w", encoding="utf-8") as file:
        json.dump(value, file)
    os.replace(fresh, os.path.join(folder, name))
