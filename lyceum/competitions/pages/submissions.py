"""提交: hand in, see at once what is wrong, follow the scoring, choose what counts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from lyceum.common.forms import try_action
from lyceum.common.streams import send_file
from lyceum.competitions import folders
from lyceum.competitions.actions.submitting import choose_finals
from lyceum.competitions.models import Competition, FinalRule, Round, Submission, Team
from lyceum.competitions.pages.numbers import numbers
from lyceum.competitions.pages.rounds import rounds_of
from lyceum.competitions.pages.shown import ShownSubmission, mark_of, shown
from lyceum.competitions.pages.submitting_forms import FORMS
from lyceum.competitions.queries.access import current_round, get_competition, participation
from lyceum.competitions.queries.prizes import prizes_of
from lyceum.competitions.queries.quotas import quota
from lyceum.competitions.queries.submissions import (
    chosen_count,
    obstacle,
    own_submission,
    some_submissions,
    team_submissions,
)
from lyceum.limits import limit

_MOST_FOLLOWED = 50


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def submissions(request: HttpRequest, competition_id: int) -> HttpResponse:
    """One's own submissions to a round, and the form to hand in another; ``?cursor=`` goes on
    in the list. A POST answers with what has become of it."""
    competition = get_competition(request.user, competition_id)
    if request.method == "POST":
        return _hand_in(request, competition)
    if request.htmx and request.GET.get("cursor"):
        return render(request, "competitions/submissions/more.html", _listed(request, competition))
    form = FORMS[competition.submission_kind](request.user)
    return render(request, "competitions/submissions/page.html", _page(request, competition, form))


@never_cache
@login_required
@require_safe
def live(request: HttpRequest, competition_id: int) -> HttpResponse:
    """What has changed of the submissions ``?ids=`` since ``?seen=``; 204: nothing has."""
    competition = get_competition(request.user, competition_id)
    part, round_ = participation(request.user, competition), rounds_of(request, competition).shown
    if part is None or round_ is None:
        return HttpResponse(status=204)
    lines = shown(some_submissions(part.team, round_, numbers(request.GET, "ids", _MOST_FOLLOWED)))
    if mark_of(lines) == request.GET.get("seen"):
        return HttpResponse(status=204)
    context = {
        "competition": competition,
        "changed": lines,
        "quota": quota(part.team, round_),
        "prizes": prizes_of(request.user, competition),
        **_about(competition, part.team, round_),
        **_followed(lines),
    }
    return render(request, "competitions/submissions/live.html", context)


@login_required
@require_POST
def choose(request: HttpRequest, competition_id: int) -> HttpResponse:
    """Choose the ``submission`` ids as those that count at the end."""
    ids = numbers(request.POST, "submission", _MOST_FOLLOWED)
    chosen = choose_finals(request.user, competition_id, submission_ids=ids)
    messages.success(request, _("Final submissions chosen: %(count)d.") % {"count": len(chosen)})
    return redirect("competitions:submissions", competition_id)


@login_required
@require_safe
def file(request: HttpRequest, competition_id: int, submission_id: int) -> HttpResponseBase:
    """The file of one's own team's submission, as it was handed in."""
    competition = get_competition(request.user, competition_id)
    submission = own_submission(request.user, competition, submission_id)
    return send_file(
        request,
        folders.submitted(submission, competition.pk),
        name=submission.file_name,
        etag=submission.sha256,
    )


def _hand_in(request: HttpRequest, competition: Competition) -> HttpResponse:
    form = FORMS[competition.submission_kind](request.user, request.POST, request.FILES)
    made = None
    if form.is_valid():
        made = try_action(form, lambda: form.hand_in(competition))
    if not request.htmx:
        if made is not None:
            return redirect(f"{reverse('competitions:submissions', args=[competition.pk])}#made")
        context = _page(request, competition, form)
        return render(request, "competitions/submissions/page.html", context, status=422)
    if made is None:
        context = {"competition": competition, "form": form, "refused": True}
        return render(request, "competitions/submissions/made.html", context, status=422)
    return _tell(request, competition, form, made)


def _tell(request: HttpRequest, competition: Competition, form, made: Submission) -> HttpResponse:
    lines = shown([made])
    context = {
        "competition": competition,
        "form": form,
        "line": lines[0],
        "quota": quota(made.team, made.round),
        **_about(competition, made.team, made.round),
        **_followed(lines),
    }
    response = render(request, "competitions/submissions/made.html", context)
    response["HX-Trigger"] = "competition:refused" if made.report else "competition:accepted"
    return response


def _page(request: HttpRequest, competition: Competition, form) -> dict[str, Any]:
    part = participation(request.user, competition)
    now = current_round(competition)
    context = {
        "tab": "submissions",
        "form": form,
        "participation": part,
        "current": now,
        "obstacle": obstacle(part, competition, now),
        "most_megabytes": limit("submission_mb"),
        "quota": quota(part.team, now) if part and now else None,
        "prizes": prizes_of(request.user, competition) if part else None,
    }
    return {**context, **_listed(request, competition)}


def _listed(request: HttpRequest, competition: Competition) -> dict[str, Any]:
    part, rounds = participation(request.user, competition), rounds_of(request, competition)
    context: dict[str, Any] = {"competition": competition, "rounds": rounds, "lines": []}
    if part is None or rounds.shown is None:
        return context
    page = team_submissions(part.team, rounds.shown, cursor=request.GET.get("cursor"))
    lines = shown(page.items)
    context |= {"lines": lines, "next": page.next, **_followed(lines)}
    return context | _about(competition, part.team, rounds.shown)


def _about(competition: Competition, team: Team, round_: Round) -> dict[str, Any]:
    """What the rows hang on beside themselves."""
    may_choose = competition.final_rule == FinalRule.CHOSEN
    return {
        "round": round_,
        "team": team,
        "may_choose": may_choose and round_.is_open(),
        "shows_choice": may_choose,
        "chosen": chosen_count(team, round_) if may_choose else 0,
        "shows_private": round_.finished is not None and round_.has_private,
    }


def _followed(lines: list[ShownSubmission]) -> dict[str, Any]:
    """What the page asks again about: the submissions whose scoring is not done."""
    moving = [line for line in lines if line.submission.is_open]
    ids = [line.submission.pk for line in moving]
    return {"ids": ids, "seen": mark_of(moving)}
