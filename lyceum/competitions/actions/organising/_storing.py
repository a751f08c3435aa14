"""Keeping organisers' files in a round's folders, whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from lyceum.common.errors import DomainError
from lyceum.limits import limit

_CHUNK = 1 << 20
_MEGABYTE = 1 << 20
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that is on disk under a name of ours, until it is published under ``name``."""

    path: Path
    name: str
    size: int
    sha256: str

    def publish(self, name: str | None = None) -> Path:
        """Give it its name, in the place of one that is called so; where it is now."""
        target = self.path.parent / (name or self.name)
        os.replace(self.path, target)
        return target


def new_seed() -> str:
    """A split's seed that nobody can guess."""
    return secrets.token_hex(16)


def private_folder(path: Path) -> Path:
    """``path``, made with what is above it, for nobody but the platform (mode 0700)."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
    return path


def clean_name(name: str, *, field: str) -> str:
    """The last part of ``name`` if a file can be called so, else a ``DomainError``."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2].strip()
    is_plain = last.isprintable() and not last.startswith(".") and last
    if not is_plain or len(last) > _LONGEST_NAME or len(last.encode()) > 255:
        raise DomainError("bad_name", _("This is no name for a file."), field=field)
    return last


@contextmanager
def staged(folder: Path, file: BinaryIO, name: str, *, field: str) -> Iterator[Staged]:
    """``file`` copied into ``folder``; it is gone after the block unless published.

    Raises ``DomainError`` about ``field`` when it is empty, too large or badly named.
    """
    name = clean_name(name, field=field)
    private_folder(folder)
    # Its ending stays: readers go by it.
    handle, path = tempfile.mkstemp(prefix=".new-", suffix=Path(name).suffix, dir=folder)
    try:
        with os.fdopen(handle, "wb") as writer:
            size, sha256 = _copied(file, writer, field)
        # The sandbox that scores may run as another user; the folder keeps everybody else out.
        os.chmod(path, 0o644)
        yield Staged(Path(path), name, size, sha256)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def keep(folder: Path, file: BinaryIO, name: str, *, field: str) -> Staged:
    """``file`` under its own name in ``folder``; raises as `staged`."""
    with staged(folder, file, name, field=field) as fresh:
        fresh.publish()
    return fresh


def keep_only(folder: Path, name: str) -> None:
    """Remove what else is in ``folder``, but for files that are being written."""
    for each in folder.iterdir():
        if each.name != name and not each.name.startswith(".new-"):
            each.unlink(missing_ok=True)


def _copied(file: BinaryIO, writer: BinaryIO, field: str) -> tuple[int, str]:
    most = limit("submission_mb")
    size, seen = 0, hashlib.sha256()
    while chunk := file.read(_CHUNK):
        size += len(chunk)
        if size > most * _MEGABYTE:
            sentence = _("The file is larger than %(count)d MB.") % {"count": most}
            raise DomainError("too_large", sentence, field=field)
        seen.update(chunk)
        writer.write(chunk)
    if not size:
        raise DomainError("empty_file", _("The file is empty."), field=field)
    return size, seen.hexdigest()
