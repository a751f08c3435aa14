"""Looking at services: rows, the engine's runs, the gateway's word, and since when."""

from __future__ import annotations

import logging
import time
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime

from django.utils import timezone

from lyceum.dispatcher.serving_rules import (
    QUEUE_PER_REPLICA,
    Line,
    Run,
    SeenReplica,
    SeenService,
)
from lyceum.gateway import client
from lyceum.limits import limit
from lyceum.serving import lifecycle
from lyceum.serving.models import Replica, Service
from lyceum.serving.queries import idle_time
from lyceum.serving.workloads import engine_of

log = logging.getLogger(__name__)

State = Service.State
_NOTE_SECONDS = 20.0
_UNASKED = client.Status(version=0, replicas={}, services={}, keys={})


class Looks:
    """What one round sees; remembers since when a condition has been true."""

    def __init__(self) -> None:
        self._since: dict[Hashable, float] = {}
        self._before: dict[Hashable, float] = {}
        self._status: client.Status | None = _UNASKED
        self._knows_routes = False
        self._noted = _UNASKED
        self._noted_at = -_NOTE_SECONDS

    def look(self, services: Sequence[Service], *, version: int) -> None:
        """Ask the gateway, if any of ``services`` is its business.

        ``version``: the routing table that says all that ``services`` are now.
        """
        self._before, self._since = self._since, {}
        if not any(_concerns_gateway(service) for service in services):
            return
        was_there = self._status is not None
        try:
            self._status = client.status()
        except (client.GatewayUnreachable, KeyError, TypeError) as error:
            # The last two: one of another version, just before it is replaced.
            if was_there:
                log.warning("the gateway does not answer: %r", error)
            self._status = None
        self._knows_routes = self._status is not None and self._status.version >= version
        if time.monotonic() - self._noted_at > _NOTE_SECONDS:
            self._note_calls()

    def seen(
        self, service: Service, replicas: Sequence[Replica], *, deaths: Sequence[float]
    ) -> tuple[SeenService, list[SeenReplica]]:
        """The service as the rules take it; ``deaths``: when replicas went lately."""
        found = [self._replica(replica) for replica in replicas]
        told = self._status.services.get(service.pk) if self._status else None
        answering = sum(
            each.answers for each in found if each.revision == service.active_revision_id
        )
        is_busy = told is not None and told.queue >= QUEUE_PER_REPLICA * max(1, answering)
        is_quiet = told is not None and told.queue == 0 and told.in_flight < max(1, answering)
        project, most = service.project, limit("serving_replicas_max")
        key = (service.pk, len(found))  # each size is given its time
        return SeenService(
            state=service.state,
            revision=service.revision_id,
            active=service.active_revision_id,
            least=min(service.replicas_min, most),
            most=min(service.replicas_max, most),
            wanted=service.deleted is None and project.deleted is None and project.owner.is_active,
            woken=service.wake_on_call and told is not None and told.wake_asked,
            idle=_is_idle(service, told),
            gateway_answers=self._status is not None,
            gateway_knows=self._knows_routes,
            deaths=len(deaths),
            since_death=time.time() - max(deaths) if deaths else float("inf"),
            busy=self._lasts(("busy", *key), is_busy),
            quiet=self._lasts(("quiet", *key), is_quiet),
        ), found

    def _note_calls(self) -> None:
        """Write down what is new of when services were called and keys used."""
        self._noted_at = time.monotonic()
        if self._status is None:
            return
        calls = {pk: told.last_call for pk, told in self._status.services.items()}
        before = {pk: told.last_call for pk, told in self._noted.services.items()}
        lifecycle.note_calls(
            _moments(calls, before), _moments(self._status.keys, self._noted.keys)
        )
        self._noted = self._status

    def _replica(self, replica: Replica) -> SeenReplica:
        run, ending, detail = _run(replica)
        told = self._status.replicas.get(replica.uid) if self._status else None
        failed = told.failed["message"] if told and told.failed else None
        line = Line(told.connected, told.ready, failed) if told else None
        uid, state = replica.uid, replica.state
        is_unheard = state == Replica.State.READY and line is not None and not line.connected
        # The gateway forgets a replica that it is no longer told of once nothing is under way.
        is_idle = self._status is None or self._knows_routes
        is_idle = is_idle and (told is None or told.in_flight == 0)
        is_going = state == Replica.State.STOPPING
        return SeenReplica(
            uid=uid,
            revision=replica.revision_id,
            state=state,
            run=run,
            ending=ending,
            detail=detail,
            line=line,
            age=(timezone.now() - replica.created).total_seconds(),
            unheard=self._lasts(("unheard", uid), is_unheard),
            drained=self._lasts(("drained", uid), is_going and is_idle),
            stopping=self._lasts(("stopping", uid), is_going),
        )

    def _lasts(self, key: Hashable, is_true: bool) -> float:
        """For how many seconds ``is_true`` has held at every look."""
        if not is_true:
            return 0.0
        now = time.monotonic()
        self._since[key] = self._before.get(key, now)
        return now - self._since[key]


def _is_idle(service: Service, told: client.ServiceStatus | None) -> bool:
    if service.state != State.RUNNING:
        return False
    moments = [service.changed, service.last_called, _moment(told.last_call if told else None)]
    return timezone.now() > max(each for each in moments if each) + idle_time(service)


def _concerns_gateway(service: Service) -> bool:
    """Calls go to it, or may wake it, or are still under way at its replicas."""
    return (
        service.is_serving
        or service.has_replicas
        or (service.state == State.PAUSED and service.wake_on_call)
    )


def _run(replica: Replica) -> tuple[Run, str, str]:
    if not replica.run_id:
        return Run.NONE, "", ""
    try:
        status = engine_of(replica.run_id).status(replica.run_id)
    except (KeyError, FileNotFoundError):
        return Run.ENDED, "lost", ""
    if status.alive:
        return Run.ALIVE, "", ""
    return Run.ENDED, status.reason or "", status.detail


def _moments(
    told: Mapping[int, float | None], before: Mapping[int, float | None]
) -> dict[int, datetime]:
    news = {pk: _moment(seconds) for pk, seconds in told.items() if seconds != before.get(pk)}
    return {pk: moment for pk, moment in news.items() if moment}


def _moment(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, tz=UTC) if seconds else None
