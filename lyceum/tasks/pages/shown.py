"""A task as pages show it: its place in the queue, and what its state changes into."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from lyceum.tasks import queries
from lyceum.tasks.models import Task
from lyceum.tasks.queries import QueuePlace


@dataclass(frozen=True, slots=True)
class ShownTask:
    """A task and, while it is queued, its place."""

    task: Task
    place: QueuePlace | None

    @property
    def mark(self) -> str:
        """Another word whenever what is shown of its state is another."""
        task, place = self.task, self.place
        said = [task.pk, task.state, task.stage, task.attempt, task.stop_requested, task.note]
        said += [task.archived, round(task.progress, 2), place and (place.number, place.sentence)]
        return hashlib.sha256(repr(said).encode()).hexdigest()[:12]


def shown(tasks: Iterable[Task]) -> list[ShownTask]:
    """``tasks`` in their order; the queue is looked at once, and only if one waits there."""
    tasks = list(tasks)
    places = queries.queue_places(tasks)
    return [ShownTask(task, places.get(task.pk)) for task in tasks]
