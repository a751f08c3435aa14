"""Drafts: opening one, choosing its files, giving it up (guide, 创建数据集)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, NotFound
from lyceum.datasets import storage
from lyceum.datasets.models import Draft
from lyceum.datasets.queries import newest_version, owned_dataset, owned_draft
from lyceum.limits import limit


def open_draft(user: User, *, dataset_id: int | None = None) -> Draft:
    """The draft that ``user`` is at: of a new dataset, or of the next version of theirs.

    Opening again continues the same one, so that nothing uploaded is lost. Raises
    ``NotFound`` and ``Forbidden`` about the dataset.
    """
    dataset = None if dataset_id is None else owned_dataset(user, dataset_id)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        found = Draft.objects.filter(user=user, dataset=dataset).order_by("-updated").first()
        return found or Draft.objects.create(user=user, dataset=dataset)


def new_draft(user: User) -> Draft:
    """A draft of a new dataset beside those there are, for a program that keeps its id.

    Raises ``Conflict`` when ``user`` has too many.
    """
    most = limit("dataset_drafts_per_user")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if Draft.objects.filter(user=user).count() >= most:
            sentence = _(
                "You have %(count)d unfinished uploads. Finish or discard one of them first."
            )
            raise Conflict("too_many_drafts", sentence % {"count": most})
        return Draft.objects.create(user=user)


def take_out(user: User, draft_id: uuid.UUID | str, *, path: str) -> Draft:
    """Leave ``path`` out of the draft: an upload is forgotten, a file of the newest
    version is not taken over into the next. Raises ``NotFound``, and ``DomainError`` for
    what is no path."""
    draft = owned_draft(user, draft_id)
    path = storage.clean_path(path)
    with transaction.atomic():
        draft = Draft.objects.select_for_update().get(pk=draft.pk)
        upload = draft.uploads.filter(path=path).values_list("pk", flat=True).first()
        if upload:
            draft.uploads.filter(pk=upload).delete()
        elif _has(draft, path):
            draft.removed = sorted({*draft.removed, path})
        else:
            raise NotFound("no_such_file", _("There is no such file."), field="path")
        draft.save(update_fields=["removed", "updated"])
    if upload:
        storage.remove_uploads([upload])
    return draft


def put_back(user: User, draft_id: uuid.UUID | str, *, path: str) -> Draft:
    """Take ``path`` of the newest version over after all; fine when it is."""
    draft = owned_draft(user, draft_id)
    with transaction.atomic():
        draft = Draft.objects.select_for_update().get(pk=draft.pk)
        draft.removed = [each for each in draft.removed if each != path]
        draft.save(update_fields=["removed", "updated"])
    return draft


def discard_draft(user: User, draft_id: uuid.UUID | str) -> None:
    """Give up the draft and what was uploaded for it."""
    forget(owned_draft(user, draft_id))


def forget(draft: Draft) -> None:
    """Remove a draft with its uploads; the caller has checked that it may."""
    uploads = list(draft.uploads.values_list("pk", flat=True))
    draft.delete()
    storage.remove_uploads(uploads)


def purge_drafts(*, now: datetime | None = None) -> int:
    """Remove drafts that nobody has touched for days; how many. For the dispatcher."""
    oldest = (now or timezone.now()) - timedelta(days=limit("dataset_draft_days"))
    stale = list(Draft.objects.filter(updated__lt=oldest))
    for draft in stale:
        forget(draft)
    return len(stale)


def _has(draft: Draft, path: str) -> bool:
    newest = newest_version(draft.dataset) if draft.dataset else None
    return newest is not None and newest.files.filter(path=path).exists()
