"""``/api/v1/projects/{project_id}/competitions``: handing in from a running notebook."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from ninja import Field, Router, Schema, Status

from lyceum.accounts.auth import SIGNED_IN
from lyceum.common.problems import ProblemOut
from lyceum.competitions.actions.notebook import submit_from_project
from lyceum.competitions.models import SubmissionKind, SubmissionState
from lyceum.competitions.queries.notebook import (
    OpenCompetition,
    SentIn,
    news_of,
    open_competitions,
    sent_in,
)
from lyceum.config import settings
from lyceum.notebooks.auth import ProjectTokenAuth

# The token first: a session's CSRF check refuses a request that has only a token.
router = Router(tags=["competitions"], auth=[ProjectTokenAuth(), *SIGNED_IN])

_REFUSALS = {401: ProblemOut, 403: ProblemOut, 404: ProblemOut}
_PATH = "/projects/{int:project_id}/competitions"
_SUBMISSIONS = _PATH + "/{int:competition_id}/submissions"


class AttemptsOut(Schema):
    left_today: int | None = Field(description="Without: as many as you like.")
    left: int | None = Field(description="Of the whole round; without: as many as you like.")
    resets_at: datetime = Field(description="When the day's attempts begin anew.")


class OpenCompetitionOut(Schema):
    id: int = Field(alias="competition.pk")
    name: str = Field(alias="competition.shown_name")
    submission_kind: SubmissionKind = Field(alias="competition.submission_kind")
    example_name: str
    url: str = Field(description="Its page of submissions.")
    related: bool = Field(description="Whether the project forks its baseline or has its data.")
    quota: AttemptsOut

    @staticmethod
    def resolve_url(one: OpenCompetition) -> str:
        path = reverse("competitions:submissions", args=[one.competition.pk])
        return f"{settings().portal_url}{path}"


class FromNotebookIn(Schema):
    path: str = Field("", description="A file of the work folder; of code competitions empty.")
    message: str = ""


class FromNotebookOut(Schema):
    id: int = Field(alias="submission.pk")
    state: SubmissionState = Field(alias="submission.state")
    state_label: str = Field(alias="submission.get_state_display")
    is_open: bool = Field(alias="submission.is_open")
    position: int | None = Field(description="Place in the queue, the first one is 1.")
    expected_seconds: float | None
    score: float | None = Field(alias="submission.public_score")
    rank: int | None = Field(description="The team's place on the public board.")
    problems: list[str] = Field(description="What is wrong with it, in the reader's language.")
    quota: AttemptsOut


@router.get(
    _PATH,
    response={200: list[OpenCompetitionOut], **_REFUSALS},
    summary="Competitions this project can hand in to",
)
def list_open_competitions(request: HttpRequest, project_id: int) -> list[OpenCompetition]:
    """Those you take part in that are open now; the project's own come first."""
    return open_competitions(request.user, project_id)


@router.post(
    _SUBMISSIONS,
    response={201: FromNotebookOut, 400: ProblemOut, 409: ProblemOut, **_REFUSALS},
    summary="Hand in from a project",
)
def submit_project(
    request: HttpRequest, project_id: int, competition_id: int, content: FromNotebookIn
) -> Status:
    """Hand in a file of the work folder; in code competitions, the project's code.

    A file that the check refuses is answered with its problems, and costs no attempt.
    """
    submission = submit_from_project(
        request.user, project_id, competition_id, path=content.path, message=content.message
    )
    return Status(201, news_of(submission))


@router.get(
    _SUBMISSIONS + "/{int:submission_id}",
    response={200: FromNotebookOut, **_REFUSALS},
    summary="What has come of it",
)
def get_sent_in(
    request: HttpRequest, project_id: int, competition_id: int, submission_id: int
) -> SentIn:
    """State, place in the queue, score and rank of one of your submissions."""
    return sent_in(request.user, project_id, competition_id, submission_id)
