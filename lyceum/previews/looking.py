"""Texts, pictures and archives."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from lyceum.previews import workers
from lyceum.previews.inside import archives, pictures, texts
from lyceum.previews.results import Listing, Problem, Text, Thumbnail

TEXT_BYTES = 500_000
_SECONDS = 20.0
_ARCHIVE_SECONDS = 60.0


def text(path: Path, *, limit: int = TEXT_BYTES) -> Text:
    """The first ``limit`` bytes of a file, decoded."""
    found = workers.run(partial(texts.read, limit=limit), path, seconds=_SECONDS)
    return Text(problem=found) if isinstance(found, Problem) else found


def thumbnail(path: Path, *, size: int = 480) -> Thumbnail:
    """A picture within ``size`` × ``size`` pixels, as WebP."""
    found = workers.run(partial(pictures.thumbnail, size=size), path, seconds=_SECONDS)
    return Thumbnail(problem=found) if isinstance(found, Problem) else found


def entries(path: Path, format_: str) -> Listing:
    """What a ``zip``, ``tar`` or ``rar`` archive holds."""
    found = workers.run(archives.listing, path, format_, seconds=_ARCHIVE_SECONDS)
    return Listing(problem=found) if isinstance(found, Problem) else found
