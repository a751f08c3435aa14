"""Saving and restoring versions of a project's files; its owner may."""

from __future__ import annotations

from contextlib import AbstractContextManager

from django.db import transaction
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict
from lyceum.projects import versions, workfolder
from lyceum.projects.actions._fields import clean_note
from lyceum.projects.models import Project, Version
from lyceum.projects.queries import get_version, latest_version, owned_project
from lyceum.projects.versions import Snapshot


def save_version(
    user: User, project_id: int, *, note: str = "", cause: str = Version.Cause.MANUAL
) -> Version:
    """Save the work folder as the project's next version.

    When nothing has changed since the newest version, a save by hand is refused
    (``Conflict``) and any other returns that version.
    """
    project = owned_project(user, project_id)
    note = clean_note(note)
    with _one_at_a_time(project.pk):
        snapshot = take_snapshot(project.pk)
        newest = _unchanged(project, snapshot)
        if newest is None:
            return record_version(project, snapshot, author=user, note=note, cause=cause)
    if cause == Version.Cause.MANUAL:
        sentence = _("Nothing has changed since version %(number)d.") % {"number": newest.number}
        raise Conflict("nothing_changed", sentence)
    return newest


def restore_version(user: User, project_id: int, *, number: int) -> Version:
    """Put the files of version ``number`` back into the work folder.

    The present state is saved first; the restored one becomes the newest version,
    which is returned.
    """
    project = owned_project(user, project_id)
    wanted = get_version(project, number)
    about = {"number": wanted.number}
    with _one_at_a_time(project.pk):
        snapshot = take_snapshot(project.pk)
        if snapshot.tree == versions.tree_of(project.pk, wanted.commit):
            sentence = _("The files are already those of version %(number)d.") % about
            raise Conflict("nothing_changed", sentence)
        if _unchanged(project, snapshot) is None:
            note = _("Before version %(number)d was restored") % about
            record_version(project, snapshot, author=user, note=note, cause=Version.Cause.RESTORE)
        versions.check_out(project.pk, wanted.commit, workfolder.home(project.pk))
        note = _("Version %(number)d restored") % about
        return record_version(
            project,
            take_snapshot(project.pk),
            author=user,
            note=note,
            cause=Version.Cause.RESTORED,
        )


def take_snapshot(project_id: int) -> Snapshot:
    """The work folder's files in the version store; nothing is recorded yet."""
    workfolder.create(project_id)
    return versions.snapshot(project_id)


def record_version(
    project: Project, snapshot: Snapshot, *, author: User, note: str, cause: str
) -> Version:
    """Record a snapshot as the project's next version, numbered under a lock."""
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        newest = latest_version(project)
        number = newest.number + 1 if newest else 1
        commit = versions.commit(
            project.pk,
            snapshot.tree,
            number=number,
            parent=newest.commit if newest else None,
            note=note,
            author=f"user {author.pk}",
        )
        version = Version.objects.create(
            project=project,
            number=number,
            commit=commit,
            note=note,
            cause=cause,
            left_out=snapshot.listed_left_out(),
            left_out_count=snapshot.left_out_count,
            author=author,
        )
        project.save(update_fields=["updated"])
    return version


def _unchanged(project: Project, snapshot: Snapshot) -> Version | None:
    newest = latest_version(project)
    if newest and versions.tree_of(project.pk, newest.commit) == snapshot.tree:
        return newest
    return None


def _one_at_a_time(project_id: int) -> AbstractContextManager[None]:
    """Two saves of one folder would each miss what the other does to it."""
    busy = _("Another version of this project is being saved. Try again shortly.")
    return workfolder.locked(project_id, "versions", busy=busy)
