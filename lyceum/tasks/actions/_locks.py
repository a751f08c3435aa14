"""Whose row is held while a task changes."""

from __future__ import annotations

from lyceum.tasks.models import Task
from lyceum.tasks.queries.access import no_such_task


def lock_task(task_id: int) -> Task:
    """Hold the task's row, read again; ``NotFound`` when it has just been deleted."""
    rows = Task.objects.select_for_update(of=("self",)).select_related("project", "version")
    task = rows.filter(pk=task_id, project__deleted=None).first()
    if task is None:
        raise no_such_task()
    return task
