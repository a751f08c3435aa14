"""A submission's place in the queue of scorings, and how long it may take."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.db.models import F, Q

from lyceum.competitions.models import Submission, SubmissionState
from lyceum.competitions.scoring_work import Lane, lane_of, waiting
from lyceum.limits import limit

State = SubmissionState
_LATELY = 20
_AT_FIRST = {Lane.QUICK: 2.0, Lane.SLOW: 60.0}
"""Seconds that a scoring is thought to take before any of its round has been."""


@dataclass(frozen=True, slots=True)
class Place:
    """``position`` is 1 for the next one, and 0 for one that is being scored or is done.

    ``expected_seconds`` is until its score, by how long the last ones of its round took;
    ``None`` while the round's scoring waits for its organiser.
    """

    position: int
    expected_seconds: float | None


def queue_place(submission: Submission) -> Place:
    """Where a submission is in its queue."""
    if not submission.is_open:
        return Place(0, 0.0)
    lane = lane_of(submission)
    one = _usual_seconds(submission, lane)
    if submission.state == State.SCORING:
        return Place(0, one)
    ahead = waiting(lane).filter(_before(submission)).count()
    if submission.round.fault:
        return Place(ahead + 1, None)
    workers = limit("scoring_workers")
    return Place(ahead + 1, one * math.ceil((ahead + 1) / workers))


def _before(submission: Submission) -> Q:
    queued = submission.queued or submission.created
    sooner = Q(queued__lt=queued) | Q(queued=queued, id__lt=submission.pk)
    if submission.rejudge_id is None:
        return Q(rejudge=None) & sooner
    order = submission.rejudge_id
    return Q(rejudge=None) | Q(rejudge__lt=order) | (Q(rejudge=order) & sooner)


def _usual_seconds(submission: Submission, lane: Lane) -> float:
    ended = Submission.objects.filter(
        round_id=submission.round_id, is_open=False, started__isnull=False, ended__isnull=False
    )
    took = ended.order_by("-id").annotate(took=F("ended") - F("started"))
    lately = [each.total_seconds() for each in took.values_list("took", flat=True)[:_LATELY]]
    lately = [each for each in lately if each >= 0]
    return sum(lately) / len(lately) if lately else _AT_FIRST[lane]
