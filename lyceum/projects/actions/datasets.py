"""Putting datasets into a project: two at most (guide, 添加数据集)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, NotFound
from lyceum.datasets.models import DatasetVersion
from lyceum.limits import limit
from lyceum.projects.actions.dataset_use import changing_use
from lyceum.projects.dataset_access import newest_version
from lyceum.projects.models import Project, ProjectDataset
from lyceum.projects.queries import owned_project

_POSITIONS = (1, 2)


def add_dataset(user: User, project_id: int, *, dataset_id: int) -> ProjectDataset:
    """Put a dataset ``user`` may use into their project, at its newest version.

    A notebook that runs gets it at once, where that can be done (see
    `notebooks.livedata.awaiting_restart`). Raises ``Conflict`` when the project has it
    already or has two.
    """
    project = owned_project(user, project_id)
    try:
        with _changing(project, dataset_id):
            link = _link(project, newest_version(user, dataset_id))
    except IntegrityError:  # where rows can't be locked, the database's own rule
        raise _too_many() from None
    _show_in_notebook(project)
    return link


def update_dataset(user: User, project_id: int, *, dataset_id: int) -> ProjectDataset:
    """Pin the newest version of a dataset that the project has.

    Raises ``NotFound`` if it isn't in the project or ``user`` may not use it any more,
    ``Conflict`` (code ``newest_already``) when there is no newer one.
    """
    project = owned_project(user, project_id)
    with _changing(project, dataset_id):
        link = _present(project, dataset_id)
        newest = newest_version(user, dataset_id)
        if link.version_id == newest.pk:
            sentence = _("The project uses the newest version already.")
            raise Conflict("newest_already", sentence, field="datasets")
        link.version = newest
        link.save(update_fields=["version"])
    _show_in_notebook(project)
    return link


def remove_dataset(user: User, project_id: int, *, dataset_id: int) -> None:
    """Take a dataset out of the project; raises ``NotFound`` if it isn't in it."""
    project = owned_project(user, project_id)
    with _changing(project, dataset_id):
        _present(project, dataset_id).delete()
    _show_in_notebook(project, removed=dataset_id)


def check_dataset_count(dataset_ids: Sequence[int]) -> None:
    """Raises ``Conflict`` for more datasets than a project may have, or one twice."""
    if len(dataset_ids) > most_datasets():
        raise _too_many()
    if len(set(dataset_ids)) < len(dataset_ids):
        raise _already_there()


def link_datasets(project: Project, versions: Sequence[DatasetVersion]) -> None:
    """Link dataset versions in order; within the caller's `changing_use`."""
    for version in versions:
        _link(project, version)


@contextmanager
def _changing(project: Project, dataset_id: int) -> Iterator[None]:
    """A transaction with the project and the dataset to itself."""
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        with changing_use([dataset_id]):
            yield
        project.save(update_fields=["updated"])


def _present(project: Project, dataset_id: int) -> ProjectDataset:
    links = {link.dataset_id: link for link in project.dataset_links.all()}
    if dataset_id not in links:
        raise NotFound("no_such_dataset", _("This project does not use that dataset."))
    return links[dataset_id]


def _show_in_notebook(project: Project, *, removed: int | None = None) -> None:
    # Imported here because notebooks stand on projects.
    from lyceum.notebooks import livedata

    livedata.refresh(project.pk)
    if removed is not None:
        livedata.forget_place(project.pk, dataset_id=removed)


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
