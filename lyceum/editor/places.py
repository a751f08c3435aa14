"""Where in a project's files something can be written without taking other things' place."""

from __future__ import annotations

from pathlib import Path

from lyceum.projects import workfolder


def blocker(root: Path, path: str) -> str | None:
    """What keeps a file from being written at ``path`` below ``root``: a folder or link at
    its place, or what is no folder above it; ``None`` when a file is there or nothing is."""
    parts = path.split("/")
    for above in ("/".join(parts[:end]) for end in range(1, len(parts))):
        if workfolder.kind_of(root, above) not in (None, "folder"):
            return above
    return None if workfolder.kind_of(root, path) in (None, "file") else path


def check_free(root: Path, path: str) -> None:
    """Raises ``Conflict`` unless nothing is at ``path`` and only folders are above it."""
    found = blocker(root, path)
    if found is None and workfolder.kind_of(root, path) is not None:
        found = path
    if found is not None:
        raise workfolder.already_there(found)
