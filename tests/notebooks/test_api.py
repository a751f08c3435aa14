"""The REST API: states, refusals, and the project token's reach."""

from __future__ import annotations

import pytest
from django.test import Client

from lyceum.accounts.models import User
from lyceum.notebooks import lifecycle, tokens
from lyceum.notebooks.actions import start_notebook
from lyceum.notebooks.models import NotebookServer
from lyceum.projects.models import Project
from tests.notebooks.hub import Hub
from tests.notebooks.making import make_learner, make_project

pytestmark = pytest.mark.usefixtures("built")


def address(project: Project, rest: str = "") -> str:
    return f"/api/v1/projects/{project.pk}/notebook{rest}"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_run_look_and_stop(learner: User, project: Project, hub: Hub):
    client = signed_in(learner)
    assert client.get(address(project)).json()["state"] == "stopped"

    started = client.post(address(project))
    assert (started.status_code, started.json()["state"]) == (202, "starting")

    lifecycle.mark_ready(NotebookServer.objects.get(), "run-1")
    body = client.get(address(project)).json()
    assert body["state"] == "running"
    assert body["addresses"]["notebook"].endswith(
        f"/user/{learner.pk}/{project.pk}/notebooks/{project.pk}.ipynb"
    )
    assert body["addresses"]["visualdl"].endswith(f"/user/{learner.pk}/{project.pk}/visualdl")
    assert body["idle_stop_at"] > body["started"]
    assert body["idle_warning"] is False

    stopped = client.delete(address(project))
    assert (stopped.status_code, stopped.json()["state"]) == (202, "stopping")


def test_refusals_are_problems(learner: User, project: Project, hub: Hub):
    assert Client().get(address(project)).status_code == 401
    stranger = signed_in(make_learner("wei"))
    assert stranger.get(address(project)).json()["code"] == "no_such_project"

    client = signed_in(learner)
    for each in (project, make_project(learner)):
        client.post(address(each))
    answer = client.post(address(make_project(learner)))
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "running_projects_limit"


def test_a_session_needs_its_csrf_token(learner: User, project: Project):
    client = Client(enforce_csrf_checks=True)
    client.force_login(learner)
    assert client.post(address(project)).status_code == 403
    assert not NotebookServer.objects.exists()


def test_the_notebook_s_own_key(learner: User, project: Project, hub: Hub):
    other = make_project(learner)
    headers = bearer(tokens.derive(start_notebook(learner, project_id=project.pk)))
    client = Client(enforce_csrf_checks=True)

    assert client.get(address(project), headers=headers).json()["state"] == "starting"
    assert client.post(address(project, "/activity"), headers=headers).status_code == 200
    assert client.get(address(other), headers=headers).status_code == 401
    assert client.get(address(project), headers=bearer("lyp_" + "0" * 64)).status_code == 401
    # It may neither start nor stop anything: the first would let a forked notebook
    # take its learner's places, the second needs nobody's key.
    assert client.post(address(project), headers=headers).status_code in (401, 403)
    assert client.delete(address(project), headers=headers).status_code in (401, 403)


def test_activity_takes_the_warning_back(learner: User, project: Project, hub: Hub):
    server = start_notebook(learner, project_id=project.pk)
    lifecycle.mark_ready(server, "run-1")
    lifecycle.warn(server)
    client = signed_in(learner)
    assert client.get(address(project)).json()["idle_warning"] is True

    assert client.post(address(project, "/activity")).json()["idle_warning"] is False


def test_the_api_documents_itself(learner: User):
    schema = signed_in(learner).get("/api/v1/openapi.json").json()
    operations = schema["paths"]["/api/v1/projects/{project_id}/notebook"]
    assert set(operations) == {"get", "post", "delete"}
    assert all(operation["summary"] for operation in operations.values())
    assert "409" in operations["post"]["responses"]
