"""Carrying out what the rules planned for one prediction service."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Sequence

from lyceum import environments
from lyceum.dispatcher.serving_builds import EnvironmentBuilds
from lyceum.dispatcher.serving_rules import DEATHS_SECONDS, MOST_DEATHS, Change, Kind, Plan
from lyceum.engine.base import EngineError
from lyceum.serving import lifecycle
from lyceum.serving.models import Replica, Revision, Service
from lyceum.serving.routes import Routes
from lyceum.serving.rows import Rows

log = logging.getLogger(__name__)

Reason = Service.Reason


class Steps:
    """Does plans; may be asked from several threads, for a service from one at a time.

    What it remembers need not survive: deaths are counted anew.
    """

    def __init__(self) -> None:
        self._routes = Routes()
        self._publishing = threading.Lock()
        self._builds = EnvironmentBuilds()
        self._deaths: dict[int, list[float]] = defaultdict(list)

    def publish(self) -> tuple[Rows, int]:
        """Tell the gateway what has changed; the rows, and the table's version that has them."""
        with self._publishing:
            return self._routes.publish(), self._routes.version

    def deaths(self, service: Service) -> list[float]:
        """When replicas went by themselves lately, since the service's state changed."""
        after = max(time.time() - DEATHS_SECONDS, service.changed.timestamp())
        recent = [moment for moment in self._deaths[service.pk] if moment > after]
        self._deaths[service.pk] = recent
        return recent

    def take(self, service: Service, replicas: Sequence[Replica], plan: Plan) -> None:
        """Do ``plan``, but for stopping runs; safe to do again after being cut short."""
        own = {replica.uid: replica for replica in replicas}
        if plan.change:
            self._change(service, plan.change, own.get(plan.change.replica))
        if plan.ready:
            lifecycle.mark_ready(service.pk, plan.ready)
        if plan.retire:
            lifecycle.retire(service.pk, plan.retire)
        for uid in plan.died:
            log.warning("replica %s of service %s is gone", uid, service.pk)
            self._deaths[service.pk].append(time.time())
        for uid in plan.drop:
            lifecycle.drop(service.pk, uid)
        for uid in plan.launch:
            self._launch(service, own[uid])
        for revision_id in plan.add:
            self._add(service, revision_id)
        self.publish()

    def end(self, service: Service, uid: str) -> None:
        """Stop a replica's run and forget it; takes seconds."""
        lifecycle.drop(service.pk, uid)
        self.publish()

    def _change(self, service: Service, change: Change, replica: Replica | None) -> None:
        match change.kind:
            case Kind.ACTIVATE:
                lifecycle.activate(service.pk, service.revision_id)
            case Kind.RUN:
                lifecycle.mark_running(service.pk, service.revision_id)
            case Kind.FAIL | Kind.KEEP_OLD:
                self._fail(service, change.reason, _explained(change, replica))
            case Kind.PAUSE:
                lifecycle.pause_idle(service.pk)
            case Kind.WAKE:
                lifecycle.wake_for_call(service.pk)
            case Kind.STOP:
                lifecycle.halt(service.pk, change.reason)

    def _add(self, service: Service, revision_id: int) -> None:
        revision = Revision.objects.get(pk=revision_id)
        if not self._has_environment(service, revision):
            return
        replica = lifecycle.add_replica(service.pk, revision_id)
        if replica is not None:
            # The gateway listens by the time the worker has loaded its model.
            self.publish()
            self._launch(service, replica, look=False)

    def _launch(self, service: Service, replica: Replica, *, look: bool = True) -> None:
        if look and not self._has_environment(service, replica.revision):
            return
        try:
            lifecycle.launch(replica, look=look)
        except (EngineError, OSError) as error:
            log.exception("replica %s of service %s did not start", replica.uid, service.pk)
            lifecycle.drop(service.pk, replica.uid)
            self._deaths[service.pk].append(time.time())
            if service.state == Service.State.DEPLOYING or self._is_hopeless(service):
                self._fail(service, Reason.NOT_STARTED, str(error))

    def _is_hopeless(self, service: Service) -> bool:
        serves = service.replicas.filter(state=Replica.State.READY).exists()
        return len(self.deaths(service)) >= MOST_DEATHS and not serves

    def _has_environment(self, service: Service, revision: Revision) -> bool:
        """Whether it can be used now; it is built otherwise, the service waits meanwhile."""
        if environments.availability(revision.environment).built:
            if service.detail:
                lifecycle.note_build(service.pk, revision.pk, None)
            return True
        failure = self._builds.failure(revision.environment, since=service.changed)
        if failure is None:
            self._builds.begin(revision.environment)
            progress = self._builds.progress(revision.environment)
            lifecycle.note_build(service.pk, revision.pk, progress)
        else:
            self._fail(service, Reason.ENVIRONMENT, failure)
        return False

    def _fail(self, service: Service, reason: str, detail: str) -> None:
        lifecycle.fail(service.pk, service.revision_id, reason, detail)


def _explained(change: Change, replica: Replica | None) -> str:
    """What is known of a failure, then the end of the log unless that says it already."""
    words = lifecycle.last_words(replica.run_id) if replica and replica.run_id else ""
    if not words or change.detail in words:
        return words or change.detail
    return f"{change.detail}\n\n{words}"
