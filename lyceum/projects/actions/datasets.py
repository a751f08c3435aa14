"""Putting datasets into a project: two at most (guide, 添加数据集)."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, NotFound
from lyceum.datasets.models import DatasetVersion
from lyceum.limits import limit
from lyceum.projects.dataset_access import newest_version
from lyceum.projects.models import Project, ProjectDataset
from lyceum.projects.queries import owned_project

_POSITIONS = (1, 2)


def add_dataset(user: User, project_id: int, *, dataset_id: int) -> ProjectDataset:
    """Put a dataset ``user`` may use into their project, at its newest version.

    Raises ``Conflict`` when the project has it already or has two.
    """
    project = owned_project(user, project_id)
    version = newest_version(user, dataset_id)
    try:
        with transaction.atomic():
            Project.objects.select_for_update().get(pk=project.pk)
            return _link(project, version)
    except IntegrityError:  # where rows can't be locked, the database's own rule
        raise _too_many() from None


def remove_dataset(user: User, project_id: int, *, dataset_id: int) -> None:
    """Take a dataset out of the project; raises ``NotFound`` if it isn't in it."""
    project = owned_project(user, project_id)
    links = {link.dataset_id: link for link in project.dataset_links.all()}
    if dataset_id not in links:
        raise NotFound("no_such_dataset", _("This project does not use that dataset."))
    links[dataset_id].delete()
    project.save(update_fields=["updated"])


def check_dataset_count(dataset_ids: Sequence[int]) -> None:
    """Raises ``Conflict`` for more datasets than a project may have, or one twice."""
    if len(dataset_ids) > most_datasets():
        raise _too_many()
    if len(set(dataset_ids)) < len(dataset_ids):
        raise _already_there()


def link_datasets(project: Project, versions: Sequence[DatasetVersion]) -> None:
    """Link dataset versions in order; within the caller's transaction."""
    for version in versions:
        _link(project, version)


def _link(project: Project, version: DatasetVersion) -> ProjectDataset:
    present = list(project.dataset_links.all())
    if any(link.dataset_id == version.dataset_id for link in present):
        raise _already_there()
    taken = {link.position for link in present}
    free = [position for position in _POSITIONS if position not in taken]
    if not free or len(present) >= most_datasets():
        raise _too_many()
    return ProjectDataset.objects.create(
        project=project, dataset_id=version.dataset_id, version=version, position=free[0]
    )


def most_datasets() -> int:
    """How many datasets a project may have (guide: 每个项目最多可以引入两个数据集)."""
    return min(limit("datasets_per_project"), len(_POSITIONS))


def _too_many() -> Conflict:
    sentence = _("A project has at most %(count)d datasets. Remove one before you add another.")
    return Conflict("dataset_limit", sentence % {"count": most_datasets()}, field="datasets")


def _already_there() -> Conflict:
    return Conflict(
        "dataset_already_there", _("The project has this dataset already."), field="datasets"
    )
