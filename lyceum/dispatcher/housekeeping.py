"""What has to be done now and then, whoever runs what."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from lyceum.datasets.actions import purge as purge_datasets
from lyceum.datasets.actions import unpacking_steps
from lyceum.editor.actions import close_silent_sessions
from lyceum.engine import local_engine
from lyceum.engine.base import EngineError, Status
from lyceum.notebooks.models import NotebookServer
from lyceum.notebooks.workloads import LABEL
from lyceum.notifications import digests
from lyceum.projects.actions import purge_trash, recount_use
from lyceum.serving import lifecycle as services
from lyceum.serving import probes
from lyceum.tasks import dashboards
from lyceum.tasks import keeping as tasks

log = logging.getLogger(__name__)

Job = Callable[[], object]

SETTLING_SECONDS = 120.0
"""How long after its start a run may be unknown to every row: its start is under way."""

KEPT_SECONDS = timedelta(days=1).total_seconds()
"""How long an ended notebook's run, with its log, is kept once a newer one has replaced it."""


def tidy_runs() -> None:
    """End notebook runs that belong to nothing any more, and drop old ones' folders.

    A run is left behind when the hub died between starting it and noting it.
    """
    engine = local_engine()
    active = set(
        NotebookServer.objects.filter(state__in=NotebookServer.ACTIVE).values_list(
            "project_id", flat=True
        )
    )
    noted = set(NotebookServer.objects.exclude(run_id="").values_list("run_id", flat=True))
    for run in engine.runs():
        if run.labels.get("kind") != LABEL or run.run_id in noted:
            continue
        try:
            if run.alive and _is_abandoned(run, active):
                log.warning("run %s belongs to no running project; it is stopped", run.run_id)
                engine.stop(run.run_id)
            elif run.ended and time.time() - run.ended > KEPT_SECONDS:
                engine.remove(run.run_id)
        except (EngineError, KeyError) as error:
            log.warning("run %s could not be tidied away: %s", run.run_id, error)


def _is_abandoned(run: Status, active: set[int]) -> bool:
    settled = run.started is not None and time.time() - run.started > SETTLING_SECONDS
    return settled and int(run.labels.get("project", "0")) not in active


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


_JOBS: dict[Job, float] = {
    tidy_runs: 60.0,
    unpacking_steps.tidy: 60.0,
    services.tidy: 60.0,
    close_silent_sessions: 30.0,
    tasks.tidy_runs: 60.0,
    tasks.tidy_folders: 3600.0,
    dashboards.close_idle: 60.0,
    services.purge: 3600.0,
    probes.tidy: 600.0,
    purge_trash: 3600.0,
    purge_datasets: 3600.0,
    recount_use: 3600.0,
    digests.send_due: 600.0,
}
