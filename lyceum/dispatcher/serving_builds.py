"""Preparing environments for services and tasks that want one which is not there yet."""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from django.utils import timezone

from lyceum import environments

log = logging.getLogger(__name__)


class EnvironmentBuilds:
    """At most one build an environment at a time here, each in a thread of its own.

    A notebook's build of the same environment (`lyceum.dispatcher.builds`) is no harm: the
    second waits for the first and finds it done.
    """

    def __init__(self) -> None:
        self._at_work: dict[str, float] = {}
        self._failures: dict[str, tuple[datetime, str]] = {}

    def begin(self, environment: str) -> None:
        """Make ``environment`` ready unless that is being done already."""
        if environment in self._at_work:
            return
        self._at_work[environment] = 0.0
        threading.Thread(
            target=self._build, args=(environment,), name=f"build {environment}", daemon=True
        ).start()

    def failure(self, environment: str, *, since: datetime) -> str | None:
        """Why its last build failed, if that was after ``since``."""
        moment, why = self._failures.get(environment, (since, ""))
        return why if moment > since else None

    def progress(self, environment: str) -> float:
        """How far its build is, from 0 to 1."""
        return self._at_work.get(environment, 0.0)

    def _build(self, environment: str) -> None:
        def report(progress: environments.Progress) -> None:
            self._at_work[environment] = progress.fraction

        try:
            environments.build(environment, report)
        except Exception as error:
            log.exception("environment %s could not be built", environment)
            self._failures[environment] = timezone.now(), str(error)
        finally:
            del self._at_work[environment]
