"""The OpenAPI document tells the truth about services too (see tests/projects)."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, settings
from schemathesis import checks

from lyceum.gateway import client as gateway
from tests.projects.test_api_schema import CHECKED, CSRF
from tests.serving.making import make_service, ready_draft

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

checks.load_all_checks()
CHECKS = [checks.CHECKS.get_one(name) for name in CHECKED]

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application()).include(
    path_regex=r"^/api/v1/(projects/\{project_id\}/service|service)"
)


@pytest.fixture
def answering_gateway(monkeypatch) -> None:
    """What the gateway would tell; without one, these operations answer 503."""
    answer = gateway.Answer(500, {"error": {}}, 3.0, 5, "", "KeyError", "Traceback …")
    minutes = [
        gateway.Minute(60, 2, 1, 1.0, 2.0, 3.0),
        gateway.Minute(120, 0, 0, None, None, None),
    ]
    failure = gateway.Failure(1.0, 400, "wrong_type", "CRIM …", "CRIM", None, "")
    monkeypatch.setattr(gateway, "call", lambda pk, body, language: answer)
    monkeypatch.setattr(gateway, "metrics", lambda pk, count: minutes)
    monkeypatch.setattr(gateway, "errors", lambda pk, language: [failure])


@pytest.fixture
def learner(lin, project, answering_gateway) -> dict[str, str]:
    """Cookies of a learner with a service and a draft, and where those are."""
    service = make_service(lin, project)
    client = Client()
    client.force_login(lin)
    return {
        "project_id": str(project.pk),
        "draft_id": str(ready_draft(lin, project).pk),
        "service_id": str(service.pk),
        "key_id": str(service.keys.get().pk),
        "lyceum_session": client.cookies["lyceum_session"].value,
        "lyceum_csrf": CSRF,
    }


@schema.parametrize()
@settings(max_examples=4, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_every_operation_keeps_its_promises(case, learner):
    cookies = {**learner}
    for name in ("project_id", "draft_id", "service_id", "key_id"):
        there = int(cookies.pop(name))
        asked = case.path_parameters.get(name)
        if isinstance(asked, int) and asked % 4:  # most requests for one that is there
            case.path_parameters[name] = there
    case.call_and_validate(cookies=cookies, headers={"X-CSRFToken": CSRF}, checks=CHECKS)
