"""Pages of datasets: the hall, one dataset, its files, the favourite mark."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from lyceum.common.markdown import render_markdown
from lyceum.datasets import actions, queries
from lyceum.datasets.models import Dataset
from lyceum.datasets.queries import Tab
from lyceum.projects.queries import projects_using


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


@require_safe
def detail(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """What a dataset is, and the files of its newest version."""
    dataset = queries.get_dataset(request.user, dataset_id)
    version = queries.newest_version(dataset)
    shown = {
        "dataset": dataset,
        "description": render_markdown(_in_language(dataset)),
        "version": version,
        "files": queries.files_of(version) if version else [],
    }
    return render(request, "datasets/detail.html", shown)


@require_safe
def projects(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """The projects, open to this reader, that use the dataset."""
    dataset = queries.get_dataset(request.user, dataset_id)
    page = projects_using(request.user, dataset.pk, cursor=request.GET.get("cursor"))
    return render(request, "datasets/projects.html", {"dataset": dataset, "page": page})


@login_required
@require_POST
def favourite(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Mark the dataset (``on=1``) or take the mark away."""
    change = actions.add_favourite if request.POST.get("on") else actions.remove_favourite
    dataset = change(request.user, dataset_id)
    if not request.htmx:
        return redirect("datasets:detail", dataset.pk)
    return render(request, "datasets/favourite.html", {"dataset": dataset})


@require_safe
def download(request: HttpRequest, dataset_id: int, number: int, path: str) -> FileResponse:
    """A file as an attachment: what people uploaded is never shown as a page of ours."""
    dataset = queries.get_dataset(request.user, dataset_id)
    found = queries.file_path(queries.get_version(dataset, number), path)
    return FileResponse(
        found.open("rb"), as_attachment=True, content_type="application/octet-stream"
    )


def _in_language(dataset: Dataset) -> str:
    english = (get_language() or "").startswith("en")
    return (english and dataset.description_en) or dataset.description
