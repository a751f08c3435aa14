"""The run panel in each state."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from lyceum.accounts.models import User
from lyceum.notebooks import lifecycle
from lyceum.notebooks.actions import start_notebook
from lyceum.notebooks.models import NotebookServer
from lyceum.projects.actions import set_visibility
from lyceum.projects.models import Project
from tests.notebooks.hub import Hub
from tests.notebooks.making import make_learner, make_project

State = NotebookServer.State

pytestmark = pytest.mark.usefixtures("built")


@pytest.fixture
def client(learner: User) -> Client:
    client = Client()
    client.force_login(learner)
    return client


def address(project: Project, name: str = "") -> str:
    return f"/projects/{project.pk}/notebook/{name}"


def panel(client: Client, project: Project) -> str:
    answer = client.get(address(project))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_path_from_run_to_enter_and_stop(
    client: Client, learner: User, project: Project, hub: Hub
):
    assert "Run project" in panel(client, project)

    started = client.post(address(project, "start")).content.decode()
    assert 'data-state="starting"' in started
    assert f'data-url="/projects/{project.pk}/notebook/progress"' in started

    lifecycle.mark_ready(NotebookServer.objects.get(), "run-1")
    running = panel(client, project)
    place = f"/user/{learner.pk}/{project.pk}"
    for rest in (f"/notebooks/{project.pk}.ipynb", f"/lab/tree/{project.pk}.ipynb", "/visualdl"):
        assert f"http://notebooks.localhost:{hub_port()}{place}{rest}" in running

    stopping = client.post(address(project, "stop")).content.decode()
    assert "Saving a version and stopping" in stopping


def hub_port() -> int:
    from lyceum.config import settings

    return settings().port


def test_it_speaks_chinese(client: Client, learner: User, project: Project, hub: Hub):
    User.objects.update(language="zh-hans")
    assert "运行项目" in panel(client, project)
    client.post(address(project, "start"))
    lifecycle.mark_ready(NotebookServer.objects.get(), "run-1")
    running = panel(client, project)
    assert "进入" in running
    assert "停止" in running


def test_a_small_refresh_does_not_swap_the_buttons(client: Client, project: Project, hub: Hub):
    client.post(address(project, "start"))
    lifecycle.mark_ready(NotebookServer.objects.get(), "run-1")

    same = client.get(address(project, "state"), {"state": "running"})
    assert "HX-Retarget" not in same
    assert "Running for" in same.content.decode()
    assert "Enter" not in same.content.decode()

    NotebookServer.objects.update(state=State.FAILED, reason="out_of_memory")
    other = client.get(address(project, "state"), {"state": "running"})
    assert other["HX-Retarget"] == f"#notebook-panel-{project.pk}"
    assert 'data-state="failed"' in other.content.decode()


def test_the_idle_warning_can_be_answered(client: Client, project: Project, hub: Hub):
    client.post(address(project, "start"))
    server = NotebookServer.objects.get()
    lifecycle.mark_ready(server, "run-1")
    lifecycle.warn(server)
    assert "It will be stopped in" in panel(client, project)

    kept = client.post(address(project, "keep")).content.decode()
    assert "It will be stopped in" not in kept


def test_a_failure_says_why_and_what_was_saved(client: Client, project: Project, hub: Hub):
    client.post(address(project, "start"))
    NotebookServer.objects.update(
        state=State.FAILED, reason="spawn", message="<b>no disk</b>", saved_version=3
    )
    text = panel(client, project)
    assert "The notebook server did not start" in text
    assert "&lt;b&gt;no disk&lt;/b&gt;" in text
    assert "version 3" in text
    assert "Try again" in text


def test_beyond_the_limit_the_running_ones_are_listed(
    client: Client, learner: User, project: Project, hub: Hub
):
    running = [make_project(learner, name) for name in ("Iris", "Digits")]
    for each in running:
        start_notebook(learner, project_id=each.pk)

    text = client.post(address(project, "start")).content.decode()

    assert "You can run 2 projects at a time" in text
    for each in running:
        assert each.name in text
        assert f"/projects/{each.pk}/notebook/stop?for={project.pk}" in text
    answer = client.post(f"/projects/{running[0].pk}/notebook/stop?for={project.pk}")
    assert f'id="notebook-panel-{project.pk}"' in answer.content.decode()
    assert NotebookServer.objects.get(project=running[0]).state == State.STOPPING


def test_others_learn_how_to_run_it(learner: User, project: Project):
    other = Client()
    other.force_login(make_learner("wei"))
    assert other.get(address(project)).status_code == 404
    assert Client().get(address(project)).status_code == 404

    set_visibility(learner, project.pk, visibility="shared")
    assert "Fork this project" in other.get(address(project)).content.decode()
    assert "Sign in" in Client().get(address(project)).content.decode()
    assert other.post(address(project, "start")).status_code == 403
    assert Client().post(address(project, "start")).status_code == 302
    assert not NotebookServer.objects.exists()


def test_the_entrance_leads_to_the_asked_place(client: Client, learner: User, project: Project):
    def target(to: str) -> str:
        page = client.get(address(project, "open"), {"to": to}).content.decode()
        return re.search(r'data-target="([^"]*)"', page)[1]

    place = f"/user/{learner.pk}/{project.pk}"
    assert target("visualdl").endswith(f"{place}/visualdl")
    assert target("lab").endswith(f"{place}/lab/tree/{project.pk}.ipynb")
    for odd in ("notebook", "", "https://evil.example"):
        assert target(odd).endswith(f"{place}/notebooks/{project.pk}.ipynb")


def test_no_page_changes_anything_without_a_csrf_token(learner: User, project: Project, hub: Hub):
    client = Client(enforce_csrf_checks=True)
    client.force_login(learner)
    for name in ("start", "stop", "keep"):
        assert client.post(address(project, name)).status_code == 403
        assert client.get(address(project, name)).status_code == 405
