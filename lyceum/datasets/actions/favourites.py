"""The favourite mark (guide, 收藏数据集)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from lyceum.accounts.models import User
from lyceum.datasets.models import Dataset, Favourite
from lyceum.datasets.queries import get_dataset
from lyceum.notifications.actions import notify
from lyceum.notifications.models import NotificationKind


def add_favourite(user: User, dataset_id: int) -> Dataset:
    """Mark a dataset that ``user`` can see as a favourite; marking twice is fine."""
    dataset = get_dataset(user, dataset_id)
    with transaction.atomic():
        _mark, is_new = Favourite.objects.get_or_create(user=user, dataset=dataset)
        if is_new:
            _count(dataset, 1)
            notify(
                [dataset.owner_id],
                NotificationKind.STARRED,
                actor=user,
                link=f"/datasets/{dataset.pk}/",
                title=dataset.name,
            )
    return get_dataset(user, dataset_id)


def remove_favourite(user: User, dataset_id: int) -> Dataset:
    """Take the mark away; fine when there is none."""
    dataset = get_dataset(user, dataset_id)
    with transaction.atomic():
        removed, _rows = Favourite.objects.filter(user=user, dataset=dataset).delete()
        if removed:
            _count(dataset, -1)
    return get_dataset(user, dataset_id)


def _count(dataset: Dataset, change: int) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(favourite_count=F("favourite_count") + change)
