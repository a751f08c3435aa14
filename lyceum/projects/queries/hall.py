"""The hall's lists: three tabs, search, a filter, three orders, keyset pages.

No query here counts rows, and each order has an index (``Project.Meta``), so a
page costs the same whatever the number of projects.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import QuerySet

from lyceum.common.paging import Page, page_of
from lyceum.common.search import matching
from lyceum.projects.models import Project
from lyceum.projects.queries.access import Reader

PAGE_SIZE = 24


class Tab(StrEnum):
    """Whose projects (guide, 用户界面 4.): official, other learners', my own."""

    OFFICIAL = "official"
    SHARED = "shared"
    MINE = "mine"


class Sort(StrEnum):
    """The hall's orders, each from the most to the least."""

    NEWEST = "newest"
    FORKS = "forks"
    STARS = "stars"


_ORDER = {Sort.NEWEST: ("id",), Sort.FORKS: ("fork_count", "id"), Sort.STARS: ("star_count", "id")}


@dataclass(frozen=True, slots=True)
class HallFilter:
    """What a reader of the hall asked for."""

    tab: Tab = Tab.OFFICIAL
    words: str = ""
    framework: str = ""
    sort: Sort = Sort.NEWEST


def hall_page(
    user: Reader, wanted: HallFilter, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Project]:
    """One page of a tab, with owners; raises ``DomainError`` for a bad cursor."""
    rows = _tab(user, wanted.tab).filter(matching(wanted.words))
    if wanted.framework:
        rows = rows.filter(framework=wanted.framework)
    rows = rows.select_related("owner").defer("search_text", "description", "description_en")
    return page_of(rows, order=_ORDER[wanted.sort], cursor=cursor, size=size)


def tab_with(user: Reader, words: str) -> Tab:
    """The first tab that has a project with these words; the first one if none has."""
    for tab in Tab:
        if _tab(user, tab).filter(matching(words)).exists():
            return tab
    return Tab.OFFICIAL


def _tab(user: Reader, tab: Tab) -> QuerySet[Project]:
    alive = Project.objects.filter(deleted__isnull=True)
    if tab is Tab.OFFICIAL:
        return alive.filter(is_official=True)
    if tab is Tab.MINE:
        return alive.filter(owner_id=user.pk) if user.is_authenticated else Project.objects.none()
    shared = alive.filter(is_official=False, visibility=Project.Visibility.SHARED)
    return shared.exclude(owner_id=user.pk) if user.is_authenticated else shared
