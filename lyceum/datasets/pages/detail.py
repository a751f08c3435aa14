"""A dataset's page (guide, 数据集): its head and its tabs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from lyceum.common.markdown import render_markdown
from lyceum.datasets import queries
from lyceum.datasets.licences import licence
from lyceum.datasets.models import Dataset, DatasetFile, DatasetVersion
from lyceum.datasets.queries.unpacking import archive_folder
from lyceum.previews import kind_of
from lyceum.previews.kinds import Look
from lyceum.projects.queries import projects_using

_UNKNOWN = b"\0"
"""Bytes that say nothing about what a file is, so that its name must."""
_ENTRIES = 100
"""Folders and files listed at once."""
_LONG_CHARACTERS, _LONG_LINES = 600, 16
"""A description beyond these is first shown cut, so that the files are near."""


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
def detail(request: HttpRequest, dataset_id: int, number: int | None = None) -> HttpResponse:
    """What a dataset is and its files: of the newest version, or of version ``number``.

    ``?folder=`` is the folder shown and ``?file=`` the file to look into. HTMX asking for
    ``#files`` gets that folder alone, and with ``?after=`` what else is in it.
    """
    dataset = queries.get_dataset(request.user, dataset_id)
    newest = queries.newest_version(dataset)
    version = newest if number is None else queries.get_version(dataset, number)
    shown = {
        "dataset": dataset,
        "version": version,
        "is_owner": _is_owner(request, dataset),
        "places": _places(dataset),
        **_folder(request, version),
    }
    if request.htmx and "after" in request.GET:
        return render(request, "datasets/file_rows.html", shown)
    if request.htmx.target == "files":
        return render(request, "datasets/files.html", shown)
    shown |= page_context(request, dataset, "data", newest=newest, version=version) | {
        "versions": queries.versions_page(dataset, size=10).items,
        "description": render_markdown(dataset.shown_description),
        "is_long": _is_long(dataset.shown_description),
        "previewed": _previewed(request, version, shown["folder"]),
    }
    return render(request, "datasets/detail.html", shown)


@require_safe
@vary_on_headers("HX-Request")
def versions(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """All versions with what each changed; with HTMX, the next ones only."""
    dataset = queries.get_dataset(request.user, dataset_id)
    page = queries.versions_page(dataset, cursor=request.GET.get("cursor"))
    shown = {"dataset": dataset, "page": page}
    if request.htmx and request.GET.get("cursor"):
        return render(request, "datasets/version_items.html", shown)
    newest = queries.newest_version(dataset)
    shown |= page_context(request, dataset, "versions", newest=newest)
    return render(request, "datasets/versions.html", shown)


@require_safe
def projects(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """The projects, open to this reader, that use the dataset: a fragment."""
    dataset = queries.get_dataset(request.user, dataset_id)
    page = projects_using(request.user, dataset.pk, cursor=request.GET.get("cursor"), size=6)
    return render(request, "datasets/projects.html", {"dataset": dataset, "page": page})


def page_context(
    request: HttpRequest,
    dataset: Dataset,
    tab: str,
    *,
    newest: DatasetVersion | None,
    version: DatasetVersion | None = None,
) -> dict[str, Any]:
    """What the head and the side of every page of a dataset show; of ``version``, or the
    newest."""
    return {
        "dataset": dataset,
        "tab": tab,
        "newest": newest,
        "version": version or newest,
        "is_owner": _is_owner(request, dataset),
        "licence": licence(dataset.licence),
        "places": _places(dataset),
        "comment_count": dataset.comments.count(),
    }


def _is_long(text: str) -> bool:
    return len(text) > _LONG_CHARACTERS or text.count("\n") > _LONG_LINES


def _folder(request: HttpRequest, version: DatasetVersion | None) -> dict[str, Any]:
    if version is None:
        return {"folder": None, "archives": set()}
    folder = queries.folder_of(
        version, request.GET.get("folder", ""), after=request.GET.get("after", ""), most=_ENTRIES
    )
    return {
        "folder": folder,
        "archives": {file.path for file in folder.files if archive_folder(file.path)},
    }


def _previewed(
    request: HttpRequest, version: DatasetVersion | None, folder: queries.Folder | None
) -> DatasetFile | None:
    """The file to look into at once: the one asked for, else the first whose name says that
    there is something to see, else the first."""
    if version is None or folder is None:
        return None
    asked = request.GET.get("file", "")
    if asked:
        return queries.stored_file(version, asked)
    near = (*folder.files, *queries.files_of(version))
    return next((file for file in near if _says_something(file.path)), near[0])


def _says_something(path: str) -> bool:
    return kind_of(path, _UNKNOWN).look not in (Look.NONE, Look.ARCHIVE)


def _places(dataset: Dataset) -> dict[str, str]:
    """Where the dataset's folder is (guide, 数据集): in a notebook, in a cluster task, and
    seen from the folder that holds the datasets."""
    folder = f"data{dataset.pk}/"
    return {
        "notebook": f"/home/aistudio/data/{folder}",
        "cluster": f"/root/paddlejob/workspace/train_data/datasets/{folder}",
        "relative": folder,
    }


def _is_owner(request: HttpRequest, dataset: Dataset) -> bool:
    return request.user.is_authenticated and dataset.owner_id == request.user.pk
