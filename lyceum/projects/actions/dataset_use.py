"""How much datasets are used, as the datasets' own rows keep it."""

from __future__ import annotations

from collections.abc import Iterable

from lyceum.datasets.actions import set_project_count
from lyceum.projects.models import ProjectDataset


def count_use(dataset_ids: Iterable[int]) -> None:
    """Bring the number of living projects that use each dataset up to date."""
    for dataset_id in dataset_ids:
        links = ProjectDataset.objects.filter(dataset_id=dataset_id, project__deleted__isnull=True)
        set_project_count(dataset_id, links.count())


def forget_dataset(dataset_id: int) -> None:
    """Take a dataset that goes for good out of every project; within a transaction."""
    ProjectDataset.objects.filter(dataset_id=dataset_id).delete()
