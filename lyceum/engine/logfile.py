"""A run's log, kept under its cap by dropping the oldest half. Standard library only."""

from __future__ import annotations

import os

from lyceum.engine.runfolder import LOG, OLDER_LOG

DROPPED = b"[lyceum] the log reached its limit: older output than this was dropped\n"


class RunLog:
    """Output in ``log``; at half of ``cap`` bytes ``log`` becomes ``log.1``.

    Both files together never exceed ``cap`` (plus one notice), and nothing is
    dropped before they would.
    """

    def __init__(self, folder: str, cap: int) -> None:
        self._path = os.path.join(folder, LOG)
        self._older = os.path.join(folder, OLDER_LOG)
        self._half = max(cap // 2, 1)
        self._open()

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        self._descriptor = os.open(self._path, flags, 0o600)
        self._room = self._half - os.fstat(self._descriptor).st_size

    def write(self, data: bytes) -> None:
        """Append ``data``; a full disk loses output, never the run."""
        view = memoryview(data)
        while view:
            if self._room <= 0:
                self._rotate()
            piece = view[: self._room]
            self._append(piece)
            self._room -= len(piece)
            view = view[len(piece) :]

    def _append(self, data: memoryview | bytes) -> None:
        try:
            os.write(self._descriptor, data)
        except OSError:
            return

    def _rotate(self) -> None:
        dropping = os.path.exists(self._older)
        os.close(self._descriptor)
        os.replace(self._path, self._older)
        self._open()
        if dropping:
            self._append(DROPPED)

    def last_line(self) -> str:
        """The last line written, for a sentence that says what went wrong."""
        with open(self._path, "rb") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - 1000, 0))
            lines = file.read().decode(errors="replace").splitlines()
        return lines[-1] if lines else ""
