"""What to run: the one description the portal, the hub and the dispatcher share."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Literal

_ROOT = PurePosixPath("/")

Network = Literal["none", "loopback", "open", "host"]
"""What a sandbox reaches: itself; or the outside (``open``, by user-mode networking, and
nothing of the host); or all that its host does (``host``: a gang on several machines)."""

OUTWARD: frozenset[Network] = frozenset({"open", "host"})


class RunState(StrEnum):
    """A run's state, as its shim last wrote it (``lost``: the shim is gone)."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Mount:
    """A host folder or file seen by user code at ``target``; read-only unless said."""

    source: Path
    target: PurePosixPath
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Forward:
    """Port ``port`` on the sandbox's own loopback leads to ``address`` (``host:port``).

    The only way from inside a sandbox to a service on the host's loopback, or, without a
    network, to any.
    """

    port: int
    address: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use; ``None`` means not limited."""

    cpus: float | None = None
    memory_bytes: int | None = None
    processes: int | None = None
    open_files: int | None = None
    wall_seconds: int | None = None
    disk_bytes: int | None = None
    log_bytes: int = 50_000_000
    gpus: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """One process of a gang: ``role`` (``trainer``, ``pserver``) and its ``index`` in it.

    Values of ``env`` may name other members before anybody knows where they will be: the
    engine puts in an address for ``{host:ROLE-INDEX}`` and two free ports of that
    member's host for ``{port:ROLE-INDEX}`` and ``{port2:ROLE-INDEX}``.
    """

    role: str
    index: int
    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.role}-{self.index}"


@dataclass(frozen=True, slots=True)
class Workload:
    """Everything an engine needs to start one run.

    A gang has ``members``: then ``argv`` is the launcher that starts them
    (`lyceum.runtime.launcher`), and ``limits`` are each member's.

    ``argv``, ``cwd``, ``env`` are as seen inside the sandbox. ``listen`` is the
    TCP port the program opens on the sandbox's loopback, reachable from the host
    at ``Engine.address``; ``None`` when it serves nothing. ``name`` is for people
    (``notebook 33852``). ``labels`` come back in the run's status.
    """

    argv: tuple[str, ...]
    name: str = ""
    cwd: PurePosixPath = _ROOT
    env: dict[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    limits: Limits = Limits()
    network: Network = "none"
    listen: int | None = None
    forwards: tuple[Forward, ...] = ()
    hostname: str = "lyceum"
    labels: dict[str, str] = field(default_factory=dict)
    members: tuple[Member, ...] = ()
