"""What people have won, and a competition's final report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lyceum.accounts.models import User
from lyceum.competitions.models import (
    Certificate,
    Competition,
    PoolShare,
    PrizeCode,
    Round,
    Standing,
    Team,
)
from lyceum.competitions.queries.board import members_of


@dataclass(frozen=True, slots=True)
class Prizes:
    """What a person has won: certificates that are good, codes, and the pool's parts of
    their teams; the newest first."""

    certificates: list[Certificate]
    codes: list[PrizeCode]
    pool_parts: list[PoolShare]

    def __bool__(self) -> bool:
        return bool(self.certificates or self.codes or self.pool_parts)


@dataclass(frozen=True, slots=True)
class RoundResult:
    """A team in one round: its final place (``None``: off the board) and scores."""

    number: int
    rank: int | None
    public_score: float | None
    final_score: float | None
    submissions: int
    reached: datetime | None
    advanced: bool | None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A team's line of the final report; ``rank`` is of the last round, in which it may not
    have been. ``amount`` is in the competition's currency."""

    rank: int | None
    team: Team
    members: tuple[User, ...]
    rounds: dict[int, RoundResult]
    medal: str
    share: Decimal | None
    amount: Decimal | None


def prizes_of(user: User, competition: Competition | None = None) -> Prizes:
    """What ``user`` has won, in one competition or in all."""
    certificates = Certificate.objects.filter(user=user, revoked=None)
    codes = PrizeCode.objects.filter(participation__user=user)
    parts = PoolShare.objects.filter(
        team__participations__user=user, team__participations__left=None
    )
    if competition is not None:
        certificates, codes, parts = (
            rows.filter(competition=competition) for rows in (certificates, codes, parts)
        )
    return Prizes(
        list(certificates.select_related("competition").order_by("-issued")),
        list(codes.select_related("competition").order_by("-awarded")),
        list(parts.select_related("competition", "team").order_by("-id")),
    )


def final_report(competition: Competition) -> list[ReportRow]:
    """The final places: the last round's first, then who came as far as the round before,
    and so on; last of all the disqualified. For organisers until it is finished."""
    rounds = {each.pk: each for each in competition.rounds.all()}
    results = _results(rounds)
    teams = Team.objects.filter(pk__in=results).in_bulk()
    members = members_of(teams)
    parts = {each.team_id: each for each in competition.pool_parts.all()}
    last = max((each.number for each in rounds.values()), default=0)
    rows = []
    for team_id, (of_rounds, medal) in results.items():
        part = parts.get(team_id)
        at_last = of_rounds.get(last)
        rows.append(
            ReportRow(
                rank=at_last.rank if at_last else None,
                team=teams[team_id],
                members=members.get(team_id, ()),
                rounds=of_rounds,
                medal=medal,
                share=part.share if part else None,
                amount=part.amount if part else None,
            )
        )
    return sorted(rows, key=_place)


def _results(rounds: dict[int, Round]) -> dict[int, tuple[dict[int, RoundResult], str]]:
    """Each team's rounds by number, and its medal."""
    found: dict[int, tuple[dict[int, RoundResult], str]] = {}
    rows = Standing.objects.filter(round__in=rounds, public_key__isnull=False)
    for each in rows.order_by("round__number"):
        number = rounds[each.round_id].number
        of_rounds = found[each.team_id][0] if each.team_id in found else {}
        of_rounds[number] = RoundResult(
            number=number,
            rank=each.final_rank,
            public_score=each.public_score,
            final_score=each.private_score,
            submissions=each.submissions,
            reached=each.private_reached,
            advanced=each.advanced,
        )
        found[each.team_id] = (of_rounds, each.medal)
    return found


def _place(row: ReportRow) -> tuple[bool, int, bool, int, int]:
    """Sorts by how far a team came, then by its place there."""
    furthest = max((n for n, each in row.rounds.items() if each.rank), default=0)
    rank = row.rounds[furthest].rank if furthest else None
    return (row.team.disqualified is not None, -furthest, rank is None, rank or 0, row.team.pk)
