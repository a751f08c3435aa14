"""The project's datasets as they are mounted: ``<home>/data/data<ID>/``."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_FOLDER = re.compile(r"data\d+")
_MOST_ENTRIES = 2000  # a panel, not an index: past this the listing says it was cut


@dataclass(slots=True)
class Entry:
    """A file or folder; ``path`` is absolute, as learners put it into their code."""

    name: str
    path: str
    folder: bool
    bytes: int | None = None
    children: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class Listing:
    """Mounted datasets, each with its files; ``cut`` when there were too many."""

    datasets: list[Entry]
    cut: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def list_datasets(home: Path) -> Listing:
    """The datasets under ``home/data``; links are shown as files and not followed."""
    remaining = [_MOST_ENTRIES]
    root = home / "data"
    folders = [name for name in _names(root) if _FOLDER.fullmatch(name)]
    folders.sort(key=lambda name: int(name[4:]))
    datasets = [
        Entry(name, str(root / name), True, None, _children(root / name, remaining))
        for name in folders
    ]
    return Listing(datasets, cut=remaining[0] <= 0)


def _children(folder: Path, remaining: list[int]) -> list[Entry]:
    entries: list[Entry] = []
    try:
        found = sorted(os.scandir(folder), key=lambda one: (not _is_folder(one), one.name))
    except OSError:
        return entries
    for one in found:
        remaining[0] -= 1
        if remaining[0] < 0:
            break
        inner = _children(Path(one.path), remaining) if _is_folder(one) else []
        size = None if _is_folder(one) else one.stat(follow_symlinks=False).st_size
        entries.append(Entry(one.name, one.path, _is_folder(one), size, inner))
    return entries


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
