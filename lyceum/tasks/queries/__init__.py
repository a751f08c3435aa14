"""Reading tasks; one file a subject. Every query starts from who asks."""

from lyceum.tasks.queries.access import cluster_project, owned_tasks, task_of
from lyceum.tasks.queries.history import PAGE_SIZE, my_tasks_page, tasks_page
from lyceum.tasks.queries.use import TaskUse, usage_of
from lyceum.tasks.queries.waiting import QueuePlace, queue_place, queue_places

__all__ = [
    "PAGE_SIZE",
    "QueuePlace",
    "TaskUse",
    "cluster_project",
    "my_tasks_page",
    "owned_tasks",
    "queue_place",
    "queue_places",
    "task_of",
    "tasks_page",
    "usage_of",
]
