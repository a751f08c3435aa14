"""文件: a project's files, to look at and download; never to run."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lyceum.common.errors import NotFound
from lyceum.common.streams import download as download_response
from lyceum.projects import content, queries
from lyceum.projects.pages.code import TEXT_BYTES, shown_text
from lyceum.projects.pages.project import page_context
from lyceum.projects.workfolder import shown

_PICTURE_BYTES = 8_000_000
_PICTURES = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
    "webp": "image/webp", "svg": "image/svg+xml", "bmp": "image/bmp",
}  # fmt: skip


@require_safe
def files(request: HttpRequest, project_id: int) -> HttpResponse:
    """The folder ``?path=``, or the file at it shown read-only."""
    project = queries.get_project(request.user, project_id)
    found = queries.files_of(request.user, project, _version_number(request))
    path = request.GET.get("path", "").strip("/")
    context = {
        **page_context(request, project, "files"),
        "files": found,
        "path": path,
        "crumbs": _crumbs(path),
        "versions": queries.versions_page(project, size=100).items,
    }
    try:
        context["entries"] = found.entries(path)
    except NotFound:
        context |= _file_context(project, found, path)
    return render(request, "projects/tab_files.html", context)


@require_safe
def download(request: HttpRequest, project_id: int) -> StreamingHttpResponse:
    """A file's bytes, as an attachment."""
    project = queries.get_project(request.user, project_id)
    found = queries.files_of(request.user, project, _version_number(request))
    path = request.GET.get("path", "")
    chunks = found.chunks(path)
    name = path.rpartition("/")[2]
    return download_response(request, chunks, name=name, content_type="application/octet-stream")


@require_safe
def picture(request: HttpRequest, project_id: int) -> HttpResponse:
    """A picture for an ``<img>``; opened by itself it can do nothing either."""
    project = queries.get_project(request.user, project_id)
    found = queries.files_of(request.user, project, _version_number(request))
    path = request.GET.get("path", "")
    kind = _picture_kind(path)
    data = found.read(path, limit=_PICTURE_BYTES + 1)
    if kind is None or len(data) > _PICTURE_BYTES:
        raise NotFound("no_picture", shown(path))
    response = HttpResponse(data, content_type=kind)
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=60"
    return response


def _file_context(project, found: queries.Files, path: str) -> dict:
    size = found.size(path)
    context = {"file_path": path, "file_size": size}
    if path.endswith(".ipynb") and found.version:
        return {**context, "content_url": content.notebook_url(project, found.version, path)}
    if _picture_kind(path) and size <= _PICTURE_BYTES:
        return {**context, "is_picture": True}
    data = found.read(path, limit=TEXT_BYTES)
    return {**context, **shown_text(path, data, size)}


def _picture_kind(path: str) -> str | None:
    return _PICTURES.get(path.rpartition(".")[2].lower())


def _crumbs(path: str) -> list[tuple[str, str]]:
    parts = [part for part in path.split("/") if part]
    return [("/".join(parts[: index + 1]), shown(part)) for index, part in enumerate(parts)]


def _version_number(request: HttpRequest) -> int | None:
    value = request.GET.get("version", "")
    return int(value) if value.isdecimal() and len(value) < 10 else None
