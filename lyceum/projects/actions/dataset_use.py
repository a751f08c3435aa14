"""How much datasets are used, as the datasets' own rows keep it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import Count, QuerySet

from lyceum.datasets.actions import lock_datasets, set_project_count
from lyceum.datasets.queries import project_counts
from lyceum.projects.models import Project, ProjectDataset


@contextmanager
def changing_use(dataset_ids: Iterable[int]) -> Iterator[None]:
    """A transaction whose block changes which living projects use these datasets.

    Their rows are held meanwhile: two projects that take a dataset at once are both
    counted, and a dataset can't be deleted in the middle.
    """
    ids = sorted(set(dataset_ids))
    with transaction.atomic():
        lock_datasets(ids)
        yield
        for dataset_id in ids:
            set_project_count(dataset_id, _living().filter(dataset_id=dataset_id).count())


def used_datasets(project: Project) -> list[int]:
    """The ids of the datasets that ``project`` uses, for ``changing_use``."""
    return list(project.dataset_links.values_list("dataset_id", flat=True))


def count_use(dataset_ids: Iterable[int]) -> None:
    """Bring the number of living projects that use each dataset up to date."""
    with changing_use(dataset_ids):
        pass


def recount_use() -> int:
    """Bring the numbers of all datasets up to date; how many were wrong.

    For the platform itself (the dispatcher): the actions keep the numbers right, and
    this heals what was written past them.
    """
    counted = _living().values("dataset_id").annotate(count=Count("pk"))
    right = dict(counted.values_list("dataset_id", "count"))
    wrong = [pk for pk, count in project_counts().items() if count != right.get(pk, 0)]
    for dataset_id in wrong:
        count_use([dataset_id])
    return len(wrong)


def forget_dataset(dataset_id: int) -> None:
    """Take a dataset that goes for good out of every project; within a transaction."""
    ProjectDataset.objects.filter(dataset_id=dataset_id).delete()


def _living() -> QuerySet[ProjectDataset]:
    return ProjectDataset.objects.filter(project__deleted__isnull=True)
