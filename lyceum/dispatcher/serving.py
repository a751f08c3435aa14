"""Prediction services: what the database wants against what engine and gateway report."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from lyceum.dispatcher.serving_looks import Looks
from lyceum.dispatcher.serving_rules import decide
from lyceum.dispatcher.serving_steps import Steps
from lyceum.serving.models import Replica, Service

log = logging.getLogger(__name__)

MOVING_SECONDS = 0.5
RESTING_SECONDS = 1.0

_WORKERS = 8
_READY = Replica.State.READY


def keep(stopping: threading.Event) -> None:
    """Take services further until ``stopping`` is set.

    In a thread of its own: calls wait for services, and neither the hub nor anything else
    that the dispatcher asks may hold them up.
    """
    services = Services()
    while True:
        moving = False
        try:
            moving = services.turn()
        except Exception:
            log.exception("a round of services failed; it is tried again")
            # Only then: to open a database costs more than a round at rest.
            connection.close()
        if stopping.wait(MOVING_SECONDS if moving else RESTING_SECONDS):
            return


class Services:
    """Takes every service a step further, never two steps of one at once.

    Nothing here is needed after a crash: replicas and runs are found again by their rows
    and labels.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="service")
        self._in_hand: set[int | str] = set()
        self._looks = Looks()
        self._steps = Steps()

    def turn(self) -> bool:
        """Look at all services and hand out what is to be done; whether anything moves."""
        # Asked before the rows are read: what ends meanwhile is looked at in the next round.
        busy = frozenset(self._in_hand)
        rows, version = self._steps.publish()
        self._looks.look(rows.services, version=version)
        for service in rows.services:
            try:
                self._consider(service, rows.replicas.get(service.pk, []), busy)
            except Exception:  # one that can't be looked at must not keep the others waiting
                log.exception("service %s could not be looked at", service.pk)
        return (
            bool(self._in_hand)
            or any(service.state == Service.State.DEPLOYING for service in rows.services)
            or any(one.state != _READY for own in rows.replicas.values() for one in own)
        )

    def _consider(
        self, service: Service, replicas: list[Replica], busy: frozenset[int | str]
    ) -> None:
        deaths = self._steps.deaths(service)
        plan = decide(*self._looks.seen(service, replicas, deaths=deaths))
        if service.pk in busy:
            return
        # Stopping a run takes seconds and must not keep the service's other steps waiting.
        for uid in set(plan.end) - busy:
            self._hand_out(uid, lambda uid=uid: self._steps.end(service, uid))
        if plan.has_steps:
            self._hand_out(service.pk, lambda: self._steps.take(service, replicas, plan))

    def _hand_out(self, key: int | str, job: Callable[[], None]) -> None:
        self._in_hand.add(key)

        def work() -> None:
            try:
                job()
            except Exception:
                log.exception("a step of service or replica %s failed; it is tried again", key)
            finally:
                connection.close()
                self._in_hand.discard(key)

        self._pool.submit(work)
