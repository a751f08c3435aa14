"""What changes a service: online with it, back, awake, asleep, gone; and its settings."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from lyceum.common.dialogs import form_status
from lyceum.common.forms import try_action
from lyceum.serving import actions
from lyceum.serving.forms import SettingsForm
from lyceum.serving.models import Service
from lyceum.serving.pages.access import service_context, service_of
from lyceum.serving.pages.new_key import show_key

_FIELDS = ("name", "wake_on_call", "redact_errors", "replicas_min", "replicas_max")


@login_required
@require_POST
def promote(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    """正式部署: the sandbox's model goes online."""
    service = service_of(request, project_id, service_id)
    deployed = actions.promote(request.user, service.pk)
    text = _("The model of “%(name)s” is being put online.")
    messages.success(request, text % {"name": service.name})
    return show_key(request, deployed.service, deployed.plain_key)


@login_required
@require_POST
def bring_back(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    """The online service serves again what it served before."""
    service = service_of(request, project_id, service_id)
    actions.bring_back(request.user, service.pk)
    messages.success(request, _("The model that was online before is being brought back."))
    return _back(request, service)


@login_required
@require_POST
def wake(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    service = service_of(request, project_id, service_id)
    actions.wake(request.user, service.pk)
    return _back(request, service)


@login_required
@require_POST
def pause(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    service = service_of(request, project_id, service_id)
    actions.pause(request.user, service.pk)
    messages.success(request, _("“%(name)s” is paused.") % {"name": service.name})
    return _back(request, service)


@login_required
@require_POST
def stop(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    service = service_of(request, project_id, service_id)
    actions.stop(request.user, service.pk)
    messages.success(request, _("“%(name)s” is stopped.") % {"name": service.name})
    return _back(request, service)


@login_required
@require_POST
def delete(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    service = service_of(request, project_id, service_id)
    actions.delete_service(request.user, service.pk)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": service.name})
    return redirect("serving:services", project_id)


@login_required
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    """The settings."""
    service = service_of(request, project_id, service_id)
    initial = {name: getattr(service, name) for name in _FIELDS}
    form = SettingsForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        saved = try_action(
            form, lambda: actions.edit_service(request.user, service.pk, **form.cleaned_data)
        )
        if saved:
            messages.success(request, _("Saved."))
            return redirect("serving:settings", project_id, service.pk)
    shown = {**service_context(service, "settings"), "form": form}
    return render(request, "serving/settings.html", shown, status=form_status(form))


def _back(request: HttpRequest, service: Service) -> HttpResponse:
    """To the list when it was asked from there, else to the service."""
    if request.POST.get("from") == "list":
        return redirect("serving:services", service.project_id)
    return redirect("serving:service", service.project_id, service.pk)
