"""Reading and writing work folders, whose files are hostile.

User code owns everything below a work folder while we read it: it can swap a
file for a link, or a folder for a pipe, between two of our calls. So every path
is walked component by component from an open folder with ``O_NOFOLLOW`` and
nothing is ever opened by its full name. Paths are relative, with ``/``, and
decoded with ``surrogateescape`` (names need not be UTF-8).
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from django.utils.translation import gettext as _
from filelock import FileLock, Timeout

from lyceum.common.errors import Conflict, DomainError, NotFound, Unavailable
from lyceum.config import settings

Kind = Literal["folder", "file", "link", "other"]

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a pipe must not wait for its other end.
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAX_DEPTH = 64
_PATIENCE_SECONDS = 60
LISTING_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder: its path from the root, kind, bytes, seconds since the epoch."""

    path: str
    kind: Kind
    size: int
    modified: float

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def shown_name(self) -> str:
        """The name for people: bytes that are not UTF-8 and control characters replaced."""
        return shown(self.name)

    @property
    def is_addressable(self) -> bool:
        """Whether the path can be written into an address (it is UTF-8)."""
        return is_text(self.path)


def shown(path: str) -> str:
    """``path`` as people may see it, on one line and encodable."""
    clean = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in clean)


def is_text(path: str) -> bool:
    """Whether ``path`` is valid UTF-8 (no surrogates)."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def project_folder(project_id: int) -> Path:
    """``<LYCEUM_HOME>/projects/<id>``: everything the platform keeps for a project."""
    return settings().root / "projects" / str(int(project_id))


def home(project_id: int) -> Path:
    """The project's work folder, ``/home/aistudio`` inside its sandbox."""
    return project_folder(project_id) / "home"


def create(project_id: int) -> Path:
    """Make the work folder (mode 0700) if it is not there and return it."""
    path = home(project_id)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


@contextmanager
def locked(project_id: int, name: str, *, busy: str) -> Iterator[None]:
    """Hold the lock ``name`` of what the platform keeps for a project.

    Raises ``Unavailable`` with the sentence ``busy`` when others hold it for too long.
    """
    folder = project_folder(project_id)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / f"{name}.lock", timeout=_PATIENCE_SECONDS):
            yield
    except Timeout:
        raise Unavailable("busy", busy) from None


def delete(project_id: int) -> None:
    """Remove everything the platform keeps for a project; never follows links."""
    remove_tree(project_folder(project_id))


def remove_tree(folder: Path) -> None:
    """Remove a folder of the platform's with all that user code left in it, if it is there;
    never follows links."""

    def make_removable(function, path, error):
        # A learner may have taken away the permission on a folder of theirs.
        for each in (os.path.dirname(path), path):
            if not os.path.islink(each):
                os.chmod(each, 0o700)
        function(path)

    if folder.exists():
        shutil.rmtree(folder, onerror=make_removable)


def entries(root: Path, path: str = "") -> list[Entry]:
    """What ``path`` below ``root`` holds: folders first, by name, 2000 at most.

    Raises ``NotFound`` when it is not a folder below ``root``.
    """
    with _folder(root, path) as folder:
        found = []
        with os.scandir(folder) as listing:
            for item in listing:
                if len(found) == LISTING_LIMIT:
                    break
                with suppress(FileNotFoundError):  # removed while we look
                    found.append(_entry(path, item))
    return sorted(found, key=lambda entry: (entry.kind != "folder", entry.name.casefold()))


def walk(root: Path, *, skip_folder=lambda path: False) -> Iterator[Entry]:
    """Every file and link below ``root``, depth first, by name; folders are not given.

    Folders for whose path ``skip_folder`` is true are not entered, nor are links.
    """
    with _folder(root, "") as top:
        yield from _walk(top, "", skip_folder, _MAX_DEPTH)


def _walk(folder: int, path: str, skip_folder, depth: int) -> Iterator[Entry]:
    with os.scandir(folder) as listing:
        names = sorted(listing, key=lambda item: os.fsencode(item.name))
    for item in names:
        try:
            entry = _entry(path, item)
            if entry.kind != "folder":
                yield entry
                continue
            if depth == 0 or skip_folder(entry.path):
                continue
            child = os.open(item.name, _FOLDER_FLAGS, dir_fd=folder)
        except OSError:
            continue  # removed, replaced or closed to us while we look
        try:
            yield from _walk(child, entry.path, skip_folder, depth - 1)
        finally:
            os.close(child)


def open_file(root: Path, path: str) -> BinaryIO:
    """Open a regular file below ``root`` for reading; raises ``NotFound``."""
    parent, name = _split(path)
    with _folder(root, parent) as folder:
        try:
            descriptor = os.open(name, _FILE_FLAGS, dir_fd=folder)
        except OSError:
            raise _no_such_file() from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _no_such_file()
    return os.fdopen(descriptor, "rb")


def read_file(root: Path, path: str, *, limit: int) -> bytes:
    """The first ``limit`` bytes of a regular file below ``root``; raises ``NotFound``."""
    with open_file(root, path) as file:
        return file.read(limit)


def file_size(root: Path, path: str) -> int:
    """A regular file's size in bytes; raises ``NotFound``."""
    with open_file(root, path) as file:
        return os.fstat(file.fileno()).st_size


def read_link(root: Path, path: str) -> str:
    """Where a link below ``root`` says it leads (not followed); raises ``NotFound``."""
    parent, name = _split(path)
    with _folder(root, parent) as folder:
        try:
            return os.readlink(name, dir_fd=folder)
        except OSError:
            raise _no_such_file() from None


def write_file(root: Path, path: str, data: bytes, *, executable: bool = False) -> None:
    """Write ``data`` to ``path`` below ``root``, atomically, making its folders.

    A link or file in the way of a folder is removed, never followed.
    """
    parent, name = _split(path)
    with _folder(root, parent, make=True) as folder:
        fresh = f".{secrets.token_hex(8)}.lyceum"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        mode = 0o755 if executable else 0o644
        try:
            with os.fdopen(os.open(fresh, flags, mode, dir_fd=folder), "wb") as file:
                file.write(data)
            _make_way(folder, name)
            os.replace(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError as error:
            with suppress(FileNotFoundError):
                os.unlink(fresh, dir_fd=folder)
            raise _cannot_write(path) from error


def write_link(root: Path, path: str, target: str) -> None:
    """Make ``path`` below ``root`` a symbolic link to ``target`` (user code's business)."""
    parent, name = _split(path)
    with _folder(root, parent, make=True) as folder:
        try:
            _make_way(folder, name)
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
            os.symlink(target, name, dir_fd=folder)
        except OSError as error:
            raise _cannot_write(path) from error


def move_file(root: Path, path: str, new_name: str) -> None:
    """Rename a file below ``root`` within its folder, replacing ``new_name``."""
    parent, name = _split(path)
    with _folder(root, parent) as folder:
        os.replace(name, new_name, src_dir_fd=folder, dst_dir_fd=folder)


def remove_file(root: Path, path: str) -> None:
    """Remove a file or link below ``root``, and the folders this leaves empty."""
    parent, name = _split(path)
    gone = suppress(NotFound, FileNotFoundError, IsADirectoryError)
    with gone, _folder(root, parent) as folder:
        os.unlink(name, dir_fd=folder)
    while parent:
        above, name = _split(parent)
        try:
            with _folder(root, above) as folder:
                os.rmdir(name, dir_fd=folder)
        except (NotFound, OSError):
            return  # not empty, or not there any more
        parent = above


def kind_of(root: Path, path: str) -> Kind | None:
    """What ``path`` below ``root`` is, links not followed; ``None`` when nothing is there."""
    parent, name = _split(path)
    with suppress(NotFound, OSError), _folder(root, parent) as folder:
        return _kind(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    return None


def make_folder(root: Path, path: str) -> None:
    """Make the folder ``path`` below ``root``, and those above it."""
    try:
        with _folder(root, path, make=True):
            return
    except OSError as error:
        raise _cannot_write(path) from error


def move(root: Path, path: str, new_path: str) -> None:
    """Move a file or folder below ``root`` to ``new_path``, whose folder is there.

    Never onto what is there already: ``Conflict``. ``DomainError`` when it can't be
    done (a folder into itself), ``NotFound`` when there is nothing to move.
    """
    parent, name = _split(path)
    new_parent, new_name = _split(new_path)
    with _folder(root, parent) as source, _folder(root, new_parent) as target:
        if kind_of(root, new_path) is not None:
            raise already_there(new_path)
        try:
            os.rename(name, new_name, src_dir_fd=source, dst_dir_fd=target)
        except FileNotFoundError:
            raise _no_such_file() from None
        except OSError as error:
            raise _cannot_write(new_path) from error


def remove(root: Path, path: str) -> None:
    """Remove a file, a link, or a folder with all that is in it; ``NotFound``."""
    parent, name = _split(path)
    with _folder(root, parent) as folder:
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                shutil.rmtree(name, dir_fd=folder)
            else:
                os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            raise _no_such_file() from None
        except OSError as error:
            raise _cannot_write(path) from error


def already_there(path: str) -> Conflict:
    """The refusal to write over what has the name ``path`` already."""
    sentence = _("“%(path)s” is there already.") % {"path": shown(path)}
    return Conflict("already_there", sentence, field="path")


def usage(root: Path) -> int:
    """Bytes that the regular files below ``root`` hold."""
    return sum(entry.size for entry in walk(root) if entry.kind == "file")


def parts(path: str) -> list[str]:
    """The components of a relative path; raises ``NotFound`` for ``..``, ``.`` or NUL."""
    components = [part for part in path.split("/") if part]
    if any(part in (".", "..") or "\0" in part for part in components):
        raise _no_such_file()
    if len(components) > _MAX_DEPTH:
        raise _no_such_file()
    return components


def _split(path: str) -> tuple[str, str]:
    components = parts(path)
    if not components:
        raise _no_such_file()
    return "/".join(components[:-1]), components[-1]


@contextmanager
def _folder(root: Path, path: str, *, make: bool = False) -> Iterator[int]:
    """The open folder ``path`` below ``root``; with ``make``, created on the way."""
    components = parts(path)
    try:
        # The root itself is the platform's: its parents are ours, so a plain name is safe.
        current = os.open(root, _FOLDER_FLAGS)
    except OSError:
        raise _no_such_file() from None
    try:
        for component in components:
            if make:
                _make_folder(current, component)
            try:
                child = os.open(component, _FOLDER_FLAGS, dir_fd=current)
            except (OSError, UnicodeEncodeError):
                raise _no_such_file() from None
            os.close(current)
            current = child
        yield current
    finally:
        os.close(current)


def _make_folder(parent: int, name: str) -> None:
    try:
        os.mkdir(name, 0o755, dir_fd=parent)
    except FileExistsError:
        mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
        if not stat.S_ISDIR(mode):
            os.unlink(name, dir_fd=parent)
            os.mkdir(name, 0o755, dir_fd=parent)


def _make_way(folder: int, name: str) -> None:
    """Remove a folder that stands where a file has to be."""
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        shutil.rmtree(name, dir_fd=folder)


def _entry(path: str, item: os.DirEntry) -> Entry:
    status = item.stat(follow_symlinks=False)
    where = f"{path}/{item.name}" if path else item.name
    return Entry(where, _kind(status.st_mode), status.st_size, status.st_mtime)


def _kind(mode: int) -> Kind:
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISREG(mode):
        return "file"
    return "link" if stat.S_ISLNK(mode) else "other"


def _no_such_file() -> NotFound:
    return NotFound("no_such_file", _("There is no such file."))


def _cannot_write(path: str) -> DomainError:
    return DomainError("cannot_write", _("“%(path)s” cannot be written.") % {"path": shown(path)})
