"""Pages of people: public profile, settings, language, the first administrator."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.i18n import set_language

from lyceum.accounts import actions, queries
from lyceum.accounts.forms import (
    AccessTokenForm,
    AdministratorForm,
    AvatarForm,
    ProfileForm,
    show_refusal,
)
from lyceum.common.errors import DomainError

PASSWORD_BACKEND = "django.contrib.auth.backends.ModelBackend"  # noqa: S105


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Switch the language: a cookie for everybody, the user row for the signed-in."""
    if request.user.is_authenticated:
        actions.choose_language(request.user, language=request.POST.get("language", ""))
    return set_language(request)


@require_safe
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """What anybody may see of a person."""
    return render(request, "accounts/person.html", {"person": queries.get_person(user_id)})


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """The signed-in learner's settings; POST changes name and bio."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_profile(request.user, **form.cleaned_data)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:profile")
    return _profile(request, form=form)


@login_required
@require_POST
def avatar(request: HttpRequest) -> HttpResponse:
    """Put a new picture in the place of the old one, or take it away (``remove``)."""
    if "remove" in request.POST:
        actions.remove_avatar(request.user)
        messages.success(request, _("The picture was removed."))
        return redirect("accounts:profile")
    form = AvatarForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            actions.change_avatar(request.user, picture=form.cleaned_data["avatar"])
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:profile")
    return _profile(request, avatar_form=form)


def _profile(
    request: HttpRequest,
    *,
    form: ProfileForm | None = None,
    avatar_form: AvatarForm | None = None,
) -> HttpResponse:
    refused = bool(form and form.errors) or bool(avatar_form and avatar_form.errors)
    shown = {
        "form": form or ProfileForm(instance=request.user),
        "avatar_form": avatar_form or AvatarForm(),
    }
    return render(request, "accounts/profile.html", shown, status=422 if refused else 200)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The learner's access tokens; POST makes one and shows it, this once."""
    form = AccessTokenForm(request.POST or None)
    shown = {}
    if request.method == "POST" and form.is_valid():
        try:
            made, token = actions.create_access_token(request.user, **form.cleaned_data)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            shown = {"made": made, "token": token}
            form = AccessTokenForm()
    shown |= {"form": form, "tokens": queries.access_tokens(request.user), "now": timezone.now()}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "accounts/tokens.html", shown, status=status)


@login_required
@require_POST
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """Make an access token worthless."""
    actions.revoke_access_token(request.user, token_id)
    messages.success(request, _("The access token was revoked."))
    return redirect("accounts:tokens")


@never_cache
@sensitive_post_parameters("password", "password_again")
@require_http_methods(["GET", "POST"])
def admin_link(request: HttpRequest, token: str) -> HttpResponse:
    """The first administrator chooses name and password, and is logged in.

    Only POST spends the link, so that a mail or chat program's preview does not.
    """
    queries.open_admin_link(token)
    form = AdministratorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = actions.set_up_administrator(
                token,
                username=form.cleaned_data["username"],
                password=form.cleaned_data["password"],
            )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            login(request, user, backend=PASSWORD_BACKEND)
            messages.success(request, _("Welcome. You are the administrator of this platform."))
            return redirect("/")
    return render(
        request, "accounts/admin_link.html", {"form": form}, status=422 if form.errors else 200
    )
