"""The list of datasets (guide, 数据集)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lyceum.datasets import queries
from lyceum.datasets.queries import Tab


@require_safe
def hall(request: HttpRequest) -> HttpResponse:
    """The list of a tab; with HTMX its next items only."""
    asked = request.GET.get("tab", "")
    tab = Tab(asked) if asked in set(Tab) else Tab.OFFICIAL
    words = request.GET.get("q", "")[:200]
    page = queries.datasets_page(
        request.user, tab=tab, words=words, cursor=request.GET.get("cursor")
    )
    template = (
        "datasets/items.html"
        if request.htmx and not request.htmx.boosted
        else "datasets/hall.html"
    )
    return render(request, template, {"page": page, "tab": tab, "words": words})
