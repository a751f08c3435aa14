"""What a task uses: charts while it runs, sums afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from lyceum.tasks import folders
from lyceum.tasks.models import Task
from lyceum.tasks.usage import Sample, read_samples

MOST_SAMPLES = 600


@dataclass(frozen=True, slots=True)
class TaskUse:
    """``samples`` in their order; ``cpu_seconds`` of all members and attempts together,
    ``peak_memory`` the most bytes they used at once."""

    samples: list[Sample]
    cpu_seconds: float
    peak_memory: int


def usage_of(task: Task, *, since: float = 0.0, most: int = MOST_SAMPLES) -> TaskUse:
    """What ``task`` used: at most ``most`` samples of those taken after ``since`` (seconds
    since the epoch), evenly, the newest one always among them."""
    samples = read_samples(folders.usage_file(task.pk), since=since)
    step = -(-len(samples) // most) or 1
    return TaskUse(samples[::-step][::-1], task.cpu_seconds, task.peak_memory)
