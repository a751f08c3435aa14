"""Changing what a dataset says about itself; its owner may."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import BinaryIO

from django.db import transaction

from lyceum.accounts.models import User
from lyceum.common.images import reencoded
from lyceum.datasets.actions._fields import (
    About,
    clean_about,
    clean_tags,
    clean_visibility,
    refresh_search,
    store_tags,
)
from lyceum.datasets.models import Dataset
from lyceum.datasets.queries import owned_dataset

_COVER = (960, 540)


def edit_dataset(
    user: User,
    dataset_id: int,
    *,
    tags: Sequence[str] | None = None,
    visibility: str | None = None,
    **about: str,
) -> Dataset:
    """Change what is given (fields of ``About``, tags, visibility), leave the rest.

    Projects of others that use a dataset keep it only while they may see it: making
    it private takes it from them at their next start.
    """
    dataset = owned_dataset(user, dataset_id)
    now = About(**{name: getattr(dataset, name) for name in About.__dataclass_fields__})
    fields = clean_about(replace(now, **about))
    if visibility is not None:
        fields["visibility"] = clean_visibility(visibility)
    tag_names = None if tags is None else clean_tags(tags)
    with transaction.atomic():
        for name, value in fields.items():
            setattr(dataset, name, value)
        dataset.save(update_fields=[*fields, "updated"])
        if tag_names is not None:
            store_tags(dataset, tag_names)
        refresh_search(dataset)
    return dataset


def set_cover(user: User, dataset_id: int, *, image: BinaryIO | None) -> Dataset:
    """Give the dataset a cover, re-encoded by us; ``None`` takes it away.

    Raises ``DomainError`` (field ``cover``) when it is no picture or too large.
    """
    dataset = owned_dataset(user, dataset_id)
    fresh = None
    if image is not None:
        fresh = reencoded(image, width=_COVER[0], height=_COVER[1], field="cover")
    before = dataset.cover.name
    if fresh is None:
        dataset.cover = ""
    else:
        dataset.cover.save(fresh.name, fresh, save=False)
    dataset.save(update_fields=["cover", "updated"])
    if before:
        dataset.cover.storage.delete(before)
    return dataset


def lock_datasets(dataset_ids: Iterable[int]) -> None:
    """Hold the datasets' rows until the caller's transaction ends.

    For who changes which projects use them, or relies on their being there: a deletion
    and a start of a notebook with the dataset then come one after the other. Always in
    the order of ids, so that two who lock several don't wait for each other.
    """
    for dataset_id in sorted(set(dataset_ids)):
        Dataset.objects.select_for_update().filter(pk=dataset_id).values_list("pk").first()


def set_project_count(dataset_id: int, count: int) -> None:
    """Note how many projects use the dataset; for the projects' own actions."""
    Dataset.objects.filter(pk=dataset_id).exclude(project_count=count).update(project_count=count)
