"""A revision's folder, made from the files of a project's work folder.

User code owns the work folder while we read it, so nothing in it is opened by its full
name or through a link (:mod:`lyceum.projects.workfolder`). A bundle is::

    model/<path in the work folder>    the chosen files
    converter.py                       where there is one
    service.json                       the spec (:mod:`lyceum.serving.spec`)
    sample.json                        in a trial's bundle only

Folders are 0755, files 0444; whoever mounts it mounts it read-only. A finished one is
``<home>/services/<revision id>/``; one being made lies beside those with a name that
begins with :data:`STAGED`.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from lyceum.common.errors import DomainError, NotFound, Unavailable
from lyceum.config import settings
from lyceum.limits import limit
from lyceum.projects import workfolder
from lyceum.projects.workfolder import Entry

STAGED = ".staged-"
MODEL = "model"
MOST_FILES = 1000
_MEGABYTE = 1024 * 1024
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished bundle: its folder, the bytes of its model files, and a digest that
    tells whether these are still the same files (by size, time and inode)."""

    folder: Path
    size: int
    digest: str


def services_root() -> Path:
    """The folder of all revisions' folders."""
    return settings().root / "services"


def revision_folder(revision_id: int) -> Path:
    """Where a revision's bundle is."""
    return services_root() / str(int(revision_id))


def chosen_files(project_id: int, paths: Sequence[str]) -> list[Entry]:
    """The plain files among ``paths`` and in the folders among them, each once, in order.

    What is not there (any more), links and pipes are left out; at most ``MOST_FILES`` + 1
    are looked at.
    """
    found: dict[str, Entry] = {}
    home = workfolder.home(project_id)
    for entry in _entries(home, paths):
        if entry.kind == "file":
            found.setdefault(entry.path, entry)
        if len(found) > MOST_FILES:
            break
    return list(found.values())


def model_files(project_id: int, paths: Sequence[str]) -> list[Entry]:
    """The files that a model made of ``paths`` has, as :func:`chosen_files`.

    Raises ``DomainError`` (field ``files``): none chosen, one that is not there, a link
    or a pipe, more than ``MOST_FILES`` or ``serving_model_mb``.
    """
    if not paths:
        raise _refusal("no_files", _("Choose the model's files."))
    home = workfolder.home(project_id)
    found: dict[str, Entry] = {}
    for path in paths:
        entry = look_at(home, path)
        if entry is None:
            raise _refusal("file_gone", _("“%(path)s” is not there (any more)."), path)
        for each in _entries(home, [path]):
            if each.kind == "link":
                raise _refusal(
                    "link", _("“%(path)s” is a link. Choose the file it leads to."), each.path
                )
            if each.kind != "file":
                raise _refusal("no_file", _("“%(path)s” is no file."), each.path)
            found.setdefault(each.path, each)
            if len(found) > MOST_FILES:
                sentence = _("A model has at most %(count)d files.") % {"count": MOST_FILES}
                raise _refusal("too_many_files", sentence)
    if not found:
        raise _refusal("no_files", _("There is no file in what you chose."))
    _check_size(sum(each.size for each in found.values()))
    return list(found.values())


def look_at(home: Path, path: str) -> Entry | None:
    """What ``path`` below ``home`` is now; ``None`` when it is not there."""
    parent, _slash, name = path.rpartition("/")
    try:
        with workfolder.open_file(home, path) as file:
            about = os.fstat(file.fileno())
            return Entry(path, "file", about.st_size, about.st_mtime)
    except NotFound:
        pass
    with suppress(NotFound):
        workfolder.entries(home, path)
        return Entry(path, "folder", 0, 0)
    with suppress(NotFound):
        workfolder.read_link(home, path)
        return Entry(path, "link", 0, 0)
    with suppress(NotFound):
        names = {each.name: each for each in workfolder.entries(home, parent)}
        return names.get(name)
    return None


@contextmanager
def staged(
    project_id: int,
    files: Sequence[Entry],
    *,
    spec: Mapping[str, Any],
    converter: str = "",
    sample: Mapping[str, Any] | None = None,
) -> Iterator[Bundle]:
    """A bundle of ``files`` in a folder of its own, removed at the end unless
    :func:`publish` has taken it.

    Raises ``DomainError`` (field ``files``) when a file has gone, has become a link or
    changes while it is copied, and ``Unavailable`` when the disk is full.
    """
    root = services_root()
    root.mkdir(parents=True, exist_ok=True, mode=0o755)
    folder = root / f"{STAGED}{secrets.token_hex(8)}"
    folder.mkdir(mode=0o755)
    try:
        size, digest = _copy(workfolder.home(project_id), files, folder / MODEL)
        if converter:
            _write(folder / "converter.py", converter.encode())
        _write(folder / "service.json", _json(spec))
        if sample is not None:
            _write(folder / "sample.json", _json(sample))
        yield Bundle(folder, size, digest)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        sentence = _("This machine's disk is full. Please tell an administrator.")
        raise Unavailable("no_space", sentence) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(bundle: Bundle, revision_id: int) -> Path:
    """Make ``bundle`` a revision's folder; within the transaction that makes the revision.

    One that is there already is left from a transaction that did not end: no revision
    owns it.
    """
    folder = revision_folder(revision_id)
    shutil.rmtree(folder, ignore_errors=True)
    bundle.folder.rename(folder)
    return folder


def _entries(home: Path, paths: Sequence[str]) -> Iterator[Entry]:
    for path in paths:
        entry = look_at(home, path)
        if entry is not None and entry.kind == "folder":
            yield from _below(home, path)
        elif entry is not None:
            yield entry


def _below(home: Path, path: str) -> Iterator[Entry]:
    with suppress(NotFound):  # replaced while we look, or nested too deeply
        for entry in workfolder.entries(home, path):
            if entry.kind == "folder":
                yield from _below(home, entry.path)
            else:
                yield entry


def _copy(home: Path, files: Sequence[Entry], target: Path) -> tuple[int, str]:
    """Copy ``files`` below ``target``; bytes and digest of what was copied."""
    target.mkdir(mode=0o755)
    seen = hashlib.sha256()
    total = 0
    for entry in sorted(files, key=lambda each: each.path):
        place = target / entry.path
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        try:
            with workfolder.open_file(home, entry.path) as source:
                before = os.fstat(source.fileno())
                total += before.st_size
                _check_size(total)
                _copy_bytes(source, place, before.st_size, entry.path)
                after = os.fstat(source.fileno())
        except NotFound:
            gone = _("“%(path)s” is not there (any more).")
            raise _refusal("file_gone", gone, entry.path) from None
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise _changing(entry.path)
        mark = (entry.path, before.st_size, before.st_mtime_ns, before.st_ino)
        seen.update(json.dumps(mark).encode())
    return total, seen.hexdigest()


def _copy_bytes(source: BinaryIO, place: Path, size: int, path: str) -> None:
    """Exactly ``size`` bytes: a file that grows must not fill the disk."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(place, flags, 0o644), "wb") as target:
        left = size
        while left:
            piece = source.read(min(left, _CHUNK))
            if not piece:
                raise _changing(path)
            target.write(piece)
            left -= len(piece)
        os.fchmod(target.fileno(), 0o444)


def _write(place: Path, data: bytes) -> None:
    place.write_bytes(data)
    place.chmod(0o444)


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False).encode()


def _check_size(size: int) -> None:
    most = limit("serving_model_mb") * _MEGABYTE
    if size > most:
        sentence = _("The files are larger than %(most)s, which is the most for a model.")
        raise _refusal("model_too_large", sentence % {"most": filesizeformat(most)})


def _changing(path: str) -> DomainError:
    sentence = _("“%(path)s” is being written just now. Try again once that is done.")
    return _refusal("file_changing", sentence, path)


def _refusal(code: str, sentence: str, path: str | None = None) -> DomainError:
    if path is not None:
        sentence %= {"path": workfolder.shown(path)[:200]}
    return DomainError(code, sentence, field="files")
