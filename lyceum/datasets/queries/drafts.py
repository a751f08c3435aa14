"""What is in a draft: the files that a dataset or its next version will have."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.utils.translation import gettext as _

from lyceum.common.errors import NotFound
from lyceum.datasets import storage
from lyceum.datasets.models import DatasetFile, Draft, Upload
from lyceum.datasets.queries.access import Reader, newest_version


@dataclass(frozen=True, slots=True)
class UploadView:
    """A file on its way: ``offset`` of ``size`` bytes are there."""

    id: str
    path: str
    size: int
    offset: int
    is_finished: bool

    @property
    def percent(self) -> int:
        return 100 if self.is_finished or not self.size else int(100 * self.offset / self.size)


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft as its owner sees it.

    ``kept`` are the files of the newest version that the next one keeps, ``removed``
    those it leaves out; both empty for a new dataset.
    """

    draft: Draft
    uploads: list[UploadView]
    kept: list[DatasetFile]
    removed: list[DatasetFile]

    @property
    def size(self) -> int:
        """Bytes of the version that this draft would make now."""
        return sum(file.size for file in self.kept) + sum(upload.size for upload in self.uploads)

    @property
    def file_count(self) -> int:
        return len(self.kept) + len(self.uploads)

    @property
    def is_complete(self) -> bool:
        """Whether every upload has all its bytes."""
        return all(upload.is_finished for upload in self.uploads)


def owned_draft(user: Reader, draft_id: uuid.UUID | str) -> Draft:
    """A draft of ``user``'s; ``NotFound`` otherwise."""
    try:
        wanted = uuid.UUID(str(draft_id))
    except ValueError:
        raise _no_such_draft() from None
    rows = Draft.objects.select_related("dataset").filter(dataset__deleted__isnull=True)
    found = rows.filter(pk=wanted, user_id=user.pk).first()
    if found is None:
        raise _no_such_draft()
    return found


def draft_of(user: Reader, dataset_id: int, draft_id: uuid.UUID | str) -> Draft:
    """A draft of ``user``'s for the next version of that dataset; ``NotFound`` otherwise."""
    draft = owned_draft(user, draft_id)
    if draft.dataset_id != dataset_id:
        raise _no_such_draft()
    return draft


def draft_view(draft: Draft) -> DraftView:
    """What ``draft`` holds just now."""
    uploads = [_view(upload) for upload in draft.uploads.order_by("path")]
    if draft.dataset is None:
        return DraftView(draft, uploads, [], [])
    newest = newest_version(draft.dataset)
    present = list(newest.files.order_by("path")) if newest else []
    left_out = set(draft.removed)
    replaced = {upload.path for upload in uploads}
    return DraftView(
        draft,
        uploads,
        kept=[file for file in present if file.path not in left_out | replaced],
        removed=[file for file in present if file.path in left_out - replaced],
    )


def _view(upload: Upload) -> UploadView:
    sha256 = upload.sha256 or storage.upload_sha256(upload.pk, upload.size)
    offset = upload.size if sha256 else storage.upload_offset(upload.pk)
    return UploadView(upload.pk, upload.path, upload.size, offset, bool(sha256))


def _no_such_draft() -> NotFound:
    return NotFound("no_such_draft", _("These files are not here (any more)."), field="draft")
