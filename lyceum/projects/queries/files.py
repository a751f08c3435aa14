"""A project's files as a reader may see them: saved, or the owner's own right now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lyceum.projects import versions, workfolder
from lyceum.projects.models import Project, Version
from lyceum.projects.queries.access import Reader, get_version, latest_version
from lyceum.projects.workfolder import Entry

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Files:
    """Files of a project: those of ``version``, or of the work folder when ``None``."""

    project_id: int
    version: Version | None

    def entries(self, path: str = "") -> list[Entry]:
        """What the folder ``path`` holds; raises ``NotFound``."""
        if self.version is None:
            return workfolder.entries(workfolder.home(self.project_id), path)
        return versions.entries(self.project_id, self.version.commit, path)

    def size(self, path: str) -> int:
        """A file's size in bytes; raises ``NotFound``."""
        if self.version is None:
            return workfolder.file_size(workfolder.home(self.project_id), path)
        return len(versions.read_file(self.project_id, self.version.commit, path))

    def read(self, path: str, *, limit: int) -> bytes:
        """The first ``limit`` bytes of a file; raises ``NotFound``."""
        if self.version is None:
            home = workfolder.home(self.project_id)
            return workfolder.read_file(home, path, limit=limit)
        return versions.read_file(self.project_id, self.version.commit, path)[:limit]

    def chunks(self, path: str) -> Iterator[bytes]:
        """A file's bytes, piece by piece; raises ``NotFound`` at once, not later."""
        if self.version is not None:
            return iter([versions.read_file(self.project_id, self.version.commit, path)])
        file = workfolder.open_file(workfolder.home(self.project_id), path)

        def read() -> Iterator[bytes]:
            with file:
                while piece := file.read(_CHUNK):
                    yield piece

        return read()


def files_of(user: Reader, project: Project, number: int | None = None) -> Files:
    """The files of version ``number``; without it, the owner's work folder as it is
    now and, for everybody else, the newest version.

    ``project`` is one that ``user`` may see. What its owner has not saved is theirs
    alone. Raises ``NotFound`` for a version that is not there.
    """
    if number is not None:
        return Files(project.pk, get_version(project, number))
    if user.is_authenticated and project.owner_id == user.pk:
        workfolder.create(project.pk)
        return Files(project.pk, None)
    newest = latest_version(project)
    return Files(project.pk, newest if newest else get_version(project, 1))
