"""Which one process may run a run's program, whoever else was started for it.

A starter that is killed may leave a shim on its way, and who repeats the start makes
another. The first to put its `procs.identity` into the run's folder is the run's shim;
who wants the run never to start takes the claim himself. Standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os

from lyceum.engine import procs, runfolder

CLAIM = "claim"


def take(folder: str) -> bool:
    """Whether the calling process has the run now; nobody else can from here on.

    Raises ``FileNotFoundError`` when the run's folder is gone.
    """
    fresh = runfolder.fresh(os.path.join(folder, CLAIM))
    with open(fresh, "x", encoding="utf-8") as file:
        json.dump(procs.identity(os.getpid()), file)
    try:
        os.link(fresh, os.path.join(folder, CLAIM))  # with its content, or not at all
    except FileExistsError:
        return False
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(fresh)
    return True


def holder(folder: str) -> dict | None:
    """The `procs.identity` of who has the run; ``None`` while nobody has."""
    try:
        return runfolder.read_json(folder, CLAIM)
    except FileNotFoundError:
        return None
