"""Freezing files as a dataset's next version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from lyceum.common.errors import DomainError
from lyceum.datasets import storage
from lyceum.datasets.actions._fields import clean_note
from lyceum.datasets.models import Dataset, DatasetFile, DatasetVersion
from lyceum.datasets.queries import newest_version, version_folder
from lyceum.datasets.storage import StoredFile
from lyceum.limits import limit


def add_files_version(dataset: Dataset, *, files: Mapping[str, Path], note: str) -> DatasetVersion:
    """Freeze copies of ``files`` (place in the dataset → file to copy) as the next version.

    The caller has checked that it may; see :func:`add_version`.
    """
    for path in files:
        storage.clean_path(path)
    kept = [replace(storage.keep(source), path=path) for path, source in files.items()]
    return add_version(dataset, files=kept, note=note)


def add_version(dataset: Dataset, *, files: Sequence[StoredFile], note: str) -> DatasetVersion:
    """Freeze ``files``, whose contents are blobs already, as the next version.

    The caller has checked that it may. Raises ``DomainError`` without a file, with
    too many, or for a bad path. Nothing is seen before all of it is there.
    """
    paths = [storage.clean_path(file.path) for file in files]
    check_files(paths)
    note = clean_note(note)
    links = {path: file.sha256 for path, file in zip(paths, files, strict=True)}
    with storage.staged(dataset.pk, links) as folder, transaction.atomic():
        locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
        last = newest_version(locked)
        version = DatasetVersion.objects.create(
            dataset=locked,
            number=last.number + 1 if last else 1,
            note=note,
            size=sum(file.size for file in files),
            file_count=len(files),
        )
        DatasetFile.objects.bulk_create(
            (
                DatasetFile(version=version, path=path, size=file.size, sha256=file.sha256)
                for path, file in zip(paths, files, strict=True)
            ),
            batch_size=1000,
        )
        locked.size, locked.file_count = version.size, version.file_count
        locked.save(update_fields=["size", "file_count", "updated"])
        storage.publish(folder, version_folder(dataset.pk, version.number))
    return version


def check_files(paths: list[str]) -> None:
    """Raises ``DomainError`` unless ``paths`` can be the files of a version."""
    if not paths:
        raise DomainError("no_files", _("A dataset needs at least one file."), field="files")
    most = limit("dataset_files")
    if len(paths) > most:
        sentence = _("A dataset has at most %(count)d files.") % {"count": most}
        raise DomainError("too_many_files", sentence, field="files")
    storage.check_places(paths)
