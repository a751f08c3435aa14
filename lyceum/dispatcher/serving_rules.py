"""What to do about a prediction service, given what database, engine and gateway say.

No I/O: everything a decision needs is in its arguments. Times are seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from lyceum.serving.models import Replica, Service

State = Service.State
Reason = Service.Reason

START_SECONDS = 300.0
"""How long a model may take to load."""

UNHEARD_SECONDS = 120.0
"""How long a replica that was ready may be without a connection to the gateway: its
worker starts anew after a crash and loads the model again."""

DRAINED_SECONDS = 1.0
"""How long nothing may be under way at a replica before its run is stopped."""

SILENT_SECONDS = 10.0
"""The same while the gateway does not answer: nobody knows what is under way."""

DRAIN_SECONDS = 90.0
"""After this a replica that is to go is stopped, whatever is under way."""

MOST_DEATHS = 5
"""So many replicas gone within `DEATHS_SECONDS` are enough: the service has failed."""

DEATHS_SECONDS = 600.0
_PAUSES = (0.0, 0.0, 2.0, 5.0, 10.0)
_LONGEST_PAUSE = 60.0

QUEUE_PER_REPLICA = 8
"""So many calls waiting for each replica are worth another one."""

BUSY_SECONDS = 3.0
QUIET_SECONDS = 60.0

_ENDINGS = {
    "exit": Reason.LOAD,
    "signal": Reason.SIGNAL,
    "out_of_memory": Reason.MEMORY,
    "disk_limit": Reason.DISK,
    "process_limit": Reason.PROCESSES,
    "time_limit": Reason.TIME,
    "not_started": Reason.NOT_STARTED,
}
# Whoever ended such a run, it was not the model: a machine that went down, an operator.
_BLAMELESS = ("lost", "stopped")
_LIMITS = (Reason.MEMORY, Reason.DISK, Reason.PROCESSES)


class Run(Enum):
    """A replica's run, as the engine knows it."""

    NONE = auto()
    ALIVE = auto()
    ENDED = auto()


@dataclass(frozen=True, slots=True)
class Line:
    """What the gateway says of a replica it knows; ``failed``: why its model did not load."""

    connected: bool = False
    ready: bool = False
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class SeenReplica:
    """A replica's row, its run and its line.

    ``line`` is ``None`` when the gateway does not answer or does not know it yet. ``age``
    counts from the row's creation; ``unheard``: how long it was ready and not connected;
    ``drained``: how long nothing has been under way; ``stopping``: how long it has been
    about to go. ``ending`` and ``detail`` are the engine's once the run has ended.
    """

    uid: str
    revision: int
    state: str = Replica.State.STARTING
    run: Run = Run.ALIVE
    ending: str = ""
    detail: str = ""
    line: Line | None = None
    age: float = 0.0
    unheard: float = 0.0
    drained: float = 0.0
    stopping: float = 0.0

    @property
    def answers(self) -> bool:
        """Whether calls can be sent to it now."""
        return self.run is Run.ALIVE and self.line is not None and self.line.ready


@dataclass(frozen=True, slots=True)
class SeenService:
    """A service's row and what is known beside it.

    ``wanted`` is false once its project or learner is gone; ``woken``: a call has come for
    it and may wake it; ``idle``: it has not been called for too long; ``gateway_knows``:
    the gateway has been told of the row as it is. ``deaths`` are the
    replicas that have gone by themselves since its state last changed, in the last
    `DEATHS_SECONDS`, the last one ``since_death`` ago. ``busy`` and ``quiet``: for how
    long calls have queued, or hardly any have come.
    """

    state: str
    revision: int
    active: int | None = None
    least: int = 1
    most: int = 1
    wanted: bool = True
    woken: bool = False
    idle: bool = False
    gateway_answers: bool = True
    gateway_knows: bool = True
    deaths: int = 0
    since_death: float = DEATHS_SECONDS
    busy: float = 0.0
    quiet: float = 0.0


class Kind(Enum):
    """How a service can change here; ``ACTIVATE``: calls go to its new revision."""

    ACTIVATE = auto()
    RUN = auto()
    FAIL = auto()
    KEEP_OLD = auto()
    PAUSE = auto()
    WAKE = auto()
    STOP = auto()


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state; ``replica``: the uid of the one whose log tells more."""

    kind: Kind
    reason: str = ""
    detail: str = ""
    replica: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is to be done now; replicas by uid, ``add`` by the revision they serve.

    ``retire``: no more calls; ``end``: stop the run, then forget; ``drop``: the run is
    over, forget; ``died``: those of ``retire`` and ``drop`` that went by themselves.
    """

    change: Change | None = None
    ready: tuple[str, ...] = ()
    add: tuple[int, ...] = ()
    launch: tuple[str, ...] = ()
    retire: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    died: tuple[str, ...] = ()

    @property
    def has_steps(self) -> bool:
        """Whether it holds more than runs to stop."""
        return replace(self, end=()) != _NOTHING


_NOTHING = Plan()


def decide(service: SeenService, replicas: Sequence[SeenReplica]) -> Plan:
    """What to do next for ``service``; ``replicas`` are all it has, of any revision."""
    live = [each for each in replicas if each.state != Replica.State.STOPPING]
    going = [each for each in replicas if each.state == Replica.State.STOPPING]
    end, drop = _leaving(going, gateway_answers=service.gateway_answers)
    if service.state not in Service.SERVING:
        wakes = service.state == State.PAUSED and service.woken and service.wanted
        change = Change(Kind.WAKE) if wakes else None
        return Plan(change, retire=_uids(live), end=end, drop=drop)
    if not service.wanted:
        return Plan(Change(Kind.STOP, Reason.DELETED), end=end, drop=drop)
    serves = service.active == service.revision
    plan = _running(service, live) if serves else _deploying(service, live)
    return Plan(
        plan.change,
        ready=_uids(each for each in live if _has_become_ready(each)),
        add=plan.add,
        launch=_uids(each for each in live if each.run is Run.NONE),
        retire=plan.retire,
        end=end,
        drop=(*drop, *plan.drop),
        died=plan.died,
    )


def _deploying(service: SeenService, live: Sequence[SeenReplica]) -> Plan:
    """Until ``revision`` can serve, ``active`` does if there is one."""
    new = [each for each in live if each.revision == service.revision]
    is_switch = service.active is not None
    old = [each for each in live if is_switch and each.revision == service.active]
    surplus = [each for each in live if each not in new and each not in old]
    dead = [each for each in new if is_dead(each)]
    to_blame = [each for each in dead if each.ending not in _BLAMELESS]
    if to_blame or _too_many(service, dead):
        kind = Kind.KEEP_OLD if is_switch else Kind.FAIL
        return Plan(_failure(kind, (to_blame or dead)[0]))
    # As many as serve now: a switch must not come with less to serve.
    wanted = min(max(service.least, len(old)), max(service.least, service.most))
    if sum(each.answers for each in new) >= wanted:
        return Plan(Change(Kind.ACTIVATE))
    kept_old = _keep(service, old, service.active, service.least) if is_switch else _NOTHING
    kept_new = _keep(service, new, service.revision, wanted)
    return Plan(
        add=(*kept_old.add, *kept_new.add),
        retire=(*_uids(surplus), *kept_old.retire, *kept_new.retire),
        drop=(*kept_old.drop, *kept_new.drop),
        died=(*kept_old.died, *kept_new.died),
    )


def _running(service: SeenService, live: Sequence[SeenReplica]) -> Plan:
    """Calls go to ``revision``, whether its owner can read so already or not."""
    active = [each for each in live if each.revision == service.active]
    surplus = [each for each in live if each.revision != service.active]
    dead = [each for each in active if is_dead(each)]
    if _too_many(service, dead) and not any(each.answers for each in active):
        return Plan(_failure(Kind.FAIL, dead[0], again=True))
    if service.idle:
        return Plan(Change(Kind.PAUSE, Reason.IDLE))
    # Whoever reads that it runs may call it: not before the gateway knows.
    runs = service.state == State.DEPLOYING and service.gateway_knows
    alive = [each for each in active if each not in dead]
    wanted = _scaled(service, alive)
    kept = _keep(service, active, service.active, wanted)
    newest_first = sorted(alive, key=lambda each: (each.answers, each.age))
    extra = newest_first[: max(0, len(alive) - wanted)]
    return Plan(
        Change(Kind.RUN) if runs else None,
        add=kept.add,
        retire=(*_uids(surplus), *kept.retire, *_uids(extra)),
        drop=kept.drop,
        died=kept.died,
    )


def _keep(
    service: SeenService, replicas: Sequence[SeenReplica], revision: int | None, wanted: int
) -> Plan:
    """Put the dead ones away and have at least ``wanted`` others."""
    dead = [each for each in replicas if is_dead(each)]
    missing = max(0, wanted - (len(replicas) - len(dead))) if revision is not None else 0
    since_death = 0.0 if dead else service.since_death
    if since_death < pause(service.deaths + len(dead)):
        missing = 0
    return Plan(
        add=(revision,) * missing if revision is not None else (),
        retire=_uids(each for each in dead if each.run is not Run.ENDED),
        drop=_uids(each for each in dead if each.run is Run.ENDED),
        died=_uids(dead),
    )


def pause(deaths: int) -> float:
    """How many seconds after the last of ``deaths`` the next replica is started."""
    return _PAUSES[deaths] if deaths < len(_PAUSES) else _LONGEST_PAUSE


def is_dead(replica: SeenReplica) -> bool:
    """Whether a replica that is to serve never will, or no longer does."""
    if replica.run is Run.ENDED:
        return True
    if replica.line is None:
        return False
    is_late = replica.state == Replica.State.STARTING and replica.age > START_SECONDS
    is_late = is_late and not replica.line.ready
    return replica.line.failed is not None or is_late or replica.unheard > UNHEARD_SECONDS


def _failure(kind: Kind, dead: SeenReplica, *, again: bool = False) -> Change:
    """``again``: it has served before, and now goes down each time."""
    if dead.run is Run.ENDED:
        reason = _ENDINGS.get(dead.ending, Reason.LOST)
    elif dead.line is not None and dead.line.failed is not None:
        reason = Reason.LOAD
    else:
        reason = Reason.TIME
    if again and reason not in _LIMITS:
        reason = Reason.CRASHES
    told = (dead.line.failed if dead.line else None) or dead.detail
    return Change(kind, reason, told, replica=dead.uid)


def _too_many(service: SeenService, dead: Sequence[SeenReplica]) -> bool:
    return bool(dead) and service.deaths + len(dead) >= MOST_DEATHS


def _scaled(service: SeenService, alive: Sequence[SeenReplica]) -> int:
    """How many replicas are to serve, one step from how many there are."""
    count = len(alive)
    if service.busy >= BUSY_SECONDS and all(each.answers for each in alive):
        count += 1
    elif service.quiet >= QUIET_SECONDS:
        count -= 1
    return max(service.least, min(count, service.most))


def _leaving(
    going: Sequence[SeenReplica], *, gateway_answers: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of the replicas that are to go: those to stop now, and those already gone."""
    enough = DRAINED_SECONDS if gateway_answers else SILENT_SECONDS
    running = [each for each in going if each.run is Run.ALIVE]
    end = [each for each in running if each.drained >= enough or each.stopping >= DRAIN_SECONDS]
    return _uids(end), _uids(each for each in going if each.run is not Run.ALIVE)


def _has_become_ready(replica: SeenReplica) -> bool:
    return replica.state == Replica.State.STARTING and replica.answers


def _uids(replicas: Iterable[SeenReplica]) -> tuple[str, ...]:
    return tuple(each.uid for each in replicas)
