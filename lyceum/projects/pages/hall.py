"""The project hall (guide, 项目大厅), and a person's projects."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from lyceum.accounts.models import User
from lyceum.courses.queries import hall_panels
from lyceum.projects import choices, queries
from lyceum.projects.queries import HallFilter, Sort, Tab


@require_safe
@vary_on_headers("HX-Request")
def hall(request: HttpRequest) -> HttpResponse:
    """The hall; with HTMX, the cards of the next page only."""
    wanted = _wanted(request)
    page = queries.hall_page(request.user, wanted, cursor=request.GET.get("cursor"))
    shown = {"page": page, "wanted": wanted}
    if request.htmx and request.GET.get("cursor"):
        return render(request, "projects/cards.html", shown)
    shown |= {"panels": hall_panels(), "frameworks": choices.frameworks()}
    return render(request, "projects/hall.html", shown)


@require_safe
def of_person(request: HttpRequest, user_id: int) -> HttpResponse:
    """The newest projects of a person that this reader may see: a fragment."""
    person = get_object_or_404(User, pk=user_id)
    projects = queries.projects_of(person, request.user)
    return render(request, "projects/of_person.html", {"projects": projects})


def _wanted(request: HttpRequest) -> HallFilter:
    words = request.GET.get("q", "")[:200]
    tab, sort = request.GET.get("tab"), request.GET.get("sort")
    if tab in set(Tab):
        chosen = Tab(tab)
    else:
        chosen = queries.tab_with(request.user, words) if words.strip() else Tab.OFFICIAL
    return HallFilter(
        tab=chosen,
        words=words,
        framework=request.GET.get("framework", "")[:40],
        sort=Sort(sort) if sort in set(Sort) else Sort.NEWEST,
    )
