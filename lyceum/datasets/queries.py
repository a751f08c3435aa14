"""Reading datasets: who may see which, lists for the hall and the picker, files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import NotFound
from lyceum.common.paging import Page, page_of
from lyceum.datasets import storage
from lyceum.datasets.models import Dataset, DatasetFile, DatasetVersion, Favourite

PAGE_SIZE = 24
FILES_SHOWN = 500

Reader = User | AnonymousUser


class Tab(StrEnum):
    """Whose datasets the hall and the picker show (guide, 添加数据集)."""

    OFFICIAL = "official"
    SHARED = "shared"
    MINE = "mine"
    FAVOURITES = "favourites"


def version_folder(dataset_id: int, number: int) -> Path:
    """The folder with the files of version ``number`` of a dataset, read-only.

    Mounted into notebooks at ``/home/aistudio/data/data<dataset id>/``. It is not
    there before the version's files are.
    """
    return storage.dataset_folder(dataset_id) / str(int(number))


def visible_datasets(user: Reader) -> QuerySet[Dataset]:
    """Datasets that ``user`` may see and use: official, shared, their own; none deleted."""
    shown = Q(is_official=True) | Q(visibility=Dataset.Visibility.SHARED)
    mine = Q(owner_id=user.pk) if user.is_authenticated else Q(pk__in=())
    return Dataset.objects.filter(shown | mine, deleted__isnull=True)


def get_dataset(user: Reader, dataset_id: int) -> Dataset:
    """The dataset, with its owner and ``is_favourite``; ``NotFound`` if not visible."""
    rows = with_favourites(user, visible_datasets(user)).select_related("owner")
    found = rows.filter(pk=dataset_id).first()
    if found is None:
        raise NotFound("no_such_dataset", _("There is no such dataset."))
    return found


def datasets_page(
    user: Reader,
    *,
    tab: Tab = Tab.OFFICIAL,
    words: str = "",
    cursor: str | None = None,
    size: int = PAGE_SIZE,
) -> Page[Dataset]:
    """One page of a tab, newest first, for the hall and for a project's picker.

    Each dataset has ``is_favourite`` and those with a version only are listed:
    one without files can't be used yet. ``words`` must all occur in its names or
    summaries. Raises ``DomainError`` for a bad cursor.
    """
    rows = _tab(user, tab).filter(_matching(words))
    rows = rows.filter(Exists(DatasetVersion.objects.filter(dataset=OuterRef("pk"))))
    rows = with_favourites(user, rows).select_related("owner")
    rows = rows.defer("description", "description_en")
    return page_of(rows, order=("id",), cursor=cursor, size=size)


def newest_version(dataset: Dataset) -> DatasetVersion | None:
    """The version a project gets when it takes the dataset now."""
    return dataset.versions.order_by("-number").first()


def get_version(dataset: Dataset, number: int) -> DatasetVersion:
    """A version by its number; raises ``NotFound``."""
    found = dataset.versions.filter(number=number).first()
    if found is None:
        raise NotFound("no_such_version", _("There is no such version."))
    return found


def files_of(version: DatasetVersion) -> list[DatasetFile]:
    """The version's first ``FILES_SHOWN`` files by path."""
    return list(version.files.order_by("path")[:FILES_SHOWN])


def file_path(version: DatasetVersion, path: str) -> Path:
    """Where the version's file ``path`` is; ``NotFound`` for one it does not list."""
    if not version.files.filter(path=path).exists():
        raise NotFound("no_such_file", _("There is no such file."))
    return version_folder(version.dataset_id, version.number) / path


def official_dataset(slug: str) -> Dataset | None:
    """The official dataset that ``examples/datasets/<slug>`` describes, once installed."""
    return Dataset.objects.filter(is_official=True, slug=slug).first()


def with_favourites(user: Reader, rows: QuerySet[Dataset]) -> QuerySet[Dataset]:
    """``rows`` with ``is_favourite``: whether ``user`` has marked each."""
    marks = Favourite.objects.filter(dataset=OuterRef("pk"), user_id=user.pk)
    return rows.annotate(is_favourite=Exists(marks))


def _tab(user: Reader, tab: Tab) -> QuerySet[Dataset]:
    seen = visible_datasets(user)
    if tab is Tab.OFFICIAL:
        return seen.filter(is_official=True)
    if tab is Tab.SHARED:
        return seen.filter(is_official=False, visibility=Dataset.Visibility.SHARED)
    if not user.is_authenticated:
        return seen.none()
    if tab is Tab.MINE:
        return seen.filter(owner_id=user.pk)
    return seen.filter(favourites__user_id=user.pk)


def _matching(words: str) -> Q:
    wanted = Q()
    for word in words.split()[:8]:
        wanted &= (
            Q(name__icontains=word)
            | Q(name_en__icontains=word)
            | Q(summary__icontains=word)
            | Q(summary_en__icontains=word)
        )
    return wanted
