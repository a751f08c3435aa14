"""The supervisor's state file, ``<home>/supervisor.json``: what runs, since when.

Written by the supervisor alone, read by ``lyceum status`` and by the next
supervisor, which ends what a killed one left behind.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import psutil
from pydantic import BaseModel, ValidationError

PartPhase = Literal["waiting", "starting", "ready", "backing off", "stopped"]


class PartState(BaseModel):
    """One part: times are seconds since the epoch; ``born`` tells a reused pid apart."""

    name: str
    version: str
    log: Path
    health_url: str | None
    phase: PartPhase = "waiting"
    pid: int | None = None
    born: float | None = None
    started: float | None = None
    restarts: int = 0
    last_exit: str | None = None


class SupervisorState(BaseModel):
    """The supervisor and its parts, in their order of start."""

    pid: int
    born: float
    url: str
    parts: list[PartState]


def path(root: Path) -> Path:
    return root / "supervisor.json"


def read(root: Path) -> SupervisorState | None:
    """The last state written, or ``None`` when there is none that can be read."""
    try:
        return SupervisorState.model_validate_json(path(root).read_text())
    except (OSError, ValidationError):
        return None


def write(root: Path, state: SupervisorState) -> None:
    """Replace the state file in one step, so that a reader never sees half of it."""
    fresh = path(root).with_suffix(".new")
    fresh.write_text(state.model_dump_json(indent=1))
    os.replace(fresh, path(root))


def born(pid: int) -> float | None:
    """When process ``pid`` started; ``None`` when there is no such live process."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None


def is_same_process(pid: int | None, birth: float | None) -> bool:
    """Whether ``pid`` is alive and is the process that was born at ``birth``."""
    if pid is None or birth is None:
        return False
    now = born(pid)
    return now is not None and abs(now - birth) < 0.05
