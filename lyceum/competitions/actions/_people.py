"""What joining, teams and submitting share: whose rows are held, and what binds whom.

Rows are held in this order: the person, teams (by id), submissions, rounds, the competition;
see also `lyceum.competitions.actions.standings`.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict
from lyceum.competitions.actions.standings import refresh
from lyceum.competitions.models import (
    Competition,
    MergeRequest,
    MergeState,
    Participation,
    Round,
    RulesText,
    Standing,
    Submission,
    SubmissionState,
    Team,
)
from lyceum.competitions.queries.access import newest_rules, participation
from lyceum.competitions.queries.teams import team_members

LONGEST_TEAM_NAME = Team._meta.get_field("name").max_length
# What may have cost an attempt, or may yet get a score, is the team's for good.
_BINDS = Q(counts=True) | ~Q(state__in=(SubmissionState.INVALID, SubmissionState.FAILED))


def hold_user(user: User) -> None:
    """Hold the person's row: joining twice at once comes one after the other."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def hold_teams(*team_ids: int) -> dict[int, Team]:
    """The teams, read again and held, by id."""
    rows = Team.objects.select_for_update(no_key=True).filter(pk__in=team_ids)
    return {team.pk: team for team in rows.order_by("pk")}


def hold_participation(user: User, competition: Competition) -> Participation:
    """How ``user`` takes part, read again with the team, which is held.

    Raises ``Conflict`` when they don't.
    """
    while (part := participation(user, competition)) is not None:
        hold_teams(part.team_id)
        again = participation(user, competition)
        if again is not None and again.team_id == part.team_id:
            return again
        # Their team has merged into another one, or they were removed from it, meanwhile.
    raise not_joined()


def not_joined() -> Conflict:
    return Conflict("not_joined", _("Join the competition first."))


def check_rules(competition: Competition, number: int | None) -> RulesText | None:
    """The rules that apply; ``Conflict`` unless ``number`` is theirs, so that nobody accepts
    what they have not seen."""
    rules = newest_rules(competition)
    if rules is not None and rules.number != number:
        sentence = _("The rules have changed. Read the newest ones and accept them.")
        raise Conflict("rules_not_accepted", sentence, field="rules_number")
    return rules


def check_not_over(competition: Competition, now: datetime) -> None:
    if competition.finished is not None or competition.has_ended(now):
        raise Conflict("ended", _("This competition is over."))


def check_changeable(team: Team) -> None:
    """``Conflict`` when the team's people and name are as they will stay."""
    competition, now = team.competition, timezone.now()
    if competition.is_regular or not competition.teams_allowed:
        raise Conflict("no_teams", _("In this competition everybody takes part alone."))
    check_not_over(competition, now)
    if competition.team_lock is not None and competition.team_lock <= now:
        raise Conflict("teams_locked", _("Teams are final by now."))
    if team.disqualified is not None:
        raise Conflict("disqualified", _("This team has been disqualified."))


def check_size(competition: Competition, people: int) -> None:
    """``Conflict`` when a team may not have so many people."""
    most = competition.team_size_max
    if people > most:
        sentence = ngettext(
            "A team has at most %(count)d member, those included who have handed in and left.",
            "A team has at most %(count)d members, those included who have handed in and left.",
            most,
        )
        raise Conflict("team_full", sentence % {"count": most})


def can_take_part(team: Team | None, competition: Competition, now: datetime) -> bool:
    """Whether there is a round still to be over that the team, or a new one, may enter."""
    for round_ in competition.rounds.order_by("number"):
        if round_.ends is None or round_.ends > now:
            return True
        if team is None or not _may_go_on(team, round_):
            return False
    return False


def is_bound(user: User, team: Team) -> bool:
    """Whether ``user`` has handed in for the team, and so can be in no other one."""
    return Submission.objects.filter(_BINDS, team=team, user=user).exists()


def seats_taken(team: Team) -> int:
    """How many have a seat in the team: its members, and who handed in for it and has left,
    since they can come back to no other."""
    handed_in = Submission.objects.filter(_BINDS, team=team, user=OuterRef("user"))
    return (
        Participation.objects.filter(team=team)
        .filter(Q(left__isnull=True) | Exists(handed_in))
        .count()
    )


def free_name(competition: Competition, wanted: str) -> str:
    """``wanted``, or that with the first number that makes it a name no team has."""
    wanted = wanted[:LONGEST_TEAM_NAME]
    alive = Team.objects.filter(competition=competition, dissolved__isnull=True)
    start = wanted[: LONGEST_TEAM_NAME - 8]
    taken = set(alive.filter(name__startswith=start).values_list("name", flat=True))
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{start} {number}"
    return name


def make_team(user: User, competition: Competition) -> Team:
    """A team of one, named after the person."""
    while True:
        name = free_name(competition, user.shown_name)
        try:
            with transaction.atomic():
                return Team.objects.create(competition=competition, name=name, captain=user)
        except IntegrityError:
            continue  # somebody else has just taken that name


def go_from(team: Team, user: User, now: datetime) -> None:
    """What a team that ``user`` is no longer in comes to; it is held.

    Another member becomes captain; a team that all have left is dissolved.
    """
    following = team_members(team).first()
    if following is None:
        dissolve(team, now)
    elif team.captain_id in (user.pk, None):
        team.captain_id = following.user_id
        team.save(update_fields=["captain"])


def dissolve(team: Team, now: datetime, *, into: Team | None = None) -> None:
    """End a team, which is held; ``into``: the one it has merged into."""
    team.dissolved, team.merged_into = now, into
    team.save(update_fields=["dissolved", "merged_into"])
    pending = MergeRequest.objects.filter(state=MergeState.PENDING)
    pending.filter(Q(team=team) | Q(target=team)).update(state=MergeState.WITHDRAWN, answered=now)
    refresh_boards(team)


def revive(team: Team, user: User) -> None:
    """Let a dissolved team, which is held, go on with ``user`` as its captain."""
    team.name = free_name(team.competition, team.name)
    team.dissolved, team.captain = None, user
    team.save(update_fields=["name", "dissolved", "captain"])
    refresh_boards(team)


def refresh_boards(*teams: Team) -> None:
    """Bring the teams' rows up to date on all boards whose places are not fixed yet."""
    rounds = Round.objects.filter(competition_id=teams[0].competition_id, finished__isnull=True)
    for round_ in rounds.select_related("competition").order_by("number"):
        for team in teams:
            refresh(team, round_)


def count_teams(competition: Competition, change: int) -> None:
    """Count teams that have come or gone; last in a transaction (see above)."""
    if change:
        Competition.objects.filter(pk=competition.pk).update(team_count=F("team_count") + change)


def _may_go_on(team: Team, round_: Round) -> bool:
    """Whether a round that is over lets the team on, as far as is known."""
    if round_.finished is None:
        return True
    return Standing.objects.filter(round=round_, team=team, advanced=True).exists()
