"""The files of dataset versions on disk: written once, then only read."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext as _

from lyceum.common.errors import DomainError
from lyceum.config import settings

_CHUNK = 1 << 20
_LONGEST_PATH = 500


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A copied file: ``path`` within the dataset, ``size`` in bytes."""

    path: str
    size: int
    sha256: str


def dataset_folder(dataset_id: int) -> Path:
    """The folder with all versions of a dataset."""
    return settings().root / "datasets" / str(int(dataset_id))


def clean_path(path: str) -> str:
    """``path`` if it names a place inside a dataset, else a ``DomainError``."""
    pure = PurePosixPath(path)
    is_plain = not pure.is_absolute() and ".." not in pure.parts and str(pure) == path
    if not is_plain or path == "." or "\0" in path or len(path) > _LONGEST_PATH:
        raise DomainError(
            "bad_path", _("“%(path)s” is no path for a file.") % {"path": path}, field="files"
        )
    return path


@contextmanager
def staged(dataset_id: int, files: Mapping[str, Path]) -> Iterator[tuple[Path, list[StoredFile]]]:
    """Copy ``files`` (their place in the dataset → where they are now) into a new
    folder beside the versions, for ``publish``; it is gone after the block if unused.

    Sources are regular files; a link in the last place is refused (``OSError``).
    """
    parent = dataset_folder(dataset_id)
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=parent))
    try:
        stored = [
            _copy(source, folder, clean_path(path)) for path, source in sorted(files.items())
        ]
        folder.chmod(0o755)
        yield folder, stored
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(staged_folder: Path, target: Path) -> None:
    """Give a staged folder its final name.

    Whatever is there was left by a crash before its row was kept, for the caller
    holds the dataset's lock and has found ``target``'s number free.
    """
    if target.exists():
        shutil.rmtree(target)
    os.rename(staged_folder, target)


def digest(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(source: Path, folder: Path, path: str) -> StoredFile:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    seen = hashlib.sha256()
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as reader, target.open("xb") as writer:
        while chunk := reader.read(_CHUNK):
            seen.update(chunk)
            writer.write(chunk)
        size = writer.tell()
    target.chmod(0o444)
    return StoredFile(path, size, seen.hexdigest())
