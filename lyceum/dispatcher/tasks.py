"""Cluster tasks: who starts next, and every started one taken further."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor

from django.db import DatabaseError, connection

from lyceum import environments
from lyceum.config import settings
from lyceum.dispatcher.serving_builds import EnvironmentBuilds
from lyceum.dispatcher.task_runs import TaskRuns, is_wanted
from lyceum.engine import task_engine
from lyceum.engine.base import Capacity, Engine, EngineError
from lyceum.limits import limit
from lyceum.tasks import ending, lifecycle, wake
from lyceum.tasks.models import Task
from lyceum.tasks.queries.waiting import active_tasks, cpu_use
from lyceum.tasks.scheduling import Demand, Rules, Wait, demand_of, heads, plan

log = logging.getLogger(__name__)

MOVING_SECONDS = 0.3
RESTING_SECONDS = 2.0
PLAN_SECONDS = 2.0
"""How often the queue is looked at while nothing is submitted and nothing ends."""

CAPACITY_SECONDS = 5.0
ARCHIVE_SECONDS = 60.0
_WORKERS = 8

State = Task.State


def keep_going(stopping: threading.Event) -> None:
    """Turn until ``stopping``, at once when somebody submits or stops a task.

    A loop of its own: nobody's first line of log waits for what else there is to do.
    """
    alarm = wake.Alarm()
    tasks = Tasks(task_engine())
    while not stopping.is_set():
        moving = False
        try:
            moving = tasks.turn()
        except DatabaseError:
            log.exception("the database did not answer; trying again")
            connection.close()
        except Exception:
            log.exception("a turn of the tasks failed; trying again")
        alarm.wait(MOVING_SECONDS if moving else RESTING_SECONDS)


class Tasks:
    """Nothing here is needed after a crash: rows and runs say all, and a run that was
    started is found by the name that its row gives it."""

    def __init__(
        self,
        engine: Engine,
        *,
        pool: Executor | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._pool = pool or ThreadPoolExecutor(_WORKERS, thread_name_prefix="task")
        # Stopping takes as long as the grace, and must not keep other tasks from starting.
        self._ends = pool or ThreadPoolExecutor(_WORKERS, thread_name_prefix="task end")
        self._in_hand: set[int] = set()
        self._runs = TaskRuns(engine, clock=clock)
        self._builds = EnvironmentBuilds()
        self._before: list[tuple[int, str]] = []
        self._planned = -math.inf
        self._blocked: dict[int, float] = {}
        self._capacity: Capacity | None = None
        self._capacity_asked = -math.inf
        self._archived = -math.inf

    def turn(self) -> bool:
        """Look at what is active and hand out what is to be done; whether there is any."""
        # Asked before the rows are read: what ends meanwhile is looked at in the next turn.
        busy = frozenset(self._in_hand)
        seen = list(Task.objects.open().order_by("id").values_list("id", "state"))
        active = [(pk, state) for pk, state in seen if state in Task.ACTIVE]
        if any(state == State.QUEUED for _pk, state in active) and self._is_plan_due(active):
            self._plan(active)
        started = [pk for pk, state in active if state != State.QUEUED and pk not in busy]
        if started:
            rows = lifecycle.with_surroundings().filter(pk__in=started)
            for task in rows.filter(state__in=Task.IN_ENGINE):
                pool = self._pool if is_wanted(task) else self._ends
                self._hand_out(task, self._runs.follow, pool)
        self._archive_left([pk for pk, state in seen if state in Task.ENDED and pk not in busy])
        return bool(active) or bool(self._in_hand)

    def _is_plan_due(self, active: list[tuple[int, str]]) -> bool:
        return active != self._before or self._clock() - self._planned >= PLAN_SECONDS

    def _plan(self, active: list[tuple[int, str]]) -> None:
        self._before, self._planned = active, self._clock()
        rows = active_tasks()
        queued = [task for task in rows if task.state == State.QUEUED]
        demands = [self._demand(task) for task in queued]
        decision = plan(
            demands,
            [demand_of(task) for task in rows if task.state != State.QUEUED],
            capacity=self._ask_capacity(),
            rules=_rules(),
            use=cpu_use({task.user_id for task in queued}),
            unready=self._unready(queued, demands),
        )
        self._note_waiting(queued, decision.waiting)
        for task_id in decision.start:
            task = lifecycle.claim(task_id)
            if task is not None:
                self._hand_out(task, self._runs.follow, self._pool)

    def _demand(self, task: Task) -> Demand:
        since = self._blocked.get(task.pk)
        return demand_of(task, blocked=self._clock() - since if since is not None else 0.0)

    def _unready(self, queued: list[Task], demands: list[Demand]) -> set[int]:
        """Those next in their lines whose environment is not there; it is built."""
        first = {demand.task_id for demand in heads(demands)}
        built: dict[str, bool] = {}
        unready = set()
        for task in queued:
            if task.pk not in first:
                continue
            name = task.environment
            if name not in built:
                built[name] = _is_built(name)
            if not built[name]:
                unready.add(task.pk)
                self._build(task)
        return unready

    def _build(self, task: Task) -> None:
        why = self._builds.failure(task.environment, since=task.submitted)
        if why is None:
            self._builds.begin(task.environment)
        else:
            end = ending.Ending(State.FAILED, Task.Reason.ENVIRONMENT, why)
            lifecycle.finish(task, end)

    def _note_waiting(self, queued: list[Task], waiting: dict[int, Wait]) -> None:
        now = self._clock()
        blocked = {pk for pk, why in waiting.items() if why == Wait.CAPACITY}
        self._blocked = {pk: self._blocked.get(pk, now) for pk in blocked}
        for task in queued:
            why = waiting.get(task.pk, Wait.TURN)
            building = why == Wait.ENVIRONMENT
            progress = round(self._builds.progress(task.environment), 2) if building else 0.0
            if (task.stage, task.progress) != (why, progress):
                lifecycle.note_wait(task.pk, why, progress)

    def _ask_capacity(self) -> Capacity | None:
        """What the engine has, as it said lately; ``None`` when it does not answer."""
        now = self._clock()
        if now - self._capacity_asked >= CAPACITY_SECONDS:
            self._capacity_asked = now
            try:
                self._capacity = self._engine.capacity()
            except EngineError as error:
                log.warning("the engine of tasks does not answer: %s", error)
                self._capacity = None
        return self._capacity

    def _archive_left(self, ended: list[int]) -> None:
        """Put away what a killed dispatcher, or a failure, left of ended tasks."""
        now = self._clock()
        if not ended or now - self._archived < ARCHIVE_SECONDS:
            return
        self._archived = now
        for task in Task.objects.filter(pk__in=ended):
            self._hand_out(task, self._runs.archive, self._ends)

    def _hand_out(self, task: Task, step: Callable[[Task], None], pool: Executor) -> None:
        self._in_hand.add(task.pk)

        def work() -> None:
            try:
                step(task)
            except Exception:
                log.exception("a step of task %s failed; it is tried again", task.pk)
            finally:
                self._in_hand.discard(task.pk)
                connection.close()

        pool.submit(work)


def _is_built(environment: str) -> bool:
    try:
        return environments.availability(environment).built
    except environments.UnknownEnvironment:
        return False  # this release has it no more: its build says so


def _rules() -> Rules:
    return Rules(
        running_per_user=limit("running_tasks_per_user"),
        cpu_seconds_per_day=limit("task_cpu_hours_per_day") * 3600.0,
        shares_cpus=settings().engine == "local",
    )
