"""Stopping tasks (guide, 集群项目 / 终止任务); the dispatcher ends their runs."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from lyceum.accounts.models import User
from lyceum.tasks import wake
from lyceum.tasks.actions._locks import lock_task
from lyceum.tasks.models import Task
from lyceum.tasks.queries import task_of

State, Reason = Task.State, Task.Reason


def stop_task(user: User, task_id: int) -> Task:
    """Have a task ended; one that has not started is stopped at once, one that has ended
    is left alone. Raises ``NotFound``."""
    task_of(user, task_id)
    with transaction.atomic():
        task = lock_task(task_id)
        _ask_to_stop(task)
    return task


def stop_tasks(project_id: int) -> None:
    """Let no task of a project go on: it is on its way into the trash."""
    with transaction.atomic():
        rows = Task.objects.select_for_update().filter(project_id=project_id)
        for task in rows.open().filter(state__in=Task.ACTIVE):
            _ask_to_stop(task)


def _ask_to_stop(task: Task) -> None:
    if not task.is_active or task.is_stopping:
        return
    task.stop_requested = timezone.now()
    if task.state == State.QUEUED:
        task.state, task.reason = State.STOPPED, Reason.STOPPED
        task.stage, task.detail = "", ""
        task.ended = task.stop_requested
        # One that was queued again after its machine was lost has logs to keep.
        task.archived = task.attempt == 0
    task.save(
        update_fields=[
            *("stop_requested", "state", "reason", "stage", "detail", "ended", "archived"),
        ]
    )
    transaction.on_commit(wake.dispatcher)
