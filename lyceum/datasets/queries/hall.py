"""The hall's lists: four tabs, search, filters, orders, keyset pages (guide, 数据集)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import QuerySet

from lyceum.common.paging import Page, page_of
from lyceum.common.search import matching
from lyceum.common.tags import called
from lyceum.datasets.models import Dataset, Tag
from lyceum.datasets.queries.access import Reader, visible_datasets, with_favourites

PAGE_SIZE = 24


class Tab(StrEnum):
    """Whose datasets the hall and the picker show (guide, 添加数据集)."""

    OFFICIAL = "official"
    SHARED = "shared"
    MINE = "mine"
    FAVOURITES = "favourites"


class Sort(StrEnum):
    """The hall's orders, each from the most to the least."""

    NEWEST = "newest"
    USED = "used"
    FAVOURITED = "favourited"
    SIZE = "size"


_ORDER = {
    Sort.NEWEST: ("id",),
    Sort.USED: ("project_count", "id"),
    Sort.FAVOURITED: ("favourite_count", "id"),
    Sort.SIZE: ("size", "id"),
}


@dataclass(frozen=True, slots=True)
class HallFilter:
    """What a reader of the hall asked for; sizes in bytes, 0 for no bound."""

    tab: Tab = Tab.OFFICIAL
    words: str = ""
    tag: str = ""
    licence: str = ""
    least: int = 0
    most: int = 0
    sort: Sort = Sort.NEWEST


def hall_page(
    user: Reader, wanted: HallFilter, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Dataset]:
    """One page of a tab, with owners, tags and ``is_favourite``.

    Datasets without a version are not listed: they can't be used. Raises
    ``DomainError`` for a bad cursor.
    """
    rows = datasets_in(user, wanted.tab).filter(matching(wanted.words), file_count__gt=0)
    if wanted.tag:
        tag = Tag.objects.filter(called(wanted.tag)).order_by("pk").values("pk")[:1]
        rows = rows.filter(tags=tag)
    if wanted.licence:
        rows = rows.filter(licence=wanted.licence)
    if wanted.least:
        rows = rows.filter(size__gte=wanted.least)
    if wanted.most:
        rows = rows.filter(size__lte=wanted.most)
    rows = with_favourites(user, rows).select_related("owner").prefetch_related("tags")
    rows = rows.defer("description", "description_en", "search_text")
    return page_of(rows, order=_ORDER[wanted.sort], cursor=cursor, size=size)


def datasets_page(
    user: Reader,
    *,
    tab: Tab = Tab.OFFICIAL,
    words: str = "",
    cursor: str | None = None,
    size: int = PAGE_SIZE,
) -> Page[Dataset]:
    """One page of a tab, newest first, for a project's picker."""
    return hall_page(user, HallFilter(tab=tab, words=words), cursor=cursor, size=size)


def datasets_in(user: Reader, tab: Tab) -> QuerySet[Dataset]:
    """All that a tab holds for ``user``."""
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
