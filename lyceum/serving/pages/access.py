"""The draft or service that an address names; what the pages of a service have in common."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from lyceum.serving import queries
from lyceum.serving.models import Draft, Service


def draft_of(request: HttpRequest, project_id: int, draft_id: int) -> Draft:
    """The learner's draft; ``NotFound`` when it is not of this project or not theirs."""
    return queries.owned_draft(request.user, draft_id, project_id=project_id)


def service_of(request: HttpRequest, project_id: int, service_id: int) -> Service:
    """The learner's service; ``NotFound`` when it is not of this project or not theirs."""
    return queries.owned_service(request.user, service_id, project_id=project_id)


def service_context(service: Service, tab: str) -> dict[str, Any]:
    """What the head and the tabs of every page of a service show."""
    return {
        "service": service,
        "project": service.project,
        "tab": tab,
        "online": queries.online_service(service.project),
        "pauses": queries.pauses_at(service),
        "states": Service.State,
    }
