"""The OpenAPI document tells the truth: schemathesis asks for what it promises.

For each operation it makes requests that fit the document and some that don't;
no answer may be a 500, and each must have a status, type and shape that the
document declares.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import get_args

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, settings
from ninja import Schema
from schemathesis import checks

from lyceum.projects.actions import save_version
from lyceum.projects.workfolder import home, write_file
from tests.projects.making import make_dataset, make_project, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# What is about methods the document does not list is Django's own business.
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
checks.load_all_checks()
CHECKS = [checks.CHECKS.get_one(name) for name in CHECKED]
CSRF = "a" * 32

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application()).include(
    path_regex=r"^/api/v1/projects(?!/\{project_id\}/notebook)"
)


@pytest.fixture
def learner() -> dict[str, str]:
    """Cookies of a learner with a project of two versions and a dataset."""
    user = make_user("learner")
    project = make_project(user, dataset_ids=[make_dataset(user).pk], visibility="shared")
    write_file(home(project.pk), "a.txt", b"1")
    save_version(user, project.pk)
    client = Client()
    client.force_login(user)
    return {
        "project": str(project.pk),
        "lyceum_session": client.cookies["lyceum_session"].value,
        "lyceum_csrf": CSRF,
    }


@schema.parametrize()
@settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_every_operation_keeps_its_promises(case, learner):
    cookies = {**learner}
    project = cookies.pop("project")
    asked = case.path_parameters.get("project_id")
    if isinstance(asked, int) and asked % 4:  # most requests for one that is there
        case.path_parameters["project_id"] = int(project)
        if "number" in case.path_parameters:
            case.path_parameters["number"] = 1 + asked % 3
    case.call_and_validate(cookies=cookies, headers={"X-CSRFToken": CSRF}, checks=CHECKS)


def test_no_two_shapes_share_a_name():
    """They would be one in the document, and one of them a lie."""
    waiting, names, choices = [Schema], [], set()
    while waiting:
        shape = waiting.pop()
        names += [shape.__name__] if shape.__module__.startswith("lyceum.") else []
        waiting += shape.__subclasses__()
        choices |= {
            part
            for field in shape.model_fields.values()
            for part in (field.annotation, *get_args(field.annotation))
            if isinstance(part, type) and issubclass(part, Enum)
        }
    names += [each.__name__ for each in choices]
    public = [name for name in names if not name.startswith("_")]
    assert len(public) > 20
    assert [name for name, times in Counter(public).items() if times > 1] == []
