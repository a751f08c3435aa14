"""Preparing environments for services that were deployed before theirs was there."""

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
        self._at_work: set[str] = set()
        self._failures: dict[str, tuple[datetime, str]] = {}

    def begin(self, environment: str) -> None:
        """Make ``environment`` ready unless that is being done already."""
        if environment in self._at_work:
            return
        self._at_work.add(environment)
        threading.Thread(
            target=self._build, args=(environment,), name=f"build {environment}", daemon=True
        ).start()

    def failure(self, environment: str, *, since: datetime) -> str | None:
        """Why its last build failed, if that was after ``since``."""
        moment, why = self._failures.get(environment, (since, ""))
        return why if moment > since else None

    def _build(self, environment: str) -> None:
        try:
            environments.build(environment, lambda _progress: None)
        except Exception as error:
            log.exception("environment %s could not be built", environment)
            self._failures[environment] = timezone.now(), str(error)
        finally:
            self._at_work.discard(environment)
