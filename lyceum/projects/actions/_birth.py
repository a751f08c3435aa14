"""How a project comes to be: a row nobody sees, then its files, then all at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone

from lyceum.projects import workfolder
from lyceum.projects.models import Project


@contextmanager
def unborn_project(**fields) -> Iterator[Project]:
    """A new project with an empty work folder, for the block to fill.

    Copying files may take long and must not hold the database. So the row starts
    in the trash, where purging removes it should we die here; the block ends by
    calling ``bring_forth`` in its transaction. If it raises, nothing stays.
    """
    project = Project.objects.create(**fields, deleted=timezone.now())
    folder = workfolder.project_folder(project.pk)
    if folder.exists():
        # Files of a project the database has forgotten must never become another's.
        project.delete()
        raise FileExistsError(folder)
    try:
        workfolder.create(project.pk)
        yield project
    except BaseException:
        with transaction.atomic():
            Project.objects.filter(pk=project.pk).delete()
        workfolder.delete(project.pk)
        raise


def bring_forth(project: Project) -> None:
    """Take a filled project out of the trash; within the last transaction."""
    project.deleted = None
    project.save(update_fields=["deleted", "updated"])
