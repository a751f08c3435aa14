"""A password that the validators take, and pictures to upload."""

from __future__ import annotations

import io

from PIL import Image

PASSWORD = "a quiet river 42"


def picture(kind: str = "PNG", size: tuple[int, int] = (640, 480), **options: object) -> bytes:
    """The bytes of a picture of one colour."""
    written = io.BytesIO()
    Image.new("RGB", size, "teal").save(written, kind, **options)
    return written.getvalue()
