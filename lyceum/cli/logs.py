"""One log file a part, written by the part itself, kept within bounds.

A part writes straight into its file (append mode), so its last words are there
even when the supervisor is gone. A file that grew too large is copied aside and
emptied in place, since its writer keeps it open.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LARGEST_BYTES = 20_000_000
KEPT = 3


def log_path(root: Path, part: str) -> Path:
    return root / "logs" / f"{part}.log"


def open_for_append(path: Path) -> int:
    """A descriptor that appends to ``path``; the caller closes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)


def rotate(path: Path, *, largest: int = LARGEST_BYTES, kept: int = KEPT) -> bool:
    """Move a log larger than ``largest`` bytes to ``.1`` (older ones to ``.2``, …).

    Returns whether it did. At most ``kept`` old files remain.
    """
    try:
        if path.stat().st_size <= largest:
            return False
    except FileNotFoundError:
        return False
    for number in range(kept - 1, 0, -1):
        older = _old(path, number)
        if older.exists():
            os.replace(older, _old(path, number + 1))
    shutil.copyfile(path, _old(path, 1))
    os.truncate(path, 0)
    return True


def tail(path: Path, lines: int = 5) -> str:
    """The last ``lines`` non-empty lines of a log, for an operator to read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


def _old(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
