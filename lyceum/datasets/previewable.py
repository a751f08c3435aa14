"""Which files a dataset's page opens at once, by their names."""

from __future__ import annotations

_SHOWN = (
    ".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".json", ".txt", ".md",
    ".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".wav", ".mp3", ".ogg", ".flac",
)  # fmt: skip


def is_previewable(path: str) -> bool:
    """Whether there is something to see in a file of this name at once."""
    return path.lower().endswith(_SHOWN)
