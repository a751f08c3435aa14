"""What a file is, by its name and its first bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Look(StrEnum):
    """The ways a file can be looked at."""

    TABLE = "table"
    PICTURE = "picture"
    TEXT = "text"
    MARKDOWN = "markdown"
    AUDIO = "audio"
    ARCHIVE = "archive"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Kind:
    """How to look at a file, what it is written in (``csv``, ``png``, …), and its media type."""

    look: Look
    format: str
    media_type: str = "application/octet-stream"


_NONE = Kind(Look.NONE, "")
_BY_ENDING = {
    "csv": Kind(Look.TABLE, "csv", "text/csv"),
    "tsv": Kind(Look.TABLE, "csv", "text/tab-separated-values"),
    "tab": Kind(Look.TABLE, "csv", "text/tab-separated-values"),
    "parquet": Kind(Look.TABLE, "parquet"),
    "jsonl": Kind(Look.TABLE, "jsonl", "application/jsonl"),
    "ndjson": Kind(Look.TABLE, "jsonl", "application/x-ndjson"),
    "png": Kind(Look.PICTURE, "png", "image/png"),
    "jpg": Kind(Look.PICTURE, "jpeg", "image/jpeg"),
    "jpeg": Kind(Look.PICTURE, "jpeg", "image/jpeg"),
    "gif": Kind(Look.PICTURE, "gif", "image/gif"),
    "webp": Kind(Look.PICTURE, "webp", "image/webp"),
    "bmp": Kind(Look.PICTURE, "bmp", "image/bmp"),
    "tif": Kind(Look.PICTURE, "tiff", "image/tiff"),
    "tiff": Kind(Look.PICTURE, "tiff", "image/tiff"),
    "md": Kind(Look.MARKDOWN, "markdown", "text/markdown"),
    "markdown": Kind(Look.MARKDOWN, "markdown", "text/markdown"),
    "mp3": Kind(Look.AUDIO, "mp3", "audio/mpeg"),
    "wav": Kind(Look.AUDIO, "wav", "audio/wav"),
    "ogg": Kind(Look.AUDIO, "ogg", "audio/ogg"),
    "oga": Kind(Look.AUDIO, "ogg", "audio/ogg"),
    "opus": Kind(Look.AUDIO, "ogg", "audio/ogg"),
    "flac": Kind(Look.AUDIO, "flac", "audio/flac"),
    "m4a": Kind(Look.AUDIO, "mp4", "audio/mp4"),
    "zip": Kind(Look.ARCHIVE, "zip", "application/zip"),
    "rar": Kind(Look.ARCHIVE, "rar", "application/vnd.rar"),
    "tar": Kind(Look.ARCHIVE, "tar"),
    "tgz": Kind(Look.ARCHIVE, "tar"),
    "tbz2": Kind(Look.ARCHIVE, "tar"),
    "txz": Kind(Look.ARCHIVE, "tar"),
    "tar.gz": Kind(Look.ARCHIVE, "tar"),
    "tar.bz2": Kind(Look.ARCHIVE, "tar"),
    "tar.xz": Kind(Look.ARCHIVE, "tar"),
}
_BY_START = (
    (b"PAR1", _BY_ENDING["parquet"]),
    (b"PK\x03\x04", _BY_ENDING["zip"]),
    (b"\x89PNG\r\n\x1a\n", _BY_ENDING["png"]),
    (b"\xff\xd8\xff", _BY_ENDING["jpg"]),
    (b"GIF8", _BY_ENDING["gif"]),
)
_TEXT = Kind(Look.TEXT, "text", "text/plain")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MAY_BE_DELIMITED = ("txt", "data", "dat")
_DELIMITERS = (b"\t", b",", b";", b"|")
_LINES_TOLD_BY = 3


def kind_of(name: str, head: bytes) -> Kind:
    """How to look at a file called ``name`` that begins with ``head`` (some kB).

    The name decides where it says something, else the content does; SVG and HTML
    are text here, for as pictures and pages they could carry scripts.
    """
    parts = name.lower().rsplit("/", 1)[-1].split(".")
    for ending in (".".join(parts[-2:]), parts[-1]):
        if len(parts) > 1 and ending in _BY_ENDING:
            return _BY_ENDING[ending]
    if kind := _table_in(parts[-1], head):
        return kind
    for start, kind in _BY_START:
        if head.startswith(start):
            return kind
    if head.startswith(_UTF16) or b"\0" not in head:
        return _TEXT
    return _NONE


def _table_in(ending: str, head: bytes) -> Kind | None:
    """The table that a file of a name which says little is, if it is one: objects a line, or
    lines with as many delimiters each."""
    lines = [line for line in head.splitlines()[:-1] if line.strip()]
    if ending == "json":
        is_table = len(lines) > 1 and all(
            line.startswith(b"{") and line.rstrip().endswith(b"}") for line in lines
        )
        return _BY_ENDING["jsonl"] if is_table else None
    if ending not in _MAY_BE_DELIMITED or len(lines) < _LINES_TOLD_BY:
        return None
    for delimiter in _DELIMITERS:
        counts = {line.count(delimiter) for line in lines}
        if len(counts) == 1 and counts != {0}:
            return _BY_ENDING["csv"]
    return None
