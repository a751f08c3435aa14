"""A long queue of several users' tasks, worked off on a simulated engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count

from lyceum.accounts.models import User
from lyceum.dispatcher.tasks import Tasks
from lyceum.projects.queries import latest_version
from lyceum.tasks.models import CpuUse, Task
from tests.dispatcher.simulated import Life, SimulatedEngine
from tests.tasks.making import make_cluster


@dataclass(frozen=True)
class Turn:
    """After a turn: each user's queued tasks, how far what they were given differs (CPU
    seconds), and how many things the dispatcher keeps about tasks."""

    queued: dict[str, int]
    spread: float
    remembered: int


class Queue:
    """``sizes``: how many one-core tasks of each user; one user's all before the next's."""

    LONGEST = 8.0

    def __init__(self, engine: SimulatedEngine, sizes: dict[str, int]) -> None:
        self._engine = engine
        self._names = list(sizes)
        engine.cpus = 4
        for name, count in sizes.items():
            project = make_cluster(User.objects.create_user(name))
            version = latest_version(project)
            Task.objects.bulk_create(
                Task(
                    project=project,
                    user_id=project.owner_id,
                    version=version,
                    main_file="main.py",
                    environment=project.environment,
                    memory_mb=1,
                    time_limit_seconds=60,
                )
                for _ in range(count)
            )
        made = Task.objects.values_list("id", flat=True)
        engine.lives = {pk: [Life(seconds=self.LONGEST - pk % 5)] for pk in made}

    def drain(self, dispatcher: Tasks) -> Iterator[Turn]:
        """Turns, four seconds apart, until nothing is left to do."""
        while dispatcher.turn():
            self._engine.now += 4
            yield Turn(self._queued(), self._spread(), _remembered(dispatcher))

    def _queued(self) -> dict[str, int]:
        rows = Task.objects.open().filter(state=Task.State.QUEUED).order_by()
        found = rows.values_list("user__username").annotate(Count("id"))
        return dict.fromkeys(self._names, 0) | dict(found)

    def _spread(self) -> float:
        used = dict(CpuUse.objects.values_list("user__username", "seconds"))
        given = [used.get(name, 0.0) for name in self._names]
        return max(given) - min(given)


def _remembered(dispatcher: Tasks) -> int:
    """All but the list of the queue itself, which is read anew."""
    runs = dispatcher._runs
    kept = (runs._started, runs._failures, runs._silent_since, runs._meters._meters)
    return sum(map(len, (*kept, dispatcher._in_hand, dispatcher._blocked)))
