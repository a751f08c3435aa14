"""The files of a version: lists, folders, bytes, the whole as a zip."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _
from zipstream import ZIP_STORED, ZipStream

from lyceum.common.errors import NotFound
from lyceum.common.paging import Page, page_of
from lyceum.datasets import storage
from lyceum.datasets.models import Dataset, DatasetFile, DatasetVersion

FILES_SHOWN = 500
_NUL = "\0"  # in no path, and PostgreSQL fails when asked for one


@dataclass(frozen=True, slots=True)
class Folder:
    """A part of one folder of a version: the names of its folders, and its files, by path.

    ``next`` is what ``folder_of`` goes on after, empty when this is all.
    """

    path: str
    folders: list[str]
    files: list[DatasetFile]
    next: str

    @property
    def crumbs(self) -> list[tuple[str, str]]:
        """Path and name of each folder down to this one."""
        parts = [part for part in self.path.split("/") if part]
        return [("/".join(parts[: index + 1]), part) for index, part in enumerate(parts)]


def version_folder(dataset_id: int, number: int) -> Path:
    """The folder with the files of version ``number`` of a dataset, read-only.

    Mounted into notebooks at ``/home/aistudio/data/data<dataset id>/``. It is not
    there before the version's files are.
    """
    return storage.dataset_folder(dataset_id) / str(int(number))


def files_of(version: DatasetVersion) -> list[DatasetFile]:
    """The version's first ``FILES_SHOWN`` files by path."""
    return list(version.files.order_by("path")[:FILES_SHOWN])


def files_page(
    version: DatasetVersion, *, cursor: str | None = None, size: int = FILES_SHOWN
) -> Page[DatasetFile]:
    """All files of a version, page by page, the last ones first."""
    return page_of(version.files.all(), order=("id",), cursor=cursor, size=size)


def folder_of(
    version: DatasetVersion, path: str = "", *, after: str = "", most: int = FILES_SHOWN
) -> Folder:
    """What the folder ``path`` of a version holds, ``most`` entries of it from those that
    come ``after`` the ``next`` of the part before; ``NotFound`` when there is no such folder.
    """
    prefix = f"{path.strip('/')}/" if path.strip("/") else ""
    if _NUL in prefix or _NUL in after:
        raise _no_such_folder()
    rows = version.files.filter(path__startswith=prefix).order_by("path")
    if after:
        rows = rows.filter(path__gt=after)
    listed = after[len(prefix) :].partition("/")[0]
    folders: dict[str, None] = {}
    files: list[DatasetFile] = []
    last = ""
    for row in rows.iterator():
        if not row.path.startswith(prefix):  # SQLite's LIKE takes A for a
            continue
        name, slash, _below = row.path[len(prefix) :].partition("/")
        if slash and (name in folders or name == listed):
            continue
        if len(files) + len(folders) == most:
            return Folder(prefix.rstrip("/"), sorted(folders), files, last)
        if slash:
            folders[name] = None
        else:
            files.append(row)
        last = row.path
    if prefix and not files and not folders and not after:
        raise _no_such_folder()
    return Folder(prefix.rstrip("/"), sorted(folders), files, "")


def stored_file(version: DatasetVersion, path: str) -> DatasetFile:
    """The version's file ``path``; ``NotFound`` for one it does not list."""
    found = None if _NUL in path else version.files.filter(path=path).first()
    if found is None:
        raise NotFound("no_such_file", _("There is no such file."))
    return found


def file_path(version: DatasetVersion, path: str) -> Path:
    """Where the version's file ``path`` is on disk; ``NotFound`` for one it does not list."""
    return version_folder(version.dataset_id, version.number) / stored_file(version, path).path


def zip_stream(version: DatasetVersion) -> ZipStream:
    """A version's files as a zip, made while it is iterated over, so that memory does not
    grow with it; its ``len()`` is known before, in bytes."""
    stream = ZipStream(compress_type=ZIP_STORED, sized=True)
    folder = version_folder(version.dataset_id, version.number)
    for path in version.files.values_list("path", flat=True).iterator():
        stream.add_path(folder / path, path)
    return stream


def archive_name(dataset: Dataset, version: DatasetVersion) -> str:
    """The name of a version's zip: ``data<ID>_v<number>.zip``."""
    return f"data{dataset.pk}_v{version.number}.zip"


def _no_such_folder() -> NotFound:
    return NotFound("no_such_folder", _("There is no such folder."))
