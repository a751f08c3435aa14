"""Uploaded pictures: avatars and covers, the only files under ``/media/``."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from lyceum.common.images import CONTENT_TYPES

FOLDERS = ("avatars", "covers")


@require_safe
def serve(request: HttpRequest, path: str) -> HttpResponse:
    """One picture, inert whatever its bytes are.

    We wrote these files ourselves (``lyceum.common.images``), under names that
    never come twice, so browsers may keep them. 404 for any other path.
    """
    name = PurePosixPath(path)
    kind = CONTENT_TYPES.get(name.suffix)
    if kind is None or len(name.parts) != 2 or name.parts[0] not in FOLDERS:
        raise Http404
    try:
        with default_storage.open(str(name)) as file:
            body = file.read()
    except (FileNotFoundError, SuspiciousFileOperation):
        raise Http404 from None
    return HttpResponse(
        body,
        content_type=kind,
        headers={
            "Cache-Control": "private, max-age=31536000, immutable",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )
