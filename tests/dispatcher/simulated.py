"""An engine, a clock and a thread pool for tests of tasks: all in this process, and able to
be cut short like a dispatcher that is killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection

from lyceum.engine.base import Capacity, EngineError, Status, Usage
from lyceum.engine.workload import Limits, RunState, Workload
from lyceum.tasks.models import Task

WORDS = "hello from the task\n"


class Killed(BaseException):
    """What kill -9 is to the code under test: nothing catches it."""


class Killer:
    """Raises `Killed` at the ``after``-th of the points that are reached."""

    def __init__(self, after: int | None = None) -> None:
        self.left = after

    def point(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left <= 0:
            self.left = None
            raise Killed

    def around(self, function: Callable) -> Callable:
        """``function`` with a point before it and one after."""

        def wrapped(*args, **kwargs):
            self.point()
            result = function(*args, **kwargs)
            self.point()
            return result

        return wrapped

    @contextmanager
    def at_every_write(self) -> Iterator[None]:
        """Points around each statement that changes the database."""

        def execute(run, sql, params, many, context):
            is_write = sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))
            return (self.around(run) if is_write else run)(sql, params, many, context)

        with connection.execute_wrapper(execute):
            yield


class Inline(Executor):
    """Does what it is given at once."""

    def submit(self, fn, /, *args, **kwargs):
        fn(*args, **kwargs)
        return Future()


def small_workload(task: Task) -> Workload:
    """As much of a task's workload as the simulated engine looks at."""
    labels = {"kind": "task", "task": str(task.pk), "attempt": str(task.attempt)}
    return Workload(
        argv=("python",),
        limits=Limits(cpus=task.members * task.cpus),
        labels={**labels, "user": str(task.user_id)},
    )


@dataclass(frozen=True)
class Life:
    """How a run goes: for ``seconds``, with one core for each member, to its end."""

    seconds: float = 5.0
    state: RunState = RunState.SUCCEEDED
    reason: str = "exit"
    exit_code: int | None = 0


LOST = Life(state=RunState.LOST, reason="lost", exit_code=None)


@dataclass
class _Run:
    labels: dict[str, str]
    user: int
    cores: float
    life: Life
    programs: int = 0
    started: float | None = None
    stopped: float | None = None


@dataclass
class SimulatedEngine:
    """Keeps its runs however often the dispatcher dies; ``lives`` are taken by task id and
    attempt, the last one again and again."""

    folder: Path
    lives: dict[int, list[Life]] = field(default_factory=dict)
    cpus: float = 8
    memory_bytes: int = 64 << 30
    killer: Killer = field(default_factory=Killer)
    now: float = 1_700_000_000.0
    answers: bool = True
    refuses: int = 0
    known: dict[str, _Run] = field(default_factory=dict)
    programs: dict[str, int] = field(default_factory=dict)
    most_at_once: dict[int, int] = field(default_factory=dict)

    def clock(self) -> float:
        return self.now

    def capacity(self) -> Capacity:
        self._check()
        return Capacity(cpus=self.cpus, memory_bytes=self.memory_bytes)

    def start(self, workload: Workload, *, run_id: str | None = None) -> str:
        self._check()
        if self.refuses:
            self.refuses -= 1
            raise EngineError("no room just now")
        self.killer.point()
        task, attempt = int(workload.labels["task"]), int(workload.labels["attempt"])
        lives = self.lives.get(task, [Life()])
        run = self.known.setdefault(
            run_id,
            _Run(
                workload.labels,
                int(workload.labels["user"]),
                workload.limits.cpus,
                lives[min(attempt, len(lives)) - 1],
            ),
        )
        self.killer.point()
        if run.started is None:
            run.started = self.now
            self.programs[run_id] = self.programs.get(run_id, 0) + 1
            (self.folder / f"{run_id}.log").write_text(WORDS)
            alive = [each for each in self.known.values() if self._lives(each)]
            own = sum(each.user == run.user for each in alive)
            self.most_at_once[run.user] = max(self.most_at_once.get(run.user, 0), own)
            assert sum(each.cores for each in alive) <= self.cpus
        self.killer.point()
        return run_id

    def status(self, run_id: str) -> Status:
        self._check()
        run = self.known[run_id]
        if run.started is None:
            return Status(run_id, RunState.QUEUED, labels=run.labels)
        if self._lives(run):
            return Status(run_id, RunState.RUNNING, started=run.started, labels=run.labels)
        end = {"ended": self._end(run), "cpu_seconds": self._cpu_seconds(run)}
        if run.stopped is not None:
            state, reason, code = RunState.STOPPED, "stopped", None
        else:
            state, reason, code = run.life.state, run.life.reason, run.life.exit_code
        return Status(
            run_id, state, started=run.started, exit_code=code, reason=reason,
            labels=run.labels, **end,
        )  # fmt: skip

    def stop(self, run_id: str, *, grace: float = 5.0) -> Status:
        self._check()
        run = self.known[run_id]
        self.killer.point()
        if run.started is None:
            run.started = self.now
        if self._lives(run):
            run.stopped = self.now
        self.killer.point()
        return self.status(run_id)

    def usage(self, run_id: str) -> Usage | None:
        self._check()
        run = self.known[run_id]
        return Usage(self._cpu_seconds(run), 1 << 20, 2) if self._lives(run) else None

    def logs(self, run_id: str) -> list[tuple[str, list[Path]]]:
        self._check()
        self.killer.point()
        if run_id not in self.known:
            raise KeyError(run_id)
        return [("this machine", [self.folder / f"{run_id}.log"])]

    def remove(self, run_id: str) -> None:
        self._check()
        self.killer.point()
        assert not self._lives(self.known[run_id])
        del self.known[run_id]
        (self.folder / f"{run_id}.log").unlink(missing_ok=True)
        self.killer.point()

    def runs(self) -> list[Status]:
        return [self.status(run_id) for run_id in self.known]

    def _check(self) -> None:
        if not self.answers:
            raise EngineError("the cluster does not answer")

    def _lives(self, run: _Run) -> bool:
        return run.started is not None and run.stopped is None and self.now < self._end(run)

    def _end(self, run: _Run) -> float:
        return min(run.started + run.life.seconds, run.stopped or float("inf"))

    def _cpu_seconds(self, run: _Run) -> float:
        return run.cores * (min(self.now, self._end(run)) - run.started)
