"""How many submissions a team has made and may still make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from lyceum.competitions.models import Round, Submission, SubmissionState, Team

_COSTS = Q(counts=True)
# What is the team's own doing: only these are limited beside the attempts.
_FAILED = Q(counts=False, state__in=(SubmissionState.INVALID, SubmissionState.FAILED))


@dataclass(frozen=True, slots=True)
class Quota:
    """A team's attempts in a round; limits and what is left are ``None`` without a limit.

    ``resets_at`` is when the day of ``used_today`` is over: midnight, UTC. ``failed_today``
    are those refused or failed, which cost no attempt.
    """

    daily_limit: int | None
    used_today: int
    left_today: int | None
    total_limit: int | None
    used: int
    left: int | None
    resets_at: datetime
    failed_today: int

    @property
    def left_now(self) -> int | None:
        """How many more can be handed in today."""
        limits = [each for each in (self.left_today, self.left) if each is not None]
        return min(limits) if limits else None


def quota(team: Team | None, round_: Round, *, day: date | None = None) -> Quota:
    """A team's attempts in a round on ``day`` (UTC, today); all of them without a team.

    Of use to an action only while it holds the team's row.
    """
    day = day or today()
    used = {"today": 0, "all": 0, "failed": 0}
    if team is not None:
        used = Submission.objects.filter(round=round_, team=team).aggregate(
            today=Count("pk", filter=_COSTS & Q(day=day)),
            all=Count("pk", filter=_COSTS),
            failed=Count("pk", filter=_FAILED & Q(day=day)),
        )
    daily, total = round_.daily_limit or None, round_.total_limit or None
    return Quota(
        daily_limit=daily,
        used_today=used["today"],
        left_today=_left(daily, used["today"]),
        total_limit=total,
        used=used["all"],
        left=_left(total, used["all"]),
        resets_at=datetime.combine(day + timedelta(days=1), time.min, UTC),
        failed_today=used["failed"],
    )


def today(now: datetime | None = None) -> date:
    """The day that attempts are counted by."""
    return (now or timezone.now()).astimezone(UTC).date()


def most_so_far(round_: Round, now: datetime) -> int | None:
    """How many submissions one team could have made in a round by now; ``None`` without
    a limit."""
    if round_.starts is None or round_.starts > now:
        return 0
    last = now if round_.ends is None else min(now, round_.ends)
    days = (today(last) - today(round_.starts)).days + 1
    limits = [round_.daily_limit * days, round_.total_limit]
    return min((each for each in limits if each), default=None)


def _left(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)
