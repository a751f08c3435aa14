"""What has to be done now and then, whoever runs what."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from lyceum.engine import local_engine
from lyceum.notebooks.models import NotebookServer
from lyceum.projects.actions import purge_trash

log = logging.getLogger(__name__)

Job = Callable[[], object]


class Schedule:
    """Which jobs are due; each one is due at start and then at its interval."""

    def __init__(self) -> None:
        self._last: dict[Job, float] = {}

    def due(self) -> Iterator[Job]:
        """The jobs to do now; counts them as done."""
        now = time.monotonic()
        for job, seconds in _JOBS.items():
            if now - self._last.get(job, -seconds) >= seconds:
                self._last[job] = now
                yield job


_JOBS: dict[Job, float] = {purge_trash: 3600.0}
