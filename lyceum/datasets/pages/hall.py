"""The hall of datasets (guide, 数据集), and a person's datasets."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from lyceum.accounts.queries import get_person
from lyceum.datasets import queries
from lyceum.datasets.licences import licences
from lyceum.datasets.queries import HallFilter, Sort, Tab

_MEGABYTE = 1024 * 1024
_SIZES = {
    "small": (0, 10 * _MEGABYTE - 1),
    "medium": (10 * _MEGABYTE, 1024 * _MEGABYTE),
    "large": (1024 * _MEGABYTE + 1, 0),
}
"""The size filter's choices: least and most bytes, 0 for no bound."""


@require_safe
@vary_on_headers("HX-Request")
def hall(request: HttpRequest) -> HttpResponse:
    """The hall; with HTMX, the cards of the next page only."""
    wanted = _wanted(request)
    page = queries.hall_page(request.user, wanted, cursor=request.GET.get("cursor"))
    shown = {"page": page, "wanted": wanted}
    if request.htmx and request.GET.get("cursor"):
        return render(request, "datasets/items.html", shown)
    tags = queries.popular_tags(request.user, wanted.tab)
    chosen = queries.tag_called(wanted.tag) if wanted.tag else None
    if chosen and chosen not in tags:
        tags.insert(0, chosen)
    shown |= {
        "tags": tags,
        "chosen_tag": chosen,
        "licences": licences(),
        "size": _size(request),
        "is_narrowed": bool(wanted.words or wanted.tag or wanted.licence or _size(request)),
    }
    return render(request, "datasets/hall.html", shown)


@require_safe
def of_person(request: HttpRequest, user_id: int) -> HttpResponse:
    """The newest datasets of a person that this reader may see: a fragment."""
    datasets = queries.datasets_of(get_person(user_id), request.user)
    return render(request, "datasets/of_person.html", {"datasets": datasets})


def _wanted(request: HttpRequest) -> HallFilter:
    tab, sort = request.GET.get("tab"), request.GET.get("sort")
    least, most = _SIZES.get(_size(request), (0, 0))
    return HallFilter(
        tab=Tab(tab) if tab in set(Tab) else Tab.OFFICIAL,
        words=request.GET.get("q", "")[:200],
        tag=_word(request, "tag"),
        licence=_word(request, "licence"),
        least=least,
        most=most,
        sort=Sort(sort) if sort in set(Sort) else Sort.NEWEST,
    )


def _size(request: HttpRequest) -> str:
    asked = request.GET.get("size", "")
    return asked if asked in _SIZES else ""


def _word(request: HttpRequest, name: str) -> str:
    # No database has a NUL in its text, and PostgreSQL fails when asked for one.
    return request.GET.get(name, "").replace("\0", "")[:60]
