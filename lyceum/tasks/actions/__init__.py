"""Writing tasks; one file a subject. Each checks who asks, then writes at once."""

from lyceum.tasks.actions.history import delete_task, edit_task, remove_tasks
from lyceum.tasks.actions.stopping import stop_task, stop_tasks
from lyceum.tasks.actions.submitting import submit_task

__all__ = ["delete_task", "edit_task", "remove_tasks", "stop_task", "stop_tasks", "submit_task"]
