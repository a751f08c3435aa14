"""What became of a task, from how its run ended."""

from __future__ import annotations

from dataclasses import dataclass

from lyceum.engine.base import Status
from lyceum.engine.workload import RunState
from lyceum.tasks.models import Task

State, Reason = Task.State, Task.Reason


@dataclass(frozen=True, slots=True)
class Ending:
    """The fields of a task that has ended; moments in seconds since the epoch."""

    state: str
    reason: str
    detail: str = ""
    exit_code: int | None = None
    signal: int | None = None
    started: float | None = None
    ended: float | None = None


def ending_of(status: Status, *, wanted: bool) -> Ending:
    """The ending of a task whose run is over; ``wanted``: nobody asked for its end."""
    if status.state == RunState.SUCCEEDED:
        return _ending(State.SUCCEEDED, Reason.EXIT, status)
    if status.state == RunState.STOPPED or (status.state == RunState.LOST and not wanted):
        return _ending(State.STOPPED, Reason.STOPPED, status)
    reason = status.reason if status.reason in Reason.values else Reason.LOST
    return _ending(State.FAILED, reason, status, status.detail)


def stopped() -> Ending:
    """The ending of a task that was stopped before it had a run."""
    return Ending(State.STOPPED, Reason.STOPPED)


def not_started(detail: str) -> Ending:
    """The ending of a task whose run could not be started."""
    return Ending(State.FAILED, Reason.NOT_STARTED, detail)


def _ending(state: str, reason: str, status: Status, detail: str = "") -> Ending:
    return Ending(
        state,
        reason,
        detail,
        exit_code=status.exit_code,
        signal=status.signal,
        started=status.started,
        ended=status.ended,
    )
