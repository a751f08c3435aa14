"""Ways to hold a run to its limits: control groups v2, v1, or a watchdog. Best first."""

from __future__ import annotations

from lyceum.engine.limits.base import Limiter
from lyceum.engine.limits.cgroup_v1 import CgroupV1
from lyceum.engine.limits.cgroup_v2 import CgroupV2
from lyceum.engine.limits.watchdog import Watchdog

KINDS: tuple[type[Limiter], ...] = (CgroupV2, CgroupV1, Watchdog)


def by_name(name: str) -> type[Limiter]:
    """The kind called ``name``; raises ``KeyError``."""
    return {kind.name: kind for kind in KINDS}[name]


def limits_in_force() -> type[Limiter]:
    """The best kind that works on this machine, with this user's rights."""
    return next(kind for kind in KINDS if kind.available())
