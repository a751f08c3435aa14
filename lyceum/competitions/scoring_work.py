"""Who is scored next, and what becomes of a scoring whose scorer has gone.

A claim is a lease: its scorer extends it while it works, and `watchdog` takes back what
has not been extended. A scoring is known by its submission and its attempt, so that a
scorer that was believed dead can't write over the next one's. Every step is safe to do
again; nothing here is needed after a crash but the rows.

There are two lanes, so that a file never waits for somebody's half hour of code.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from lyceum.competitions.actions.results import record_failure
from lyceum.competitions.models import Submission, SubmissionKind, SubmissionState
from lyceum.limits import limit

State = SubmissionState
_QUICK = Q(kind=SubmissionKind.FILE, round__program="")

GAVE_UP = (
    "The platform could not score this submission. Your attempt has been given back; please "
    "hand it in again.",
    "平台未能为这次提交评分，本次机会已退还，请重新提交。",
)
WAITED = (
    "The organiser's scoring does not work at the moment. Your attempt has been given back.",
    "主办方的评分程序暂时无法使用，本次机会已退还。",
)


class Lane(StrEnum):
    """``QUICK``: files scored by built-in metrics. ``SLOW``: all that needs a sandbox."""

    QUICK = "quick"
    SLOW = "slow"


def lane_of(submission: Submission) -> Lane:
    """Where a submission waits; its round must be loaded."""
    is_file = submission.kind == SubmissionKind.FILE
    return Lane.QUICK if is_file and not submission.round.program else Lane.SLOW


def waiting(lane: Lane) -> QuerySet[Submission]:
    """The queue of a lane, the next one first, first scorings before those scored again."""
    rows = Submission.objects.filter(
        _QUICK if lane == Lane.QUICK else ~_QUICK,
        is_open=True,
        state=State.QUEUED,
        round__fault="",
        round__competition__deleted=None,
    )
    return rows.order_by(F("rejudge").asc(nulls_first=True), "queued", "id")


def claim(now: datetime | None = None, *, lane: Lane = Lane.QUICK) -> Submission | None:
    """The next submission of a lane, which its caller has to score now as
    ``submission.attempt``; ``None`` when nothing waits."""
    now = now or timezone.now()
    while (pk := waiting(lane).values_list("pk", flat=True).first()) is not None:
        taken = Submission.objects.filter(pk=pk, is_open=True, state=State.QUEUED).update(
            state=State.SCORING, attempt=F("attempt") + 1, lease=_lease(now), started=now
        )
        if taken:
            return with_surroundings().filter(pk=pk).first()
    return None


def with_surroundings() -> QuerySet[Submission]:
    """Submissions with what scoring them needs."""
    return Submission.objects.select_related(
        "round__competition", "team", "rejudge", "project__owner", "version", "service"
    )


def extend(scorings: Iterable[tuple[int, int]], now: datetime | None = None) -> None:
    """These scorings (submission and attempt) are still at work; none is for ever."""
    now = now or timezone.now()
    for pk, attempt in scorings:
        rows = Submission.objects.filter(pk=pk, attempt=attempt, state=State.SCORING)
        rows.filter(started__gt=now - _longest()).update(lease=_lease(now))


def give_back(submission_id: int, attempt: int, *, why: str = "", counted: bool = True) -> bool:
    """A scoring has come to nothing: it waits for another one, or, where it has had as many
    as are allowed, the platform has failed; whether it was still the present one.

    ``counted=False``: nothing was wrong with it (the platform is being stopped). ``why`` is
    the organiser's to read.
    """
    with transaction.atomic():
        rows = Submission.objects.select_for_update(no_key=True)
        row = rows.filter(
            pk=submission_id, attempt=attempt, state=State.SCORING, is_open=True
        ).first()
        if row is None:
            return False
        if not counted:
            row.attempts_before += 1
        tries = row.attempt - row.attempts_before
        if tries < limit("scoring_attempts"):
            row.state, row.lease, row.started = State.QUEUED, None, None
            row.save(update_fields=["state", "lease", "started", "attempts_before"])
            return True
    english, chinese = GAVE_UP
    return record_failure(
        submission_id, attempt, state=State.PLATFORM,
        sentence=english, sentence_zh=chinese, detail=why,
    )  # fmt: skip


def recover() -> int:
    """Take back all scorings: the dispatcher that began them is dead; how many."""
    return _take_back(Submission.objects.all(), "its scorer died")


def watchdog(now: datetime | None = None) -> int:
    """See that nothing waits for ever; how many were helped.

    What a silent scorer holds is given back, and what has waited too long for its
    organiser to mend the round's scoring fails, which costs no attempt.
    """
    now = now or timezone.now()
    silent = Submission.objects.filter(Q(lease=None) | Q(lease__lt=now))
    return _take_back(silent, "its scorer fell silent") + _end_waits(now)


def _take_back(rows: QuerySet[Submission], why: str) -> int:
    found = rows.filter(is_open=True, state=State.SCORING).values_list("pk", "attempt")
    return sum(give_back(pk, attempt, why=why) for pk, attempt in list(found))


def _end_waits(now: datetime) -> int:
    latest = now - timedelta(minutes=limit("scoring_minutes"))
    rows = Submission.objects.filter(
        Q(queued__lt=latest) | Q(queued=None, created__lt=latest), is_open=True, state=State.QUEUED
    ).exclude(round__fault="")
    english, chinese = WAITED
    ended = 0
    for pk, attempt, fault in list(rows.values_list("pk", "attempt", "round__fault")):
        begun = Submission.objects.filter(pk=pk, attempt=attempt, state=State.QUEUED)
        if begun.update(state=State.SCORING, attempt=F("attempt") + 1, lease=_lease(now)):
            ended += record_failure(
                pk, attempt + 1, state=State.ORGANISER,
                sentence=english, sentence_zh=chinese, detail=fault,
            )  # fmt: skip
    return ended


def _lease(now: datetime) -> datetime:
    return now + timedelta(seconds=limit("scoring_lease_seconds"))


def _longest() -> timedelta:
    """How long a scoring may take in all, whatever it waits for."""
    runs = max(limit("code_submission_minutes"), limit("service_submission_minutes"))
    return timedelta(minutes=limit("scoring_minutes") + runs)
