"""Control groups, version 1: one group per run in each hierarchy that is writable."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from lyceum.engine.limits.base import OWN_PROCESSES, Limiter

ROOT = "/sys/fs/cgroup"
PARENT = "lyceum"
NEEDED = ("memory", "pids")
WANTED = ("memory", "pids", "cpu", "cpuacct")
_PERIOD = 100_000  # microseconds; the kernel's default


class CgroupV1(Limiter):
    """``memory.limit_in_bytes``, ``pids.max``, ``cpu.cfs_quota_us``.

    Source: Documentation/admin-guide/cgroup-v1 of the Linux kernel.
    """

    name = "cgroup-v1"
    memory_by = cpu_by = processes_by = "control group (v1)"

    @classmethod
    def available(cls) -> bool:
        return all(
            os.path.exists(f"{ROOT}/{kind}/cgroup.procs")
            and os.access(f"{ROOT}/{kind}", os.W_OK)
            and os.access(f"{ROOT}/{kind}/cgroup.procs", os.W_OK)
            for kind in NEEDED
        )

    def _folder(self, kind: str) -> str:
        return f"{ROOT}/{kind}/{PARENT}/{self.run_id}"

    def _folders(self) -> list[str]:
        return [path for kind in WANTED if os.path.isdir(path := self._folder(kind))]

    def prepare(self, limits: dict) -> None:
        for kind in WANTED:
            # Hierarchies are mounted one by one; cpu and cpuacct may be one mount or absent.
            if os.access(f"{ROOT}/{kind}", os.W_OK):
                os.makedirs(self._folder(kind), exist_ok=True)
        if limits["memory_bytes"]:
            self._limit_memory(limits["memory_bytes"])
        if limits["processes"]:
            _write(self._folder("pids"), "pids.max", limits["processes"] + OWN_PROCESSES)
        if limits["cpus"] and os.path.isdir(cpu := self._folder("cpu")):
            _write(cpu, "cpu.cfs_quota_us", max(int(limits["cpus"] * _PERIOD), 1000))

    def _limit_memory(self, limit: int) -> None:
        folder = self._folder("memory")
        _write(folder, "memory.limit_in_bytes", limit)
        with contextlib.suppress(OSError):  # absent where the kernel accounts no swap
            _write(folder, "memory.memsw.limit_in_bytes", limit)

    def enter(self, *, own_user: bool) -> None:
        for folder in self._folders():
            _write(folder, "cgroup.procs", os.getpid())

    def out_of_memory_kills(self) -> int:
        return _table(self._folder("memory"), "memory.oom_control").get("oom_kill", 0)

    def refused_processes(self) -> int:
        return _table(self._folder("pids"), "pids.events").get("max", 0)

    def usage(self, init_pid: int | None) -> tuple[float, int, int]:
        memory = self._folder("memory")
        used = _number(memory, "memory.usage_in_bytes")
        # What the kernel takes back at once when asked is no use of memory.
        used -= _table(memory, "memory.stat").get("total_inactive_file", 0)
        processes = len(_pids(self._folder("pids")))
        cpu = _number(self._folder("cpuacct"), "cpuacct.usage") / 1e9
        return cpu, max(used, 0), max(processes - OWN_PROCESSES, 0)

    def close(self) -> None:
        for folder in self._folders():
            for _ in range(100):
                for pid in _pids(folder):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                try:
                    os.rmdir(folder)
                    break
                except FileNotFoundError:
                    break
                except OSError:  # the dead are still being taken down
                    time.sleep(0.01)


def _write(folder: str, name: str, value: int) -> None:
    with open(f"{folder}/{name}", "w") as file:
        file.write(str(value))


def _number(folder: str, name: str) -> int:
    try:
        with open(f"{folder}/{name}") as file:
            return int(file.read())
    except FileNotFoundError:
        return 0


def _table(folder: str, name: str) -> dict[str, int]:
    try:
        with open(f"{folder}/{name}") as file:
            return {key: int(value) for key, value in (line.split() for line in file)}
    except FileNotFoundError:
        return {}


def _pids(folder: str) -> list[int]:
    try:
        with open(f"{folder}/cgroup.procs") as file:
            return [int(line) for line in file]
    except OSError:
        return []
