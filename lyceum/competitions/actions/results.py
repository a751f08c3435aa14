"""What came of scoring: a score or a failure, with all that hangs on it in one transaction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from lyceum.competitions.actions.finishing import settle_again
from lyceum.competitions.actions.prizes import settle_pass
from lyceum.competitions.actions.standings import refresh
from lyceum.competitions.models import (
    AuditAction,
    AuditEvent,
    Score,
    ScoreCause,
    Submission,
    SubmissionState,
    Team,
)

State = SubmissionState
_LONGEST_SENTENCE = 600
_LONGEST_DETAIL = 20_000


def record_score(
    submission_id: int,
    attempt: int,
    *,
    public: float,
    private: float | None,
    metrics: Mapping[str, Any],
    made_with: Mapping[str, str],
    seconds: float,
    rules_digest: str,
    fingerprint: Sequence[int],
) -> bool:
    """Keep a score; ``False`` when that scoring is not the present one any more.

    ``public`` is the score of the whole where there is no split, and then ``private`` is
    ``None``. ``metrics`` as in `Score`. The board, the prize for passing and, when the
    round is finished already, its places follow at once. Raises ``ValueError`` for a score
    that is no finite number.
    """
    if not math.isfinite(public) or not math.isfinite(0.0 if private is None else private):
        raise ValueError("a score must be a finite number")
    scores = {"public_score": public, "private_score": private, "metrics": dict(metrics)}
    with transaction.atomic():
        submission = _hold_scoring(submission_id, attempt)
        if submission is None:
            return False
        _log_score(
            submission,
            **scores,
            made_with=dict(made_with),
            rules_digest=rules_digest,
            seconds=seconds,
        )
        _close(
            submission,
            state=State.SCORED,
            fingerprint=list(fingerprint),
            **scores,
        )
        follow(submission, reason=_reason(submission))
    return True


def record_failure(
    submission_id: int,
    attempt: int,
    *,
    state: str,
    report: dict[str, Any] | None = None,
    sentence: str = "",
    sentence_zh: str = "",
    detail: str = "",
) -> bool:
    """Keep that there is no score, as a failing ``state``, which costs no attempt; ``False``
    when that scoring is not the present one any more.

    ``detail`` is the organiser's to read. What had a score keeps it: a failing rejudge
    leaves a line in the audit log instead.
    """
    with transaction.atomic():
        submission = _hold_scoring(submission_id, attempt)
        if submission is None:
            return False
        detail = detail.replace("\0", "")[:_LONGEST_DETAIL]
        if submission.public_score is None:
            _close(
                submission,
                state=state,
                counts=False,
                report=report,
                sentence=sentence[:_LONGEST_SENTENCE],
                sentence_zh=sentence_zh[:_LONGEST_SENTENCE],
                detail=detail,
            )
        else:
            _close(submission, state=State.SCORED, detail=detail)
            _log_failed_rejudge(submission, state)
        follow(submission, reason=_reason(submission))
    return True


def follow(submission: Submission, *, reason: str = "") -> None:
    """What hangs on a submission that has changed: the board, the prize for passing, the
    places of a round that is finished already. The team and the submission are held."""
    team, round_ = submission.team, submission.round
    standing = refresh(team, round_)
    settle_pass(team, round_, standing, reason=reason)
    settle_again(round_, reason=reason)


def hold_submission(submission_id: int) -> Submission | None:
    """The submission, read again with its team and round; both it and its team are held
    until the transaction ends. ``None`` when it is deleted."""
    found = Submission.objects.filter(pk=submission_id)
    while (team_id := found.values_list("team_id", flat=True).first()) is not None:
        Team.objects.select_for_update(no_key=True).filter(pk=team_id).first()
        rows = found.select_for_update(of=("self",), no_key=True)
        submission = rows.select_related("team", "round__competition", "rejudge").first()
        # Another team's by now: the two have merged meanwhile.
        if submission is not None and submission.team_id == team_id:
            return submission
    return None


def _hold_scoring(submission_id: int, attempt: int) -> Submission | None:
    """The submission, held, if the scoring that began as ``attempt`` is still wanted."""
    submission = hold_submission(submission_id)
    if submission is None or not submission.is_open:
        return None
    is_present = submission.state == State.SCORING and submission.attempt == attempt
    return submission if is_present else None


def _close(submission: Submission, **values: Any) -> None:
    """The scoring is over; fields not given are as for a good one."""
    now = timezone.now()
    blank = {"sentence": "", "sentence_zh": "", "detail": "", "report": None}
    values = {**blank, **values, "is_open": False, "lease": None, "ended": now}
    for name, value in values.items():
        setattr(submission, name, value)
    submission.save(update_fields=list(values))


def _log_score(submission: Submission, **values: Any) -> None:
    newest = submission.scores.aggregate(newest=Max("number"))["newest"] or 0
    Score.objects.create(
        submission=submission,
        number=newest + 1,
        cause=ScoreCause.REJUDGE if submission.rejudge_id else ScoreCause.FIRST,
        rejudge=submission.rejudge,
        **values,
    )


def _log_failed_rejudge(submission: Submission, state: str) -> None:
    AuditEvent.objects.create(
        competition_id=submission.round.competition_id,
        action=AuditAction.REJUDGED,
        team=submission.team,
        submission=submission,
        reason=_reason(submission),
        data={"failed": str(state), "rejudge": submission.rejudge_id},
    )


def _reason(submission: Submission) -> str:
    return submission.rejudge.reason if submission.rejudge else ""
