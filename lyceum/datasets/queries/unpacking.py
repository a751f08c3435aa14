"""Archives in a dataset: which files are some, where they go, how unpacking goes."""

from __future__ import annotations

import re
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.common.errors import NotFound
from lyceum.datasets.models import Dataset, DatasetVersion, Unpacking
from lyceum.datasets.queries.access import Reader, owned_dataset

_ARCHIVE = re.compile(
    r"(?P<folder>(?:.*/)?[^/]+?)\.(?:zip|rar|tar|tgz|tbz2?|txz|tzst|tar\.(?:gz|bz2|xz|lzma|zst|lz4|Z))",
    re.IGNORECASE | re.DOTALL,
)
_SHOWN_FOR = timedelta(days=1)


def archive_folder(path: str) -> str | None:
    """The folder that ``path`` is unpacked into, ``train`` for ``train.tar.gz``; ``None``
    when the name is no archive's."""
    match = _ARCHIVE.fullmatch(path)
    return match["folder"] if match and match["folder"].strip(". ") else None


def is_taken(version: DatasetVersion, folder: str) -> bool:
    """Whether the version has a file at ``folder`` or below it."""
    rows = version.files.filter(Q(path=folder) | Q(path__startswith=f"{folder}/"))
    # SQLite's LIKE takes A for a.
    paths = rows.values_list("path", flat=True).iterator()
    return any(path == folder or path.startswith(f"{folder}/") for path in paths)


def unpacking_of(user: Reader, dataset_id: int, unpacking_id: int) -> Unpacking:
    """An unpacking in a dataset of ``user``'s; ``NotFound`` and ``Forbidden`` otherwise."""
    dataset = owned_dataset(user, dataset_id)
    rows = Unpacking.objects.select_related("dataset", "version", "made")
    found = rows.filter(pk=unpacking_id, dataset=dataset).first()
    if found is None:
        raise NotFound("no_such_unpacking", _("Nothing of that kind is being unpacked."))
    return found


def shown_unpacking(user: Reader, dataset: Dataset) -> Unpacking | None:
    """What ``dataset``'s page tells its owner: the unpacking at work, or since yesterday's
    last one if that failed."""
    if not user.is_authenticated or dataset.owner_id != user.pk:
        return None
    newest = dataset.unpackings.select_related("version", "made").order_by("-pk").first()
    if newest is None or newest.state in Unpacking.ACTIVE:
        return newest
    is_recent = newest.ended is not None and timezone.now() - newest.ended < _SHOWN_FOR
    return newest if newest.state == Unpacking.State.FAILED and is_recent else None
