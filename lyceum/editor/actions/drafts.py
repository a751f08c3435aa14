"""What is typed and not saved yet, kept every few seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, NotFound
from lyceum.editor import places, rules
from lyceum.editor.actions._writing import writing
from lyceum.editor.models import EditorDraft
from lyceum.projects import workfolder
from lyceum.projects.models import Project

MOST_DRAFTS = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """A file's text; ``base`` is the SHA-256 of the saved one it was begun from, empty
    for a file that was not there."""

    path: str
    text: str
    base: str


def keep_drafts(
    user: User,
    project_id: int,
    *,
    token: str,
    drafts: Sequence[Draft] = (),
    dropped: Sequence[str] = (),
) -> None:
    """Keep what was typed in the tab ``token``, and forget what was taken back; with
    neither it says only that the tab is alive. Raises as ``writing`` does, and
    ``DomainError`` for a path or text that the editor does not take."""
    with writing(user, project_id, token) as project:
        EditorDraft.objects.filter(project=project, path__in=list(dropped)).delete()
        store_drafts(project, drafts)


def store_drafts(project: Project, drafts: Sequence[Draft]) -> None:
    """Keep ``drafts`` in the place of the earlier ones of their files; within the lock."""
    for draft in drafts:
        check_draft(draft)
    with transaction.atomic():
        for draft in drafts:
            EditorDraft.objects.update_or_create(
                project=project,
                path=draft.path,
                defaults={"text": draft.text, "base": draft.base[:64]},
            )
        if EditorDraft.objects.filter(project=project).count() > MOST_DRAFTS:
            raise Conflict("too_many_drafts", _("Too many files have changes: save them first."))


def check_draft(draft: Draft) -> None:
    """Raises ``DomainError`` for a path or a text that can't be saved from the editor."""
    rules.clean_path(draft.path)
    rules.check_editable(draft.path)
    rules.decoded(draft.text.encode("utf-8", "surrogatepass"))


def bring_in_drafts(project: Project) -> None:
    """Write all drafts into the files; within the lock.

    A file that was changed since its draft was begun stays as it is: the draft goes
    beside it, under a name of its own.
    """
    root = workfolder.create(project.pk)
    for draft in EditorDraft.objects.filter(project=project):
        data = draft.text.encode()
        is_same = content_hash(root, draft.path) in (draft.base, digest(data))
        is_fine = is_same and places.blocker(root, draft.path) is None
        workfolder.write_file(root, draft.path if is_fine else _free_name(root, draft.path), data)
        draft.delete()


def move_drafts(project: Project, path: str, new_path: str) -> None:
    """The drafts of a file or folder go with it; ``Conflict`` when one could not be
    opened under its new name."""
    moved = list(drafts_below(project, path))
    for draft in moved:
        draft.path = new_path + draft.path[len(path) :]
        if not rules.is_editable(draft.path):
            sentence = _("“%(path)s” has changes that are not saved.") % {"path": path}
            raise Conflict("unsaved", sentence)
    for draft in moved:
        draft.save(update_fields=["path", "changed"])


def drafts_below(project: Project, path: str) -> Iterable[EditorDraft]:
    """The drafts of the file ``path``, or of those in the folder ``path``."""
    for draft in EditorDraft.objects.filter(project=project):
        if draft.path == path or draft.path.startswith(f"{path}/"):
            yield draft


def content_hash(root: Path, path: str) -> str:
    """The SHA-256 of a file below ``root``; empty when there is none."""
    try:
        return digest(workfolder.read_file(root, path, limit=rules.upload_bytes() + 1))
    except NotFound:
        return ""


def digest(data: bytes) -> str:
    """How the editor names a file's content: its SHA-256."""
    return hashlib.sha256(data).hexdigest()


def _free_name(root: Path, path: str) -> str:
    if places.blocker(root, path) not in (None, path):
        path = path.rpartition("/")[2]  # its folder is no folder any more
    stem, dot, suffix = path.rpartition(".")
    names = (f"{stem}.unsaved{number or ''}{dot}{suffix}" for number in range(1000))
    return next(name for name in names if workfolder.kind_of(root, name) is None)
