"""Looking inside a file (guide, 数据集预览): tables, pictures, texts, sounds, archives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from lyceum import previews
from lyceum.common import streams
from lyceum.common.code import highlighted
from lyceum.common.errors import NotFound
from lyceum.common.markdown import render_markdown
from lyceum.datasets import preview_words as words
from lyceum.datasets import queries, storage
from lyceum.datasets.models import Dataset, DatasetFile, DatasetVersion
from lyceum.previews import Kind, Look, Problem, TablePage, TableProfile, workers
from lyceum.previews.inside.tables import COLUMNS_SHOWN
from lyceum.previews.tables import ROWS_A_PAGE

_HEAD_BYTES = 4096
_FURTHEST = 10**9
_SIZES = _SMALL, _LARGE = (240, 1200)
_GALLERY = 60
_MARKUP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Opened:
    """A file of a version that this reader may see, and what it is."""

    dataset: Dataset
    version: DatasetVersion
    file: DatasetFile
    kind: Kind

    @property
    def place(self):
        return queries.version_folder(self.dataset.pk, self.version.number) / self.file.path

    @property
    def cache(self):
        return storage.preview_folder(self.file.sha256)


@require_safe
@vary_on_headers("HX-Request")
def preview(request: HttpRequest, dataset_id: int, number: int, path: str) -> HttpResponse:
    """A file's preview: a fragment for HTMX, else a page of its own.

    For tables, ``?page`` ``?column`` ``?sort`` ``?desc`` ``?q`` choose what is shown;
    ``?part=progress`` is asked while the table is prepared.
    """
    opened = _open(request, dataset_id, number, path)
    shown = {
        "dataset": opened.dataset,
        "version": opened.version,
        "file": opened.file,
        "look": opened.kind.look.value,
        "kind": opened.kind,
    }
    if request.GET.get("part") == "progress" and opened.kind.look is Look.TABLE:
        progress = previews.prepare(opened.place, opened.kind.format, opened.cache)
        is_over = progress.is_ready or progress.problem
        shown["progress"] = None if is_over else progress
        return render(request, "datasets/preview/progress.html", shown)
    shown |= _PARTS[opened.kind.look](request, opened)
    if request.htmx:
        return render(request, "datasets/preview/preview.html", shown)
    return render(request, "datasets/preview/page.html", shown)


@require_safe
@cache_control(private=True, max_age=3600)
def thumbnail(request: HttpRequest, dataset_id: int, number: int, path: str) -> HttpResponse:
    """A picture written anew by us, ``?size=`` pixels at most; a sign where it can't be."""
    opened = _open(request, dataset_id, number, path)
    asked = request.GET.get("size", "")
    found = _thumbnail(opened, int(asked) if asked in {str(each) for each in _SIZES} else _SMALL)
    if isinstance(found, Problem):
        return redirect(static("datasets/no_picture.svg"))
    response = HttpResponse(found, content_type="image/webp")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_safe
def media(request: HttpRequest, dataset_id: int, number: int, path: str) -> HttpResponseBase:
    """A sound's bytes for a player, with ranges; nothing but sounds."""
    opened = _open(request, dataset_id, number, path)
    if opened.kind.look is not Look.AUDIO:
        raise NotFound("no_sound", _("This file is no sound."))
    return streams.send_file(
        request,
        opened.place,
        name=opened.place.name,
        content_type=opened.kind.media_type,
        inline=True,
        etag=opened.file.sha256,
    )


def _open(request: HttpRequest, dataset_id: int, number: int, path: str) -> Opened:
    dataset = queries.get_dataset(request.user, dataset_id)
    version = queries.get_version(dataset, number)
    file = queries.stored_file(version, path)
    with queries.file_path(version, path).open("rb") as opened:
        head = opened.read(_HEAD_BYTES)
    return Opened(dataset, version, file, previews.kind_of(file.path, head))


def _table(request: HttpRequest, opened: Opened) -> dict[str, Any]:
    place, format_, cache = opened.place, opened.kind.format, opened.cache
    page_number = _number(request, "page")
    column = _number(request, "column") // COLUMNS_SHOWN * COLUMNS_SHOWN
    sort, query = request.GET.get("sort", "")[:500], request.GET.get("q", "")[:200]
    progress = previews.prepare(place, format_, cache)
    if progress.is_ready:
        page = previews.rows(
            place,
            format_,
            cache,
            offset=page_number * ROWS_A_PAGE,
            sort=sort,
            descending=bool(request.GET.get("desc")),
            words=query.replace("\0", " ").split()[:8],
            first_column=column,
        )
        profile = previews.profile(cache)
        about = previews.further_profile(place, format_, cache, first_column=page.first_column)
        problem = page.problem or progress.problem
    else:
        page = previews.first_page(place, format_, cache)
        profile = about = TableProfile()
        problem = page.problem or progress.problem
    waiting = not progress.is_ready and not progress.problem and not page.problem_ends
    return {
        "page": page,
        "profile": profile,
        "columns": _columns(page, about),
        "rows": list(zip(page.numbers, page.rows, strict=True)),
        "problem": words.sentence(problem) if problem else "",
        "progress": progress if waiting else None,
        "page_number": page_number,
        "first_row": page_number * ROWS_A_PAGE + 1,
        "last_row": page_number * ROWS_A_PAGE + len(page.rows),
        "sort": sort,
        "descending": bool(request.GET.get("desc")),
        "words": query,
        "encoding": page.encoding or profile.encoding,
        "delimiter": words.delimiter_word(page.delimiter or profile.delimiter),
        "column_step": COLUMNS_SHOWN,
        "next_column": page.first_column + COLUMNS_SHOWN,
        "previous_column": max(0, page.first_column - COLUMNS_SHOWN),
        "last_column": page.first_column + len(page.columns),
    }


def _columns(page: TablePage, profile: TableProfile) -> list[dict[str, Any]]:
    known = {column.name: column for column in profile.columns}
    shown = []
    for column in page.columns:
        about = known.get(column.name)
        shown.append(
            {
                "name": column.name,
                "type": words.type_word(column.type),
                "is_number": column.type in ("integer", "number"),
                "about": about,
                "bars": words.bars(about.bins) if about else [],
            }
        )
    return shown


def _thumbnail(opened: Opened, size: int) -> bytes | Problem:
    kept = opened.cache / f"{size}.webp"
    if not kept.is_file():
        found = previews.thumbnail(opened.place, size=size)
        if found.problem:
            return found.problem
        storage.write_cache(kept, found.data)
    return kept.read_bytes()


def _picture(request: HttpRequest, opened: Opened) -> dict[str, Any]:
    found = _thumbnail(opened, _LARGE)
    folder = queries.folder_of(opened.version, opened.file.path.rpartition("/")[0])
    pictures = [
        file.path for file in folder.files if previews.kind_of(file.path, b"").look is Look.PICTURE
    ]
    here = pictures.index(opened.file.path) if opened.file.path in pictures else 0
    start = max(0, min(here - _GALLERY // 2, len(pictures) - _GALLERY))
    return {
        "problem": words.sentence(found) if isinstance(found, Problem) else "",
        "gallery": pictures[start : start + _GALLERY],
        "gallery_count": len(pictures),
        "previous": pictures[here - 1] if here > 0 else "",
        "next": pictures[here + 1] if here + 1 < len(pictures) else "",
    }


def _text(request: HttpRequest, opened: Opened) -> dict[str, Any]:
    found = previews.text(opened.place)
    problem = words.sentence(found.problem) if found.problem else ""
    shown = {"problem": problem, "is_cut": found.is_cut, "encoding": found.encoding}
    is_markdown = opened.kind.look is Look.MARKDOWN
    show = render_markdown if is_markdown else partial(highlighted, opened.file.path)
    # Some texts take a parser very long: not the portal's time.
    html = workers.run(show, found.text, seconds=_MARKUP_SECONDS)
    if isinstance(html, Problem):
        return shown | {"code": highlighted("", found.text)}
    return shown | {"markdown" if is_markdown else "code": html}


def _archive(request: HttpRequest, opened: Opened) -> dict[str, Any]:
    found = previews.entries(opened.place, opened.kind.format)
    problem = words.sentence(found.problem) if found.problem else ""
    return {"listing": found, "problem": problem}


def _nothing(request: HttpRequest, opened: Opened) -> dict[str, Any]:
    return {}


_PARTS = {
    Look.TABLE: _table,
    Look.PICTURE: _picture,
    Look.TEXT: _text,
    Look.MARKDOWN: _text,
    Look.AUDIO: _nothing,
    Look.ARCHIVE: _archive,
    Look.NONE: _nothing,
}


def _number(request: HttpRequest, name: str) -> int:
    value = request.GET.get(name, "")
    number = int(value) if value.isascii() and value.isdecimal() and len(value) < 12 else 0
    return min(number, _FURTHEST)
