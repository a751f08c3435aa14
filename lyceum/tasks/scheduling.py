"""Which tasks start next and why the others wait: a decision, not an action.

Between users it is fair: whoever uses the fewest CPU cores now comes first, then whoever
was given the fewest CPU seconds lately. Of one user's tasks the oldest comes first and no
other passes it. A gang starts whole or not at all; smaller tasks may pass one that does
not fit, but only for :data:`PATIENCE_SECONDS`: then what becomes free is kept for it.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from lyceum.engine.base import Capacity
from lyceum.tasks.models import Task

PATIENCE_SECONDS = 300.0
_MEGABYTE = 1024 * 1024


class Wait(StrEnum):
    """Why a queued task waits; stored in ``Task.stage``."""

    TURN = ""
    OWN_TASKS = "own_tasks"
    CPU_HOURS = "cpu_hours"
    CAPACITY = "capacity"
    TOO_LARGE = "too_large"
    ENVIRONMENT = "building"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True)
class Demand:
    """What a gang asks for in all; ``blocked``: for how many seconds its turn has been
    without there being enough."""

    task_id: int
    user_id: int
    cpus: float
    memory_bytes: int
    gpus: int = 0
    blocked: float = 0.0


@dataclass(frozen=True, slots=True)
class Use:
    """CPU seconds that a user's tasks were given today and lately."""

    today: float = 0.0
    lately: float = 0.0


@dataclass(frozen=True, slots=True)
class Rules:
    """``shares_cpus``: the engine's cores can be shared, so that a gang with more members
    than there are cores may have the machine for itself (one machine, not Ray)."""

    running_per_user: int
    cpu_seconds_per_day: float
    shares_cpus: bool
    patience: float = PATIENCE_SECONDS


@dataclass(slots=True)
class Plan:
    """``start``: tasks in their order; ``waiting``: why each other one waits."""

    start: list[int] = field(default_factory=list)
    waiting: dict[int, Wait] = field(default_factory=dict)


@dataclass(slots=True)
class _Free:
    cpus: float
    memory_bytes: int
    gpus: int

    def holds(self, demand: Demand) -> bool:
        return (
            demand.cpus <= self.cpus
            and demand.memory_bytes <= self.memory_bytes
            and demand.gpus <= self.gpus
        )

    def take(self, demand: Demand) -> None:
        self.cpus -= demand.cpus
        self.memory_bytes -= demand.memory_bytes
        self.gpus -= demand.gpus


def demand_of(task: Task, *, blocked: float = 0.0) -> Demand:
    """What ``task``'s gang asks for: its members' limits, together."""
    return Demand(
        task.pk,
        task.user_id,
        cpus=task.members * task.cpus,
        memory_bytes=task.members * task.memory_mb * _MEGABYTE,
        gpus=task.trainers * task.gpus,
        blocked=blocked,
    )


def heads(queued: Iterable[Demand]) -> list[Demand]:
    """Each user's oldest queued task; ``queued`` is in the order of submission."""
    first: dict[int, Demand] = {}
    for demand in queued:
        first.setdefault(demand.user_id, demand)
    return list(first.values())


def plan(
    queued: Sequence[Demand],
    running: Sequence[Demand],
    *,
    capacity: Capacity | None,
    rules: Rules,
    use: Mapping[int, Use],
    unready: Collection[int] = (),
) -> Plan:
    """What may start now, at most one task a user.

    ``queued`` is in the order of submission; ``capacity`` is ``None`` while the engine does
    not answer; ``unready``: tasks whose environment is not there yet.
    """
    result = Plan(waiting={demand.task_id: Wait.TURN for demand in queued})
    cores = Counter()
    tasks = Counter(demand.user_id for demand in running)
    for demand in running:
        cores[demand.user_id] += demand.cpus
    free = _free(running, capacity, rules) if capacity else None
    is_reserved = False
    for demand in sorted(heads(queued), key=lambda each: _order(each, cores, use, rules)):
        why = _obstacle(demand, tasks[demand.user_id], capacity, rules, use)
        if why is None and demand.task_id in unready:
            why = Wait.ENVIRONMENT
        if why is None and is_reserved:
            why = Wait.TURN
        if why is None and not free.holds(_shared(demand, capacity, rules)):
            why = Wait.CAPACITY
            is_reserved = demand.blocked > rules.patience
        if why is None:
            free.take(_shared(demand, capacity, rules))
            result.start.append(demand.task_id)
            del result.waiting[demand.task_id]
        else:
            result.waiting[demand.task_id] = why
    return result


def places(
    queued: Sequence[Demand], running: Sequence[Demand], use: Mapping[int, Use]
) -> dict[int, int]:
    """Each queued task's place, from 1, in the order in which they would get their turn
    if each that starts went on for ever."""
    lines: dict[int, deque[Demand]] = defaultdict(deque)
    for demand in queued:
        lines[demand.user_id].append(demand)
    cores: Counter[int] = Counter()
    for demand in running:
        cores[demand.user_id] += demand.cpus
    turns = [_turn(line[0], cores, use) for line in lines.values()]
    heapq.heapify(turns)
    found: dict[int, int] = {}
    while turns:
        user_id = heapq.heappop(turns)[-1]
        demand = lines[user_id].popleft()
        found[demand.task_id] = len(found) + 1
        cores[user_id] += demand.cpus
        if lines[user_id]:
            heapq.heappush(turns, _turn(lines[user_id][0], cores, use))
    return found


def _turn(demand: Demand, cores: Counter, use: Mapping[int, Use]) -> tuple:
    user_id = demand.user_id
    return cores[user_id], use.get(user_id, Use()).lately, demand.task_id, user_id


def _order(demand: Demand, cores: Counter, use: Mapping[int, Use], rules: Rules) -> tuple:
    overdue = demand.blocked if demand.blocked > rules.patience else 0.0
    return -overdue, *_turn(demand, cores, use)


def _obstacle(
    demand: Demand,
    running: int,
    capacity: Capacity | None,
    rules: Rules,
    use: Mapping[int, Use],
) -> Wait | None:
    """What keeps a task from starting however much is free."""
    if running >= rules.running_per_user:
        return Wait.OWN_TASKS
    if use.get(demand.user_id, Use()).today >= rules.cpu_seconds_per_day:
        return Wait.CPU_HOURS
    if capacity is None:
        return Wait.ENGINE
    if not _Free(capacity.cpus, capacity.memory_bytes, capacity.gpus).holds(
        _shared(demand, capacity, rules)
    ):
        return Wait.TOO_LARGE
    return None


def _free(running: Iterable[Demand], capacity: Capacity, rules: Rules) -> _Free:
    free = _Free(capacity.cpus, capacity.memory_bytes, capacity.gpus)
    for demand in running:
        free.take(_shared(demand, capacity, rules))
    return free


def _shared(demand: Demand, capacity: Capacity, rules: Rules) -> Demand:
    if not rules.shares_cpus or demand.cpus <= capacity.cpus:
        return demand
    return Demand(demand.task_id, demand.user_id, capacity.cpus, demand.memory_bytes, demand.gpus)
