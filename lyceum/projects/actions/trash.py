"""Deleting a project into the trash, taking it out again, emptying the trash."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import DomainError
from lyceum.limits import limit
from lyceum.projects import workfolder
from lyceum.projects.actions.dataset_use import changing_use, count_use, used_datasets
from lyceum.projects.actions.versions import save_version
from lyceum.projects.models import Project, Version
from lyceum.projects.queries import owned_project, trashed_project


def delete_project(user: User, project_id: int, *, typed_name: str) -> Project:
    """Put the project into its owner's trash, where it stays for 30 days.

    ``typed_name`` must be the project's name (``DomainError`` otherwise). Its
    notebook, its prediction services and its tasks are stopped and its files are saved as a
    version first.
    """
    # Imported here because notebooks, services and tasks stand on projects.
    from lyceum.notebooks.actions import stop_notebook
    from lyceum.serving.actions import stop_services
    from lyceum.tasks.actions import stop_tasks

    project = owned_project(user, project_id)
    if " ".join(typed_name.split()) not in {project.name, project.shown_name}:
        sentence = _("This is not the project's name. Type it exactly to delete the project.")
        raise DomainError("name_differs", sentence, field="typed_name")
    stop_notebook(user, project_id=project.pk)
    stop_services(project.pk)
    stop_tasks(project.pk)
    save_version(user, project.pk, cause=Version.Cause.AUTOMATIC)
    return _set_deleted(project, timezone.now())


def restore_project(user: User, project_id: int) -> Project:
    """Take a project out of its owner's trash, as it was."""
    project = trashed_project(user, project_id)
    return _set_deleted(project, None)


def purge_trash(*, now: datetime | None = None) -> int:
    """Remove for good what has been in the trash for 30 days; how many went.

    For the platform itself (the dispatcher calls it daily). May be cut short
    anywhere and called again.
    """
    oldest = (now or timezone.now()) - timedelta(days=limit("trash_days"))
    expired = Project.objects.filter(deleted__lt=oldest).values_list("pk", flat=True)
    purged = 0
    for project_id in list(expired):
        purged += _purge(project_id, oldest)
    return purged


def _set_deleted(project: Project, moment: datetime | None) -> Project:
    with transaction.atomic():
        project.deleted = moment
        project.save(update_fields=["deleted", "updated"])
        count_use(used_datasets(project))
    return project


def _purge(project_id: int, oldest: datetime) -> bool:
    # Imported here because tasks stand on projects.
    from lyceum.tasks.actions import remove_tasks

    with transaction.atomic():
        # Locked and asked again: the owner may just be taking it out of the trash.
        project = (
            Project.objects.select_for_update().filter(pk=project_id, deleted__lt=oldest).first()
        )
        if project is None:
            return False
        # Files first: should we be cut short, the row is still there to find them by.
        remove_tasks(project.pk)
        workfolder.delete(project.pk)
        if project.cover:
            project.cover.storage.delete(project.cover.name)
        with changing_use(used_datasets(project)):
            project.delete()
    return True
