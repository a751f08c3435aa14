"""``/api/v1/projects/{project_id}/notebook``: run, look at and stop a project."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from lyceum.accounts.auth import SIGNED_IN
from lyceum.common.problems import ProblemOut
from lyceum.notebooks import actions, queries
from lyceum.notebooks.auth import ProjectTokenAuth
from lyceum.notebooks.models import NotebookServer

# The token first: a session's CSRF check refuses a request that has only a token.
router = Router(tags=["notebooks"], auth=[ProjectTokenAuth(), *SIGNED_IN])


class AddressesOut(Schema):
    notebook: str = Field(description="The project's notebook in Notebook 7.")
    lab: str = Field(description="The same in JupyterLab.")
    visualdl: str = Field(description="VisualDL on `~/log`.")


class UsageOut(Schema):
    cpu_percent: float = Field(description="100 is one core.")
    cpu_percent_limit: int
    memory_bytes: int
    memory_bytes_limit: int
    processes: int
    processes_limit: int


class NotebookOut(Schema):
    project_id: int
    state: NotebookServer.State
    stage: str = Field(description="`building` or `launching` while it starts, else empty.")
    progress: int = Field(description="Percent of the start.")
    message: str = Field(description="What happens or happened, in the reader's language.")
    detail: str = Field(description="More of it, in the words of the part that failed.")
    reason: str = Field(description="Why it ended: a code; empty while it has not.")
    addresses: AddressesOut
    started: datetime | None
    ended: datetime | None
    last_activity: datetime | None
    idle_stop_at: datetime | None = Field(
        description="When it will be stopped if it goes on being unused."
    )
    idle_warning: bool = Field(description="Whether that is near: tell the learner.")
    saved_version: int | None = Field(description="The version saved when it ended.")
    usage: UsageOut | None


_REFUSALS = {401: ProblemOut, 403: ProblemOut, 404: ProblemOut}
_PATH = "/projects/{int:project_id}/notebook"


@router.get(_PATH, response={200: NotebookOut, **_REFUSALS}, summary="A project's notebook server")
def get_notebook(request: HttpRequest, project_id: int) -> queries.NotebookView:
    """State, addresses and use of the notebook server of one of your projects."""
    return queries.notebook_view(request.user, project_id)


@router.post(
    _PATH,
    response={202: NotebookOut, 409: ProblemOut, 503: ProblemOut, **_REFUSALS},
    summary="Run a project",
    auth=SIGNED_IN,
)
def run_project(request: HttpRequest, project_id: int) -> Status:
    """Start the notebook server; one that runs already is left alone.

    409 with code `running_projects_limit` when too many of your projects run.
    """
    server = actions.start_notebook(request.user, project_id=project_id)
    return Status(202, queries.view_of(server))


@router.delete(
    _PATH, response={202: NotebookOut, **_REFUSALS}, summary="Stop a project", auth=SIGNED_IN
)
def stop_project(request: HttpRequest, project_id: int) -> Status:
    """Save a version and stop the notebook server; one that does not run is left alone."""
    actions.stop_notebook(request.user, project_id=project_id)
    return Status(202, queries.notebook_view(request.user, project_id))


@router.post(
    _PATH + "/activity",
    response={200: NotebookOut, **_REFUSALS},
    summary="Say that you are still there",
)
def keep_project(request: HttpRequest, project_id: int) -> queries.NotebookView:
    """Count the idle time from now and take an idle warning back."""
    actions.keep_notebook(request.user, project_id=project_id)
    return queries.notebook_view(request.user, project_id)
