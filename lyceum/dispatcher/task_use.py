"""What running tasks use: a sample every other second, a count in the database now and then."""

from __future__ import annotations

from dataclasses import dataclass

from lyceum.engine.base import Usage
from lyceum.tasks import folders, lifecycle
from lyceum.tasks.models import Task
from lyceum.tasks.usage import SAMPLE_SECONDS, Sample, UsageLog

COUNT_SECONDS = 10.0
"""How often the database is told what a running task has been given."""


@dataclass(slots=True)
class _Meter:
    log: UsageLog
    looked: float
    cpu_seconds: float
    peak_memory: int
    counted: float


class Meters:
    """One for each attempt that runs; made anew after a crash, from the row."""

    def __init__(self) -> None:
        self._meters: dict[str, _Meter] = {}

    def is_due(self, run_id: str, now: float) -> bool:
        """Whether the run is to be looked at; ``now`` in seconds since the epoch."""
        meter = self._meters.get(run_id)
        return meter is None or now - meter.looked >= SAMPLE_SECONDS * 0.9

    def read(self, task: Task, usage: Usage, now: float) -> None:
        """Take down what ``task``'s run uses; the first look says from where to count."""
        run_id = folders.run_id(task.pk, task.attempt)
        meter = self._meters.get(run_id)
        if meter is None:
            log = UsageLog(folders.usage_file(task.pk))
            self._meters[run_id] = _Meter(log, now, usage.cpu_seconds, usage.memory_bytes, now)
            return
        cores = (usage.cpu_seconds - meter.cpu_seconds) / max(now - meter.looked, 0.1)
        meter.log.add(Sample(now, max(0.0, cores), usage.memory_bytes, usage.processes, usage.gpu))
        meter.looked, meter.cpu_seconds = now, usage.cpu_seconds
        meter.peak_memory = max(meter.peak_memory, usage.memory_bytes)
        if now - meter.counted >= COUNT_SECONDS:
            meter.counted = now
            self._count(task, meter)

    def close(self, task: Task, cpu_seconds: float | None) -> None:
        """The run is over; ``cpu_seconds``: what it used in all, if anybody knows."""
        meter = self._meters.pop(folders.run_id(task.pk, task.attempt), None)
        known = max(cpu_seconds or 0.0, meter.cpu_seconds if meter else 0.0)
        peak = meter.peak_memory if meter else 0
        lifecycle.count_use(task, cpu_seconds=known, peak_memory=peak)

    def _count(self, task: Task, meter: _Meter) -> None:
        lifecycle.count_use(task, cpu_seconds=meter.cpu_seconds, peak_memory=meter.peak_memory)
