"""Handing in from a project's work folder."""

from __future__ import annotations

from pathlib import PurePosixPath

from lyceum.accounts.models import User
from lyceum.competitions.actions.submitting import submit_code, submit_file
from lyceum.competitions.models import Submission, SubmissionKind
from lyceum.competitions.queries.access import get_competition
from lyceum.projects import workfolder
from lyceum.projects.queries import owned_project


def submit_from_project(
    user: User, project_id: int, competition_id: int, *, path: str, message: str = ""
) -> Submission:
    """Hand in the file at ``path``; in a code competition, a version of the project.

    Raises what :func:`submit_file` and :func:`submit_code` do, and ``NotFound`` when there
    is no such plain file.
    """
    project = owned_project(user, project_id)
    competition = get_competition(user, competition_id)
    if competition.submission_kind == SubmissionKind.CODE:
        return submit_code(user, competition_id, project_id=project.pk, message=message)
    with workfolder.open_file(workfolder.home(project.pk), path) as file:
        name = PurePosixPath(path).name
        return submit_file(user, competition_id, file=file, name=name, message=message)
