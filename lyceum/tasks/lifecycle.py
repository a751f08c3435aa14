"""What the dispatcher does to tasks: each step is whole, and safe to do again.

A step asks the row first and holds it: its owner may have stopped the task since the
dispatcher looked, and the dispatcher may have been killed after any of them. Owners' own
wishes are in :mod:`lyceum.tasks.actions`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from lyceum.accounts.models import User
from lyceum.limits import limit
from lyceum.notifications.actions import notify
from lyceum.notifications.models import NotificationKind
from lyceum.tasks.ending import Ending
from lyceum.tasks.models import CpuUse, Task

State, Reason = Task.State, Task.Reason

_MOST_DETAIL = 8000


def claim(task_id: int) -> Task | None:
    """Give a queued task the right to start, as its next attempt.

    ``None`` when it is not queued any more, or when its owner has as many running as
    allowed. Whoever counts a learner's tasks holds the learner's row.
    """
    with transaction.atomic():
        found = Task.objects.filter(pk=task_id, state=State.QUEUED)
        user_id = found.values_list("user_id", flat=True).first()
        if user_id is None:
            return None
        User.objects.select_for_update().get(pk=user_id)
        running = Task.objects.open().filter(user_id=user_id, state__in=Task.IN_ENGINE)
        if running.count() >= limit("running_tasks_per_user"):
            return None
        changed = found.update(
            state=State.STARTING,
            attempt=F("attempt") + 1,
            attempt_cpu_seconds=0.0,
            stage="",
            progress=0.0,
            detail="",
        )
        return with_surroundings().get(pk=task_id) if changed else None


def with_surroundings():
    """Tasks with what a start needs of project, owner and version."""
    return Task.objects.select_related("project__owner", "user", "version")


def note_wait(task_id: int, why: str, progress: float = 0.0) -> None:
    """Why a queued task waits, and how far its environment is (0 to 1)."""
    rows = Task.objects.filter(pk=task_id, state=State.QUEUED)
    rows.update(stage=why, progress=progress)


def mark_running(task: Task, started: float | None) -> None:
    """The engine says that ``task``'s attempt runs, since ``started``."""
    with _held(task) as row:
        if row is None or row.state != State.STARTING:
            return
        row.state = State.RUNNING
        row.started = row.started or _moment(started) or timezone.now()
        row.save(update_fields=["state", "started"])


def finish(task: Task, ending: Ending) -> bool:
    """Write down how ``task``'s attempt ended; whether that is news."""
    with _held(task) as row:
        if row is None or not row.is_active:
            return False
        row.state, row.reason = ending.state, ending.reason
        row.detail = ending.detail.replace("\0", "")[-_MOST_DETAIL:]
        row.exit_code, row.signal = ending.exit_code, ending.signal
        row.stage, row.progress = "", 0.0
        row.started = row.started or _moment(ending.started)
        row.ended = _moment(ending.ended) or timezone.now()
        row.archived = row.attempt == 0
        row.save(
            update_fields=[
                *("state", "reason", "detail", "exit_code", "signal"),
                *("stage", "progress", "started", "ended", "archived"),
            ]
        )
        notify(
            [row.user_id],
            NotificationKind.TASK_ENDED,
            link=f"/tasks/{row.pk}/",
            title=str(row),
            state=row.state,
        )
        return True


def queue_again(task: Task, detail: str) -> bool:
    """``task``'s machine was lost (``detail``): it waits for another start, if one is left."""
    with _held(task) as row:
        if row is None or row.state not in Task.IN_ENGINE or row.stop_requested:
            return False
        if row.attempt > limit("task_retries"):
            return False
        row.state, row.detail = State.QUEUED, detail[-_MOST_DETAIL:]
        row.save(update_fields=["state", "detail"])
        return True


def count_use(task: Task, *, cpu_seconds: float, peak_memory: int) -> None:
    """What ``task``'s attempt has been given since its start; each second counts once,
    for the task, and for its owner on the day it is told."""
    with _held(task) as row:
        if row is None:
            return
        news = max(0.0, cpu_seconds - row.attempt_cpu_seconds)
        row.attempt_cpu_seconds += news
        row.cpu_seconds += news
        row.peak_memory = max(row.peak_memory, peak_memory)
        row.save(update_fields=["attempt_cpu_seconds", "cpu_seconds", "peak_memory"])
        if news:
            today = CpuUse.objects.filter(user_id=row.user_id, day=timezone.now().date())
            if not today.update(seconds=F("seconds") + news):
                CpuUse.objects.create(user_id=row.user_id, day=timezone.now().date(), seconds=news)


@contextmanager
def _held(task: Task) -> Iterator[Task | None]:
    """The task's row, held to the end; ``None`` once it is gone or at another attempt."""
    with transaction.atomic():
        rows = Task.objects.select_for_update()
        yield rows.filter(pk=task.pk, attempt=task.attempt).first()


def _moment(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, tz=UTC) if seconds else None
