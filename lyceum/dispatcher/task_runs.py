"""One task whose attempt is to run: started, looked at, stopped, ended, put away.

Every step is safe to do again: the row says which attempt it is, the attempt's run has
that name with the engine, and a run of one name is started once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from lyceum.dispatcher.task_use import Meters
from lyceum.engine.base import Engine, EngineError, SandboxUnavailable, Status
from lyceum.engine.workload import RunState
from lyceum.limits import limit
from lyceum.tasks import ending, folders, keeping, lifecycle
from lyceum.tasks.models import Task
from lyceum.tasks.workloads import prepare, task_workload

log = logging.getLogger(__name__)

MOST_STARTS = 3
"""So often is an engine asked to start a run before the task fails."""

RETRY_SECONDS = 2.0
"""How long after the first failure it is asked again; longer after the next."""

SILENT_SECONDS = 600.0
"""An engine that has not answered for so long has lost its runs."""


class TaskRuns:
    """Takes tasks' attempts further; for one task from one thread at a time.

    What it remembers need not survive: the next dispatcher asks the engine.
    """

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock
        self._meters = Meters()
        self._started: set[str] = set()
        self._failures: dict[str, tuple[int, float]] = {}
        self._silent_since: dict[str, float] = {}

    def follow(self, task: Task) -> None:
        """The next step of an attempt that is starting or running."""
        run_id = folders.run_id(task.pk, task.attempt)
        try:
            status = self._status(run_id)
        except (EngineError, OSError) as error:
            self._endure(task, run_id, error)
            return
        self._silent_since.pop(run_id, None)
        try:
            self._take(task, run_id, status)
        except EngineError as error:
            log.warning("run %s: %s", run_id, error)

    def archive(self, task: Task) -> None:
        """Put away what an ended task has left; tried again later where that fails."""
        try:
            keeping.archive(task, self._engine)
        except (EngineError, OSError) as error:
            log.warning("what task %s left can't be put away yet: %s", task.pk, error)

    def _take(self, task: Task, run_id: str, status: Status | None) -> None:
        if status is None or status.state == RunState.QUEUED:
            status = self._begin(task, run_id, status)
        elif status.alive and not is_wanted(task):
            status = self._engine.stop(run_id, grace=limit("task_stop_grace_seconds"))
        if status is None:
            return
        if not status.alive:
            self._end(task, run_id, status)
        elif status.state == RunState.RUNNING:
            self._watch(task, run_id, status)

    def _begin(self, task: Task, run_id: str, status: Status | None) -> Status | None:
        """Have the attempt started, unless it has been; what is known of it then."""
        if not is_wanted(task):
            return self._call_off(task, run_id, status)
        if run_id in self._started or task.state == Task.State.RUNNING:
            # An engine that knew the run knows it no more.
            gone = Status(run_id, RunState.LOST, reason="lost", detail="its run is gone")
            return status or gone
        return self._status(run_id) if self._start(task, run_id) else None

    def _start(self, task: Task, run_id: str) -> bool:
        """Whether the engine has the run now; one that never takes it ends the task."""
        failures, not_before = self._failures.get(run_id, (0, 0.0))
        if self._clock() < not_before:
            return False
        try:
            prepare(task)
            self._engine.start(task_workload(task), run_id=run_id)
        except Exception as error:  # a start that can't be made must not be tried for ever
            log.exception("task %s, attempt %s did not start", task.pk, task.attempt)
            failures += 1
            self._failures[run_id] = failures, self._clock() + failures * RETRY_SECONDS
            if isinstance(error, SandboxUnavailable) or failures >= MOST_STARTS:
                self._finish(task, run_id, ending.not_started(str(error)))
            return False
        self._started.add(run_id)
        return True

    def _call_off(self, task: Task, run_id: str, status: Status | None) -> Status | None:
        """Nobody wants an attempt that has hardly been started."""
        if status is not None:
            return self._engine.stop(run_id, grace=0.0)
        self._finish(task, run_id, ending.stopped())
        return None

    def _watch(self, task: Task, run_id: str, status: Status) -> None:
        if task.state == Task.State.STARTING:
            lifecycle.mark_running(task, status.started)
        now = self._clock()
        if self._meters.is_due(run_id, now):
            usage = self._engine.usage(run_id)
            if usage is not None:
                self._meters.read(task, usage, now)

    def _end(self, task: Task, run_id: str, status: Status) -> None:
        self._meters.close(task, status.cpu_seconds)
        wanted = is_wanted(lifecycle.with_surroundings().get(pk=task.pk))
        if status.state == RunState.LOST and wanted:
            log.warning("task %s lost its machine: %s", task.pk, status.detail)
            if lifecycle.queue_again(task, status.detail):
                self._forget(run_id)
                return
        self._finish(task, run_id, ending.ending_of(status, wanted=wanted))

    def _finish(self, task: Task, run_id: str, end: ending.Ending) -> None:
        lifecycle.finish(task, end)
        self._forget(run_id)
        self.archive(task)

    def _forget(self, run_id: str) -> None:
        self._started.discard(run_id)
        self._failures.pop(run_id, None)
        self._silent_since.pop(run_id, None)

    def _status(self, run_id: str) -> Status | None:
        try:
            return self._engine.status(run_id)
        except KeyError:
            return None

    def _endure(self, task: Task, run_id: str, error: Exception) -> None:
        """The engine does not answer: waited for, but not for ever."""
        if run_id not in self._silent_since:
            log.warning("run %s can't be looked at: %s", run_id, error)
        since = self._silent_since.setdefault(run_id, self._clock())
        if self._clock() - since > SILENT_SECONDS:
            lost = Status(run_id, RunState.LOST, reason="lost", detail=str(error))
            self._end(task, run_id, lost)


def is_wanted(task: Task) -> bool:
    """Whether it is to go on: not stopped, its project not deleted, its owner active."""
    return task.stop_requested is None and task.project.deleted is None and task.user.is_active
