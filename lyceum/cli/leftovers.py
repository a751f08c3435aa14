"""Ends the parts that a supervisor killed with SIGKILL could not stop."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from lyceum.cli import state

PATIENCE = 3.0


def end_leftovers(root: Path) -> list[str]:
    """Stop what the last supervisor of ``root`` left running; return the parts' names.

    Parts get SIGTERM as soon as their supervisor dies (:mod:`lyceum.cli.supervisor`),
    so mostly this only waits for them. Notebooks are no parts and are left alone.
    """
    last = state.read(root)
    if last is None:
        return []
    left = [part for part in last.parts if state.is_same_process(part.pid, part.born)]
    for number in (signal.SIGTERM, signal.SIGKILL):
        alive = [part for part in left if state.is_same_process(part.pid, part.born)]
        for part in alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(part.pid, number)
        _wait_until_gone(alive)
    return [part.name for part in left]


def _wait_until_gone(parts: list[state.PartState]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not any(state.is_same_process(part.pid, part.born) for part in parts):
            return
        time.sleep(0.05)
