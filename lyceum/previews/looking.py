"""Texts, pictures and archives."""

from __future__ import annotations

from pathlib import Path

from lyceum.previews import workers
from lyceum.previews.inside import archives, pictures, texts
from lyceum.previews.results import Listing, Problem, Text, Thumbnail

TEXT_BYTES = 500_000
_SECONDS = 20.0


def text(path: Path, *, limit: int = TEXT_BYTES) -> Text:
    """The first ``limit`` bytes of a file, decoded."""
    found = workers.run(_read, path, limit, seconds=_SECONDS)
    return Text(problem=found) if isinstance(found, Problem) else found


def thumbnail(path: Path, *, size: int = 480) -> Thumbnail:
    """A picture within ``size`` × ``size`` pixels, as WebP."""
    found = workers.run(_thumbnail, path, size, seconds=_SECONDS)
    return Thumbnail(problem=found) if isinstance(found, Problem) else found


def entries(path: Path, format_: str) -> Listing:
    """What a ``zip``, ``tar`` or ``rar`` archive holds."""
    found = workers.run(archives.listing, path, format_, seconds=60)
    return Listing(problem=found) if isinstance(found, Problem) else found


def _read(path: Path, limit: int) -> Text:
    return texts.read(path, limit=limit)


def _thumbnail(path: Path, size: int) -> Thumbnail:
    return pictures.thumbnail(path, size=size)
