"""提交: a version of the files, and a task that runs it; or an older version back."""

from __future__ import annotations

from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict
from lyceum.editor.actions._writing import writing
from lyceum.editor.actions.drafts import bring_in_drafts
from lyceum.editor.models import EditorDraft
from lyceum.projects.actions import restore_version
from lyceum.projects.models import Version
from lyceum.tasks.actions import submit_task
from lyceum.tasks.models import Task


def submit(
    user: User,
    project_id: int,
    *,
    token: str,
    note: str = "",
    trainers: int | None = None,
    pservers: int = 0,
    cpus: int = 1,
    gpus: int = 0,
    time_limit_minutes: int | None = None,
) -> Task:
    """Save the files as a version and run it as a task (``submit_task`` says what is
    refused). ``Conflict`` (``unsaved``) while something typed is not saved: the task
    would run without it."""
    with writing(user, project_id, token) as project:
        unsaved = EditorDraft.objects.filter(project=project).values_list("path", flat=True)
        if unsaved:
            sentence = _("“%(path)s” has changes that are not saved.") % {"path": unsaved[0]}
            raise Conflict("unsaved", sentence)
        return submit_task(
            user,
            project.pk,
            note=note,
            trainers=trainers,
            pservers=pservers,
            cpus=cpus,
            gpus=gpus,
            time_limit_minutes=time_limit_minutes,
        )


def restore(user: User, project_id: int, *, token: str, number: int) -> Version:
    """Put all files of version ``number`` back; what is there now, saved or not, is saved
    as a version first."""
    with writing(user, project_id, token) as project:
        bring_in_drafts(project)
        return restore_version(user, project.pk, number=number)
