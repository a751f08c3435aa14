"""Finishing rounds: final places, medals, who goes on, and what is won."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import BooleanField, Case, CharField, Q, QuerySet, Value, When
from django.utils import timezone

from lyceum.competitions.actions.prizes import hold_prizes, settle_places, settle_pool
from lyceum.competitions.actions.standings import bump, hold_board, take_final_ranks
from lyceum.competitions.models import (
    Advance,
    AuditAction,
    AuditEvent,
    Competition,
    Round,
    Standing,
    Submission,
    Team,
)
from lyceum.competitions.queries.board import is_last, medal_of

_MOST_CHANGES = 200
_FIXED = ("final_rank", "medal", "advanced")


def finish_round(round_id: int, *, now: datetime | None = None) -> bool:
    """Fix a round's final places once its dates and the rounds before it are over and all
    is scored; whether that changed anything. For the platform; may be called again."""
    now = now or timezone.now()
    with transaction.atomic():
        round_ = hold_board(round_id)
        return _is_due(round_, now) and _settle(round_, now, "")


def settle_again(round_: Round, *, reason: str) -> bool:
    """Fix the places of a finished round anew after a rejudge, an exclusion or the like,
    unless something of it is still to be scored; whether anything changed.

    In the transaction that changed it. What changed is in the audit log.
    """
    round_ = hold_board(round_.pk)
    if round_.finished is None or is_scoring(round_):
        return False
    return _settle(round_, timezone.now(), reason)


def may_enter(team: Team, round_: Round) -> bool:
    """Whether a team may take part in a round: all rounds before it let it go on."""
    before = Round.objects.filter(competition_id=round_.competition_id, number__lt=round_.number)
    let_on = before.filter(finished__isnull=False, standings__team=team, standings__advanced=True)
    return let_on.count() == before.count()


def is_scoring(round_: Round) -> bool:
    """Whether a submission of the round waits for a score, a first one or a new one."""
    return Submission.objects.filter(round=round_, is_open=True).exists()


def _is_due(round_: Round, now: datetime) -> bool:
    competition = round_.competition
    is_live = competition.published and not competition.deleted and not competition.is_template
    if not is_live or round_.ends is None or round_.ends > now or is_scoring(round_):
        return False
    before = Round.objects.filter(competition=competition, number__lt=round_.number)
    return not before.filter(finished=None).exists()


def _settle(round_: Round, now: datetime, reason: str) -> bool:
    """Fix places, medals, who goes on, and prizes; the board is held."""
    is_first, last = round_.finished is None, is_last(round_)
    before = _fixed(round_)
    take_final_ranks(round_)
    rows = Standing.objects.filter(round=round_)
    rows.update(medal=_medals(round_.competition.has_medals and last))
    if not last:
        _let_on(rows, round_, now)
    competition = hold_prizes(round_.competition_id)
    pool = settle_pool(competition, round_) if last else {}
    if last and not competition.is_regular:
        settle_places(competition, round_, reason=reason)
    changes = _changes(before, _fixed(round_))
    if not (is_first or changes or pool):
        return False
    if is_first:
        Round.objects.filter(pk=round_.pk).update(finished=now)
    _log(round_, reason, changes, pool, again=not is_first)
    if is_first and last:
        Competition.objects.filter(pk=competition.pk).update(finished=now)
        AuditEvent.objects.create(competition=competition, action=AuditAction.FINISHED)
    bump(round_)
    return True


def _medals(are_given: bool) -> Case | Value:
    if not are_given:
        return Value("")
    cases = [When(final_rank=rank, then=Value(medal_of(rank))) for rank in (1, 2, 3)]
    return Case(*cases, default=Value(""), output_field=CharField())


def _let_on(rows: QuerySet[Standing], round_: Round, now: datetime) -> None:
    """Set who goes on to the next round. Once that has begun nobody is sent back from it,
    unless disqualified: places may change by a rejudge long after."""
    goes_on = Q(final_rank__isnull=False)
    if round_.advance == Advance.TOP:
        goes_on &= Q(final_rank__lte=round_.advance_count)
    elif round_.advance == Advance.SCORE and round_.advance_score is not None:
        goes_on &= Q(private_key__gte=round_.key(round_.advance_score))
    begun = Round.objects.filter(
        competition_id=round_.competition_id, number__gt=round_.number, starts__lte=now
    )
    if begun.exists():
        goes_on |= Q(advanced=True, hidden=False)
    rows.update(
        advanced=Case(
            When(goes_on, then=Value(True)), default=Value(False), output_field=BooleanField()
        )
    )


def _fixed(round_: Round) -> dict[int, tuple]:
    rows = Standing.objects.filter(round=round_)
    return {team_id: tuple(fixed) for team_id, *fixed in rows.values_list("team_id", *_FIXED)}


def _changes(before: dict[int, tuple], after: dict[int, tuple]) -> list[dict[str, Any]]:
    """What is another one now, by team: ``{"team": id, "final_rank": [old, new], …}``."""
    changes = []
    for team_id, fixed in after.items():
        was = before.get(team_id, (None, "", None))
        if was != fixed:
            pairs = zip(_FIXED, was, fixed, strict=True)
            changes.append(
                {"team": team_id, **{name: [old, new] for name, old, new in pairs if old != new}}
            )
    return changes


def _log(
    round_: Round,
    reason: str,
    changes: list[dict[str, Any]],
    pool: dict[int, tuple[str, str]],
    *,
    again: bool,
) -> None:
    data: dict[str, Any] = {"round": round_.number, "again": again}
    if again:
        data |= {"changes": changes[:_MOST_CHANGES], "changed": len(changes)}
    if pool:
        data["pool"] = [{"team": team, "amount": list(both)} for team, both in pool.items()]
    AuditEvent.objects.create(
        competition_id=round_.competition_id,
        action=AuditAction.ROUND_FINISHED,
        reason=reason,
        data=data,
    )
