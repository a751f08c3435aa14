"""What this machine has to run things with."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_GROUPS = (  # where a container's own memory limit is, by version of control groups
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def processors() -> float:
    """The processors that this process may use."""
    return float(len(os.sched_getaffinity(0)))


def memory_bytes() -> int:
    """The machine's memory, or what a container leaves of it."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in _GROUPS:
        with contextlib.suppress(OSError, ValueError):  # absent, or "max"
            limits.append(int(path.read_text()))
    return min(limits)
