"""What the submit form offers: the limits of a task, and GPUs where the engine has any."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.core.cache import cache

from lyceum.engine import task_engine
from lyceum.engine.base import Capacity, EngineError
from lyceum.limits import limit

_KEPT_SECONDS = 30
_KEY = "editor-task-capacity"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Resources:
    """What may be asked for. ``memory_mb`` goes to each trainer and parameter server;
    ``all_cpus`` is what the engine's machines have together, ``None`` when it can't be told.
    """

    trainers: int
    most_trainers: int
    most_pservers: int
    most_cpus: int
    most_gpus: int
    all_cpus: int | None
    memory_mb: int
    minutes: int
    most_minutes: int


def resources_of() -> Resources:
    """The choices of the submit form, with the values it begins with."""
    capacity = _capacity()
    return Resources(
        trainers=limit("default_paddle_trainers"),
        most_trainers=limit("task_trainers_max"),
        most_pservers=limit("task_pservers_max"),
        most_cpus=limit("task_cpus_max"),
        most_gpus=capacity.gpus if capacity else 0,
        all_cpus=int(capacity.cpus) if capacity else None,
        memory_mb=limit("task_memory_mb"),
        minutes=limit("task_minutes_default"),
        most_minutes=limit("task_minutes_max"),
    )


def _capacity() -> Capacity | None:
    """Asked of a cluster's head seldom; the page goes on without it."""
    known = cache.get(_KEY)
    if known is None:
        try:
            known = task_engine().capacity()
        except EngineError as error:
            _log.warning("the engine does not tell what it has: %s", error)
            return None
        cache.set(_KEY, known, _KEPT_SECONDS)
    return known
