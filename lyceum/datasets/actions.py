"""Writing datasets: official ones, new versions, favourites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import DomainError
from lyceum.common.text import clean_line, clean_text
from lyceum.datasets import storage
from lyceum.datasets.models import Dataset, DatasetFile, DatasetVersion, Favourite
from lyceum.datasets.queries import (
    get_dataset,
    newest_version,
    version_folder,
)


@dataclass(frozen=True, slots=True)
class About:
    """What a dataset says of itself, Chinese first; descriptions are Markdown."""

    name: str
    name_en: str
    summary: str
    summary_en: str
    description: str
    description_en: str
    licence: str
    source: str


def install_official(
    owner: User, *, slug: str, about: About, files: Mapping[str, Path]
) -> Dataset:
    """Have the official dataset ``slug`` as told; for the platform's own loader.

    Its files are compared by content: only a change makes a new version, so
    projects that use an older one keep what they were written for.
    """
    fields = _clean(about)
    slug = clean_line(slug, field="slug", longest=80, required=True)
    with transaction.atomic():
        dataset, made = Dataset.objects.get_or_create(
            slug=slug,
            is_official=True,
            defaults={"owner": owner, "visibility": Dataset.Visibility.SHARED, **fields},
        )
        if not made and any(getattr(dataset, name) != value for name, value in fields.items()):
            for name, value in fields.items():
                setattr(dataset, name, value)
            dataset.save()
    version = newest_version(dataset)
    if version is None or not _holds(version, files):
        add_files_version(dataset, files=files, note="")
    return dataset


def add_files_version(dataset: Dataset, *, files: Mapping[str, Path], note: str) -> DatasetVersion:
    """Freeze ``files`` (place in the dataset → file to copy) as the next version.

    The caller has checked that it may. Raises ``DomainError`` without a file or
    for a bad path. Nothing is seen before all of it is there.
    """
    if not files:
        raise DomainError("no_files", _("A dataset needs at least one file."), field="files")
    note = clean_line(note, field="note", longest=200)
    with storage.staged(dataset.pk, files) as (folder, stored), transaction.atomic():
        locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
        last = newest_version(locked)
        version = DatasetVersion.objects.create(
            dataset=locked,
            number=last.number + 1 if last else 1,
            note=note,
            size=sum(file.size for file in stored),
            file_count=len(stored),
        )
        DatasetFile.objects.bulk_create(
            DatasetFile(version=version, path=file.path, size=file.size, sha256=file.sha256)
            for file in stored
        )
        locked.save(update_fields=["updated"])
        storage.publish(folder, version_folder(dataset.pk, version.number))
    return version


def add_favourite(user: User, dataset_id: int) -> Dataset:
    """Mark a dataset that ``user`` can see as a favourite; marking twice is fine."""
    dataset = get_dataset(user, dataset_id)
    Favourite.objects.get_or_create(user=user, dataset=dataset)
    dataset.is_favourite = True
    return dataset


def remove_favourite(user: User, dataset_id: int) -> Dataset:
    """Take the mark away; fine when there is none."""
    dataset = get_dataset(user, dataset_id)
    Favourite.objects.filter(user=user, dataset=dataset).delete()
    dataset.is_favourite = False
    return dataset


def _holds(version: DatasetVersion, files: Mapping[str, Path]) -> bool:
    kept = dict(version.files.values_list("path", "sha256"))
    on_disk = version_folder(version.dataset_id, version.number).is_dir()
    return on_disk and kept == {path: storage.digest(file) for path, file in files.items()}


def _clean(about: About) -> dict[str, str]:
    return {
        "name": clean_line(about.name, field="name", longest=100, required=True),
        "name_en": clean_line(about.name_en, field="name_en", longest=100),
        "summary": clean_line(about.summary, field="summary", longest=300),
        "summary_en": clean_line(about.summary_en, field="summary_en", longest=300),
        "description": clean_text(about.description, field="description", longest=50_000),
        "description_en": clean_text(about.description_en, field="description_en", longest=50_000),
        "licence": clean_line(about.licence, field="licence", longest=60),
        "source": clean_line(about.source, field="source", longest=200),
    }
