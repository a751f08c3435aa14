"""文件管理 of the code editor: saving, making, moving, removing and uploading files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import DomainError, NotFound
from lyceum.editor import places, rules
from lyceum.editor.actions._writing import writing
from lyceum.editor.actions.drafts import (
    Draft,
    check_draft,
    content_hash,
    digest,
    drafts_below,
    move_drafts,
)
from lyceum.editor.models import EditorDraft
from lyceum.projects import workfolder
from lyceum.projects.models import Project


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a file to save: ``hash`` of what it holds now, and whether it was
    left alone because somebody else has changed it since (``is_conflict``)."""

    path: str
    hash: str
    is_conflict: bool = False


def save_files(user: User, project_id: int, *, token: str, files: Sequence[Draft]) -> list[Saved]:
    """Write the texts of the files that were changed in the tab ``token``.

    A file that is no longer what its text was begun from is not written. Raises
    ``DomainError`` when one can't be saved at all; then none is.
    """
    for file in files:
        check_draft(file)
        rules.check_saved(file.path, is_folder=False)
    with writing(user, project_id, token) as project:
        root = workfolder.create(project.pk)
        return [_save(project, root, file) for file in files]


def _save(project: Project, root: Path, file: Draft) -> Saved:
    data = file.text.encode()
    wanted, present = digest(data), content_hash(root, file.path)
    if present not in (file.base, wanted) or places.blocker(root, file.path) is not None:
        return Saved(file.path, present, is_conflict=True)
    if present != wanted:
        workfolder.write_file(root, file.path, data)
    EditorDraft.objects.filter(project=project, path=file.path).delete()
    return Saved(file.path, wanted)


def new_file(user: User, project_id: int, *, token: str, path: str) -> None:
    """Make an empty file; ``Conflict`` when something has its name already."""
    path = rules.clean_path(path)
    rules.check_saved(path, is_folder=False)
    with writing(user, project_id, token) as project:
        root = workfolder.create(project.pk)
        places.check_free(root, path)
        workfolder.write_file(root, path, b"")


def new_folder(user: User, project_id: int, *, token: str, path: str) -> None:
    """Make a folder; ``Conflict`` when something has its name already."""
    path = rules.clean_path(path)
    rules.check_saved(path, is_folder=True)
    with writing(user, project_id, token) as project:
        root = workfolder.create(project.pk)
        places.check_free(root, path)
        workfolder.make_folder(root, path)


def move(user: User, project_id: int, *, token: str, path: str, new_path: str) -> Project:
    """Rename a file or folder, or move it into another folder; the main file stays the
    main file. ``Conflict`` when something is there already."""
    path, new_path = _present(path), rules.clean_path(new_path)
    with writing(user, project_id, token) as project, transaction.atomic():
        root = workfolder.create(project.pk)
        rules.check_saved(new_path, is_folder=workfolder.kind_of(root, path) == "folder")
        move_drafts(project, path, new_path)
        workfolder.move(root, path, new_path)
        if _is_below(project.main_file, path):
            _set_main(project, new_path + project.main_file[len(path) :])
    return project


def remove(user: User, project_id: int, *, token: str, path: str) -> Project:
    """Delete a file, or a folder with all that is in it; a project whose main file this
    was has none then."""
    path = _present(path)
    with writing(user, project_id, token) as project:
        workfolder.remove(workfolder.create(project.pk), path)
        for draft in drafts_below(project, path):
            draft.delete()
        if _is_below(project.main_file, path):
            _set_main(project, "")
    return project


def upload(
    user: User,
    project_id: int,
    *,
    token: str,
    path: str,
    data: bytes,
    replace: bool = False,
) -> None:
    """Store an uploaded file at ``path``, 20 MB at most (guide).

    ``Conflict`` when something is there already, unless ``replace`` and it is a file.
    """
    path = rules.clean_path(path)
    rules.check_saved(path, is_folder=False)
    if len(data) > rules.upload_bytes():
        raise rules.too_large_to_upload()
    with writing(user, project_id, token) as project:
        root = workfolder.create(project.pk)
        if not (replace and workfolder.kind_of(root, path) == "file"):
            places.check_free(root, path)
        workfolder.write_file(root, path, data)
        EditorDraft.objects.filter(project=project, path=path).delete()


def set_main_file(user: User, project_id: int, *, token: str, path: str) -> Project:
    """Make ``path`` the file that tasks run (guide: 主文件, 整个项目运行的入口)."""
    path = _present(path)
    if not path.endswith(".py"):
        sentence = _("A task runs a Python program: the main file must be a .py file.")
        raise DomainError("main_file_kind", sentence, field="main_file")
    with writing(user, project_id, token) as project:
        if workfolder.kind_of(workfolder.create(project.pk), path) != "file":
            raise NotFound("no_such_file", _("There is no such file."), field="main_file")
        _set_main(project, path)
    return project


def _present(path: str) -> str:
    """A path as the editor has it from us, in its one way to write it; ``NotFound``."""
    return "/".join(workfolder.parts(path))


def _set_main(project: Project, path: str) -> None:
    project.main_file = path
    project.save(update_fields=["main_file", "updated"])


def _is_below(path: str, folder: str) -> bool:
    return bool(path) and (path == folder or path.startswith(f"{folder}/"))
