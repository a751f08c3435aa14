"""A dataset's bytes, to save: one file, or a whole version as a zip."""

from __future__ import annotations

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from lyceum.common import streams
from lyceum.datasets import queries


@require_safe
def download(request: HttpRequest, dataset_id: int, number: int, path: str) -> HttpResponseBase:
    """A file as an attachment, resumable: what people uploaded is never a page of ours."""
    dataset = queries.get_dataset(request.user, dataset_id)
    version = queries.get_version(dataset, number)
    file = queries.stored_file(version, path)
    place = queries.file_path(version, path)
    return streams.send_file(request, place, name=place.name, etag=file.sha256)


@require_safe
def download_zip(request: HttpRequest, dataset_id: int, number: int) -> StreamingHttpResponse:
    """A version's files as one zip."""
    dataset = queries.get_dataset(request.user, dataset_id)
    version = queries.get_version(dataset, number)
    stream = queries.zip_stream(version)
    return streams.download(
        request,
        iter(stream),
        name=queries.archive_name(dataset, version),
        content_type="application/zip",
        length=len(stream),
    )
