"""Teams of a technical competition: names, invitations, members, captains.

Nobody can win attempts by going from team to team: who has handed in for one is in no other.
"""

from __future__ import annotations

import secrets

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, Forbidden, NotFound
from lyceum.common.text import clean_line
from lyceum.competitions.actions._people import (
    LONGEST_TEAM_NAME,
    check_changeable,
    check_rules,
    check_size,
    count_teams,
    go_from,
    hold_participation,
    hold_teams,
    hold_user,
    is_bound,
    make_team,
    seats_taken,
)
from lyceum.competitions.actions.joining import (
    accept,
    check_may_join,
    check_room_for_new,
    come_back,
    take_part,
)
from lyceum.competitions.actions.merging import answer_merge, ask_merge, withdraw_merge
from lyceum.competitions.models import Participation, RulesText, Team
from lyceum.competitions.queries.access import get_competition, has_accepted, newest_rules
from lyceum.competitions.queries.teams import invited_team, no_such_team, team_members

__all__ = [
    "accept_invite",
    "answer_merge",
    "ask_merge",
    "create_team",
    "hand_over",
    "leave_team",
    "remove_member",
    "rename_team",
    "renew_invite",
    "withdraw_merge",
]


def create_team(user: User, competition_id: int, *, name: str) -> Team:
    """Make a team, which others can be invited to: the participant's own team of one gets
    the name.

    Raises ``NotFound``, ``DomainError`` about ``name``, ``Conflict``: ``not_joined``,
    ``in_team``, ``name_taken``, and where teams can't be changed ``no_teams``,
    ``teams_locked``, ``ended``, ``disqualified``.
    """
    competition = get_competition(user, competition_id)
    with transaction.atomic():
        team = hold_participation(user, competition).team
        check_changeable(team)
        if team_members(team).count() > 1:
            raise Conflict("in_team", _("You are in a team already; leave that one first."))
        return _rename(team, name)


def rename_team(user: User, team_id: int, *, name: str) -> Team:
    """Give the team another name; its captain may. Raises as `create_team` does."""
    with transaction.atomic():
        return _rename(_held_by_captain(user, team_id), name)


def renew_invite(user: User, team_id: int) -> Team:
    """Make the team another invitation link; the old one is good no longer."""
    with transaction.atomic():
        team = _held_by_captain(user, team_id)
        team.invite = secrets.token_urlsafe(24)
        team.save(update_fields=["invite"])
        return team


def accept_invite(user: User, token: str, *, rules_number: int | None = None) -> Participation:
    """Go to the team that invites by ``token``; who doesn't take part yet joins with that.

    ``rules_number``: the newest rules, unless they are accepted already. Raises
    ``NotFound`` and ``Conflict``: what `join` does, ``team_full``, ``has_submissions`` (in
    another team), ``no_teams``, ``teams_locked``, ``disqualified``.
    """
    team = invited_team(user, token)
    competition = team.competition
    check_may_join(user, competition)
    with transaction.atomic():
        hold_user(user)
        part, team = _held_with_guest(user, team, token)
        check_changeable(team)
        rules = newest_rules(competition)
        if part is None or part.left is not None or not has_accepted(part, rules):
            rules = check_rules(competition, rules_number)
        if part is None:
            _check_seat(team)
            return take_part(Participation(user=user), team, rules)
        if part.left is not None:
            return _come_back(part, team, rules)
        accept(part, rules)
        if part.team_id != team.pk:
            _check_free(user, part.team)
            _check_seat(team)
            _move(part, team)
        return part


def leave_team(user: User, team_id: int) -> Participation:
    """Leave the team and take part alone again.

    Raises ``NotFound`` and ``Conflict``: ``only_member``, ``has_submissions``,
    ``too_late`` (a new team can enter no round any more), and as `create_team` does.
    """
    with transaction.atomic():
        team = _held(team_id)
        return _send_off(_member(team, user.pk), team)


def remove_member(user: User, team_id: int, user_id: int) -> Participation:
    """Send a member out of the team, to take part alone; its captain may.

    Raises ``NotFound``, ``Forbidden`` and ``Conflict`` as `leave_team` does.
    """
    with transaction.atomic():
        team = _held_by_captain(user, team_id)
        return _send_off(_member(team, user_id), team)


def hand_over(user: User, team_id: int, user_id: int) -> Team:
    """Make another member the team's captain; the captain may."""
    with transaction.atomic():
        team = _held_by_captain(user, team_id, always=True)
        team.captain = _member(team, user_id).user
        team.save(update_fields=["captain"])
        return team


def _held_by_captain(user: User, team_id: int, *, always: bool = False) -> Team:
    """A team that ``user`` is the captain of, held; ``NotFound`` for who isn't in it,
    ``Forbidden`` for its other members, ``Conflict`` when it can't be changed any more
    (unless ``always``)."""
    team = _held(team_id)
    _member(team, user.pk)
    if team.captain_id != user.pk:
        raise Forbidden("not_captain", _("Only the captain of the team can do that."))
    if not always:
        check_changeable(team)
    return team


def _held(team_id: int) -> Team:
    team = hold_teams(team_id).get(team_id)
    if team is None or team.dissolved is not None or team.competition.deleted is not None:
        raise no_such_team()
    return team


def _member(team: Team, user_id: int) -> Participation:
    found = team_members(team).filter(user_id=user_id).first()
    if found is None:
        raise NotFound("no_such_member", _("There is no such member in this team."))
    return found


def _rename(team: Team, name: str) -> Team:
    team.name = clean_line(name, field="name", longest=LONGEST_TEAM_NAME, required=True)
    try:
        with transaction.atomic():
            team.save(update_fields=["name"])
    except IntegrityError:
        sentence = _("Another team has this name.")
        raise Conflict("name_taken", sentence, field="name") from None
    return team


def _held_with_guest(user: User, team: Team, token: str) -> tuple[Participation | None, Team]:
    """How the invited person takes part so far, and the team; it and theirs are held."""
    rows = Participation.objects.filter(competition_id=team.competition_id, user=user)
    while True:
        part = rows.first()
        held = hold_teams(team.pk, *([part.team_id] if part else []))
        invited = invited_team(user, token)  # still good
        again = rows.select_related("team").first()
        if (again and again.team_id) == (part and part.team_id):
            return again, held[invited.pk]


def _come_back(part: Participation, team: Team, rules: RulesText | None) -> Participation:
    if part.team_id == team.pk:
        if not is_bound(part.user, team):
            _check_seat(team)
        return come_back(part, team, rules)
    _check_free(part.user, part.team)
    _check_seat(team)
    return take_part(part, team, rules)


def _send_off(part: Participation, team: Team) -> Participation:
    check_changeable(team)
    if team_members(team).count() == 1:
        sentence = _("You are the only one in the team: leave the competition instead.")
        raise Conflict("only_member", sentence)
    _check_free(part.user, team)
    check_room_for_new(team.competition)
    _move(part, make_team(part.user, team.competition))
    count_teams(team.competition, 1)
    return part


def _move(part: Participation, team: Team) -> None:
    """Put a participant into another team; both are held."""
    old, part.team = part.team, team
    part.save(update_fields=["team"])
    go_from(old, part.user, timezone.now())
    count_teams(team.competition, 0 if old.dissolved is None else -1)


def _check_free(user: User, team: Team) -> None:
    """``Conflict`` for who has to stay in this team."""
    if team.disqualified is not None or is_bound(user, team):
        sentence = _(
            "Who has handed in for a team stays in it; they can leave the competition, and come "
            "back to this team only."
        )
        raise Conflict("has_submissions", sentence)


def _check_seat(team: Team) -> None:
    """``Conflict`` unless one more can be in the team."""
    check_size(team.competition, seats_taken(team) + 1)
