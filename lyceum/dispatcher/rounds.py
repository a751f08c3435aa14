"""The dispatcher's rounds: look at every server, decide, hand out the work."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models import Q
from django.utils import timezone

from lyceum.dispatcher import housekeeping, steps
from lyceum.dispatcher.builds import Builds
from lyceum.dispatcher.rules import Decision, Seen, Step, decide
from lyceum.dispatcher.unpackings import Unpackings
from lyceum.engine import local_engine
from lyceum.engine.base import Status
from lyceum.notebooks import hubapi
from lyceum.notebooks.models import NotebookServer

log = logging.getLogger(__name__)

MOVING_SECONDS = 0.5
RESTING_SECONDS = 1.0
HUB_SECONDS = 5.0
"""How old the hub's list may be while nothing starts or stops."""

ACTIVITY_SECONDS = 30.0
"""How often a running server is asked whether anything happens on it."""

_WORKERS = 8
# What hub and row say can differ for a moment (one was read before the other);
# only what two rounds in a row agree on is acted upon.
_TWICE = {Step.REMOVE, Step.END}


class Rounds:
    """Holds what outlives a round: work in hand, suspicions, the hub's last answer.

    Nothing here is needed after a crash; a new dispatcher finds the same rows.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="step")
        self._builds = Builds()
        self._unpackings = Unpackings()
        self._in_hand: set[int] = set()
        self._suspected: dict[int, tuple[int, Decision]] = {}
        self._hub: dict[hubapi.Key, hubapi.HubServer] | None = None
        self._hub_asked = -HUB_SECONDS
        self._activity_asked: dict[int, float] = {}
        self._housekeeping = housekeeping.Schedule()

    def turn(self) -> float:
        """One round; returns after how many seconds the next one is due."""
        try:
            return self._turn()
        except (DatabaseError, InterfaceError):
            log.exception("the database did not answer; trying again")
            # Only then: to open it again costs a quarter of a round at rest.
            connection.close()
            return HUB_SECONDS

    def _turn(self) -> float:
        moving = NotebookServer.objects.filter(
            state__in=[NotebookServer.State.STARTING, NotebookServer.State.STOPPING]
        ).exists()
        self._ask_hub(fresh=moving)
        for server in self._servers():
            if server.pk not in self._in_hand:
                self._consider(server)
        unpacking = self._unpackings.turn()
        for job in self._housekeeping.due():
            self._hand_out(job)
        return MOVING_SECONDS if moving or unpacking else RESTING_SECONDS

    def _ask_hub(self, *, fresh: bool) -> None:
        now = time.monotonic()
        if not fresh and now - self._hub_asked < HUB_SECONDS:
            return
        self._hub_asked = now
        try:
            self._hub = hubapi.active_servers()
        except (hubapi.HubUnreachable, hubapi.HubRefused) as error:
            if self._hub is not None:
                log.warning("the hub does not answer: %s", error)
            self._hub = None

    def _servers(self) -> list[NotebookServer]:
        """Every server that wants something, and those the hub thinks are there."""
        known = Q(state__in=NotebookServer.ACTIVE)
        if self._hub:
            known |= Q(project_id__in=[project for _user, project in self._hub])
        return list(NotebookServer.objects.select_related("project", "user").filter(known))

    def _consider(self, server: NotebookServer) -> None:
        seen = self._seen(server)
        wanted = server.project.deleted is None and server.user.is_active
        decision = decide(server, seen, wanted=wanted, now=timezone.now())
        if decision.step in _TWICE:
            suspicion = (server.attempt, decision)
            if self._suspected.get(server.pk) != suspicion:
                self._suspected[server.pk] = suspicion
                return
        self._suspected.pop(server.pk, None)
        if decision.step is Step.BUILD:
            self._builds.begin(server.project.environment)
        elif decision.step is not Step.NOTHING:
            self._hand_out(lambda: steps.take(server, seen, decision), server.pk)
        elif server.state == NotebookServer.State.RUNNING and self._activity_due(server):
            self._hand_out(lambda: steps.look_for_activity(server), server.pk)

    def _activity_due(self, server: NotebookServer) -> bool:
        now = time.monotonic()
        if now - self._activity_asked.get(server.pk, -ACTIVITY_SECONDS) < ACTIVITY_SECONDS:
            return False
        self._activity_asked[server.pk] = now
        return True

    def _seen(self, server: NotebookServer) -> Seen:
        hub = (self._hub or {}).get((server.user_id, server.project_id))
        run_id = server.run_id or (hub.run_id if hub else "")
        return Seen(hub_answers=self._hub is not None, hub=hub, run=_status(run_id))

    def _hand_out(self, job: Callable[[], Any], key: int | None = None) -> None:
        """Do ``job`` in a thread; of two jobs for one server, one at a time."""
        if key is not None:
            self._in_hand.add(key)

        def work() -> None:
            try:
                job()
            except Exception:
                log.exception("a step failed; it is tried again in the next round")
            finally:
                close_old_connections()
                connection.close()
                self._in_hand.discard(key)

        self._pool.submit(work)


def _status(run_id: str) -> Status | None:
    if not run_id:
        return None
    try:
        return local_engine().status(run_id)
    except KeyError:
        return None
