"""Lists of tasks, newest first (guide, 集群项目 / 历史任务)."""

from __future__ import annotations

from collections.abc import Collection

from lyceum.accounts.models import User
from lyceum.common.paging import Page, page_of
from lyceum.projects.models import Project
from lyceum.tasks.models import Task
from lyceum.tasks.queries.access import owned_tasks

PAGE_SIZE = 30


def tasks_page(
    project: Project, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Task]:
    """The tasks of a project, newest first, with their versions."""
    rows = Task.objects.filter(project_id=project.pk).select_related("version")
    return page_of(rows, order=("id",), cursor=cursor, size=size)


def my_tasks_page(
    user: User,
    *,
    states: Collection[str] = (),
    cursor: str | None = None,
    size: int = PAGE_SIZE,
) -> Page[Task]:
    """The tasks of all of ``user``'s projects, newest first; ``states``: only those."""
    rows = owned_tasks(user).filter(user_id=user.pk)
    if states:
        rows = rows.filter(state__in=list(states))
        if set(states) <= set(Task.ACTIVE):
            rows = rows.open()
    return page_of(rows, order=("id",), cursor=cursor, size=size)
