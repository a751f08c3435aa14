"""Joining a competition, accepting its rules, leaving it."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict
from lyceum.competitions.actions._people import (
    can_take_part,
    check_not_over,
    check_rules,
    count_teams,
    go_from,
    hold_participation,
    hold_teams,
    hold_user,
    is_bound,
    make_team,
    revive,
)
from lyceum.competitions.models import Competition, Participation, RulesText, Team
from lyceum.competitions.persons import person_digest
from lyceum.competitions.queries.access import get_competition, organises_it


def join(user: User, competition_id: int, *, rules_number: int | None) -> Participation:
    """Take part, in a team of one, having accepted the rules ``rules_number``, the newest.

    Who takes part already has accepted the rules anew. Who has left before comes back:
    to their old team if they handed in for it, so that no attempts are won. Raises
    ``NotFound`` and ``Conflict``: ``not_published``, ``is_organiser``, ``ended``,
    ``too_late``, ``rules_not_accepted``, ``same_person``.
    """
    competition = get_competition(user, competition_id)
    check_may_join(user, competition)
    rules = check_rules(competition, rules_number)
    with transaction.atomic():
        hold_user(user)
        part = Participation.objects.filter(competition=competition, user=user).first()
        if part is not None and part.left is None:
            return accept(part, rules)
        if part is not None and (team := _old_team(part)):
            return come_back(part, team, rules)
        check_room_for_new(competition)
        team = make_team(user, competition)
        part = take_part(part or Participation(user=user), team, rules)
        count_teams(competition, 1)
        return part


def accept_rules(user: User, competition_id: int, *, rules_number: int | None) -> Participation:
    """Accept the newest rules, which must be ``rules_number``; raises ``NotFound``,
    ``Conflict``."""
    competition = get_competition(user, competition_id)
    rules = check_rules(competition, rules_number)
    with transaction.atomic():
        return accept(hold_participation(user, competition), rules)


def leave(user: User, competition_id: int) -> None:
    """Take part no longer.

    A team that all have left is off the board; what they won and their submissions stay.
    Raises ``NotFound`` and ``Conflict`` (``ended``, ``not_joined``).
    """
    competition = get_competition(user, competition_id)
    now = timezone.now()
    check_not_over(competition, now)
    with transaction.atomic():
        part = hold_participation(user, competition)
        part.left = now
        part.save(update_fields=["left"])
        go_from(part.team, user, now)
        count_teams(competition, 0 if part.team.dissolved is None else -1)


def check_may_join(user: User, competition: Competition) -> None:
    """``Conflict`` for drafts, organisers (who know the truth) and what is over."""
    if competition.published is None or competition.is_template:
        raise Conflict("not_published", _("This competition has not been published yet."))
    if organises_it(user, competition):
        raise Conflict("is_organiser", _("Who organises a competition can't take part in it."))
    check_not_over(competition, timezone.now())


def check_room_for_new(competition: Competition) -> None:
    """``Conflict`` when a new team could enter no round any more."""
    if not can_take_part(None, competition, timezone.now()):
        sentence = _("The first round is over: a new team can't take part any more.")
        raise Conflict("too_late", sentence)


def accept(part: Participation, rules: RulesText | None) -> Participation:
    """Keep that a participant has accepted the rules."""
    if rules is not None and part.rules_text_id != rules.pk:
        part.rules_text, part.accepted = rules, timezone.now()
        part.save(update_fields=["rules_text", "accepted"])
    return part


def take_part(part: Participation, team: Team, rules: RulesText | None) -> Participation:
    """Let a new participant, or one who had left, take part in ``team``; ``Conflict`` when
    their person does already with another account."""
    part.competition, part.team, part.left = team.competition, team, None
    part.rules_text, part.accepted = rules, timezone.now() if rules else None
    part.person = person_digest(part.user)
    same = Participation.objects.filter(competition=team.competition, person=part.person)
    if part.person and same.exclude(user=part.user).exists():
        raise _same_person()
    try:
        with transaction.atomic():
            part.save()
    except IntegrityError:
        # Their other account has joined at the same moment.
        raise _same_person() from None
    return part


def come_back(part: Participation, team: Team, rules: RulesText | None) -> Participation:
    """Let somebody who had left take part in their old team again; it is held."""
    if not can_take_part(team, team.competition, timezone.now()):
        raise Conflict("too_late", _("Your team can't take part in any further round."))
    part = take_part(part, team, rules)
    if team.dissolved is not None:
        revive(team, part.user)
        count_teams(team.competition, 1)
    return part


def _old_team(part: Participation) -> Team | None:
    """The team, held, that somebody who had left comes back to; ``None``: a new one."""
    team = hold_teams(part.team_id)[part.team_id]
    part.refresh_from_db(fields=["team"])
    if part.team_id != team.pk:
        return _old_team(part)  # merged meanwhile
    if team.disqualified is not None or is_bound(part.user, team):
        return team
    is_shared = Participation.objects.filter(team=team).exclude(pk=part.pk).exists()
    return None if is_shared else team


def _same_person() -> Conflict:
    sentence = _(
        "Another account with your e-mail address takes part already: one person, one account."
    )
    return Conflict("same_person", sentence)
