"""Saved versions: commits in a bare git repository outside the sandbox.

Trees are built from our own walk of the work folder, never by git's: no
attributes, filters, hooks or ignore files of the learner's are looked at, and a
link is stored as a link. What stays out is a rule (see ``is_left_out_folder``)
and a list (files too large, too many, or with names git can't hold).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pygit2
import zipstream
from django.utils.translation import gettext as _
from pygit2.enums import FileMode, ObjectType

from lyceum.common.errors import NotFound
from lyceum.limits import limit
from lyceum.projects import workfolder
from lyceum.projects.workfolder import Entry

_CACHES = {"__pycache__", ".ipynb_checkpoints", ".git"}
_DATASET_MOUNT = re.compile(r"data/data\d+")
_LISTED_LEFT_OUT = 200
_KEPT_ASIDE = ".before-restore"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file a version doesn't hold; ``reason`` is ``size``, ``total``, ``count``,
    ``name``, ``special`` or ``unreadable``; ``size`` in bytes."""

    path: str
    size: int
    reason: str


@dataclass(slots=True)
class Snapshot:
    """A work folder's state as a git tree, and what it doesn't hold."""

    tree: str
    left_out: list[LeftOut] = field(default_factory=list)
    left_out_count: int = 0

    def listed_left_out(self) -> list[dict[str, str | int]]:
        """The first of the files left out, as ``Version.left_out`` keeps them."""
        return [asdict(each) for each in self.left_out]


def is_left_out_folder(path: str) -> bool:
    """Whether a folder of the work folder is never saved.

    These are datasets (``data/data<ID>``), hidden folders at the top, where
    programs keep their own state (``.cache``, ``.local`` …), and caches anywhere.
    """
    name = path.rpartition("/")[2]
    is_top_hidden = name == path and name.startswith(".")
    return is_top_hidden or name in _CACHES or bool(_DATASET_MOUNT.fullmatch(path))


def repository(project_id: int) -> pygit2.Repository:
    """The project's bare repository, made on first use."""
    path = workfolder.project_folder(project_id) / "versions.git"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        return pygit2.init_repository(path, bare=True, initial_head="versions")
    return pygit2.Repository(path)


def snapshot(project_id: int) -> Snapshot:
    """Store the work folder's present files and return their tree."""
    return _Walk(repository(project_id), workfolder.home(project_id)).run()


class _Walk:
    """One walk of a work folder into blobs, then trees, within the limits."""

    def __init__(self, store: pygit2.Repository, root: Path) -> None:
        self.store = store
        self.root = root
        self.result = Snapshot(tree="")
        self.files_left = limit("version_files")
        self.bytes_left = limit("version_total_mb") * 1_000_000
        self.file_bytes = limit("version_file_mb") * 1_000_000

    def run(self) -> Snapshot:
        names: dict = {}
        for entry in workfolder.walk(self.root, skip_folder=is_left_out_folder):
            stored = self._store(entry)
            if stored is not None:
                *folders, name = entry.path.split("/")
                branch = names
                for folder in folders:
                    branch = branch.setdefault(folder, {})
                branch[name] = stored
        self.result.tree = str(self._tree(names, ""))
        return self.result

    def _store(self, entry: Entry) -> tuple[pygit2.Oid, FileMode] | None:
        reason = self._refusal(entry)
        if reason is None:
            try:
                data, mode = self._content(entry)
            except (NotFound, OSError):
                reason = "unreadable"
            else:
                if len(data) > self.file_bytes:  # grew since it was listed
                    reason = "size"
        if reason is not None:
            self._leave_out(entry.path, entry.size, reason)
            return None
        self.files_left -= 1
        self.bytes_left -= len(data)
        return self.store.create_blob(data), mode

    def _refusal(self, entry: Entry) -> str | None:
        if entry.kind == "other":
            return "special"
        if not entry.is_addressable:
            return "name"
        if entry.size > self.file_bytes:
            return "size"
        if self.files_left <= 0:
            return "count"
        return "total" if entry.size > self.bytes_left else None

    def _content(self, entry: Entry) -> tuple[bytes, FileMode]:
        if entry.kind == "link":
            target = workfolder.read_link(self.root, entry.path)
            return target.encode("utf-8", "surrogateescape"), FileMode.LINK
        data = workfolder.read_file(self.root, entry.path, limit=self.file_bytes + 1)
        return data, FileMode.BLOB

    def _tree(self, names: dict, path: str) -> pygit2.Oid:
        builder = self.store.TreeBuilder()
        for name, stored in names.items():
            where = f"{path}/{name}" if path else name
            if isinstance(stored, dict):
                stored = (self._tree(stored, where), FileMode.TREE)
            try:
                builder.insert(name, *stored)
            except pygit2.GitError:  # names git keeps for itself
                self._leave_out(where, 0, "name")
        return builder.write()

    def _leave_out(self, path: str, size: int, reason: str) -> None:
        self.result.left_out_count += 1
        if len(self.result.left_out) < _LISTED_LEFT_OUT:
            self.result.left_out.append(LeftOut(workfolder.shown(path), size, reason))


def commit(
    project_id: int, tree: str, *, number: int, parent: str | None, note: str, author: str
) -> str:
    """Record ``tree`` as version ``number`` and return the commit's id."""
    store = repository(project_id)
    who = pygit2.Signature(author, "noreply@localhost", int(time.time()))
    parents = [parent] if parent else []
    made = store.create_commit(None, who, who, note or f"Version {number}", tree, parents)
    # The reference keeps the commit from git's own cleaning.
    store.references.create(f"refs/versions/{number}", made, force=True)
    return str(made)


def tree_of(project_id: int, commit_id: str) -> str:
    """The id of a version's tree; equal trees hold equal files."""
    return str(_commit(repository(project_id), commit_id).tree_id)


def entries(project_id: int, commit_id: str, path: str = "") -> list[Entry]:
    """What the folder ``path`` of a version holds, folders first, by name."""
    saved = _commit(repository(project_id), commit_id)
    tree = _at(saved.tree, path)
    if tree.type != ObjectType.TREE:
        raise _no_such_file()
    found = [_entry(path, each, saved.commit_time) for each in tree]
    return sorted(found, key=lambda entry: (entry.kind != "folder", entry.name.casefold()))


def files(project_id: int, commit_id: str) -> Iterator[tuple[str, pygit2.Blob]]:
    """Every file and link of a version with its path; links are blobs too
    (``blob.filemode`` is ``FileMode.LINK``)."""
    yield from _files(_commit(repository(project_id), commit_id).tree, "")


def read_file(project_id: int, commit_id: str, path: str) -> bytes:
    """A version's regular file (20 MB at most); raises ``NotFound``."""
    found = _at(_commit(repository(project_id), commit_id).tree, path)
    if found.type != ObjectType.BLOB or found.filemode == FileMode.LINK:
        raise _no_such_file()
    return found.data


def check_out(
    project_id: int, commit_id: str, root: Path, *, rename: tuple[str, str] | None = None
) -> None:
    """Make the files in ``root`` that versions hold those of this version.

    Files that versions never hold (datasets, caches, too large ones) stay; one
    that stands in the way is kept as ``<name>.before-restore``. ``rename`` gives
    a top-level file another name on the way (a fork's notebook has its own id).
    """
    wanted = set()
    for path, blob in files(project_id, commit_id):
        path = rename[1] if rename and path == rename[0] else path
        wanted.add(path)
        _write(root, path, blob)
    largest = limit("version_file_mb") * 1_000_000
    for entry in list(workfolder.walk(root, skip_folder=is_left_out_folder)):
        was_saved = entry.kind in ("file", "link") and entry.is_addressable
        is_kept = entry.path in wanted or entry.name.endswith(_KEPT_ASIDE)
        if was_saved and not is_kept and entry.size <= largest:
            workfolder.remove_file(root, entry.path)


def _write(root: Path, path: str, blob: pygit2.Blob) -> None:
    if blob.filemode == FileMode.LINK:
        workfolder.write_link(root, path, blob.data.decode("utf-8", "surrogateescape"))
        return
    largest = limit("version_file_mb") * 1_000_000
    try:
        present = workfolder.read_file(root, path, limit=largest + 1)
    except NotFound:
        present = None
    if present == blob.data:
        return
    if present is not None and len(present) > largest:
        workfolder.move_file(root, path, path.rpartition("/")[2] + _KEPT_ASIDE)
    workfolder.write_file(root, path, blob.data)


def archive(project_id: int, commit_id: str) -> Iterator[bytes]:
    """A version's files as a zip, made while it is read; links are left out."""
    stream = zipstream.ZipStream(compress_type=zipstream.ZIP_DEFLATED)
    for path, blob in files(project_id, commit_id):
        if blob.filemode != FileMode.LINK:
            stream.add(_chunks(blob), path, size=blob.size)
    yield from stream


def _chunks(blob: pygit2.Blob) -> Iterator[bytes]:
    # A generator: the blob's bytes are read when its turn comes, then let go.
    yield blob.data


def _files(tree: pygit2.Tree, path: str) -> Iterator[tuple[str, pygit2.Blob]]:
    for each in tree:
        where = f"{path}/{each.name}" if path else each.name
        if each.type == ObjectType.TREE:
            yield from _files(each, where)
        elif each.type == ObjectType.BLOB:
            yield where, each


def _entry(path: str, each: pygit2.Object, modified: float) -> Entry:
    where = f"{path}/{each.name}" if path else each.name
    if each.type == ObjectType.TREE:
        return Entry(where, "folder", 0, modified)
    kind = "link" if each.filemode == FileMode.LINK else "file"
    return Entry(where, kind, each.size, modified)


def _commit(store: pygit2.Repository, commit_id: str) -> pygit2.Commit:
    try:
        return store[commit_id]
    except (KeyError, ValueError):
        raise NotFound("no_such_version", _("There is no such version.")) from None


def _at(tree: pygit2.Tree, path: str) -> pygit2.Object:
    found: pygit2.Object = tree
    for part in workfolder.parts(path):
        if found.type != ObjectType.TREE:
            raise _no_such_file()
        try:
            found = found[part]
        except (KeyError, UnicodeEncodeError):
            raise _no_such_file() from None
    return found


def _no_such_file() -> NotFound:
    return NotFound("no_such_file", _("There is no such file."))
