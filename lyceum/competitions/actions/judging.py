"""What organisers decide about scores and teams, each with a reason, each to be undone."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError, NotFound
from lyceum.common.text import clean_line
from lyceum.competitions import wake
from lyceum.competitions.actions.finishing import settle_again
from lyceum.competitions.actions.prizes import settle_pass
from lyceum.competitions.actions.results import follow, hold_submission
from lyceum.competitions.actions.standings import hold_boards, refresh
from lyceum.competitions.models import (
    AuditAction,
    AuditEvent,
    Rejudge,
    RejudgeScope,
    Round,
    Submission,
    SubmissionState,
    Team,
)
from lyceum.competitions.queries.access import organised_competition

State = SubmissionState
_LONGEST_REASON = 500
# A check that refused a file, or a team's code that failed, is judged again only on its own:
# the team has handed in another one instead.
_JUDGED = (State.SCORED, State.ORGANISER, State.PLATFORM)
_CLOSED = (*_JUDGED, State.INVALID, State.FAILED)


def rejudge(
    user: User,
    round_id: int,
    *,
    scope: str,
    team_id: int | None = None,
    submission_id: int | None = None,
    reason: str,
) -> Rejudge:
    """Have one submission, one team's or all of a round's scored again by its present rules.

    Old scores stand, and stay in the log; a submission that has none costs no attempt
    afterwards either. What is being scored just now begins again. Raises ``NotFound``,
    ``Forbidden``, ``DomainError`` about ``reason`` or ``scope``, and ``Conflict`` when there
    is nothing to score.
    """
    round_ = _organised_round(user, round_id)
    reason = _clean_reason(reason)
    rows = Submission.objects.filter(round=round_)
    if scope == RejudgeScope.SUBMISSION:
        rows = rows.filter(pk=submission_id)
    elif scope == RejudgeScope.TEAM:
        rows = rows.filter(team_id=team_id)
    elif scope != RejudgeScope.ROUND:
        raise DomainError("bad_scope", _("Choose what is to be scored again."), field="scope")
    if not rows.exists():
        raise NotFound("no_such_submission", _("There is no such submission (any more)."))
    states = _CLOSED if scope == RejudgeScope.SUBMISSION else _JUDGED
    with transaction.atomic():
        order = Rejudge.objects.create(
            round=round_,
            scope=scope,
            team_id=team_id if scope == RejudgeScope.TEAM else None,
            submission_id=submission_id if scope == RejudgeScope.SUBMISSION else None,
            reason=reason,
            author=user,
        )
        order.total = _queue_again(rows, order, states)
        if not order.total:
            sentence = _("There is nothing here that could be scored again.")
            raise Conflict("nothing_to_rejudge", sentence)
        order.save(update_fields=["total"])
        _log(round_.competition_id, AuditAction.REJUDGED, user, reason,
             team_id=order.team_id, submission_id=order.submission_id,
             data={"rejudge": order.pk, "scope": scope, "round": round_.number,
                   "total": order.total})  # fmt: skip
        transaction.on_commit(wake.dispatcher)
    return order


def disqualify(user: User, team_id: int, *, reason: str) -> Team:
    """Take a team off all boards of its competition, and its prizes away, but for codes.

    Raises ``NotFound``, ``Forbidden``, ``DomainError`` about ``reason``, and ``Conflict``.
    """
    reason = _clean_reason(reason)
    with transaction.atomic():
        team = _hold_team(user, team_id)
        if team.disqualified:
            raise Conflict("disqualified", _("This team is disqualified already."))
        team.disqualified, team.disqualified_reason = timezone.now(), reason
        _change_team(team, user, AuditAction.DISQUALIFIED, reason)
    return team


def restore(user: User, team_id: int, *, reason: str) -> Team:
    """Undo a disqualification, with all that it took; raises as `disqualify`."""
    reason = _clean_reason(reason)
    with transaction.atomic():
        team = _hold_team(user, team_id)
        if not team.disqualified:
            raise Conflict("not_disqualified", _("This team is not disqualified."))
        team.disqualified, team.disqualified_reason = None, ""
        _change_team(team, user, AuditAction.RESTORED, reason)
    return team


def exclude(user: User, submission_id: int, *, reason: str) -> Submission:
    """Take one submission off the board; its team stays there with its other ones.

    The attempt stays used. Raises as `disqualify`.
    """
    reason = _clean_reason(reason)
    with transaction.atomic():
        submission = _hold_organised(user, submission_id)
        if submission.excluded:
            raise Conflict("excluded", _("This submission is excluded already."))
        submission.excluded, submission.excluded_reason = timezone.now(), reason
        _change_submission(submission, user, AuditAction.EXCLUDED, reason)
    return submission


def include(user: User, submission_id: int, *, reason: str) -> Submission:
    """Undo an exclusion; raises as `disqualify`."""
    reason = _clean_reason(reason)
    with transaction.atomic():
        submission = _hold_organised(user, submission_id)
        if not submission.excluded:
            raise Conflict("not_excluded", _("This submission is not excluded."))
        submission.excluded, submission.excluded_reason = None, ""
        _change_submission(submission, user, AuditAction.INCLUDED, reason)
    return submission


def _queue_again(rows: Any, order: Rejudge, states: tuple[str, ...]) -> int:
    """Queue what is closed, and what is being scored, by the rules of a moment ago; how many.

    Those still waiting are scored by the present rules anyway.
    """
    again = {
        "state": State.QUEUED,
        "is_open": True,
        "queued": timezone.now(),
        "lease": None,
        "attempts_before": F("attempt"),
    }
    begun = rows.filter(is_open=True, state=State.SCORING)
    first_ones = begun.filter(rejudge=None).update(**again)
    older = begun.exclude(rejudge=None).update(**again, rejudge=order)
    closed = rows.filter(Q(is_open=False) & Q(state__in=states))
    return first_ones + older + closed.update(**again, rejudge=order)


def _change_team(team: Team, user: User, action: str, reason: str) -> None:
    """Save a held team's new standing with what hangs on it, in all rounds."""
    team.save(update_fields=["disqualified", "disqualified_reason"])
    rounds = hold_boards(team.competition_id)
    for round_ in rounds:
        settle_pass(team, round_, refresh(team, round_), reason=reason)
    _log(team.competition_id, action, user, reason, team_id=team.pk)
    for round_ in rounds:
        settle_again(round_, reason=reason)


def _change_submission(submission: Submission, user: User, action: str, reason: str) -> None:
    submission.save(update_fields=["excluded", "excluded_reason"])
    _log(submission.round.competition_id, action, user, reason,
         team_id=submission.team_id, submission_id=submission.pk)  # fmt: skip
    follow(submission, reason=reason)


def _organised_round(user: User, round_id: int) -> Round:
    round_ = Round.objects.select_related("competition").filter(pk=round_id).first()
    if round_ is None:
        raise NotFound("no_such_round", _("There is no such round (any more)."))
    organised_competition(user, round_.competition_id)
    return round_


def _hold_team(user: User, team_id: int) -> Team:
    rows = Team.objects.select_for_update(no_key=True)
    team = rows.filter(pk=team_id, merged_into=None).first()
    if team is None:
        raise NotFound("no_such_team", _("There is no such team (any more)."))
    organised_competition(user, team.competition_id)
    return team


def _hold_organised(user: User, submission_id: int) -> Submission:
    submission = hold_submission(submission_id)
    if submission is None:
        raise NotFound("no_such_submission", _("There is no such submission (any more)."))
    organised_competition(user, submission.round.competition_id)
    return submission


def _clean_reason(reason: str) -> str:
    return clean_line(reason, field="reason", longest=_LONGEST_REASON, required=True)


def _log(competition_id: int, action: str, user: User, reason: str, **values: Any) -> None:
    AuditEvent.objects.create(
        competition_id=competition_id, action=action, author=user, reason=reason, **values
    )
