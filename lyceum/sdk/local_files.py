"""The files on this machine that are to become a dataset."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lyceum.sdk.errors import LyceumError


@dataclass(frozen=True, slots=True)
class LocalFile:
    """``source`` with its size in bytes and its time of change in nanoseconds;
    ``path`` is its place in the dataset."""

    source: Path
    path: str
    size: int
    mtime_ns: int

    @property
    def has_changed(self) -> bool:
        """Whether the file is another one than when it was listed."""
        try:
            now = self.source.stat()
        except OSError:
            return True
        return (now.st_size, now.st_mtime_ns) != (self.size, self.mtime_ns)

    def changed(self) -> LyceumError:
        return LyceumError("file_changed", f"“{self.source}” was changed while it was sent.")


def collect(paths: Sequence[str | os.PathLike[str]]) -> list[LocalFile]:
    """Each file of ``paths`` by its name, each of a folder by its place inside it.

    Links inside folders are not followed. Raises ``LyceumError`` for a path that is
    not there, an empty file (the platform takes none), two files for one place, or
    when there is no file at all.
    """
    found: dict[str, LocalFile] = {}
    for given in paths:
        for file in _files(Path(given)):
            if file.path in found:
                raise LyceumError(
                    "same_place",
                    f"“{found[file.path].source}” and “{file.source}” would both become "
                    f"“{file.path}”.",
                )
            if file.size == 0:
                raise LyceumError("empty_file", f"“{file.source}” is empty: it has no bytes.")
            found[file.path] = file
    if not found:
        raise LyceumError("no_files", "There are no files to send.")
    return [found[path] for path in sorted(found)]


def _files(given: Path) -> Iterator[LocalFile]:
    if given.is_dir():
        for folder, folders, names in os.walk(given, onerror=_unreadable):
            folders.sort()
            for name in names:
                source = Path(folder, name)
                if stat.S_ISREG(source.lstat().st_mode):
                    yield _file(source, source.relative_to(given).as_posix())
    elif given.is_file():
        yield _file(given, given.name)
    elif given.exists():
        raise LyceumError("not_a_file", f"“{given}” is neither a file nor a folder.")
    else:
        raise LyceumError("no_such_file", f"There is no “{given}”.")


def _file(source: Path, path: str) -> LocalFile:
    about = source.stat()
    # As the platform keeps paths; macOS gives them decomposed.
    place = unicodedata.normalize("NFC", path)
    return LocalFile(source, place, about.st_size, about.st_mtime_ns)


def _unreadable(problem: OSError) -> None:
    raise LyceumError("unreadable", f"“{problem.filename}” can't be read: {problem.strerror}.")
