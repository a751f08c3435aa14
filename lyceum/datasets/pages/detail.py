"""A dataset's page: what it is, its files, who uses it, the favourite mark."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from lyceum.common.markdown import render_markdown
from lyceum.datasets import actions, queries
from lyceum.datasets.models import Dataset
from lyceum.projects.queries import projects_using


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


def _in_language(dataset: Dataset) -> str:
    english = (get_language() or "").startswith("en")
    return (english and dataset.description_en) or dataset.description
