"""Pages of people: profile, settings, language."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from lyceum.accounts import actions, queries


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Switch the language: a cookie for everybody, the user row for the signed-in."""
    if request.user.is_authenticated:
        actions.choose_language(request.user, language=request.POST.get("language", ""))
    return set_language(request)


def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """What anybody may see of a person."""
    return render(request, "accounts/person.html", {"person": queries.get_person(user_id)})


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """The signed-in learner's settings."""
    return render(request, "accounts/profile.html")
