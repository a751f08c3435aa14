"""Which datasets a project may refer to."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import NotFound
from lyceum.datasets import queries
from lyceum.datasets.models import DatasetVersion


def usable_ids(user: User, dataset_ids: Iterable[int]) -> set[int]:
    """Those of ``dataset_ids`` that ``user`` may use."""
    seen = queries.visible_datasets(user).filter(pk__in=dataset_ids)
    return set(seen.values_list("pk", flat=True))


def newest_version(user: User, dataset_id: int) -> DatasetVersion:
    """The newest version of a dataset ``user`` may use; ``NotFound`` about ``datasets``."""
    dataset = queries.visible_datasets(user).filter(pk=dataset_id).first()
    version = dataset and queries.newest_version(dataset)
    if not version:
        raise NotFound("no_such_dataset", _("There is no such dataset."), field="datasets")
    return version
