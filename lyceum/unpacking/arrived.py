"""What a run left behind, looked at as what it is: a folder of a program that read
hostile bytes. Nothing is opened, no link is followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lyceum.runtime.unpack.work import FILES


class Unexpected(Exception):
    """There is something that our own program would not have made."""


@dataclass(frozen=True, slots=True)
class Found:
    """A plain file: ``path`` below the archive's folder, ``place`` on disk, bytes."""

    path: str
    place: Path
    size: int


def found(folder: Path) -> list[Found]:
    """The files of a finished run in ``folder``, by path.

    Raises `Unexpected` for a link or a device. Hard links can't lead out of the run's
    own folder, so they are files like others.
    """
    root = folder / FILES
    return sorted(_below(root, root), key=lambda each: each.path)


def _below(folder: Path, root: Path) -> Iterator[Found]:
    with os.scandir(folder) as entries:
        for entry in entries:
            about = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(about.st_mode):
                yield from _below(Path(entry.path), root)
            elif stat.S_ISREG(about.st_mode):
                place = Path(entry.path)
                yield Found(place.relative_to(root).as_posix(), place, about.st_size)
            else:
                raise Unexpected(entry.path)
