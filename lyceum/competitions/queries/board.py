"""The leaderboard: a page of it, one team's place, what has changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet

from lyceum.accounts.models import User
from lyceum.competitions.models import Medal, Participation, Round, Standing, Team

_MEDALS = {1: Medal.GOLD, 2: Medal.SILVER, 3: Medal.BRONZE}


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A team on the board. ``movement``: places won since yesterday (below 0: lost; ``None``:
    not on the board then); ``reached``: when the score was handed in."""

    rank: int
    team: Team
    members: tuple[User, ...]
    score: float
    reached: datetime
    submissions: int
    movement: int | None
    medal: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Board:
    """A page of a board. ``own``: the viewer's row, wherever it is. ``is_final``: the places
    are fixed. ``page`` counts from 1 and is one that exists."""

    rows: list[BoardRow]
    own: BoardRow | None
    total: int
    page: int
    pages: int
    version: int
    is_final: bool


def ranked(round_: Round, *, private: bool = False) -> QuerySet[Standing]:
    """The rows of a round's board, the first place first."""
    part = _part(private)
    rows = Standing.objects.filter(
        round_id=round_.pk, hidden=False, **{f"{part}_key__isnull": False}
    )
    return rows.order_by(f"-{part}_key", f"{part}_reached", "id")


def board(
    round_: Round,
    *,
    private: bool = False,
    page: int = 1,
    size: int = 50,
    viewer_team: Team | None = None,
) -> Board:
    """Page ``page`` of a round's board with ``size`` rows.

    ``private``: by what counts at the end, which nobody but the organisers may see before
    the round is finished; the caller asks `lyceum.competitions.queries.access`.
    """
    fresh = Round.objects.select_related("competition").get(pk=round_.pk)
    rows = ranked(fresh, private=private)
    own = rows.select_related("team").filter(team=viewer_team).first() if viewer_team else None
    total, own_rank = _counted(rows, own, private)
    pages = max(1, -(-total // size))
    page = min(max(page, 1), pages)
    start = (page - 1) * size
    # Ids first: they are in the index, so pages far back cost little.
    ids = list(rows.values_list("pk", flat=True)[start : start + size])
    found = Standing.objects.select_related("team").in_bulk(ids)
    placed = [(start + n, found[pk]) for n, pk in enumerate(ids, 1) if pk in found]
    mine = [(own_rank, own)] if own else []
    shown = _Shown(fresh, private, viewer_team, [*placed, *mine])
    return Board(
        rows=[shown.row(rank, standing) for rank, standing in placed],
        own=shown.row(own_rank, own) if own else None,
        total=total,
        page=page,
        pages=pages,
        version=fresh.board_version,
        is_final=private and fresh.finished is not None,
    )


def board_version(round_: Round) -> int:
    """A number that grows with each change of the round's board."""
    return Round.objects.values_list("board_version", flat=True).get(pk=round_.pk)


def rank_of(team: Team, round_: Round, *, private: bool = False) -> int | None:
    """A team's place now, from 1; ``None`` when it is not on the board."""
    rows = ranked(round_, private=private)
    own = rows.filter(team=team).first()
    return _counted(rows, own, private)[1] if own else None


def is_last(round_: Round) -> bool:
    """Whether no round of the competition comes after this one."""
    rounds = Round.objects.filter(competition_id=round_.competition_id)
    return rounds.aggregate(last=Max("number"))["last"] == round_.number


def medal_of(rank: int | None) -> str:
    """What a place of the last round wins."""
    return _MEDALS.get(rank or 0, "")


def members_of(teams: Iterable[int]) -> dict[int, tuple[User, ...]]:
    """Who is in each team, the longest in it first."""
    rows = Participation.objects.filter(team_id__in=teams, left=None).select_related("user")
    members: dict[int, list[User]] = defaultdict(list)
    for each in rows.order_by("id"):
        members[each.team_id].append(each.user)
    return {team_id: tuple(users) for team_id, users in members.items()}


class _Shown:
    """Makes rows of standings, with what is asked once for all of them."""

    def __init__(
        self,
        round_: Round,
        private: bool,
        viewer_team: Team | None,
        placed: list[tuple[int, Standing]],
    ) -> None:
        self._private = private
        self._own_id = viewer_team.pk if viewer_team else None
        self._has_medals = round_.competition.has_medals and is_last(round_)
        self._members = members_of({standing.team_id for _rank, standing in placed})

    def row(self, rank: int, standing: Standing) -> BoardRow:
        part = _part(self._private)
        before = None if self._private else standing.rank_before
        return BoardRow(
            rank=rank,
            team=standing.team,
            members=self._members.get(standing.team_id, ()),
            score=getattr(standing, f"{part}_score"),
            reached=getattr(standing, f"{part}_reached"),
            submissions=standing.submissions,
            movement=None if before is None else before - rank,
            medal=medal_of(rank) if self._has_medals else "",
            is_own=standing.team_id == self._own_id,
        )


def _counted(rows: QuerySet[Standing], own: Standing | None, private: bool) -> tuple[int, int]:
    """How many ``rows`` there are, and the place of ``own`` (0: none); read in one go."""
    if own is None:
        return rows.count(), 0
    part = _part(private)
    key, reached = getattr(own, f"{part}_key"), getattr(own, f"{part}_reached")
    ahead = Q(**{f"{part}_key__gt": key}) | Q(**{f"{part}_key": key}) & (
        Q(**{f"{part}_reached__lt": reached})
        | Q(**{f"{part}_reached": reached}) & Q(pk__lt=own.pk)
    )
    counts = rows.aggregate(total=Count("pk"), ahead=Count("pk", filter=ahead))
    return counts["total"], counts["ahead"] + 1


def _part(private: bool) -> str:
    return "private" if private else "public"
