"""What opening an older version's code in the editor would change (guide, 历史任务 / 编辑)."""

from __future__ import annotations

from dataclasses import dataclass

from pygit2.enums import FileMode

from lyceum.common.errors import DomainError, NotFound
from lyceum.editor import rules
from lyceum.limits import limit
from lyceum.projects import versions, workfolder
from lyceum.projects.models import Project, Version
from lyceum.projects.queries import get_version


@dataclass(frozen=True, slots=True)
class VersionCode:
    """A version beside the present files.

    ``texts``: the texts that differ, by path; ``others``: files that differ and can't be
    edited; ``extra``: files that the version does not have.
    """

    version: Version
    texts: dict[str, str]
    others: list[str]
    extra: list[str]


def code_of_version(project: Project, number: int) -> VersionCode:
    """Version ``number`` compared with the work folder; ``NotFound``."""
    version = get_version(project, number)
    root = workfolder.create(project.pk)
    code = VersionCode(version, {}, [], [])
    held = set()
    for path, blob in versions.files(project.pk, version.commit):
        held.add(path)
        if blob.filemode == FileMode.LINK or _present(root, path) == blob.data:
            continue
        text = _text(path, blob.data)
        if text is None:
            code.others.append(path)
        else:
            code.texts[path] = text
    present = workfolder.walk(root, skip_folder=versions.is_left_out_folder)
    code.extra.extend(
        entry.path for entry in present if entry.kind == "file" and entry.path not in held
    )
    return code


def _present(root, path: str) -> bytes | None:
    try:
        return workfolder.read_file(root, path, limit=limit("version_file_mb") * 1_000_000 + 1)
    except NotFound:
        return None


def _text(path: str, data: bytes) -> str | None:
    try:
        rules.clean_path(path)
        rules.check_editable(path)
        return rules.decoded(data)
    except DomainError:
        return None
