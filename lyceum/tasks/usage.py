"""``usage.jsonl``: what a task used, a JSON object a line, thinned so that it stays small.

Each line has ``t`` (seconds since the epoch), ``cpu`` (cores in use since the line
before), ``memory`` (bytes), ``processes`` (count), where the engine has GPUs ``gpu``
(GPUs in use, 0.0 to their count). The file is the platform's: no user code reaches it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 2.0
MOST_LINES = 6000
"""Then every second line goes, and new ones come half as often: a day stays below 1 MB."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of ``usage.jsonl``; ``gpu`` is ``None`` without GPUs."""

    t: float
    cpu: float
    memory: int
    processes: int
    gpu: float | None = None

    def to_line(self) -> str:
        """The sample as a line of the file."""
        values = {
            "t": round(self.t, 1),
            "cpu": round(self.cpu, 3),
            "memory": self.memory,
            "processes": self.processes,
        }
        if self.gpu is not None:
            values["gpu"] = round(self.gpu, 3)
        return json.dumps(values) + "\n"


def read_samples(path: Path, *, since: float = 0.0) -> list[Sample]:
    """The samples taken after ``since``; a line that was cut short is left out."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            sample = Sample(**json.loads(line))
        except (ValueError, TypeError):
            continue
        if sample.t > since:
            found.append(sample)
    return found


class UsageLog:
    """Writes a task's samples; a new one goes on where an earlier one was cut short."""

    def __init__(self, path: Path) -> None:
        self._path = path
        samples = read_samples(path)
        self._lines = len(samples)
        self._last = samples[-1].t if samples else 0.0
        self._spacing = SAMPLE_SECONDS
        if len(samples) > 1:
            mean = (samples[-1].t - samples[0].t) / (len(samples) - 1)
            while self._spacing * 1.5 < mean:
                self._spacing *= 2

    def add(self, sample: Sample) -> None:
        """Append ``sample``, unless the last one is too young."""
        if sample.t - self._last < self._spacing * 0.9:
            return
        if self._lines >= MOST_LINES:
            self._thin()
        with self._path.open("a") as file:
            file.write(sample.to_line())
        self._last = sample.t
        self._lines += 1

    def _thin(self) -> None:
        kept = read_samples(self._path)[::2]
        fresh = self._path.with_suffix(".new")
        fresh.write_text("".join(sample.to_line() for sample in kept))
        os.replace(fresh, self._path)
        self._lines = len(kept)
        self._spacing *= 2
