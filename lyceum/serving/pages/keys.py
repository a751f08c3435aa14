"""API keys of a service: another one, a new one in an old one's place, none any more."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from lyceum.common.dialogs import answer_form, form_status
from lyceum.common.forms import try_action
from lyceum.limits import limit
from lyceum.serving import actions, queries
from lyceum.serving.forms import KeyForm, RateForm
from lyceum.serving.pages.access import service_of
from lyceum.serving.pages.new_key import show_key


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    """Make another key; its plain text is shown once, on the service's page."""
    service = service_of(request, project_id, service_id)
    initial = {"rate_per_minute": limit("serving_key_rate_per_minute")}
    form = KeyForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        made = try_action(
            form, lambda: actions.create_key(request.user, service.pk, **form.cleaned_data)
        )
        if made:
            return show_key(request, service, made.plain)
    shown = {"service": service, "project": service.project, "form": form}
    return render(request, "serving/new_key.html", shown, status=form_status(form))


@login_required
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, project_id: int, service_id: int, key_id: int) -> HttpResponse:
    """Another rate limit for a key."""
    service = service_of(request, project_id, service_id)
    key = queries.key_of(service, key_id)
    form = RateForm(request.POST or None, initial={"rate_per_minute": key.rate_per_minute})

    def save() -> object:
        return actions.edit_key(request.user, service.pk, key.pk, **form.cleaned_data)

    return answer_form(
        request,
        form,
        save,
        template="serving/edit_key.html",
        context={"service": service, "project": service.project, "key": key},
        done=_("Saved."),
        address=reverse("serving:service", args=[project_id, service_id]),
    )


@login_required
@require_POST
def rotate(request: HttpRequest, project_id: int, service_id: int, key_id: int) -> HttpResponse:
    """A new key; the old one works on for a while."""
    service = service_of(request, project_id, service_id)
    made = actions.rotate_key(request.user, service.pk, key_id)
    return show_key(request, service, made.plain)


@login_required
@require_POST
def revoke(request: HttpRequest, project_id: int, service_id: int, key_id: int) -> HttpResponse:
    """End a key at once."""
    service = service_of(request, project_id, service_id)
    actions.revoke_key(request.user, service.pk, key_id)
    messages.success(request, _("The key was revoked."))
    return redirect("serving:service", project_id, service.pk)
