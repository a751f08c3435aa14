"""Which datasets a project may refer to, and the picker's lists of them."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import NotFound
from lyceum.datasets import queries
from lyceum.datasets.models import Dataset, DatasetVersion
from lyceum.datasets.queries import Tab

_PICKER_SIZE = 12


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


def usable(user: User, dataset_ids: Iterable[int]) -> list[Dataset]:
    """Those of ``dataset_ids`` that ``user`` may use, by name, each with ``newest``."""
    seen = queries.visible_datasets(user).filter(pk__in=list(dataset_ids))
    return _with_newest(list(seen.select_related("owner").order_by("name")))


def pickable(user: User, *, tab: Tab, words: str) -> list[Dataset]:
    """The first datasets of a tab with these words, for a picker, each with ``newest``:
    the version that a project gets. Search finds more."""
    found = queries.datasets_page(user, tab=tab, words=words, size=_PICKER_SIZE)
    return _with_newest(found.items)


def _with_newest(datasets: list[Dataset]) -> list[Dataset]:
    versions = queries.newest_versions(dataset.pk for dataset in datasets)
    for dataset in datasets:
        dataset.newest = versions.get(dataset.pk)
    return datasets
