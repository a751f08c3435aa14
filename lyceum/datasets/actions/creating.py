"""From a draft to a dataset, or to its next version (guide, 创建数据集)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError
from lyceum.datasets import storage
from lyceum.datasets.actions._fields import (
    About,
    clean_about,
    clean_note,
    clean_tags,
    clean_visibility,
    refresh_search,
    store_tags,
)
from lyceum.datasets.actions.versions import add_version, check_files
from lyceum.datasets.models import Dataset, DatasetVersion, Draft
from lyceum.datasets.queries import draft_view, newest_version, owned_draft
from lyceum.datasets.storage import StoredFile


def create_dataset(
    user: User,
    *,
    draft_id: uuid.UUID | str,
    about: About,
    tags: Sequence[str] = (),
    visibility: str = Dataset.Visibility.PRIVATE,
) -> Dataset:
    """Make the files of a draft a dataset of ``user``'s, with its first version.

    Raises ``DomainError`` about the field that is wrong, ``Conflict`` while files
    are still on their way. The draft is used up.
    """
    draft = owned_draft(user, draft_id)
    if draft.dataset_id is not None:
        raise Conflict("not_a_new_dataset", _("These files belong to a dataset already."))
    fields = clean_about(about)
    tag_names = clean_tags(tags)
    visible = clean_visibility(visibility)
    files = _arrived(draft)
    with transaction.atomic():
        # Locked: pressing Create twice must not make two.
        _lock(draft)
        dataset = Dataset.objects.create(owner=user, visibility=visible, **fields)
        store_tags(dataset, tag_names)
        refresh_search(dataset)
        add_version(dataset, files=files, note="")
        uploads = _use_up(draft)
    storage.remove_uploads(uploads)
    dataset.refresh_from_db()
    return dataset


def create_version(user: User, *, draft_id: uuid.UUID | str, note: str) -> DatasetVersion:
    """Make a draft the next version of its dataset: the newest version's files, without
    those taken out, with those uploaded.

    Raises ``Conflict`` while files are still on their way or when nothing would
    change (code ``nothing_changed``). The draft is used up.
    """
    draft = owned_draft(user, draft_id)
    if draft.dataset is None:
        raise Conflict("no_dataset_yet", _("These files do not belong to a dataset yet."))
    note = clean_note(note)
    arrived = _arrived(draft, needs_files=False)
    with transaction.atomic():
        _lock(draft)
        dataset = Dataset.objects.select_for_update().get(pk=draft.dataset_id)
        files = _next_files(dataset, draft, arrived)
        version = add_version(dataset, files=files, note=note)
        uploads = _use_up(draft)
    storage.remove_uploads(uploads)
    return version


def _arrived(draft: Draft, *, needs_files: bool = True) -> list[StoredFile]:
    """The draft's uploads as blobs; ``Conflict`` while one is still coming."""
    view = draft_view(draft)
    if not view.is_complete:
        coming = sum(not upload.is_finished for upload in view.uploads)
        sentence = ngettext(
            "%(count)d file is not completely uploaded yet. Wait for it, continue it, or "
            "take it out.",
            "%(count)d files are not completely uploaded yet. Wait for them, continue them, "
            "or take them out.",
            coming,
        )
        raise Conflict("upload_unfinished", sentence % {"count": coming}, field="files")
    if needs_files:
        check_files([upload.path for upload in view.uploads])
    arrived = []
    for upload in view.uploads:
        sha256 = storage.upload_sha256(upload.id, upload.size)
        if sha256 is None:
            raise DomainError("upload_lost", _("“%(path)s” got lost; please upload it again.")
                              % {"path": upload.path}, field="files")  # fmt: skip
        storage.adopt(storage.upload_path(upload.id), sha256)
        arrived.append(StoredFile(upload.path, upload.size, sha256))
    return arrived


def _next_files(dataset: Dataset, draft: Draft, arrived: list[StoredFile]) -> list[StoredFile]:
    newest = newest_version(dataset)
    before = {
        file.path: StoredFile(file.path, file.size, file.sha256)
        for file in (newest.files.all() if newest else ())
    }
    after = {path: file for path, file in before.items() if path not in draft.removed}
    after |= {file.path: file for file in arrived}
    if after == before:
        raise Conflict(
            "nothing_changed", _("Nothing has changed since the newest version."), field="files"
        )
    return [after[path] for path in sorted(after)]


def _lock(draft: Draft) -> None:
    if not Draft.objects.select_for_update().filter(pk=draft.pk).exists():
        raise Conflict("draft_used", _("These files have been used just now."), field="draft")


def _use_up(draft: Draft) -> list[str]:
    uploads = list(draft.uploads.values_list("pk", flat=True))
    Draft.objects.filter(pk=draft.pk).delete()
    return uploads
