"""The stream behind the progress bar."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from lyceum.accounts.models import User
from lyceum.notebooks import lifecycle
from lyceum.notebooks.actions import start_notebook
from lyceum.notebooks.models import NotebookServer
from lyceum.projects.models import Project
from tests.notebooks.hub import Hub
from tests.notebooks.making import make_learner, make_project

Event = tuple[str, dict[str, object]]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("built")]


@pytest.fixture
def learner(transactional_db: None) -> User:
    return make_learner("lin")


@pytest.fixture
def project(learner: User) -> Project:
    return make_project(learner)


async def events(learner: User, project: Project) -> AsyncIterator[Event]:
    client = AsyncClient()
    await client.aforce_login(learner)
    answer = await client.get(f"/projects/{project.pk}/notebook/progress")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/event-stream"
    async for block in answer.streaming_content:
        name, data = block.decode().strip().split("\n")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def all_events(learner: User, project: Project) -> list[Event]:
    async with asyncio.timeout(20):
        return [event async for event in events(learner, project)]


def spawn_in(hub: Hub, learner: User, project: Project, ending: str) -> None:
    key = (learner.pk, project.pk)
    hub.step(*key, 5, "workload")
    hub.step(*key, 40, "server")
    if ending == "ready":
        hub.ready(*key, "run-7")
    else:
        hub.fail(*key, ending)


def run(coroutine):
    return asyncio.run(coroutine)


def test_the_hub_s_steps_arrive_and_the_row_runs(learner: User, project: Project, hub: Hub):
    start_notebook(learner, project_id=project.pk)
    spawn_in(hub, learner, project, "ready")

    told = run(all_events(learner, project))

    progress = [data for name, data in told if name == "progress"]
    assert [data["percent"] for data in progress] == [0, 5, 40]
    assert progress[-1]["message"] == "Starting the notebook server"
    assert told[-1] == ("done", {})
    server = NotebookServer.objects.get()
    assert (server.state, server.run_id) == ("running", "run-7")


def test_what_the_environment_took_of_the_bar_stays_taken(
    learner: User, project: Project, hub: Hub
):
    server = start_notebook(learner, project_id=project.pk)
    lifecycle.report_build(server, 1.0, "ready")
    spawn_in(hub, learner, project, "ready")

    told = run(all_events(learner, project))

    assert [data["percent"] for name, data in told if name == "progress"] == [80, 81, 88]


def test_a_failed_spawn_is_told_at_once(learner: User, project: Project, hub: Hub):
    start_notebook(learner, project_id=project.pk)
    spawn_in(hub, learner, project, "no disk")

    assert run(all_events(learner, project))[-1] == ("done", {})
    server = NotebookServer.objects.get()
    assert (server.state, server.reason, server.message) == ("failed", "spawn", "no disk")


def test_what_does_not_start_is_done_at_once(learner: User, project: Project):
    assert run(all_events(learner, project)) == [("done", {})]


def test_a_stranger_sees_nothing(learner: User, project: Project):
    async def ask() -> int:
        client = AsyncClient()
        await client.aforce_login(await sync_to_async(make_learner)("wei"))
        return (await client.get(f"/projects/{project.pk}/notebook/progress")).status_code

    assert run(ask()) == 404
