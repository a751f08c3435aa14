"""Deleting a dataset into the trash, taking it out again, emptying the trash."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError
from lyceum.datasets import storage
from lyceum.datasets.actions.details import lock_datasets
from lyceum.datasets.actions.drafts import forget, purge_drafts
from lyceum.datasets.models import Dataset, DatasetFile, DatasetVersion, Upload
from lyceum.datasets.queries import owned_dataset, trashed_dataset
from lyceum.limits import limit


def delete_dataset(user: User, dataset_id: int, *, typed_name: str) -> Dataset:
    """Put the dataset into its owner's trash, where it stays for 30 days.

    ``typed_name`` must be its name (``DomainError`` otherwise). Raises ``Conflict``
    while a running project uses it.
    """
    # Imported here because notebooks stand on projects, which stand on datasets.
    from lyceum.notebooks.queries import running_with_dataset

    dataset = owned_dataset(user, dataset_id)
    if " ".join(typed_name.split()) not in {dataset.name, dataset.shown_name}:
        sentence = _("This is not the dataset's name. Type it exactly to delete the dataset.")
        raise DomainError("name_differs", sentence, field="typed_name")
    with transaction.atomic():
        lock_datasets([dataset.pk])  # as a project's start does, which comes before or after
        running = running_with_dataset(dataset.pk)
        if running:
            sentence = ngettext(
                "%(count)d running project uses this dataset. It can be deleted when that has "
                "stopped, or has taken it out.",
                "%(count)d running projects use this dataset. It can be deleted when they have "
                "stopped, or have taken it out.",
                running,
            )
            raise Conflict("dataset_in_use", sentence % {"count": running})
        dataset.deleted = timezone.now()
        dataset.save(update_fields=["deleted", "updated"])
    return dataset


def restore_dataset(user: User, dataset_id: int) -> Dataset:
    """Take a dataset out of its owner's trash, as it was."""
    dataset = trashed_dataset(user, dataset_id)
    dataset.deleted = None
    dataset.save(update_fields=["deleted", "updated"])
    return dataset


def purge(*, now: datetime | None = None) -> int:
    """Remove for good what has been in the trash for 30 days, old drafts, and contents
    that nothing has any more; how many datasets went.

    For the platform itself (the dispatcher). May be cut short and called again.
    """
    # Imported here: projects stand on datasets.
    from lyceum.projects.actions import forget_dataset

    moment = now or timezone.now()
    oldest = moment - timedelta(days=limit("trash_days"))
    expired = list(Dataset.objects.filter(deleted__lt=oldest).values_list("pk", flat=True))
    purged = sum(_purge(dataset_id, oldest, forget_dataset) for dataset_id in expired)
    purge_drafts(now=moment)
    storage.sweep_uploads(_begun)
    storage.sweep_folders(_numbers)
    storage.sweep_blobs(_in_use)
    return purged


def _numbers(dataset_id: int) -> set[int]:
    versions = DatasetVersion.objects.filter(dataset_id=dataset_id)
    return set(versions.values_list("number", flat=True))


def _begun(upload_ids: list[str]) -> set[str]:
    return set(Upload.objects.filter(pk__in=upload_ids).values_list("pk", flat=True))


def _in_use(sha256s: list[str]) -> set[str]:
    files = DatasetFile.objects.filter(sha256__in=sha256s)
    return set(files.values_list("sha256", flat=True).distinct())


def _purge(dataset_id: int, oldest: datetime, forget_links) -> bool:
    with transaction.atomic():
        # Locked and asked again: the owner may just be taking it out of the trash.
        dataset = (
            Dataset.objects.select_for_update().filter(pk=dataset_id, deleted__lt=oldest).first()
        )
        if dataset is None:
            return False
        # Files first: should we be cut short, the row is still there to find them by.
        storage.remove_dataset_folder(dataset.pk)
        for draft in dataset.drafts.all():
            forget(draft)
        if dataset.cover:
            dataset.cover.storage.delete(dataset.cover.name)
        forget_links(dataset.pk)
        dataset.delete()
    return True
