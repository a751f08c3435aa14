"""What projects ask about many datasets at once."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef

from lyceum.datasets.models import Dataset, DatasetVersion


def newest_versions(dataset_ids: Iterable[int]) -> dict[int, DatasetVersion]:
    """The newest version of each of these datasets that has one, by dataset id."""
    newer = DatasetVersion.objects.filter(
        dataset_id=OuterRef("dataset_id"), number__gt=OuterRef("number")
    )
    rows = DatasetVersion.objects.filter(~Exists(newer), dataset_id__in=list(dataset_ids))
    return {version.dataset_id: version for version in rows}


def project_counts() -> dict[int, int]:
    """How many projects use each dataset, as its row says."""
    return dict(Dataset.objects.values_list("pk", "project_count"))
