"""Which datasets a project may refer to."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import NotFound
from lyceum.datasets.models import Dataset, DatasetVersion


def usable_datasets(user: User) -> QuerySet[Dataset]:
    """Datasets that ``user`` may put into a project: official, shared, their own."""
    shown = Q(is_official=True) | Q(visibility=Dataset.Visibility.SHARED) | Q(owner_id=user.pk)
    return Dataset.objects.filter(shown, deleted__isnull=True)


def usable_ids(user: User, dataset_ids: Iterable[int]) -> set[int]:
    """Those of ``dataset_ids`` that ``user`` may use."""
    return set(usable_datasets(user).filter(pk__in=dataset_ids).values_list("pk", flat=True))


def newest_version(user: User, dataset_id: int) -> DatasetVersion:
    """The newest version of a dataset ``user`` may use; raises ``NotFound``."""
    dataset = usable_datasets(user).filter(pk=dataset_id).first()
    version = dataset and dataset.versions.order_by("-number").first()
    if version is None:
        raise NotFound("no_such_dataset", _("There is no such dataset."), field="datasets")
    return version
