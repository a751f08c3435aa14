"""A project's prediction services: the online one, the sandboxes, and the drafts (草稿箱)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from lyceum.serving import actions, queries
from lyceum.serving.models import Draft, Service
from lyceum.serving.pages.access import draft_of


@never_cache
@login_required
@require_safe
@vary_on_headers("HX-Request")
def services(request: HttpRequest, project_id: int) -> HttpResponse:
    """All of them; HTMX asks for the list alone again while something is being deployed."""
    project = queries.notebook_project(request.user, project_id)
    lines = [_line(each) for each in queries.services_of(request.user, project_id)]
    shown = {
        "project": project,
        "online": next((each for each in lines if each["service"].stage == "online"), None),
        "sandboxes": [each for each in lines if each["service"].stage == "sandbox"],
        "places": queries.sandbox_places(project),
        "is_moving": any(each["service"].state == Service.State.DEPLOYING for each in lines),
    }
    if request.htmx:
        return render(request, "serving/list.html", shown)
    shown["drafts"] = queries.drafts_of(request.user, project_id)
    return render(request, "serving/services.html", shown)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, project_id: int) -> HttpResponse:
    """Begin a service, or go on with a draft in which nothing has been chosen yet.

    ``?from=`` is a service of the project whose model and parameters the draft begins with.
    """
    source = request.GET.get("from", "")
    untouched = [each for each in queries.drafts_of(request.user, project_id) if _is_empty(each)]
    if source.isascii() and source.isdecimal() and len(source) < 19:
        draft = actions.create_draft(request.user, project_id, service_id=int(source))
    else:
        draft = untouched[0] if untouched else actions.create_draft(request.user, project_id)
    return redirect("serving:draft", project_id, draft.pk, draft.step)


@login_required
@require_POST
def delete_draft(request: HttpRequest, project_id: int, draft_id: int) -> HttpResponse:
    """Give a draft up."""
    draft = draft_of(request, project_id, draft_id)
    actions.delete_draft(request.user, draft.pk)
    messages.success(request, _("The draft was deleted."))
    return redirect("serving:services", project_id)


def _line(service: Service) -> dict[str, Any]:
    return {"service": service, "pauses": queries.pauses_at(service)}


def _is_empty(draft: Draft) -> bool:
    return draft.step == 1 and not (draft.files or draft.name or draft.inputs)
