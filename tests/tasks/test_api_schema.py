"""The OpenAPI document tells the truth about tasks too (see tests/projects)."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, settings
from schemathesis import checks

from lyceum.tasks import folders
from tests.projects.test_api_schema import CHECKED, CSRF
from tests.tasks.making import make_task

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

checks.load_all_checks()
CHECKS = [checks.CHECKS.get_one(name) for name in CHECKED]

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application()).include(
    path_regex=r"^/api/v1/(projects/\{project_id\}/tasks|tasks)"
)


@pytest.fixture
def learner(lin, cluster) -> dict[str, str]:
    """Cookies of a learner with an ended task, and where it is."""
    task = make_task(cluster, state="succeeded", attempt=1, archived=True)
    folders.logs(task.pk).mkdir(parents=True)
    (folders.logs(task.pk) / "1-here.log").write_text("[trainer-0] done\n")
    client = Client()
    client.force_login(lin)
    return {
        "project_id": str(cluster.pk),
        "task_id": str(task.pk),
        "lyceum_session": client.cookies["lyceum_session"].value,
        "lyceum_csrf": CSRF,
    }


@schema.parametrize()
@settings(max_examples=2, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_every_operation_keeps_its_promises(case, learner):
    cookies = {**learner}
    for name in ("project_id", "task_id"):
        there = int(cookies.pop(name))
        asked = case.path_parameters.get(name)
        if isinstance(asked, int) and asked % 4:  # most requests for one that is there
            case.path_parameters[name] = there
    case.call_and_validate(cookies=cookies, headers={"X-CSRFToken": CSRF}, checks=CHECKS)
