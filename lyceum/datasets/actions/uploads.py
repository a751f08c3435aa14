"""What the tus server asks before it takes a file (docs/adr/0004)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError, NotFound
from lyceum.datasets import storage
from lyceum.datasets.models import DatasetFile, Draft, Upload
from lyceum.datasets.queries import bytes_left_at_least, newest_version, owned_draft
from lyceum.limits import limit

_ID = re.compile(r"[0-9a-f]{32}")
_MEGABYTE = 1024 * 1024


class TooLarge(DomainError):
    """More bytes than may be."""

    status = 413


@dataclass(frozen=True, slots=True)
class WantedUpload:
    """A file of ``size`` bytes that is to come to ``path`` in a draft; ``id`` is the
    tus server's."""

    id: str
    draft_id: str
    path: str
    size: int


def begin_upload(user: User, wanted: WantedUpload) -> None:
    """Take a place for one file; raises what ``begin_uploads`` has against it."""
    for refusal in begin_uploads(user, [wanted]).values():
        raise refusal


def begin_uploads(user: User, wanted: Sequence[WantedUpload]) -> dict[str, DomainError]:
    """Take places for files in drafts of ``user``'s; by id, why one can't come.

    A file that the draft has at ``path`` already is replaced. The quota is checked
    holding the user's row, so that uploads begun at once can't pass it together.
    What may be against one: a bad path, an empty file, ``TooLarge`` for the file or
    the quota, ``Conflict`` for too many files, ``NotFound`` for the draft.
    """
    refusals: dict[str, DomainError] = {}
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        takers: dict[str, _Taker] = {}
        known = set(
            Upload.objects.filter(pk__in=[each.id for each in wanted]).values_list("pk", flat=True)
        )
        left = bytes_left_at_least(user, sum(max(0, each.size) for each in wanted))
        for each in wanted:
            try:
                if each.id in known:
                    raise _begun_already()
                if each.draft_id not in takers:
                    takers[each.draft_id] = _Taker(owned_draft(user, each.draft_id))
                left -= takers[each.draft_id].take(each, left)
            except DomainError as refusal:
                refusals[each.id] = refusal
        replaced = [upload for taker in takers.values() for upload in taker.store()]
    storage.remove_uploads(replaced)
    return refusals


def allow_upload(user: User, upload_id: str) -> Upload:
    """An upload of ``user``'s, to go on with; ``NotFound`` otherwise."""
    rows = Upload.objects.select_related("draft")
    found = rows.filter(pk=upload_id, draft__user_id=user.pk).first()
    if found is None:
        raise NotFound("no_such_upload", _("There is no such upload (any more)."))
    Draft.objects.get(pk=found.draft_id).save(update_fields=["updated"])
    return found


def end_upload(user: User, upload_id: str) -> None:
    """The client has given the upload up, and the tus server its bytes."""
    allow_upload(user, upload_id).delete()
    storage.remove_uploads([upload_id])


class _Taker:
    """Takes places in one draft, several in a row, and stores them at once.

    Reads the paths that the draft has once: a folder may bring thousands of files.
    """

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        newest = newest_version(draft.dataset) if draft.dataset else None
        kept = DatasetFile.objects.filter(version=newest).values_list("path", flat=True)
        self._coming = set(draft.uploads.values_list("path", flat=True))
        self._files = self._coming | (set(kept) - set(draft.removed))
        self._folders = storage.folders_above(self._files)
        self._taken: dict[str, Upload] = {}
        self._replaced: list[str] = []

    def take(self, wanted: WantedUpload, left: int) -> int:
        """Take a place while ``left`` bytes are; how many it takes of them."""
        path = storage.clean_path(wanted.path)
        if not _ID.fullmatch(wanted.id):
            raise DomainError("bad_upload_id", _("The upload can't be begun."))
        if path in self._taken:
            raise _begun_already()
        _check_size(path, wanted.size)
        before = self._draft.uploads.get(path=path) if path in self._coming else None
        freed = before.size if before else 0
        _check_quota(wanted.size, left + freed)
        self._check_place(path)
        if before:
            self._replaced.append(before.pk)
        self._files.add(path)
        self._folders |= storage.folders_above([path])
        self._taken[path] = Upload(id=wanted.id, draft=self._draft, path=path, size=wanted.size)
        return wanted.size - freed

    def store(self) -> list[str]:
        """Write what was taken; the uploads that it replaces."""
        Upload.objects.filter(pk__in=self._replaced).delete()
        Upload.objects.bulk_create(self._taken.values())
        if self._taken:
            self._draft.save(update_fields=["updated"])
        return self._replaced

    def _check_place(self, path: str) -> None:
        most = limit("dataset_files")
        if path not in self._files and len(self._files) >= most:
            sentence = _(
                "A dataset has at most %(count)d files. Pack small files into an archive."
            )
            raise Conflict("too_many_files", sentence % {"count": most}, field="files")
        if path in self._folders:
            raise storage.file_and_folder(path)
        for folder in storage.folders_above([path]) & self._files:
            raise storage.file_and_folder(folder)


def _begun_already() -> Conflict:
    return Conflict("upload_exists", _("This upload has begun already."))


def _check_size(path: str, size: int) -> None:
    if size <= 0:
        sentence = _("“%(path)s” is empty: it has no bytes.") % {"path": path}
        raise DomainError("empty_file", sentence, field="files")
    most = limit("dataset_file_mb") * _MEGABYTE
    if size > most:
        sentence = _("“%(path)s” is larger than %(most)s, which is the most for one file.")
        shown = {"path": path, "most": filesizeformat(most)}
        raise TooLarge("file_too_large", sentence % shown, field="files")


def _check_quota(size: int, left: int) -> None:
    if size > left:
        sentence = _(
            "Not enough space: this file needs %(size)s and %(left)s of your dataset space "
            "are left. Delete what you no longer need."
        )
        shown = {"size": filesizeformat(size), "left": filesizeformat(left)}
        raise TooLarge("quota_exceeded", sentence % shown, field="files")
