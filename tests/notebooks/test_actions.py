"""Starting and stopping: who may, how many, and what the hub is asked."""

from __future__ import annotations

from functools import partial

import pytest

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, Forbidden, NotFound
from lyceum.notebooks import tokens
from lyceum.notebooks.actions import (
    LIMIT_CODE,
    keep_notebook,
    spawning_server,
    start_notebook,
    stop_notebook,
)
from lyceum.notebooks.models import NotebookServer
from lyceum.projects.actions import set_visibility
from lyceum.projects.models import Project
from tests.notebooks.hub import Hub
from tests.notebooks.making import make_learner, make_project

State = NotebookServer.State

pytestmark = pytest.mark.usefixtures("built")


def test_start_asks_the_hub_and_counts_the_attempt(learner: User, project: Project, hub: Hub):
    server = start_notebook(learner, project_id=project.pk)

    server.refresh_from_db()
    assert (server.state, server.stage, server.attempt) == (State.STARTING, "launching", 1)
    assert server.launched is not None
    assert hub.state(learner.pk, project.pk) == "spawn"


def test_starting_twice_is_one_start(learner: User, project: Project, hub: Hub):
    start_notebook(learner, project_id=project.pk)
    again = start_notebook(learner, project_id=project.pk)

    assert again.attempt == 1


def test_environment_to_be_built_leaves_the_hub_alone(learner: User, hub: Hub):
    other = make_project(learner)
    Project.objects.filter(pk=other.pk).update(environment="torch-py311")

    server = start_notebook(learner, project_id=other.pk)

    assert server.stage == "building"
    assert hub.requests == []


def test_a_hub_that_is_away_leaves_the_start_for_later(
    learner: User, project: Project, ports: int
):
    server = start_notebook(learner, project_id=project.pk)

    server.refresh_from_db()
    assert (server.state, server.launched) == (State.STARTING, None)


def test_a_refusal_of_the_hub_is_the_reason(learner: User, project: Project, hub: Hub):
    hub.refusal = (500, "no more room")

    server = start_notebook(learner, project_id=project.pk)

    server.refresh_from_db()
    assert (server.state, server.reason, server.message) == (State.FAILED, "spawn", "no more room")
    assert server.token_hash == ""


def test_only_the_owner_runs_a_project(learner: User, project: Project, hub: Hub):
    other = make_learner("wei")
    with pytest.raises(NotFound):
        start_notebook(other, project_id=project.pk)

    set_visibility(learner, project.pk, visibility="shared")
    for action in (start_notebook, stop_notebook, keep_notebook):
        with pytest.raises(Forbidden):
            action(other, project_id=project.pk)
    assert not NotebookServer.objects.exists()


def test_the_third_project_is_refused(learner: User, project: Project, hub: Hub):
    for each in (project, make_project(learner)):
        start_notebook(learner, project_id=each.pk)

    with pytest.raises(Conflict) as refusal:
        start_notebook(learner, project_id=make_project(learner).pk)
    assert refusal.value.code == LIMIT_CODE
    assert "2 projects" in refusal.value.message


def test_a_stopping_project_still_counts_and_cannot_start(
    learner: User, project: Project, hub: Hub, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LYCEUM_LIMIT_RUNNING_PROJECTS_PER_USER", "1")
    start_notebook(learner, project_id=project.pk)
    stop_notebook(learner, project_id=project.pk)

    with pytest.raises(Conflict) as refusal:
        start_notebook(learner, project_id=project.pk)
    assert refusal.value.code == "notebook_stopping"
    with pytest.raises(Conflict) as refusal:
        start_notebook(learner, project_id=make_project(learner).pk)
    assert refusal.value.code == LIMIT_CODE


@pytest.mark.django_db(transaction=True)
def test_the_limit_holds_when_all_start_at_once(hub: Hub, in_threads):
    learner = make_learner("lin")
    projects = [make_project(learner) for _ in range(6)]

    results = in_threads(
        *(partial(start_notebook, learner, project_id=each.pk) for each in projects)
    )

    refused = [each for each in results if isinstance(each, Conflict)]
    assert len(refused) == 4, results
    assert NotebookServer.objects.filter(state__in=NotebookServer.ACTIVE).count() == 2


@pytest.mark.django_db(transaction=True)
def test_one_project_started_by_many_requests_starts_once(hub: Hub, in_threads):
    learner = make_learner("lin")
    project = make_project(learner)

    results = in_threads(*[partial(start_notebook, learner, project_id=project.pk)] * 6)

    assert [each for each in results if isinstance(each, Exception)] == []
    assert NotebookServer.objects.get().attempt == 1


def test_stopping_what_never_ran_is_nothing(learner: User, project: Project):
    assert stop_notebook(learner, project_id=project.pk) is None
    assert keep_notebook(learner, project_id=project.pk) is None


def test_only_a_start_of_ours_may_be_spawned(learner: User, project: Project, hub: Hub):
    with pytest.raises(NotFound):
        spawning_server(user_id=learner.pk, project_id=project.pk)
    start_notebook(learner, project_id=project.pk)
    assert spawning_server(user_id=learner.pk, project_id=project.pk).attempt == 1
    with pytest.raises(NotFound):
        spawning_server(user_id=learner.pk + 1, project_id=project.pk)

    NotebookServer.objects.update(state=State.STOPPED)
    with pytest.raises(Forbidden):
        spawning_server(user_id=learner.pk, project_id=project.pk)


def test_a_token_is_the_project_s_while_it_runs(learner: User, project: Project, hub: Hub):
    server = start_notebook(learner, project_id=project.pk)
    token = tokens.derive(server)
    assert token not in str(NotebookServer.objects.values().get())
    assert tokens.project_token_user(token) == (learner, project.pk)
    assert tokens.project_token_user(token + "0") is None

    NotebookServer.objects.update(state=State.STOPPED)
    assert tokens.project_token_user(token) is None
    again = start_notebook(learner, project_id=project.pk)
    assert tokens.project_token_user(token) is None
    assert tokens.derive(again) != token


def test_a_token_ends_with_its_learner_or_project(learner: User, project: Project, hub: Hub):
    token = tokens.derive(start_notebook(learner, project_id=project.pk))
    User.objects.update(is_active=False)
    assert tokens.project_token_user(token) is None
