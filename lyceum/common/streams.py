"""Bytes for a reader: files as they are, and streams made while they are sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _

from lyceum.common.errors import NotFound

SENT_FILE = "X-Lyceum-Sent-File"
"""Names the file that the ASGI server sends as the body (``portal.sending``)."""

Response = TypeVar("Response", bound=HttpResponseBase)
_END = object()


def send_file(
    request: HttpRequest,
    path: Path,
    *,
    name: str,
    content_type: str = "application/octet-stream",
    inline: bool = False,
    etag: str = "",
) -> HttpResponseBase:
    """The file ``path`` as it is, with ranges, so that a download can be resumed (RFC 9110
    §14) and a player can seek. Whatever is in it, it can do nothing in the browser.

    ``inline``: for an ``<img>`` or ``<audio>``, else to save under ``name``. ``etag``
    names the content: who has it already is told so (304). Under ASGI the server sends
    the file itself; elsewhere (tests) Django does, whole. ``NotFound`` when it is lost.
    """
    if not path.is_file():
        raise NotFound("no_such_file", _("This file is not on the disk any more."))
    if isinstance(request, ASGIRequest):
        response: HttpResponseBase = HttpResponse(content_type=content_type)
        response[SENT_FILE] = quote(str(path))
    else:
        response = FileResponse(path.open("rb"), content_type=content_type)
    _inert(response, name, inline=inline)
    if not etag:
        return response
    response["ETag"] = f'"{etag}"'
    return get_conditional_response(request, etag=response["ETag"], response=response)


def download(
    request: HttpRequest,
    chunks: Iterator[bytes],
    *,
    name: str,
    content_type: str,
    length: int | None = None,
) -> StreamingHttpResponse:
    """``chunks`` (``length`` bytes, where that is known) as a file to save: never shown,
    never run, never guessed at.

    Under ASGI, Django would first collect a plain iterator in memory; there the
    chunks are taken one by one, each in a thread.
    """
    if request.method == "HEAD":
        chunks = iter(())  # or all would be made, for the server to throw away
    body = _one_by_one(chunks) if isinstance(request, ASGIRequest) else chunks
    response = StreamingHttpResponse(body, content_type=content_type)
    if length is not None:
        response["Content-Length"] = str(length)
    return _inert(response, name)


def _inert(response: Response, name: str, *, inline: bool = False) -> Response:
    how = "inline" if inline else "attachment"
    response["Content-Disposition"] = f"{how}; filename*=UTF-8''{quote(name, safe='')}"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def _one_by_one(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (chunk := await sync_to_async(next)(chunks, _END)) is not _END:
        yield chunk
