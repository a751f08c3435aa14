"""What to do about a notebook server, given what hub and engine say of it.

No I/O: everything a decision needs is in its arguments.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from lyceum.engine.base import Status
from lyceum.notebooks import idle
from lyceum.notebooks.hubapi import HubServer
from lyceum.notebooks.models import NotebookServer

State = NotebookServer.State
Stage = NotebookServer.Stage
Reason = NotebookServer.Reason

REQUEST_AT_WORK = timedelta(seconds=3)
"""How long the request that wrote a row is left alone to carry it out."""

HUB_PATIENCE = timedelta(minutes=3)
"""How long a start waits for a hub that does not answer or has forgotten it."""

_REASONS = {
    "exit": Reason.EXIT,
    "time_limit": Reason.EXIT,
    "signal": Reason.SIGNAL,
    "out_of_memory": Reason.MEMORY,
    "stopped": Reason.HUB,
}


class Step(Enum):
    """One thing to do next."""

    NOTHING = auto()
    BUILD = auto()
    LAUNCH = auto()
    EXPLAIN = auto()
    GIVE_UP = auto()
    READY = auto()
    NOTE_RUN = auto()
    END = auto()
    FINISH = auto()
    WARN = auto()
    REMOVE = auto()


@dataclass(frozen=True, slots=True)
class Seen:
    """What hub and engine say of one server.

    ``hub`` is ``None`` when the hub runs no such server, and means nothing when
    ``hub_answers`` is false; ``run`` is ``None`` when the run is not known.
    """

    hub_answers: bool
    hub: HubServer | None
    run: Status | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A step, and for ``END`` why the server ends."""

    step: Step
    reason: str = ""
    detail: str = ""


_NOTHING = Decision(Step.NOTHING)


def decide(server: NotebookServer, seen: Seen, *, wanted: bool, now: datetime) -> Decision:
    """The next step for ``server``; ``wanted`` is false once its project or learner is gone."""
    if server.state == State.STOPPING:
        return Decision(Step.FINISH)
    if server.state not in NotebookServer.ACTIVE:
        return Decision(Step.REMOVE) if seen.hub and seen.hub.ready else _NOTHING
    if not wanted:
        return Decision(Step.END, Reason.DELETED)
    if server.state == State.STARTING:
        return _starting(server, seen, now)
    return _running(server, seen, now)


def _starting(server: NotebookServer, seen: Seen, now: datetime) -> Decision:
    if server.stage == Stage.BUILDING:
        return Decision(Step.BUILD)
    waited = now - server.requested
    if seen.hub_answers and seen.hub:
        if seen.hub.ready:
            return Decision(Step.READY)
        is_news = seen.hub.run_id not in ("", server.run_id)
        return Decision(Step.NOTE_RUN) if is_news else _NOTHING
    if waited > HUB_PATIENCE:
        return Decision(Step.GIVE_UP)
    if not seen.hub_answers or waited < REQUEST_AT_WORK:
        return _NOTHING
    if server.launched is None:
        return Decision(Step.LAUNCH)
    return Decision(Step.EXPLAIN) if now - server.launched > REQUEST_AT_WORK else _NOTHING


def _running(server: NotebookServer, seen: Seen, now: datetime) -> Decision:
    if seen.run and not seen.run.alive:
        reason = _REASONS.get(seen.run.reason or "", Reason.LOST)
        return Decision(Step.END, reason, seen.run.detail)
    if seen.hub_answers and seen.hub is None:
        return Decision(Step.END, Reason.LOST)
    if seen.hub_answers and seen.hub.pending == "stop":
        return Decision(Step.END, Reason.HUB)
    return _idling(server, now)


def _idling(server: NotebookServer, now: datetime) -> Decision:
    due = idle.stop_at(server)
    if due is None:
        return _NOTHING
    if server.warned:
        return Decision(Step.END, Reason.IDLE) if now >= due else _NOTHING
    return Decision(Step.WARN) if now >= due - idle.warning_time() else _NOTHING
