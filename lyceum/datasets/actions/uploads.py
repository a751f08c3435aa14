"""What the tus server asks before it takes a file (docs/adr/0004)."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError, NotFound
from lyceum.datasets import storage
from lyceum.datasets.models import DatasetFile, Draft, Upload
from lyceum.datasets.queries import bytes_left, newest_version, owned_draft
from lyceum.limits import limit

_ID = re.compile(r"[0-9a-f]{32}")
_MEGABYTE = 1024 * 1024


class TooLarge(DomainError):
    """More bytes than may be."""

    status = 413


def begin_upload(user: User, *, upload_id: str, draft_id: str, path: str, size: int) -> Upload:
    """Take a place for a file of ``size`` bytes in a draft of ``user``'s.

    A file that the draft has at ``path`` already is replaced. The quota is checked
    holding the user's row, so that uploads begun at once can't pass it together.
    Raises ``DomainError``: a bad path, an empty file, ``TooLarge`` for the file or
    the quota, ``Conflict`` for too many files; ``NotFound`` for the draft.
    """
    draft = owned_draft(user, draft_id)
    path = storage.clean_path(path)
    if not _ID.fullmatch(upload_id):
        raise DomainError("bad_upload_id", _("The upload can't be begun."))
    _check_size(path, size)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        replaced = draft.uploads.filter(path=path).values_list("pk", flat=True).first()
        draft.uploads.filter(pk=replaced).delete()
        _check_quota(user, size)
        _check_place(draft, path)
        try:
            with transaction.atomic():
                upload = Upload.objects.create(id=upload_id, draft=draft, path=path, size=size)
        except IntegrityError:
            raise Conflict("upload_exists", _("This upload has begun already.")) from None
        draft.save(update_fields=["updated"])
    if replaced:
        storage.remove_upload(replaced)
    return upload


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
    storage.remove_upload(upload_id)


def _check_size(path: str, size: int) -> None:
    if size <= 0:
        sentence = _("“%(path)s” is empty: it has no bytes.") % {"path": path}
        raise DomainError("empty_file", sentence, field="files")
    most = limit("dataset_file_mb") * _MEGABYTE
    if size > most:
        sentence = _("“%(path)s” is larger than %(most)s, which is the most for one file.")
        shown = {"path": path, "most": filesizeformat(most)}
        raise TooLarge("file_too_large", sentence % shown, field="files")


def _check_quota(user: User, size: int) -> None:
    left = bytes_left(user)
    if size > left:
        sentence = _(
            "Not enough space: this file needs %(size)s and %(left)s of your dataset space "
            "are left. Delete what you no longer need."
        )
        shown = {"size": filesizeformat(size), "left": filesizeformat(left)}
        raise TooLarge("quota_exceeded", sentence % shown, field="files")


def _check_place(draft: Draft, path: str) -> None:
    """Looks rows up instead of reading them all: a folder may bring thousands of files."""
    newest = newest_version(draft.dataset) if draft.dataset else None
    kept = DatasetFile.objects.filter(version=newest).exclude(path__in=draft.removed)
    uploads = draft.uploads.all()
    most = limit("dataset_files")
    if uploads.count() + kept.exclude(path=path).count() >= most:
        sentence = _("A dataset has at most %(count)d files. Pack small files into an archive.")
        raise Conflict("too_many_files", sentence % {"count": most}, field="files")
    above = [str(parent) for parent in PurePosixPath(path).parents]
    for files in (uploads, kept):
        # SQLite's LIKE takes A for a, so what is found is looked at again.
        near = files.filter(Q(path__in=above) | Q(path__startswith=f"{path}/"))
        storage.check_places([path, *near.values_list("path", flat=True)])
