"""Where queued tasks stand and why they wait, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lyceum.limits import limit
from lyceum.tasks.models import CpuUse, Task
from lyceum.tasks.scheduling import Demand, Use, Wait, demand_of, places

LATELY_DAYS = 2
"""Fairness looks at what users were given today and yesterday (UTC)."""

_FIELDS = (
    "id", "user_id", "state", "trainers", "pservers", "cpus", "memory_mb", "gpus",
    "attempt", "environment", "stage", "progress", "submitted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """A queued task's place from 1, and why it waits: a code (`Wait`) and a sentence."""

    number: int
    why: str
    sentence: str


def queue_place(task: Task) -> QueuePlace | None:
    """The place of ``task`` in the queue; ``None`` when it does not wait there."""
    return queue_places([task]).get(task.pk)


def queue_places(tasks: Iterable[Task]) -> dict[int, QueuePlace]:
    """The places of those of ``tasks`` that are queued, by their ids."""
    waiting = [task for task in tasks if task.state == Task.State.QUEUED]
    if not waiting:
        return {}
    queued, running = demands()
    numbers = places(queued, running, cpu_use({demand.user_id for demand in queued}))
    found = {}
    for task in waiting:
        number = numbers.get(task.pk)
        if number is not None:  # it may have started since it was read
            found[task.pk] = QueuePlace(number, task.stage, _sentence(task, number))
    return found


def demands() -> tuple[list[Demand], list[Demand]]:
    """What queued tasks ask for, in the order of submission, and what the others have."""
    queued, running = [], []
    for task in active_tasks():
        (queued if task.state == Task.State.QUEUED else running).append(demand_of(task))
    return queued, running


def active_tasks() -> list[Task]:
    """All that have not ended, in the order of submission, with what scheduling needs."""
    rows = Task.objects.open().filter(state__in=Task.ACTIVE)
    return list(rows.order_by("id").only(*_FIELDS))


def cpu_use(user_ids: Iterable[int]) -> dict[int, Use]:
    """The CPU seconds that these users' tasks were given today and lately."""
    today = timezone.now().date()
    since = today - timedelta(days=LATELY_DAYS - 1)
    rows = CpuUse.objects.filter(user_id__in=list(user_ids), day__gte=since)
    found: dict[int, Use] = {}
    for user_id, day, seconds in rows.values_list("user_id", "day", "seconds"):
        before = found.get(user_id, Use())
        is_today = seconds if day == today else 0.0
        found[user_id] = Use(before.today + is_today, before.lately + seconds)
    return found


def _sentence(task: Task, number: int) -> str:
    match task.stage:
        case Wait.OWN_TASKS:
            most = limit("running_tasks_per_user")
            return ngettext(
                "It waits for another task of yours to end: at most %(count)d runs at once.",
                "It waits for another task of yours to end: at most %(count)d run at once.",
                most,
            ) % {"count": most}
        case Wait.CPU_HOURS:
            hours = limit("task_cpu_hours_per_day")
            sentence = _(
                "Your tasks have used today's %(hours)d CPU hours. It starts tomorrow (UTC)."
            )
            return sentence % {"hours": hours}
        case Wait.CAPACITY:
            sentence = _(
                "It is its turn; it waits for CPU cores (%(cpus)d) and memory (%(memory)d MB)."
            )
            return sentence % _size(task)
        case Wait.TOO_LARGE:
            sentence = _(
                "It asks for more than there is in all: %(cpus)d CPU cores and %(memory)d MB."
            )
            return sentence % _size(task)
        case Wait.ENVIRONMENT:
            sentence = _("Its environment is being prepared (%(percent)d %%).")
            return sentence % {"percent": round(task.progress * 100)}
        case Wait.ENGINE:
            return _("The cluster does not answer. It starts once the cluster does.")
    ahead = number - 1
    if not ahead:
        return _("It starts next.")
    return ngettext(
        "%(count)d task comes before it.", "%(count)d tasks come before it.", ahead
    ) % {"count": ahead}


def _size(task: Task) -> dict[str, int]:
    return {"cpus": task.members * task.cpus, "memory": task.members * task.memory_mb}
