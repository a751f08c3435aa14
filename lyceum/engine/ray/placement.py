"""Which members of a gang run together, and what their ends mean for the whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lyceum.engine.base import Status
from lyceum.engine.gangs import SERVER
from lyceum.engine.workload import Limits, Member, RunState, Workload


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of the cluster: Ray's id of it, a name for people, its address."""

    id: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Share:
    """Members that run in one sandbox. ``bundle`` is the first of them, by its place.

    ``name`` tells apart the shares of a run, and can name a file.
    """

    index: int
    name: str
    machine: Machine
    bundle: int
    members: tuple[Member, ...] = ()

    @property
    def serves(self) -> bool:
        """Whether all its members serve others, and so need not end by themselves."""
        return bool(self.members) and all(member.role == SERVER for member in self.members)


def bundle(limits: Limits) -> dict[str, float]:
    """What Ray keeps for one member."""
    wanted = {"CPU": limits.cpus or 1, "memory": limits.memory_bytes, "GPU": limits.gpus}
    return {name: float(amount) for name, amount in wanted.items() if amount}


def shares(members: Sequence[Member], machines: Sequence[Machine]) -> list[Share]:
    """Who runs with whom, given each member's machine (one machine for no members at all).

    A gang on one machine is one share, as on the local engine. On several, a machine's
    parameter servers have a share of their own: they must outlive its trainers, for
    others still train.
    """
    if len({machine.id for machine in machines}) == 1:
        return [Share(0, _name(machines[0]), machines[0], 0, tuple(members))]
    together: dict[tuple[str, bool], list[int]] = {}
    for place, (member, machine) in enumerate(zip(members, machines, strict=True)):
        together.setdefault((machine.id, member.role == SERVER), []).append(place)
    return [
        Share(
            index,
            f"{_name(machines[places[0]])}-{members[places[0]].role}",
            machines[places[0]],
            places[0],
            tuple(members[place] for place in places),
        )
        for index, places in enumerate(together.values())
    ]


def _name(machine: Machine) -> str:
    return re.sub(r"[^A-Za-z0-9._]+", "-", machine.name).strip("-.") or machine.id


def workload_of(workload: Workload, members: Sequence[Member]) -> Workload:
    """What one share of several runs: ``members`` are its own, their variables complete.

    The other machines must reach them, so they are on their machine's own network.
    """
    return replace(workload, members=tuple(members), network="host")


def decided(ends: Sequence[tuple[Share, Status]], shares: Sequence[Share]) -> Status | None:
    """How the run ended, by the ends of shares so far, the first one first.

    ``None`` while that is open. It failed as its first share failed; it succeeded once
    everybody has who does not serve.
    """
    for share, status in ends:
        if status.state != RunState.SUCCEEDED:
            return status if len(shares) == 1 else _placed(status, share)
    done = {share.index for share, _ in ends}
    awaited = [share for share in shares if not share.serves] or list(shares)
    return ends[-1][1] if all(share.index in done for share in awaited) else None


def _placed(status: Status, share: Share) -> Status:
    if share.machine.name in status.detail:
        return status
    return replace(status, detail=f"{status.detail} (on {share.machine.name})".strip())


def lost(share: Share) -> Status:
    """The end of a share whose machine, or Ray's process there, is gone."""
    detail = f"the machine {share.machine.name} was lost"
    return Status(share.name, RunState.LOST, reason="lost", detail=detail)
