"""The OpenAPI document tells the truth about datasets too (see tests/projects)."""

from __future__ import annotations

import uuid

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, settings
from schemathesis import checks

from lyceum.datasets import actions
from tests.datasets.making import make_dataset
from tests.projects.making import make_user
from tests.projects.test_api_schema import CHECKED, CSRF

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

checks.load_all_checks()
CHECKS = [checks.CHECKS.get_one(name) for name in CHECKED]

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application()).include(
    path_regex=r"^/api/v1/dataset"
)


@pytest.fixture
def learner(home) -> dict[str, str]:
    """Cookies of a learner with a dataset and a draft, and where those are."""
    user = make_user("learner")
    dataset = make_dataset(user)
    client = Client()
    client.force_login(user)
    return {
        "dataset": str(dataset.pk),
        "draft": str(actions.open_draft(user, dataset_id=dataset.pk).pk),
        "lyceum_session": client.cookies["lyceum_session"].value,
        "lyceum_csrf": CSRF,
    }


@schema.parametrize()
@settings(max_examples=6, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_every_operation_keeps_its_promises(case, learner):
    cookies = {**learner}
    dataset, draft = int(cookies.pop("dataset")), cookies.pop("draft")
    asked = case.path_parameters.get("dataset_id")
    if isinstance(asked, int) and asked % 4:  # most requests for one that is there
        case.path_parameters["dataset_id"] = dataset
        if "number" in case.path_parameters:
            case.path_parameters["number"] = 1
    if "draft_id" in case.path_parameters and _is_uuid(case.path_parameters["draft_id"]):
        case.path_parameters["draft_id"] = draft
    case.call_and_validate(cookies=cookies, headers={"X-CSRFToken": CSRF}, checks=CHECKS)


def _is_uuid(value: object) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True
