"""A gang as one sandbox: its members' addresses and file, and the limits of all together.

The launcher (`lyceum.runtime.launcher`) in the sandbox starts the members that the file at
`GANG_FILE` describes. Its log has a line of a member as ``[trainer-0] text``.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from lyceum.engine import runfolder
from lyceum.engine.base import EngineError
from lyceum.engine.workload import Limits, Member, Mount, Workload

LAUNCHER = PurePosixPath("/opt/lyceum/launcher")
GANG_FILE = PurePosixPath("/run/lyceum/gang.json")
SERVER = "pserver"
"""The role whose members serve the others, for ever if need be."""

FIRST_PORT = 6170
"""Of the first member on a loopback of its own (Fluid's cluster guide uses 6170 and on)."""

LAUNCHER_MEMORY = 32 << 20
"""What the launcher may take beside its members, in bytes."""

LAUNCHER_PROCESSES = 1
_FILE = "gang.json"
_PLACE = re.compile(r"\{(host|port|port2):([a-z]+-[0-9]+)\}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a member will be: its host as the others reach it, and two ports for it there."""

    host: str
    port: int
    port2: int


def launcher_argv(python: Path | PurePosixPath | str) -> tuple[str, ...]:
    """``Workload.argv`` of a gang, on this interpreter as the sandbox sees it."""
    # Its file and not its folder: to run a folder, Python imports more.
    return (str(python), "-E", "-B", str(LAUNCHER / "__main__.py"))


def launcher_mount() -> Mount:
    """The mount that `launcher_argv` needs."""
    from lyceum import runtime

    return Mount(Path(runtime.__file__).parent / "launcher", LAUNCHER)


def loopback_addresses(members: Sequence[Member]) -> dict[str, Address]:
    """Of members that have a loopback to themselves: ports from `FIRST_PORT` up."""
    ports = range(FIRST_PORT, FIRST_PORT + 2 * len(members), 2)
    pairs = zip(members, ports, strict=True)
    return {member.name: Address("127.0.0.1", port, port + 1) for member, port in pairs}


def free_addresses(members: Sequence[Member], host: str = "127.0.0.1") -> dict[str, Address]:
    """Of members that share this machine's network with others: ports that are free now."""
    with ExitStack() as held:
        return {
            member.name: Address(host, *(_free_port(host, held) for _ in range(2)))
            for member in members
        }


def _free_port(host: str, held: ExitStack) -> int:
    taken = held.enter_context(socket.socket())
    taken.bind((host, 0))
    return taken.getsockname()[1]


def resolved(members: Sequence[Member], places: Mapping[str, Address]) -> tuple[Member, ...]:
    """The members with addresses put into their variables.

    ``places`` by member name. Raises `EngineError` for a variable that names nobody.
    """

    def put(text: str) -> str:
        return _PLACE.sub(lambda found: str(_part(places, *found.groups())), text)

    return tuple(
        replace(member, env={name: put(value) for name, value in member.env.items()})
        for member in members
    )


def _part(places: Mapping[str, Address], part: str, name: str) -> object:
    try:
        return getattr(places[name], part)
    except KeyError:
        raise EngineError(f"there is no member {name} in this gang") from None


def limits_together(limits: Limits, members: int) -> Limits:
    """What ``members`` of these limits each may use in one sandbox.

    CPUs, memory and processes are each member's. Time, disk, log and open files (which
    the kernel counts for each process) are as they were.
    """

    def times(value: float | None) -> float | None:
        return None if value is None else value * members

    memory, processes = times(limits.memory_bytes), times(limits.processes)
    return replace(
        limits,
        cpus=times(limits.cpus),
        memory_bytes=memory and int(memory) + LAUNCHER_MEMORY,
        processes=processes and int(processes) + LAUNCHER_PROCESSES,
    )


def as_one(
    workload: Workload, folder: Path, on_host: Callable[[str], str] | None = None
) -> Workload:
    """The gang, its members resolved, as a workload of one program; writes its file.

    ``folder``: of the run. ``on_host`` changes paths where there is no sandbox. Raises
    `EngineError` for members that can't be.
    """
    _check(workload.members)
    seen = on_host or str
    described = {"members": [_told(member, seen) for member in workload.members]}
    runfolder.write_json(str(folder), _FILE, described)
    return replace(
        workload,
        argv=(*workload.argv, str(GANG_FILE)),
        mounts=(*workload.mounts, Mount(folder / _FILE, GANG_FILE)),
        limits=limits_together(workload.limits, len(workload.members)),
        members=(),
    )


def _told(member: Member, seen: Callable[[str], str]) -> dict:
    return {
        "name": member.name,
        "serves": member.role == SERVER,
        "argv": [seen(word) for word in member.argv],
        "env": {name: seen(value) for name, value in member.env.items()},
    }


def _check(members: Sequence[Member]) -> None:
    names = [member.name for member in members]
    if len(set(names)) < len(names):
        raise EngineError("two members of a gang have the same name")
    for member in members:
        if not member.argv:
            raise EngineError(f"{member.name} needs a program to run")
        if not re.fullmatch(r"[a-z]+-[0-9]+", member.name):
            raise EngineError(f"a member can't be called {member.name}")
        if any("\0" in word for word in (*member.argv, *member.env, *member.env.values())):
            raise EngineError("a NUL character can't be part of a workload")
