"""Having an archive unpacked into its dataset, and changing one's mind."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError
from lyceum.datasets.actions.uploads import TooLarge
from lyceum.datasets.models import Dataset, DatasetVersion, Unpacking
from lyceum.datasets.queries import (
    bytes_left,
    get_version,
    newest_version,
    owned_dataset,
    stored_file,
)
from lyceum.datasets.queries.unpacking import archive_folder, is_taken, unpacking_of
from lyceum.limits import limit

_LONGEST_NAME = 120  # of an archive, in a note


def start_unpacking(
    user: User, dataset_id: int, *, path: str, number: int | None = None
) -> Unpacking:
    """Ask for the archive ``path`` of version ``number`` (the newest when ``None``) to be
    unpacked into the dataset's next version; the dispatcher does it.

    The files go into a folder beside the archive, named like it. Raises ``NotFound``
    and ``Forbidden``; ``DomainError`` (code ``not_an_archive``); ``Conflict`` when
    something is unpacked already, when the folder's place is taken, or when there is no
    room for a file; ``TooLarge`` when the quota is used up.
    """
    dataset = owned_dataset(user, dataset_id)
    version = newest_version(dataset) if number is None else get_version(dataset, number)
    if version is None:
        raise Conflict("no_version", _("This dataset has no files yet."))
    folder = archive_folder(stored_file(version, path).path)
    if folder is None:
        raise DomainError(
            "not_an_archive",
            _("“%(path)s” is no zip, tar or RAR archive.") % {"path": path},
            field="path",
        )
    with transaction.atomic():
        # The owner's row first, as uploads take it: both count what the quota has left.
        owner = User.objects.select_for_update().get(pk=user.pk)
        locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
        _check_alone(locked)
        _check_room(owner, locked, folder)
        return _queue(owner, version, path)


def cancel_unpacking(user: User, dataset_id: int, unpacking_id: int) -> Unpacking:
    """Stop an unpacking; nothing of it stays. Fine when it has ended already."""
    unpacking = unpacking_of(user, dataset_id, unpacking_id)
    # The dispatcher ends the run and clears it away in its next round.
    Unpacking.objects.filter(pk=unpacking.pk, state__in=Unpacking.ACTIVE).update(
        state=Unpacking.State.CANCELLED, ended=timezone.now()
    )
    return unpacking_of(user, dataset_id, unpacking_id)


def _queue(owner: User, version: DatasetVersion, path: str) -> Unpacking:
    try:
        with transaction.atomic():
            return Unpacking.objects.create(
                dataset_id=version.dataset_id,
                version=version,
                user=owner,
                path=path,
                note=_note(path),
            )
    except IntegrityError:
        raise _busy() from None


def _note(path: str) -> str:
    """In the language of who asks: what makes the version later knows no reader."""
    name = PurePosixPath(path).name
    if len(name) > _LONGEST_NAME:
        name = f"{name[:_LONGEST_NAME]}…"
    return _("Unpacked %(name)s") % {"name": name}


def _check_alone(dataset: Dataset) -> None:
    if dataset.unpackings.filter(state__in=Unpacking.ACTIVE).exists():
        raise _busy()


def _busy() -> Conflict:
    return Conflict(
        "already_unpacking",
        _("An archive of this dataset is being unpacked already. Wait for it or cancel it."),
    )


def _check_room(owner: User, dataset: Dataset, folder: str) -> None:
    newest = newest_version(dataset)
    if newest is not None and is_taken(newest, folder):
        sentence = _("There is a “%(folder)s” in this dataset already. Take that out first.")
        raise Conflict("folder_exists", sentence % {"folder": folder}, field="path")
    most = limit("dataset_files")
    if newest is not None and newest.file_count >= most:
        sentence = _("A dataset has at most %(count)d files.") % {"count": most}
        raise Conflict("too_many_files", sentence, field="path")
    if not bytes_left(owner):
        raise TooLarge(
            "quota_exceeded",
            _("Your dataset space is used up. Delete what you no longer need."),
            field="path",
        )
