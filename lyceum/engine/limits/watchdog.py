"""No control group can be had: what the kernel limits per process, and frequent looks."""

from __future__ import annotations

import contextlib
import os
import resource
import signal

from lyceum.engine import procs
from lyceum.engine.limits.base import OWN_PROCESSES, Limiter

_REFUSALS_A_LOOK = 100  # 20 looks of a shim, so 5 s, are a bomb to it


class Watchdog(Limiter):
    """``RLIMIT_NPROC``, CPU affinity, and killing what grows past the run's memory.

    Weaker than a control group: a program can pass its memory limit for a moment.
    """

    name = "watchdog"
    memory_by = "watchdog"
    cpu_by = "CPU affinity"
    processes_by = "RLIMIT_NPROC and watchdog"

    def __init__(self, run_id: str) -> None:
        super().__init__(run_id)
        self._limits: dict = {}
        self._init_pid: int | None = None
        self._kills = 0
        self._looks_when_full = 0

    @classmethod
    def available(cls) -> bool:
        return True

    def prepare(self, limits: dict) -> None:
        self._limits = limits

    def enter(self, *, own_user: bool) -> None:
        if own_user and self._limits["processes"]:
            resource.setrlimit(resource.RLIMIT_NPROC, (self._most_processes(),) * 2)
        cpus = sorted(os.sched_getaffinity(0))
        wanted = self._limits["cpus"]
        if wanted and wanted < len(cpus):
            # Rounded up: half a processor can't be had this way. Spread runs by their number.
            count = max(int(-(-wanted // 1)), 1)
            first = os.getpid() % len(cpus)
            os.sched_setaffinity(0, [(cpus * 2)[first + index] for index in range(count)])

    def watch(self, init_pid: int) -> None:
        self._init_pid = init_pid
        if self._limits["processes"]:
            # For a run that is the platform's user: set inside its user namespace, so
            # that it counts this run alone. The kernel counts nothing for root.
            with contextlib.suppress(OSError):
                resource.prlimit(init_pid, resource.RLIMIT_NPROC, (self._most_processes(),) * 2)

    def _most_processes(self) -> int:
        return self._limits["processes"] + OWN_PROCESSES

    def check(self) -> tuple[str, str] | None:
        if self._init_pid is None:
            return None
        pids = [pid for pid in procs.members(self._init_pid) if pid != self._init_pid]
        most = self._limits["processes"]
        if most and len(pids) > self._most_processes():
            return "process_limit", f"the run had more than {most} processes"
        if most and len(pids) >= most:
            self._looks_when_full += 1
        memory = self._limits["memory_bytes"]
        if memory:
            self._kill_largest(pids, memory)
        return None

    def _kill_largest(self, pids: list[int], limit: int) -> None:
        sizes = {pid: procs.resident_bytes(pid) for pid in pids}
        if sum(sizes.values()) > limit:
            largest = max(sizes, key=sizes.__getitem__)
            with contextlib.suppress(ProcessLookupError):
                os.kill(largest, signal.SIGKILL)
                self._kills += 1

    def out_of_memory_kills(self) -> int:
        return self._kills

    def refused_processes(self) -> int:
        # Nobody counts refusals here: each look at a run that has all it may is taken for
        # as many as a fork bomb would have had by then.
        return self._looks_when_full * _REFUSALS_A_LOOK

    def usage(self, init_pid: int | None) -> tuple[float, int, int]:
        pids = procs.members(init_pid) if init_pid else []
        cpu = sum(procs.cpu_seconds(pid) for pid in pids)
        memory = sum(procs.resident_bytes(pid) for pid in pids)
        return cpu, memory, max(len(pids) - 1, 0)

    def close(self) -> None:
        """Nothing to give back: the PID namespace took every process with it."""
