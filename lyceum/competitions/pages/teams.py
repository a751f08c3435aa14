"""队伍: one's own team, its invitation link, merging with another; who takes part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lyceum.common.dialogs import form_status
from lyceum.common.errors import DomainError
from lyceum.common.forms import try_action
from lyceum.competitions.actions import joining, merging
from lyceum.competitions.actions import teams as actions
from lyceum.competitions.models import Competition, Team
from lyceum.competitions.pages.numbers import number
from lyceum.competitions.queries.access import (
    get_competition,
    has_accepted,
    newest_rules,
    participation,
)
from lyceum.competitions.queries.board import members_of
from lyceum.competitions.queries.teams import (
    invited_team,
    pending_merges,
    team_members,
    teams_of,
)

_PAGE_SIZE = 30


class NameForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name of the team"),
        max_length=Team._meta.get_field("name").max_length,
    )


@never_cache
@require_safe
def teams(request: HttpRequest, competition_id: int) -> HttpResponse:
    """One's own team and, by ``?q=`` and ``?page=``, all teams."""
    competition = get_competition(request.user, competition_id)
    return render(request, "competitions/teams/page.html", _page(request, competition))


@login_required
@require_POST
def rename(request: HttpRequest, competition_id: int) -> HttpResponse:
    """Give one's team a name; a team of one becomes a team that others can be invited to."""
    competition = get_competition(request.user, competition_id)
    form = NameForm(request.POST)
    part = participation(request.user, competition)

    def named() -> Team:
        name = form.cleaned_data["name"]
        if part is not None and team_members(part.team).count() > 1:
            return actions.rename_team(request.user, part.team_id, name=name)
        return actions.create_team(request.user, competition.pk, name=name)

    if form.is_valid() and try_action(form, named) is not None:
        return _done(request, competition.pk, _("The team has its name."))
    context = _page(request, competition, form)
    status = form_status(form)
    return render(request, "competitions/teams/page.html", context, status=status)


@login_required
@require_POST
def renew(request: HttpRequest, competition_id: int, team_id: int) -> HttpResponse:
    """Make a new invitation link."""
    actions.renew_invite(request.user, team_id)
    return _done(request, competition_id, _("There is a new link; the old one is good no more."))


@login_required
@require_POST
def leave(request: HttpRequest, competition_id: int, team_id: int) -> HttpResponse:
    """Leave the team, to take part alone."""
    actions.leave_team(request.user, team_id)
    return _done(request, competition_id, _("You have left the team and take part alone."))


@login_required
@require_POST
def leave_competition(request: HttpRequest, competition_id: int) -> HttpResponse:
    """Take part no longer."""
    joining.leave(request.user, competition_id)
    return _done(request, competition_id, _("You take part no longer."))


@login_required
@require_POST
def member(request: HttpRequest, competition_id: int, team_id: int) -> HttpResponse:
    """As the captain: ``remove`` a member, or make them captain (``captain``)."""
    if user_id := number(request.POST, "remove"):
        actions.remove_member(request.user, team_id, user_id)
        return _done(request, competition_id, _("They take part alone now."))
    actions.hand_over(request.user, team_id, number(request.POST, "captain"))
    return _done(request, competition_id, _("The team has a new captain."))


@login_required
@require_POST
def ask_merge(request: HttpRequest, competition_id: int) -> HttpResponse:
    """Ask the team ``target`` to become one with one's own."""
    target = number(request.POST, "target")
    merging.ask_merge(request.user, competition_id, target_id=target)
    return _done(request, competition_id, _("Asked; their captain answers."))


@login_required
@require_POST
def answer_merge(request: HttpRequest, competition_id: int, request_id: int) -> HttpResponse:
    """``answer`` is ``accept``, ``refuse``, or ``withdraw`` of one's own request."""
    how: dict[str, tuple[Callable[[], Any], str]] = {
        "accept": (
            lambda: merging.answer_merge(request.user, request_id, accept=True),
            _("You are one team now."),
        ),
        "refuse": (
            lambda: merging.answer_merge(request.user, request_id, accept=False),
            _("Refused."),
        ),
        "withdraw": (
            lambda: merging.withdraw_merge(request.user, request_id),
            _("The request is taken back."),
        ),
    }
    action, said = how.get(request.POST.get("answer", ""), how["refuse"])
    action()
    return _done(request, competition_id, said)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What an invitation link opens: the team, the rules, and the button that accepts both."""
    team = invited_team(request.user, token)
    competition, refusal = team.competition, ""
    if request.method == "POST":
        rules_number = number(request.POST, "rules_number") or None
        try:
            actions.accept_invite(request.user, token, rules_number=rules_number)
        except DomainError as refused:
            refusal = refused.message
        else:
            return _done(request, competition.pk, _("You are in the team now."))
    part, rules = participation(request.user, competition), newest_rules(competition)
    context = {
        "competition": competition,
        "team": team,
        "members": list(team_members(team)),
        "participation": part,
        "is_in": part is not None and part.team_id == team.pk,
        "rules": None if part is not None and has_accepted(part, rules) else rules,
        "refusal": refusal,
    }
    status = 422 if refusal else 200
    return render(request, "competitions/teams/invitation.html", context, status=status)


def _page(
    request: HttpRequest, competition: Competition, form: NameForm | None = None
) -> dict[str, Any]:
    part = participation(request.user, competition)
    context: dict[str, Any] = {
        "tab": "teams",
        "competition": competition,
        "participation": part,
        "can_change": _can_change(competition, part.team if part else None),
        **_all_teams(request, competition),
    }
    if part is None:
        return context
    members = list(team_members(part.team))
    token_url = reverse("competitions:invitation", args=[part.team.invite])
    return context | {
        "team": part.team,
        "members": members,
        "is_captain": part.team.captain_id == request.user.pk,
        "places_left": max(0, competition.team_size_max - len(members)),
        "form": form or NameForm(initial={"name": part.team.name}),
        "invite_url": request.build_absolute_uri(token_url),
        "merges": list(pending_merges(part.team)),
    }


def _all_teams(request: HttpRequest, competition: Competition) -> dict[str, Any]:
    words = request.GET.get("q", "").strip()[:60]
    rows = teams_of(competition).filter(disqualified__isnull=True)
    if words:
        rows = rows.filter(name__icontains=words)
    page = Paginator(rows.order_by("name", "pk"), _PAGE_SIZE).get_page(request.GET.get("page"))
    members = members_of([team.pk for team in page])
    return {
        "words": words,
        "teams": page,
        "team_lines": [(team, members.get(team.pk, ())) for team in page],
    }


def _can_change(competition: Competition, team: Team | None) -> bool:
    if team is None:
        return False
    try:
        actions.check_changeable(team)
    except DomainError:
        return False
    return True


def _done(request: HttpRequest, competition_id: int, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("competitions:teams", competition_id)
