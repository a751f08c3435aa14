"""What a notebook's competition panel shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language

from lyceum.accounts.models import User
from lyceum.competitions.models import Competition, Participation, Submission, SubmissionKind
from lyceum.competitions.queries.access import current_round, no_such_competition
from lyceum.competitions.queries.board import rank_of
from lyceum.competitions.queries.queue import queue_place
from lyceum.competitions.queries.quotas import Quota, quota
from lyceum.projects.models import Project
from lyceum.projects.queries import dataset_links, owned_project

_FROM_NOTEBOOKS = (SubmissionKind.FILE, SubmissionKind.CODE)


@dataclass(frozen=True, slots=True)
class OpenCompetition:
    """A competition that takes submissions now; ``related``: this project is made for it."""

    competition: Competition
    example_name: str
    related: bool
    quota: Quota


@dataclass(frozen=True, slots=True)
class SentIn:
    """A submission as far as it has come; ``problems`` are in the reader's language."""

    submission: Submission
    position: int | None
    expected_seconds: float | None
    rank: int | None
    problems: list[str]
    quota: Quota


def open_competitions(
    user: User, project_id: int, *, now: datetime | None = None
) -> list[OpenCompetition]:
    """Those of the learner's competitions that this project could hand in to, its own first."""
    project = owned_project(user, project_id)
    dataset_ids = {link.dataset_id for link in dataset_links(project)}
    taking_part = Participation.objects.filter(
        user=user,
        left=None,
        team__disqualified=None,
        competition__published__isnull=False,
        competition__deleted=None,
        competition__submission_kind__in=_FROM_NOTEBOOKS,
    ).select_related("competition", "team")
    found = []
    for each in taking_part:
        round_ = current_round(each.competition, now)
        if round_ is None or not round_.is_open(now):
            continue
        related = _is_of_baseline(project, each.competition) or (
            bool(dataset_ids) and round_.datasets.filter(pk__in=dataset_ids).exists()
        )
        found.append(
            OpenCompetition(
                each.competition, round_.example_name, related, quota(each.team, round_)
            )
        )
    return sorted(found, key=lambda one: (not one.related, one.competition.ends))


def sent_in(user: User, project_id: int, competition_id: int, submission_id: int) -> SentIn:
    """What has come of one of the learner's submissions; ``NotFound`` of another's."""
    owned_project(user, project_id)
    submission = (
        Submission.objects.select_related("team", "round__competition")
        .filter(
            pk=submission_id,
            round__competition=competition_id,
            team__participations__user=user,
            team__participations__left=None,
        )
        .first()
    )
    if submission is None:
        raise no_such_competition()
    return news_of(submission)


def news_of(submission: Submission) -> SentIn:
    """A submission with its place in the queue, or on the board."""
    place = queue_place(submission) if submission.is_open else None
    return SentIn(
        submission,
        place.position if place else None,
        place.expected_seconds if place else None,
        None if submission.is_open else rank_of(submission.team, submission.round),
        _problems(submission),
        quota(submission.team, submission.round),
    )


def _is_of_baseline(project: Project, competition: Competition) -> bool:
    baseline = competition.baseline_id
    return baseline is not None and baseline in (project.pk, project.forked_from_id)


def _problems(submission: Submission) -> list[str]:
    chinese = (get_language() or "").startswith("zh")
    told = submission.sentence_zh if chinese else submission.sentence
    listed = (submission.report or {}).get("problems", [])
    return [each["zh" if chinese else "en"] for each in listed] or ([told] if told else [])
