"""Two teams that become one, as on Kaggle: together they may have made no more submissions
than one team could have made by now, and may have no more members than one team has."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, Forbidden, NotFound
from lyceum.competitions.actions._people import (
    check_changeable,
    check_size,
    count_teams,
    dissolve,
    hold_participation,
    hold_teams,
    refresh_boards,
    seats_taken,
)
from lyceum.competitions.models import (
    MergeRequest,
    MergeState,
    Participation,
    Round,
    SimilarPair,
    Submission,
    Team,
)
from lyceum.competitions.queries.access import get_competition
from lyceum.competitions.queries.quotas import Quota, most_so_far, quota
from lyceum.competitions.queries.teams import no_such_team


def ask_merge(user: User, competition_id: int, *, target_id: int) -> MergeRequest:
    """Ask another team to merge with one's own, whose captain ``user`` is.

    Raises ``NotFound``, ``Forbidden`` and ``Conflict``: ``not_joined``, ``merge_pending``,
    ``no_teams``, ``teams_locked``, ``ended``, ``disqualified``, ``team_full``,
    ``merge_quota``, ``merge_round_over``.
    """
    competition = get_competition(user, competition_id)
    with transaction.atomic():
        team = hold_participation(user, competition).team
        _check_captain(user, team)
        alive = Team.objects.filter(competition=competition, dissolved__isnull=True)
        target = alive.filter(pk=target_id).exclude(pk=team.pk).first()
        if target is None:
            raise no_such_team()
        _check_fit(team, target)
        pending = MergeRequest.objects.filter(state=MergeState.PENDING)
        if pending.filter(team=target, target=team).exists():
            raise Conflict("merge_pending", _("That team has asked yours already: answer it."))
        try:
            with transaction.atomic():
                return MergeRequest.objects.create(team=team, target=target, author=user)
        except IntegrityError:
            sentence = _("Your team has asked that one already.")
            raise Conflict("merge_pending", sentence) from None


def answer_merge(user: User, request_id: int, *, accept: bool) -> Team:
    """Accept or refuse, as the captain of the team that was asked; its team as it is then.

    The team that asked becomes part of it, with all people and submissions. Raises as
    `ask_merge` does.
    """
    request = _pending(request_id)
    with transaction.atomic():
        teams = hold_teams(request.team_id, request.target_id)
        request = _pending(request_id)
        target = teams[request.target_id]
        _check_captain(user, target)
        if accept:
            _check_fit(teams[request.team_id], target)
        _answer(request, MergeState.ACCEPTED if accept else MergeState.REFUSED)
        if accept:
            _merge(teams[request.team_id], target)
        return target


def withdraw_merge(user: User, request_id: int) -> None:
    """Take a request back, as the captain of the team that asked."""
    request = _pending(request_id)
    with transaction.atomic():
        teams = hold_teams(request.team_id)
        request = _pending(request_id)
        _check_captain(user, teams[request.team_id])
        _answer(request, MergeState.WITHDRAWN)


def _pending(request_id: int) -> MergeRequest:
    found = MergeRequest.objects.filter(pk=request_id, state=MergeState.PENDING).first()
    if found is None:
        raise NotFound("no_such_request", _("There is no such request (any more)."))
    return found


def _answer(request: MergeRequest, state: str) -> None:
    request.state, request.answered = state, timezone.now()
    request.save(update_fields=["state", "answered"])


def _check_captain(user: User, team: Team) -> None:
    if team.captain_id != user.pk:
        raise Forbidden("not_captain", _("Only the captain of the team can do that."))


def _check_fit(team: Team, target: Team) -> None:
    for each in (team, target):
        check_changeable(each)
    check_size(team.competition, seats_taken(team) + seats_taken(target))
    now = timezone.now()
    for round_ in Round.objects.filter(competition_id=team.competition_id, starts__lte=now):
        if round_.ends is not None and round_.ends <= now:
            sentence = _("A round is over: teams can't merge any more, its places are fixed.")
            raise Conflict("merge_round_over", sentence)
        _check_quota(quota(team, round_), quota(target, round_), most_so_far(round_, now))


def _check_quota(ours: Quota, theirs: Quota, most: int | None) -> None:
    if most is not None and ours.used + theirs.used > most:
        sentence = _(
            "Together the teams have made %(made)d submissions; one team could have made "
            "%(most)d by now."
        )
        about = {"made": ours.used + theirs.used, "most": most}
        raise Conflict("merge_quota", sentence % about)
    today = ours.used_today + theirs.used_today
    if ours.daily_limit is not None and today > ours.daily_limit:
        sentence = _(
            "Together the teams have made %(made)d submissions today, of %(most)d that one team "
            "has a day. Merge tomorrow."
        )
        raise Conflict("merge_quota", sentence % {"made": today, "most": ours.daily_limit})


def _merge(team: Team, target: Team) -> None:
    """Make ``team`` part of ``target``; both are held, and fit."""
    Participation.objects.filter(team=team).update(team=target)
    _keep_choices_few(team, target)
    Submission.objects.filter(team=team).update(team=target)
    SimilarPair.objects.filter(first__team=target, second__team=target).delete()
    dissolve(team, timezone.now(), into=target)
    refresh_boards(target)
    count_teams(target.competition, -1)


def _keep_choices_few(team: Team, target: Team) -> None:
    """Where both have chosen final submissions, more than one team may, the target's stay."""
    most = target.competition.finals_max
    for round_ in Round.objects.filter(competition_id=target.competition_id):
        chosen = Submission.objects.filter(round=round_, chosen=True)
        if chosen.filter(team__in=(team, target)).count() > most:
            chosen.filter(team=team).update(chosen=False)
