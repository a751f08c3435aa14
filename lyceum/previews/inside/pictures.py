"""Thumbnails: a picture decoded, made small and written anew."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageOps

from lyceum.previews.results import Problem, Thumbnail
from lyceum.previews.workers import Unreadable

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
MOST_PIXELS = 200_000_000


def thumbnail(path: Path, *, size: int) -> Thumbnail:
    """The picture within ``size`` × ``size`` pixels, never enlarged."""
    Image.MAX_IMAGE_PIXELS = None  # checked below, with a sentence of ours
    try:
        with Image.open(path, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                return Thumbnail(
                    width=width,
                    height=height,
                    problem=Problem("too_large", {"pixels": width * height}),
                )
            picture.draft("RGB", (size * 2, size * 2))  # lets JPEG decode a smaller one
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((size, size))
            shown = upright.convert("RGBA" if "A" in upright.getbands() else "RGB")
            written = io.BytesIO()
            shown.save(written, "WEBP", quality=82)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise Unreadable(str(error), code="damaged_picture") from None
    return Thumbnail(written.getvalue(), width, height)
