"""What an owner does to the task history: notes, deleting what has ended."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict
from lyceum.projects import workfolder
from lyceum.tasks import folders
from lyceum.tasks.actions._fields import clean_note
from lyceum.tasks.actions._locks import lock_task
from lyceum.tasks.models import Task
from lyceum.tasks.queries import task_of


def edit_task(user: User, task_id: int, *, note: str) -> Task:
    """Change a task's note (任务备注); raises ``NotFound`` and ``DomainError`` about it."""
    task_of(user, task_id)
    note = clean_note(note)
    with transaction.atomic():
        task = lock_task(task_id)
        task.note = note
        task.save(update_fields=["note"])
    return task


def delete_task(user: User, task_id: int) -> None:
    """Delete an ended task with its output and logs; its version stays.

    Raises ``NotFound``, and ``Conflict`` while it is active.
    """
    task_of(user, task_id)
    with transaction.atomic():
        task = lock_task(task_id)
        if task.is_active or not task.archived:
            sentence = _("This task has not ended yet. Stop it first.")
            raise Conflict("task_active", sentence)
        task.delete()
    # A folder without a row is removed by the dispatcher, should this be cut short.
    workfolder.remove_tree(folders.task_folder(task_id))


def remove_tasks(project_id: int) -> None:
    """Remove all tasks of a project that goes for good, with their output and logs.

    For the platform itself, within the transaction that deletes the project.
    """
    tasks = Task.objects.filter(project_id=project_id)
    for task_id in tasks.values_list("pk", flat=True).iterator():
        workfolder.remove_tree(folders.task_folder(task_id))
    tasks.delete()
