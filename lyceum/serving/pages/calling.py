"""A service's page: how it is called, its keys, its state; and the test page (测试)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from lyceum.common.errors import NotFound
from lyceum.config import settings
from lyceum.gateway.openapi import document
from lyceum.limits import limit
from lyceum.projects.choices import environment_label
from lyceum.serving import queries
from lyceum.serving.bundles import MODEL
from lyceum.serving.fields import example
from lyceum.serving.models import ModelKind, Revision, Service
from lyceum.serving.pages.access import service_context, service_of
from lyceum.serving.pages.new_key import forget_key, taken_key
from lyceum.serving.pages.problem_words import all_problems
from lyceum.serving.pages.shown import error_line, pretty
from lyceum.serving.pages.snippets import snippets
from lyceum.serving.routes import services_table
from lyceum.serving.rows import read_rows


@never_cache
@login_required
@require_safe
def overview(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    """How to call the service, and with which keys; a new key is shown this once."""
    service = service_of(request, project_id, service_id)
    key = taken_key(request)
    revision = service.active_revision or service.revision
    address = queries.address(service)
    shown = {
        **service_context(service, "overview"),
        "revision": revision,
        "kind_name": _kind_name(revision),
        "main_program": revision.spec.get("main_program", "").removeprefix(f"{MODEL}/"),
        "environment_label": environment_label(revision.environment),
        "inputs": _table(revision.spec.get("inputs", [])),
        "outputs": _table(revision.spec.get("outputs", [])),
        "address": address,
        "new_key": key,
        "keys": queries.keys_of(service),
        "overlap_hours": limit("serving_key_overlap_hours"),
        "snippets": snippets(address, key, _sample(service)),
        "problems": all_problems(),
    }
    response = render(request, "serving/overview.html", shown)
    if key:
        forget_key(response, service)
    return response


@never_cache
@login_required
@require_safe
def state(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    """The service's state as it is now; asks for itself again while that is changing."""
    service = service_of(request, project_id, service_id)
    return render(request, "serving/banner.html", service_context(service, ""))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def test(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    """测试: POST sends ``body`` to the service, as its owner, and shows all of what came."""
    service = service_of(request, project_id, service_id)
    shown = {**service_context(service, "test"), "body": pretty(_sample(service))}
    if request.method == "POST":
        shown |= {"body": request.POST.get("body", ""), **_answer(service, request)}
        if request.htmx:
            return render(request, "serving/answer.html", shown)
    return render(request, "serving/test.html", shown)


@login_required
@require_safe
def openapi(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    """The service's API as an OpenAPI document, as those who call it can have it too."""
    service = service_of(request, project_id, service_id)
    table = services_table(read_rows())
    route = next((each for each in table if each["service"] == service.pk), None)
    if route is None:
        raise NotFound("no_such_service", _("There is no such prediction service."))
    return JsonResponse(document(route, settings().portal_url), json_dumps_params={"indent": 2})


def _answer(service: Service, request: HttpRequest) -> dict[str, Any]:
    """What a call got, for the page; raises ``Unavailable`` when the gateway is away."""
    answer = queries.call_service(request.user, service.pk, request.POST.get("body", ""))
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    is_error = answer.status >= 400 and isinstance(error, dict)
    return {
        "answer": answer,
        "answer_body": pretty(answer.body),
        "error": error if is_error else None,
        "line": error_line(answer.traceback),
    }


def _kind_name(revision: Revision) -> str:
    kind = revision.spec.get("kind", "")
    return str(ModelKind(kind).label) if kind in ModelKind.values else kind


def _table(fields: list[dict[str, Any]]) -> dict[str, Any]:
    """Fields with which of their columns say anything."""

    def has(*keys: str) -> bool:
        return any(each.get(key) not in (None, "") for each in fields for key in keys)

    return {
        "fields": fields,
        "has_default": has("default"),
        "has_range": has("minimum", "maximum"),
        "has_description": has("description"),
    }


def _sample(service: Service) -> dict[str, Any]:
    revision = service.active_revision or service.revision
    return revision.sample or example(revision.spec.get("inputs", []))
