"""Covers: pictures from people, decoded and written anew by us."""

from __future__ import annotations

import io
import secrets
from typing import BinaryIO

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from lyceum.common.errors import DomainError

SIZE = (960, 540)
LARGEST_MB = 8
_MOST_PIXELS = 40_000_000
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


def encode_cover(image: BinaryIO) -> bytes:
    """``image`` (PNG, JPEG, WebP or GIF) as a WebP of 960 × 540 pixels, cropped.

    Nothing of the original file is kept: no metadata, no trailing bytes. Raises
    ``DomainError`` about ``cover``.
    """
    data = image.read(LARGEST_MB * 1_000_000 + 1)
    if len(data) > LARGEST_MB * 1_000_000:
        sentence = _("A cover is at most %(size)d MB.") % {"size": LARGEST_MB}
        raise DomainError("cover_too_large", sentence, field="cover")
    try:
        picture = Image.open(io.BytesIO(data), formats=_FORMATS)
        if picture.width * picture.height > _MOST_PIXELS:
            raise ValueError("too many pixels")
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        sentence = _("This is not a picture we can read (PNG, JPEG, WebP or GIF).")
        raise DomainError("not_a_picture", sentence, field="cover") from None
    out = io.BytesIO()
    ImageOps.fit(upright, SIZE).save(out, "WEBP", quality=82)
    return out.getvalue()


def cover_file_name(project_id: int) -> str:
    """A name that can't be guessed: covers of private projects are files too."""
    return f"{project_id}-{secrets.token_hex(12)}.webp"
