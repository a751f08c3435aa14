"""Keeping the leaderboard's rows (`Standing`) what the submissions say.

Whoever changes a board holds rows in this order, so that nobody waits in a circle: the
team, the submission, the round (`hold_board`), standings, the competition (its prizes).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, FloatField, Max, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from lyceum.competitions.models import FinalRule, Round, Standing, Submission, Team

_FINAL = Coalesce("private_score", "public_score", output_field=FloatField())

# One statement for all of a round's rows; the ORM can't update from a window.
_TAKE_PUBLIC = """
UPDATE competitions_standing SET rank_before = placed.place FROM (
    SELECT id, ROW_NUMBER() OVER (ORDER BY public_key DESC, public_reached, id) AS place
    FROM competitions_standing
    WHERE round_id = %s AND NOT hidden AND public_key IS NOT NULL
) AS placed WHERE competitions_standing.id = placed.id
"""
_TAKE_FINAL = """
UPDATE competitions_standing SET final_rank = placed.place FROM (
    SELECT id, ROW_NUMBER() OVER (ORDER BY private_key DESC, private_reached, id) AS place
    FROM competitions_standing
    WHERE round_id = %s AND NOT hidden AND private_key IS NOT NULL
) AS placed WHERE competitions_standing.id = placed.id
"""


def hold_board(round_id: int) -> Round:
    """The round, read again with its competition; until the transaction ends nobody else
    changes its board."""
    rows = Round.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("competition").get(pk=round_id)


def hold_boards(competition_id: int) -> list[Round]:
    """All rounds of a competition, held in their order."""
    ids = Round.objects.filter(competition_id=competition_id).order_by("number")
    return [hold_board(round_id) for round_id in ids.values_list("pk", flat=True)]


def refresh(team: Team, round_: Round) -> Standing | None:
    """Bring a team's row of a round's board up to date; ``None`` when it never scored.

    For whoever changed a submission, its choice, or the team, in the same transaction, the
    team held.
    """
    round_ = hold_board(round_.pk)
    standing = Standing.objects.filter(round=round_, team=team).first()
    values = _values(team, round_)
    if standing is None:
        if values["public_submission"] is None:
            return None
        standing = Standing(round=round_, team=team)
    changed = [name for name, value in values.items() if getattr(standing, name) != value]
    if standing.pk is None or changed:
        for name in changed:
            setattr(standing, name, values[name])
        standing.save()
        bump(round_)
    return standing


def bump(round_: Round) -> None:
    """Tell the board's readers that it has changed."""
    Round.objects.filter(pk=round_.pk).update(board_version=F("board_version") + 1)


def take_ranks(round_: Round, now: datetime | None = None) -> None:
    """Keep each team's present place as yesterday's, for the movement since then."""
    with transaction.atomic():
        round_ = hold_board(round_.pk)
        Standing.objects.filter(round=round_, rank_before__isnull=False).update(rank_before=None)
        with connection.cursor() as cursor:
            cursor.execute(_TAKE_PUBLIC, [round_.pk])
        Round.objects.filter(pk=round_.pk).update(ranks_taken=now or timezone.now())
        bump(round_)


def take_final_ranks(round_: Round) -> None:
    """Number the teams by what counts at the end; the round is held."""
    Standing.objects.filter(round=round_, final_rank__isnull=False).update(final_rank=None)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_FINAL, [round_.pk])


def _values(team: Team, round_: Round) -> dict[str, Any]:
    """A row's fields but its ranks, from the team's submissions that have a score and are
    not excluded. While one of them is scored again its old score stands."""
    scored = Submission.objects.filter(
        round=round_, team=team, excluded=None, public_score__isnull=False
    )
    totals = scored.aggregate(count=Count("pk"), last=Max("created"))
    best = _best(scored, round_, "public_score")
    final = _final(scored, round_, best)
    return {
        "submissions": totals["count"],
        "last_submitted": totals["last"],
        "hidden": _is_hidden(team, round_),
        **_part("public", round_, best, best and best.public_score),
        **_part("private", round_, final, final and final.final_score),
    }


def _is_hidden(team: Team, round_: Round) -> bool:
    """Whether a team is off the board: disqualified, or gone before the places were fixed."""
    has_gone = team.dissolved is not None and round_.finished is None
    return has_gone or team.disqualified is not None


def _part(name: str, round_: Round, chosen: Submission | None, score: float | None):
    return {
        f"{name}_submission": chosen,
        f"{name}_score": score,
        f"{name}_key": None if score is None else round_.key(score),
        f"{name}_reached": chosen and chosen.created,
    }


def _best(rows: QuerySet[Submission], round_: Round, score: str) -> Submission | None:
    """The best by ``score``; of equal ones the one handed in first."""
    order = f"-{score}" if round_.higher_is_better else score
    return rows.annotate(final_score=_FINAL).order_by(order, "created", "id").first()


def _final(
    rows: QuerySet[Submission], round_: Round, best: Submission | None
) -> Submission | None:
    """The submission that counts at the end (`FinalRule`); of several chosen ones the best."""
    rule = round_.competition.final_rule
    if rule == FinalRule.LAST:
        return rows.annotate(final_score=_FINAL).order_by("-created", "-id").first()
    if rule == FinalRule.CHOSEN:
        return _best(rows.filter(chosen=True), round_, "final_score") or best
    return best
