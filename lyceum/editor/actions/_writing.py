"""Who may write a cluster project's files now: one tab, under one lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict
from lyceum.editor.models import EditorSession
from lyceum.projects import workfolder
from lyceum.projects.models import Project
from lyceum.tasks.queries import cluster_project


def editor_lock(project_id: int) -> AbstractContextManager[None]:
    """Held while an editor's files, drafts or session change: files are no part of a
    transaction, so a session that is taken over has to wait for what it writes."""
    busy = _("The files of this project are busy. Try again.")
    return workfolder.locked(project_id, "editor", busy=busy)


@contextmanager
def writing(user: User, project_id: int, token: str) -> Iterator[Project]:
    """The block may write the project's files: it is the tab ``token``'s turn.

    Raises ``Conflict`` (``taken_over``) when another tab has taken over since, or
    (``session_over``) when nobody edits, as after a long sleep of the computer.
    """
    project = cluster_project(user, project_id)
    with editor_lock(project.pk):
        session = EditorSession.objects.filter(project=project).first()
        if session is None:
            raise Conflict("session_over", _("This tab was silent for long. Open it again."))
        if not token or session.token != token:
            raise Conflict("taken_over", _("This project is being edited in another tab now."))
        session.seen = timezone.now()
        session.save(update_fields=["seen"])
        yield project
