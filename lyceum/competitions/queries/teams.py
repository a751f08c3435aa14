"""Teams as their members and who is invited to them see them."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from lyceum.common.errors import NotFound
from lyceum.competitions.models import Competition, MergeRequest, MergeState, Participation, Team
from lyceum.competitions.queries.access import Reader, visible


def teams_of(competition: Competition) -> QuerySet[Team]:
    """The teams that take part."""
    return Team.objects.filter(competition=competition, dissolved__isnull=True)


def team_members(team: Team) -> QuerySet[Participation]:
    """Who is in the team now, with the persons, the longest in it first."""
    rows = Participation.objects.filter(team=team, left__isnull=True)
    return rows.select_related("user").order_by("pk")


def invited_team(user: Reader, token: str) -> Team:
    """The team, with its competition, whose invitation ``token`` is; ``NotFound``."""
    rows = Team.objects.filter(competition__in=visible(user), dissolved__isnull=True)
    found = rows.select_related("competition__owner", "captain").filter(invite=token).first()
    if found is None:
        raise NotFound("no_such_invite", _("This invitation is not good (any more)."))
    return found


def pending_merges(team: Team) -> QuerySet[MergeRequest]:
    """Requests that wait for an answer, asked by the team or of it; the newest first."""
    rows = MergeRequest.objects.filter(state=MergeState.PENDING)
    mine = rows.filter(Q(team=team) | Q(target=team))
    return mine.select_related("team", "target", "author").order_by("-pk")


def no_such_team() -> NotFound:
    return NotFound("no_such_team", _("There is no such team (any more)."))
