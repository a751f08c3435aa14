"""A team's submissions, and what keeps somebody from handing in."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import NotFound
from lyceum.common.paging import Page, page_of
from lyceum.competitions.actions.finishing import may_enter
from lyceum.competitions.models import Competition, Participation, Round, Submission, Team
from lyceum.competitions.queries.access import has_accepted, newest_rules

PAGE_SIZE = 20


def team_submissions(team: Team, round_: Round, *, cursor: str | None = None) -> Page[Submission]:
    """A team's submissions to a round, the newest first."""
    return page_of(_shown(team, round_), order=("id",), cursor=cursor, size=PAGE_SIZE)


def some_submissions(team: Team, round_: Round, ids: list[int]) -> list[Submission]:
    """Those of a team's submissions to a round that have these ids, the newest first."""
    return list(_shown(team, round_).filter(pk__in=ids).order_by("-pk"))


def chosen_count(team: Team, round_: Round) -> int:
    """How many submissions the team has chosen as final."""
    return Submission.objects.filter(team=team, round=round_, chosen=True).count()


def own_submission(user: User, competition: Competition, submission_id: int) -> Submission:
    """A submission of the team that ``user`` is in; ``NotFound`` of any other."""
    found = (
        Submission.objects.filter(
            pk=submission_id,
            round__competition=competition,
            team__participations__user=user,
            team__participations__left__isnull=True,
        )
        .select_related("round__competition", "team")
        .first()
    )
    if found is None:
        raise NotFound("no_such_submission", _("There is no such submission (any more)."))
    return found


def obstacle(part: Participation | None, competition: Competition, round_: Round | None) -> str:
    """Why a participant can't hand in just now, apart from quotas, as a word: ``not_joined``,
    ``disqualified``, ``no_round``, ``not_begun``, ``over``, ``rules``, ``not_advanced``; or
    ``""``."""
    if part is None:
        return "not_joined"
    if part.team.disqualified is not None:
        return "disqualified"
    if competition.published is None or round_ is None or round_.starts is None:
        return "no_round"
    now = timezone.now()
    if round_.starts > now:
        return "not_begun"
    if not round_.is_open(now):
        return "over"
    if not has_accepted(part, newest_rules(competition)):
        return "rules"
    return "" if may_enter(part.team, round_) else "not_advanced"


def _shown(team: Team, round_: Round) -> QuerySet[Submission]:
    rows = Submission.objects.filter(team=team, round=round_).defer("detail", "fingerprint")
    return rows.select_related("user", "round__competition", "project", "version", "service")
