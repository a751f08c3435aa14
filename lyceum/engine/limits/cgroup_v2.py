"""Control groups, version 2: one group per run below a group that is delegated to us."""

from __future__ import annotations

import contextlib
import os
import time
from functools import cache

from lyceum.engine.limits.base import OWN_PROCESSES, Limiter

ROOT = "/sys/fs/cgroup"
PARENT = "lyceum"
NEEDED = ("memory", "pids")
WANTED = ("memory", "pids", "cpu")
_PERIOD = 100_000  # microseconds; the kernel's default


class CgroupV2(Limiter):
    """``memory.max``, ``pids.max``, ``cpu.max``.

    Runs go below ``lyceum`` in the root group (as root), or in the group that
    systemd delegated to the service (``Delegate=yes``). Source:
    Documentation/admin-guide/cgroup-v2.rst of the Linux kernel.
    """

    name = "cgroup-v2"
    memory_by = cpu_by = processes_by = "control group (v2)"

    @classmethod
    def available(cls) -> bool:
        return _parent() is not None

    def _folder(self) -> str:
        return f"{_parent() or ROOT}/{self.run_id}"

    def prepare(self, limits: dict) -> None:
        folder = self._folder()
        os.makedirs(folder, exist_ok=True)
        if limits["memory_bytes"]:
            _write(folder, "memory.max", str(limits["memory_bytes"]))
            with contextlib.suppress(OSError):  # absent where the kernel has no swap
                _write(folder, "memory.swap.max", "0")
        if limits["processes"]:
            _write(folder, "pids.max", str(limits["processes"] + OWN_PROCESSES))
        if limits["cpus"] and os.path.exists(f"{folder}/cpu.max"):
            _write(folder, "cpu.max", f"{max(int(limits['cpus'] * _PERIOD), 1000)} {_PERIOD}")

    def enter(self, *, own_user: bool) -> None:
        _write(self._folder(), "cgroup.procs", str(os.getpid()))

    def out_of_memory_kills(self) -> int:
        return _table(self._folder(), "memory.events").get("oom_kill", 0)

    def refused_processes(self) -> int:
        return _table(self._folder(), "pids.events").get("max", 0)

    def usage(self, init_pid: int | None) -> tuple[float, int, int]:
        folder = self._folder()
        # What the kernel takes back at once when asked is no use of memory.
        used = int(_read(folder, "memory.current") or 0)
        used -= _table(folder, "memory.stat").get("inactive_file", 0)
        processes = len(_read(folder, "cgroup.procs").split())
        cpu = _table(folder, "cpu.stat").get("usage_usec", 0) / 1e6
        return cpu, max(used, 0), max(processes - OWN_PROCESSES, 0)

    def close(self) -> None:
        folder = self._folder()
        if not os.path.isdir(folder):
            return
        with contextlib.suppress(OSError):
            _write(folder, "cgroup.kill", "1")
        for _ in range(100):
            try:
                os.rmdir(folder)
                return
            except FileNotFoundError:
                return
            except OSError:  # the dead are still being taken down
                time.sleep(0.01)


@cache
def _parent() -> str | None:
    """The group that holds our runs' groups, with its controllers on; ``None`` if none."""
    own = _own_group()
    if own is None:
        return None
    # The root group may hold processes and still pass controllers down; another may not.
    # A service started with Delegate=yes and DelegateSubgroup= sits one level below its own.
    above = [ROOT, own, os.path.dirname(own)] if os.geteuid() == 0 else [own, os.path.dirname(own)]
    for group in above:
        parent = f"{group}/{PARENT}"
        if group.startswith(ROOT) and _pass_down(group) and _make(parent) and _pass_down(parent):
            return parent
    return None


def _own_group() -> str | None:
    if not os.path.exists(f"{ROOT}/cgroup.controllers"):
        return None
    with open("/proc/self/cgroup") as file:
        for line in file:
            if line.startswith("0::"):
                return ROOT + line.strip()[3:].rstrip("/")
    return None


def _make(folder: str) -> bool:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError:
        return False
    return os.access(f"{folder}/cgroup.procs", os.W_OK)


def _pass_down(group: str) -> bool:
    """Switch the wanted controllers on for the group's children; whether the needed ones are."""
    there = _read(group, "cgroup.controllers").split()
    for controller in WANTED:
        if controller in there and controller not in _read(group, "cgroup.subtree_control"):
            with contextlib.suppress(OSError):
                _write(group, "cgroup.subtree_control", f"+{controller}")
    on = _read(group, "cgroup.subtree_control").split()
    return all(controller in on for controller in NEEDED)


def _write(folder: str, name: str, value: str) -> None:
    with open(f"{folder}/{name}", "w") as file:
        file.write(value)


def _read(folder: str, name: str) -> str:
    try:
        with open(f"{folder}/{name}") as file:
            return file.read()
    except OSError:
        return ""


def _table(folder: str, name: str) -> dict[str, int]:
    lines = (line.split() for line in _read(folder, name).splitlines())
    return {key: int(value) for key, value in lines}
