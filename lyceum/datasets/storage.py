"""Where datasets' bytes are: each content once, linked into every version that has it.

``blobs/<first two>/<sha256>`` holds a content, read-only. A version's folder
``datasets/<id>/<number>/`` holds hard links to blobs, so that it can be mounted as
it is and costs nothing twice. ``uploads/`` is the tus server's (docs/adr/0004).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from threading import Thread

from django.utils.translation import gettext as _

from lyceum.common.errors import DomainError
from lyceum.config import settings

_CHUNK = 1 << 20
_UPLOAD = re.compile(r"[0-9a-f]{32}(\.json|\.done(\.new)?)?")
LONGEST_PATH = 500
_LONGEST_PART_BYTES = 255
_REST = 24 * 3600.0
_BATCH = 500
_FEW = 200  # uploads, whose removal nobody notices


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a version: ``path`` within the dataset, ``size`` in bytes."""

    path: str
    size: int
    sha256: str


def dataset_folder(dataset_id: int) -> Path:
    """The folder with all versions of a dataset."""
    return settings().root / "datasets" / str(int(dataset_id))


def blob_path(sha256: str) -> Path:
    """Where the content with this SHA-256 (hexadecimal) is kept."""
    return settings().root / "blobs" / sha256[:2] / sha256


def preview_folder(sha256: str) -> Path:
    """Where previews of this content keep what they computed."""
    return settings().root / "previews" / sha256


def clean_path(path: str) -> str:
    """``path`` in NFC if it names a place inside a dataset, else a ``DomainError``."""
    path = unicodedata.normalize("NFC", path)
    pure = PurePosixPath(path)
    is_plain = not pure.is_absolute() and ".." not in pure.parts and str(pure) == path
    if (
        not is_plain
        or path == "."
        or len(path) > LONGEST_PATH
        or any(unicodedata.category(character) in ("Cc", "Cs") for character in path)
        or any(len(part.encode()) > _LONGEST_PART_BYTES for part in pure.parts)
    ):
        shown = "".join(character if character.isprintable() else "�" for character in path)
        if len(shown) > 80:
            shown = f"{shown[:80]}…"
        raise DomainError(
            "bad_path", _("“%(path)s” is no path for a file.") % {"path": shown}, field="files"
        )
    return path


def check_places(paths: list[str]) -> None:
    """Raises ``DomainError`` when one of ``paths`` would be a file and a folder at once."""
    files = set(paths)
    for folder in folders_above(paths):
        if folder in files:
            raise file_and_folder(folder)


def folders_above(paths: Iterable[str]) -> set[str]:
    """Every folder that files at ``paths`` are in, however deep."""
    folders: set[str] = set()
    for path in paths:
        while (path := path.rpartition("/")[0]) and path not in folders:
            folders.add(path)
    return folders


def file_and_folder(path: str) -> DomainError:
    """What is against a file at ``path``, where a folder is, or a file in it."""
    sentence = _("“%(path)s” can't be a file and a folder at once.") % {"path": path}
    return DomainError("file_and_folder", sentence, field="files")


def keep(source: Path) -> StoredFile:
    """Copy ``source`` into the blobs, hashing it on the way; ``path`` is its name.

    A link in the last place is refused (``OSError``).
    """
    parent = settings().root / "blobs"
    parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".new-", dir=parent)
    fresh = Path(name)
    try:
        seen = hashlib.sha256()
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as reader, os.fdopen(handle, "wb") as writer:
            while chunk := reader.read(_CHUNK):
                seen.update(chunk)
                writer.write(chunk)
            size = writer.tell()
        adopt(fresh, seen.hexdigest())
    finally:
        fresh.unlink(missing_ok=True)
    return StoredFile(source.name, size, seen.hexdigest())


def adopt(source: Path, sha256: str) -> None:
    """Make ``source``, known to have this SHA-256, the blob, unless there is one.

    ``source`` stays where it is, as a second name of the same bytes.
    """
    target = blob_path(sha256)
    with contextlib.suppress(FileNotFoundError):
        target.chmod(0o444)  # as it was, but changed just now: no sweep takes it away
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source.chmod(0o444)
    with contextlib.suppress(FileExistsError):  # another just brought the same content
        _link(source, target)


@contextmanager
def staged(dataset_id: int, files: Mapping[str, str]) -> Iterator[Path]:
    """A new folder beside the versions with ``files`` (path → SHA-256 of a blob), for
    ``publish``; it is gone after the block if unused."""
    parent = dataset_folder(dataset_id)
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=parent))
    try:
        for path, sha256 in files.items():
            place = folder / clean_path(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            _link(blob_path(sha256), place)
        folder.chmod(0o755)
        yield folder
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


def write_cache(path: Path, data: bytes) -> None:
    """Keep ``data`` at ``path`` below a preview's folder, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.replace(name, path)


def remove_dataset_folder(dataset_id: int) -> None:
    """Remove all versions' files; contents that nothing else has go with a later sweep."""
    shutil.rmtree(dataset_folder(dataset_id), ignore_errors=True)


def upload_sha256(upload_id: str, size: int) -> str | None:
    """The SHA-256 of an upload whose last byte is on disk; ``None`` before.

    The tus server writes it beside the bytes when it has them all.
    """
    try:
        done = json.loads((_uploads() / f"{upload_id}.done").read_text())
    except (OSError, ValueError):
        return None
    return done["sha256"] if done.get("size") == size else None


def upload_offset(upload_id: str) -> int:
    """How many bytes of an upload are on disk."""
    try:
        return upload_path(upload_id).stat().st_size
    except OSError:
        return 0


def upload_path(upload_id: str) -> Path:
    """Where the tus server puts an upload's bytes."""
    return _uploads() / upload_id


def remove_uploads(upload_ids: Sequence[str]) -> None:
    """Forget the bytes of uploads and what the tus server knows about them.

    Of thousands, nobody waits for it: they go in a thread, and what a crash leaves of
    them with a later ``sweep_uploads``.
    """
    folder = _uploads()
    if len(upload_ids) <= _FEW:
        _unlink_uploads(folder, upload_ids)
    else:
        Thread(target=_unlink_uploads, args=(folder, upload_ids), daemon=True).start()


def _unlink_uploads(folder: Path, upload_ids: Iterable[str]) -> None:
    for upload_id in upload_ids:
        for suffix in ("", ".json", ".done"):
            (folder / f"{upload_id}{suffix}").unlink(missing_ok=True)


def digest(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sweep_blobs(in_use: Callable[[list[str]], set[str]], *, rest_seconds: float = _REST) -> int:
    """Remove contents, with their previews, that no version has had for a day, and what
    a crash left half copied; how many contents.

    ``in_use``: those of some SHA-256 that versions list. Where the file system makes no
    links, versions have copies and a content's number of names says nothing.
    """
    for half in (settings().root / "blobs").glob(".new-*"):
        if _has_rested(half, rest_seconds):
            half.unlink(missing_ok=True)
    removed = 0
    unlinked = (
        blob
        for blob in (settings().root / "blobs").glob("??/*")
        if _is_unlinked(blob) and _has_rested(blob, rest_seconds)
    )
    while some := list(islice(unlinked, _BATCH)):
        kept = in_use([blob.name for blob in some])
        # Looked at again: a version may have taken it meanwhile.
        for blob in some:
            if blob.name not in kept and _is_unlinked(blob) and _has_rested(blob, rest_seconds):
                blob.unlink(missing_ok=True)
                shutil.rmtree(preview_folder(blob.name), ignore_errors=True)
                removed += 1
    return removed


def sweep_uploads(known: Callable[[list[str]], set[str]], *, rest_seconds: float = _REST) -> int:
    """Remove uploads that a crash left a day ago without a row; how many.

    ``known``: those of some ids that rows name.
    """
    removed = 0
    rested = (
        path
        for path in _uploads().glob("*")
        if _UPLOAD.fullmatch(path.name) and _has_rested(path, rest_seconds)
    )
    while some := list(islice(rested, _BATCH)):
        ids = {path.name.partition(".")[0] for path in some}
        lost = ids - known(sorted(ids))
        _unlink_uploads(_uploads(), lost)
        removed += len(lost)
    return removed


def sweep_folders(numbers: Callable[[int], set[int]], *, rest_seconds: float = _REST) -> int:
    """Remove version folders that a crash left without a row a day ago; how many.

    ``numbers``: the versions that a dataset's rows name; none for an unknown one.
    """
    removed = 0
    for folder in (settings().root / "datasets").glob("*"):
        if not folder.name.isdecimal():
            continue
        known = {str(number) for number in numbers(int(folder.name))}
        for version in folder.iterdir():
            if version.name not in known and _has_rested(version, rest_seconds):
                shutil.rmtree(version, ignore_errors=True)
                removed += 1
        if not known and _has_rested(folder, rest_seconds):
            with contextlib.suppress(OSError):  # not empty
                folder.rmdir()
    return removed


def _is_unlinked(blob: Path) -> bool:
    try:
        return blob.stat().st_nlink == 1
    except FileNotFoundError:
        return False


def _has_rested(path: Path, seconds: float) -> bool:
    """Whether nothing has happened to ``path`` itself for so long."""
    try:
        return time.time() - path.stat().st_ctime >= seconds
    except FileNotFoundError:
        return False


def _uploads() -> Path:
    return settings().root / "uploads"


def _link(source: Path, target: Path) -> None:
    """Link, or copy where the file system has no more links for this file."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EMLINK, errno.EPERM, errno.EXDEV):
            raise
        handle, name = tempfile.mkstemp(prefix=".new-", dir=target.parent)
        os.close(handle)
        try:
            shutil.copyfile(source, name)
            os.chmod(name, 0o444)
            os.rename(name, target)  # whole or not at all, whoever reads or dies meanwhile
        except BaseException:
            os.unlink(name)
            raise
