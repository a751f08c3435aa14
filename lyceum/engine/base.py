"""The contract of every engine: start, status, stop, address, usage."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lyceum.engine.workload import Mount, RunState, Workload


class EngineError(Exception):
    """The engine cannot do this; the message is a sentence for the operator."""


class SandboxUnavailable(EngineError):
    """Isolation can't be had on this machine; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Status:
    """A run as its shim last saw it; times are seconds since the epoch.

    ``reason`` is one of ``exit``, ``signal``, ``out_of_memory``, ``time_limit``,
    ``disk_limit``, ``process_limit``, ``stopped``, ``lost``, ``not_started`` once the
    run has ended, else ``None``; ``detail`` is a sentence for people, and while the
    run goes on says that one of its processes was killed for want of memory.
    ``pid`` is the sandbox's first process, as the host numbers it; ``cpu_seconds`` what the
    run used in all, once it has ended.
    """

    run_id: str
    state: RunState
    pid: int | None = None
    started: float | None = None
    ended: float | None = None
    exit_code: int | None = None
    signal: int | None = None
    reason: str | None = None
    detail: str = ""
    cpu_seconds: float | None = None
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def alive(self) -> bool:
        return self.state in (RunState.QUEUED, RunState.STARTING, RunState.RUNNING)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run uses now: CPU seconds since its start, bytes, process count, GPUs in use
    (``None`` where the engine has none)."""

    cpu_seconds: float
    memory_bytes: int
    processes: int
    gpu: float | None = None


@dataclass(frozen=True, slots=True)
class Capacity:
    """What an engine's machines have for gangs in all, used or not."""

    cpus: float
    memory_bytes: int
    gpus: int = 0
    nodes: int = 1


class Engine(Protocol):
    """Runs workloads; a run outlives the process that started it."""

    def start(self, workload: Workload, *, run_id: str | None = None) -> str:
        """Start ``workload`` and return its run id.

        With ``run_id`` a start may be repeated: however often, and wherever an earlier
        one was interrupted, the program is started once. Raises ``SandboxUnavailable``
        when isolation can't be had.
        """

    def capacity(self) -> Capacity:
        """What there is to run gangs on; raises ``EngineError`` when that can't be told."""

    def logs(self, run_id: str) -> list[tuple[str, list[Path]]]:
        """Each node's name and its log's files, the older one first; ``KeyError``."""

    def remove(self, run_id: str) -> None:
        """Delete an ended run's folder, log included; ``EngineError`` while it runs."""

    def status(self, run_id: str) -> Status:
        """The run's status; raises ``KeyError`` for an unknown run."""

    def stop(self, run_id: str, *, grace: float = 5.0) -> Status:
        """Ask the run to end (SIGTERM), kill it after ``grace`` seconds, and wait."""

    def address(self, run_id: str) -> str | None:
        """``host:port`` on the host's loopback that leads to ``Workload.listen``."""

    def usage(self, run_id: str) -> Usage | None:
        """What the run uses now, ``None`` once it has ended."""

    def mount(self, run_id: str, source: Path, target: str, *, writable: bool = False) -> None:
        """Add a mount to a running sandbox; ``EngineError`` where that can't be done."""

    def unmount(self, run_id: str, target: str) -> None:
        """Take a mount out of a running sandbox; ``EngineError`` where that can't be done."""

    def mounts(self, run_id: str) -> list[Mount]:
        """What the run sees mounted now; raises ``KeyError`` for an unknown run."""

    def log_path(self, run_id: str) -> Path:
        """The file that has the run's stdout and stderr."""

    def runs(self) -> list[Status]:
        """Every run whose folder still exists, newest first."""


def await_end(engine: Engine, run_id: str, *, timeout: float, pause: float) -> Status:
    """The run's status once it has ended, or as it is after ``timeout`` seconds.

    Looked at every ``pause`` seconds; raises ``KeyError`` for an unknown run.
    """
    until = time.monotonic() + timeout
    while True:
        status = engine.status(run_id)
        if not status.alive or time.monotonic() > until:
            return status
        time.sleep(pause)
