"""The REST API under ``/api/v1``: one router an app, one shape for refusals."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.security import django_auth

from lyceum.common.errors import DomainError
from lyceum.notebooks.api import router as notebooks

api = NinjaAPI(title="Lyceum", version="1", urls_namespace="api", auth=django_auth)
api.add_router("", notebooks)


@api.exception_handler(DomainError)
def problem(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A refusal as ``application/problem+json`` (RFC 9457)."""
    body = {
        "type": f"urn:lyceum:{error.code}",
        "title": error.message,
        "status": error.status,
        "code": error.code,
        "field": error.field,
    }
    return JsonResponse(body, status=error.status, content_type="application/problem+json")
