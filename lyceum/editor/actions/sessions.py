"""Opening and leaving the editor: one tab writes, and leaving keeps what it has typed."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError, NotFound
from lyceum.editor.actions._writing import editor_lock
from lyceum.editor.actions.drafts import Draft, bring_in_drafts, store_drafts
from lyceum.editor.models import EditorSession
from lyceum.projects.actions import save_version
from lyceum.projects.models import Version
from lyceum.tasks.queries import cluster_project

SILENT_AFTER = timedelta(seconds=150)
"""A browser lets a tab in the background speak once a minute only."""

_log = logging.getLogger(__name__)


def open_session(
    user: User, project_id: int, *, token: str = "", take_over: bool = False
) -> EditorSession:
    """Let a tab edit the project; its owner may.

    ``token``: of the session that this tab had (it was reloaded). Raises ``Conflict``
    (``opened_elsewhere``) while another tab edits it, unless ``take_over``: that tab is
    then told at its next word, and can write no more.
    """
    project = cluster_project(user, project_id)
    with editor_lock(project.pk):
        present = EditorSession.objects.filter(project=project).first()
        is_mine = present is not None and bool(token) and present.token == token
        if present and not is_mine and not take_over and not _is_silent(present):
            raise Conflict("opened_elsewhere", _opened_elsewhere(present))
        fields = {
            "user": user,
            "token": token if is_mine else secrets.token_urlsafe(32),
            "seen": timezone.now(),
        }
        session, _is_new = EditorSession.objects.update_or_create(project=project, defaults=fields)
    return session


def leave(user: User, project_id: int, *, token: str, drafts: Sequence[Draft] = ()) -> None:
    """The tab ``token`` is closed: what was typed in it goes into the files, and these
    into an "unsubmitted" version (guide, 右侧文件预览编辑和提交任务).

    ``drafts``: what it has not sent yet. Nothing happens when another tab edits by now.
    """
    project = cluster_project(user, project_id)
    with editor_lock(project.pk):
        session = EditorSession.objects.filter(project=project, token=token).first()
        if session is not None:
            store_drafts(project, drafts)
            _end(session)


def close_silent_sessions() -> int:
    """End the sessions whose tab has gone without a word; how many there were.

    For the platform itself (the dispatcher): a browser that died, a machine that sleeps.
    """
    oldest = timezone.now() - SILENT_AFTER
    closed = 0
    for project_id in EditorSession.objects.filter(seen__lt=oldest).values_list(
        "project_id", flat=True
    ):
        try:
            with editor_lock(project_id):
                session = EditorSession.objects.filter(project=project_id, seen__lt=oldest).first()
                if session is not None:
                    _end(session)
                    closed += 1
        except (DomainError, OSError) as error:
            _log.warning("editor of project %s can't be closed yet: %s", project_id, error)
    return closed


def _end(session: EditorSession) -> None:
    """Within the lock. The row goes last, so that an end which fails is tried again."""
    try:
        bring_in_drafts(session.project)
        save_version(session.user, session.project_id, cause=Version.Cause.UNSUBMITTED)
    except NotFound:
        pass  # the project is in the trash, with all that was typed
    session.delete()


def _is_silent(session: EditorSession) -> bool:
    return session.seen < timezone.now() - SILENT_AFTER


def _opened_elsewhere(session: EditorSession) -> str:
    seconds = max(0, round((timezone.now() - session.seen).total_seconds()))
    sentence = _("This project is open in another tab, last heard of %(seconds)d seconds ago.")
    return sentence % {"seconds": seconds}
