"""Who may see tasks: the owner of their project, and nobody else."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from lyceum.common.errors import Conflict, NotFound
from lyceum.projects.models import Project
from lyceum.projects.queries import owned_project
from lyceum.projects.queries.access import Reader
from lyceum.tasks.models import Task


def cluster_project(user: Reader, project_id: int) -> Project:
    """A cluster project of ``user``'s: only those have tasks (guide, 集群项目说明).

    Raises ``NotFound``, ``Forbidden`` (another's) and ``Conflict`` (a notebook project).
    """
    project = owned_project(user, project_id)
    if project.kind != Project.Kind.CLUSTER:
        raise Conflict("not_a_cluster", _("Only cluster projects have tasks."))
    return project


def owned_tasks(user: Reader) -> QuerySet[Task]:
    """The tasks of ``user``'s projects that are not in the trash."""
    rows = Task.objects.filter(project__owner_id=user.pk, project__deleted=None)
    return rows.select_related("project", "version")


def task_of(user: Reader, task_id: int, *, project_id: int | None = None) -> Task:
    """A task of ``user``'s with its project and version; ``NotFound`` otherwise.

    ``project_id``: where it must be a task of that project.
    """
    rows = owned_tasks(user)
    if project_id is not None:
        rows = rows.filter(project_id=project_id)
    found = rows.filter(pk=task_id).first()
    if found is None:
        raise no_such_task()
    return found


def no_such_task() -> NotFound:
    return NotFound("no_such_task", _("There is no such task (any more)."))
