"""Preparing environments for projects that were started before theirs was there."""

from __future__ import annotations

import logging
import threading
import time

from django.db import connection
from django.db.models import QuerySet

from lyceum.notebooks import lifecycle, readiness
from lyceum.notebooks.models import NotebookServer

log = logging.getLogger(__name__)

_WRITE_SECONDS = 0.3


class Builds:
    """At most one build an environment at a time, each in a thread of its own.

    Every server that waits for the environment sees its progress, also one that
    was started in the middle of it.
    """

    def __init__(self) -> None:
        self._at_work: set[str] = set()

    def begin(self, environment: str) -> None:
        """Make ``environment`` ready unless that is being done already."""
        if environment in self._at_work:
            return
        self._at_work.add(environment)
        threading.Thread(
            target=self._build, args=(environment,), name=f"build {environment}", daemon=True
        ).start()

    def _build(self, environment: str) -> None:
        try:
            readiness.make_ready(environment, _Reporter(environment))
        except Exception as error:
            log.exception("environment %s could not be built", environment)
            for server in waiting(environment):
                lifecycle.fail_start(server, NotebookServer.Reason.BUILD, str(error))
        else:
            for server in waiting(environment):
                if lifecycle.mark_built(server):
                    lifecycle.launch(server)
        finally:
            connection.close()
            self._at_work.discard(environment)


class _Reporter:
    """Writes a build's progress on the servers that wait for it, not too often."""

    def __init__(self, environment: str) -> None:
        self._environment = environment
        self._written = 0.0

    def __call__(self, fraction: float, step: str) -> None:
        now = time.monotonic()
        if now - self._written < _WRITE_SECONDS:
            return
        self._written = now
        for server in waiting(self._environment):
            lifecycle.report_build(server, fraction, step)


def waiting(environment: str) -> QuerySet[NotebookServer]:
    """The servers whose start waits for ``environment``."""
    return NotebookServer.objects.select_related("user").filter(
        state=NotebookServer.State.STARTING,
        stage=NotebookServer.Stage.BUILDING,
        project__environment=environment,
    )
