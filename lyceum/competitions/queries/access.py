"""Who may see and organise competitions; every other query starts here."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Forbidden, NotFound
from lyceum.competitions.models import Competition, Participation, Round, RulesText

Reader = User | AnonymousUser | None

_PUBLISHED = Q(published__isnull=False, is_template=False)


def visible(user: Reader) -> QuerySet[Competition]:
    """Competitions that ``user`` may see: published ones, and drafts that they organise.

    Templates are in no list; only their organisers open them (`get_competition`).
    """
    rows = Competition.objects.filter(deleted__isnull=True, is_template=False)
    return rows.filter(_PUBLISHED | _organised_by(user))


def get_competition(user: Reader, competition_id: int) -> Competition:
    """The competition with its owner; ``NotFound`` when ``user`` may not see it."""
    seen = _PUBLISHED | _organised_by(user)
    rows = Competition.objects.filter(deleted__isnull=True, pk=competition_id)
    if not (user is not None and user.is_superuser):
        rows = rows.filter(seen)
    found = rows.select_related("owner").first()
    if found is None:
        raise no_such_competition()
    return found


def organised_competition(user: Reader, competition_id: int) -> Competition:
    """A competition whose organiser ``user`` is; ``NotFound`` if not visible, else
    ``Forbidden``."""
    competition = get_competition(user, competition_id)
    if not is_organiser(user, competition):
        raise Forbidden("not_organiser", _("Only the organisers of this competition can do that."))
    return competition


def is_organiser(user: Reader, competition: Competition) -> bool:
    """Whether ``user`` owns or organises it, or is an administrator of everything."""
    if user is None or not user.is_authenticated or not user.is_active:
        return False
    return user.is_superuser or organises_it(user, competition)


def organises_it(user: User, competition: Competition) -> bool:
    """Whether ``user`` is its owner or one of its organisers, and so knows its truth."""
    return competition.owner_id == user.pk or competition.organisers.filter(pk=user.pk).exists()


def may_organise(user: Reader) -> bool:
    """Whether ``user`` may make competitions."""
    if user is None or not user.is_active:
        return False
    return user.is_staff or user.has_perm("competitions.add_competition")


def participation(user: Reader, competition: Competition) -> Participation | None:
    """How ``user`` takes part now, with the team and the rules that were accepted."""
    if user is None or not user.is_authenticated:
        return None
    rows = Participation.objects.select_related("team", "rules_text")
    return rows.filter(competition=competition, user=user, left__isnull=True).first()


def newest_rules(competition: Competition) -> RulesText | None:
    """The rules that apply; ``None`` when none were written."""
    return competition.rules_texts.order_by("-number").first()


def has_accepted(part: Participation, rules: RulesText | None) -> bool:
    """Whether a participant has accepted the rules that apply."""
    return rules is None or part.rules_text_id == rules.pk


def current_round(competition: Competition, now: datetime | None = None) -> Round | None:
    """The round that is open; else the next one; else the last one; ``None`` without any."""
    now = now or timezone.now()
    rounds = list(competition.rounds.order_by("number"))
    for each in rounds:
        if each.is_open(now):
            return each
    for each in rounds:
        if each.starts is None or each.starts > now:
            return each
    return rounds[-1] if rounds else None


def no_such_competition() -> NotFound:
    return NotFound("no_such_competition", _("There is no such competition (any more)."))


def _organised_by(user: Reader) -> Q:
    if user is None or not user.is_authenticated:
        return Q(pk__in=())
    # A subquery, since a join would give a competition once for each of its organisers.
    organised = Competition.organisers.through.objects.filter(user_id=user.pk)
    return Q(owner_id=user.pk) | Q(pk__in=organised.values("competition_id"))
