"""Pictures from learners: checked, made small, and written anew by us."""

from __future__ import annotations

import io
import secrets
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from lyceum.common.errors import DomainError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
CONTENT_TYPES = {".webp": "image/webp"}
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 40_000_000


def reencoded(upload: BinaryIO, *, width: int, height: int, field: str) -> ContentFile:
    """``upload`` as a WebP file of exactly ``width`` × ``height`` pixels, cut to fit.

    The result carries a fresh random name and none of the upload's own bytes or
    metadata (a photo's place included). Raises ``DomainError`` on ``field``:
    ``picture_too_large`` over 5 MB or 40 megapixels, ``not_a_picture`` for
    anything but JPEG, PNG, WebP and GIF.
    """
    data = upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _too_large(field)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise _too_large(field)
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        ValueError,
        SyntaxError,
    ):
        raise DomainError(
            "not_a_picture",
            _("This file is not a picture. Please choose a JPEG, PNG, WebP or GIF file."),
            field=field,
        ) from None
    written = io.BytesIO()
    ImageOps.fit(upright, (width, height)).save(written, "WEBP", quality=86)
    return ContentFile(written.getvalue(), name=f"{secrets.token_hex(12)}.webp")


def _too_large(field: str) -> DomainError:
    return DomainError(
        "picture_too_large",
        _("This picture is too large: at most 5 MB and 40 megapixels."),
        field=field,
    )
