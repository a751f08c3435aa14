"""VisualDL over several tasks: who may open one, what it sees, when it ends."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings as django_settings
from django.core import signing
from django.core.asgi import get_asgi_application
from django.test import Client
from django.urls import reverse

from lyceum import environments
from lyceum.common.errors import Conflict, DomainError, NotFound
from lyceum.engine import local_engine
from lyceum.tasks import dashboards, folders
from tests.support.environments import SHARED
from tests.tasks.making import make_cluster, make_task

ENVIRONMENT = "paddle3-py311"
WRITER = """
import sys
from visualdl import LogWriter
with LogWriter(logdir=sys.argv[1]) as writer:
    for step in range(20):
        writer.add_scalar(tag="train/loss", step=step, value=1.0 / (step + 1))
"""


class FakeEngine:
    """Keeps what it is asked to run."""

    def __init__(self) -> None:
        self.workloads = {}
        self.ended = []

    def start(self, workload, *, run_id):
        self.workloads[run_id] = workload
        return run_id

    def address(self, run_id):
        if run_id not in self.workloads:
            raise KeyError(run_id)
        return None if run_id in self.ended else "127.0.0.1:9"

    def stop(self, run_id, *, grace):
        self.ended.append(run_id)

    def remove(self, run_id):
        self.workloads.pop(run_id, None)


@pytest.fixture
def engine(monkeypatch):
    fake = FakeEngine()
    monkeypatch.setattr(dashboards, "local_engine", lambda: fake)
    monkeypatch.setattr(dashboards, "_generation", lambda name: "1" if "fluid" in name else "2")
    monkeypatch.setattr(environments, "mounts", lambda _name: ())
    return fake


def at_notebooks(**more) -> dict[str, str]:
    return {"HTTP_HOST": django_settings.LYCEUM.notebook_host, **more}


def test_a_dashboard_sees_the_outputs_of_its_tasks_and_cannot_write(engine, lin, cluster):
    tasks = [make_task(cluster, state="succeeded") for _each in range(3)]
    address = dashboards.open_dashboard(lin, [tasks[2].pk, tasks[0].pk])
    (workload,) = engine.workloads.values()
    mounts = {str(mount.target): mount for mount in workload.mounts}
    wanted = [f"/logs/task-{tasks[0].pk}", f"/logs/task-{tasks[2].pk}"]
    assert sorted(mounts) == wanted
    assert mounts[wanted[1]].source == folders.output(tasks[2].pk)
    assert not any(mount.writable for mount in workload.mounts)
    assert workload.network == "loopback"
    assert workload.limits.wall_seconds == dashboards.HOURS * 3600
    public_path = workload.argv[workload.argv.index("--public-path") + 1]
    assert address == django_settings.LYCEUM.notebook_url + public_path + "/"


def test_the_same_tasks_are_shown_by_the_same_dashboard_while_it_lasts(engine, lin, cluster):
    ids = [make_task(cluster).pk, make_task(cluster).pk]
    first = dashboards.open_dashboard(lin, ids)
    assert dashboards.open_dashboard(lin, ids[::-1]) == first
    engine.ended.extend(engine.workloads)
    assert dashboards.open_dashboard(lin, ids) != first


def test_a_person_has_few_dashboards_at_once(engine, lin, amy, cluster):
    other = make_task(make_cluster(amy))
    dashboards.open_dashboard(amy, [other.pk])
    ids = [make_task(cluster).pk for _each in range(4)]
    for task_id in ids:
        dashboards.open_dashboard(lin, [task_id])
        for each in dashboards.dashboards():  # looked at in the order of their tasks
            os.utime(each.file, (time.time() - 100 + each.task_ids[0],) * 2)
    kept = [each.task_ids for each in dashboards.dashboards() if each.user_id == lin.pk]
    assert sorted(kept) == [(ids[2],), (ids[3],)]
    assert len(engine.workloads) == 3


def test_what_cannot_be_shown_together_is_refused(engine, lin, amy, cluster):
    fluid = make_task(cluster, environment="fluid-py37")
    mine = [make_task(cluster, environment=ENVIRONMENT).pk for _each in range(11)]
    theirs = make_task(make_cluster(amy))
    with pytest.raises(NotFound):
        dashboards.open_dashboard(lin, [mine[0], theirs.pk])
    for chosen in ([], mine):
        with pytest.raises(DomainError) as refusal:
            dashboards.open_dashboard(lin, chosen)
        assert refusal.value.code == "how_many_tasks"
    with pytest.raises(Conflict) as refusal:
        dashboards.open_dashboard(lin, [mine[0], fluid.pk])
    assert refusal.value.code == "two_generations"
    assert engine.workloads == {}


def test_environments_that_are_not_built_here_are_said_to_be_missing(lin, cluster):
    with pytest.raises(Conflict) as refusal:
        dashboards.open_dashboard(lin, [make_task(cluster, environment="gone").pk])
    assert refusal.value.code == "no_dashboard"


def test_nobody_looks_so_it_ends(engine, lin, cluster):
    dashboards.open_dashboard(lin, [make_task(cluster).pk])
    dashboards.open_dashboard(lin, [make_task(cluster).pk])
    one, two = dashboards.dashboards()
    os.utime(one.file, (time.time() - dashboards.IDLE_SECONDS - 1,) * 2)
    dashboards.close_idle()
    assert [each.key for each in dashboards.dashboards()] == [two.key]
    assert list(engine.workloads) == [two.run_id]
    engine.ended.append(two.run_id)
    dashboards.close_idle()
    assert list(dashboards.dashboards()) == []


def test_only_a_fresh_address_of_ours_leads_in(engine, lin, cluster, monkeypatch):
    address = dashboards.open_dashboard(lin, [make_task(cluster).pk])
    (dashboard,) = dashboards.dashboards()
    assert dashboards.by_token(dashboard.token) == dashboard
    for token in (
        dashboard.key,
        dashboard.token.replace(":", ":A", 1),
        signing.dumps(dashboard.key, salt="x"),
        signing.dumps("0" * 32, salt=dashboards._SALT),
    ):
        with pytest.raises(NotFound):
            dashboards.by_token(token)
    later = time.time() + dashboards.HOURS * 3600 + 60
    monkeypatch.setattr(signing.time, "time", lambda: later)
    with pytest.raises(NotFound):
        dashboards.by_token(dashboard.token)
    path = urlsplit(address).path
    response = Client().get(path, **at_notebooks())
    assert response.status_code == 404
    assert "This VisualDL has ended" in response.content.decode()


def test_a_dashboard_that_starts_says_so_and_the_portal_never_shows_it(engine, lin, cluster):
    address = dashboards.open_dashboard(lin, [make_task(cluster).pk])
    path = urlsplit(address).path
    response = Client().get(path, **at_notebooks())
    assert response.status_code == 503
    assert 'http-equiv="refresh"' in response.content.decode()
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    here = Client().get(path)
    assert here.status_code == 302
    assert here.headers["Location"].startswith(django_settings.LYCEUM.notebook_url)


def test_the_history_leads_there(engine, lin, amy, cluster):
    client = Client()
    client.force_login(lin, backend="django.contrib.auth.backends.ModelBackend")
    where = reverse("tasks:visualdl", args=[cluster.pk])
    task = make_task(cluster)
    response = client.post(where, {"task": [task.pk]})
    (dashboard,) = dashboards.dashboards()
    assert response.headers["Location"] == dashboards.address(dashboard)
    foreign = make_task(make_cluster(lin, name="Other"))
    assert client.post(where, {"task": [foreign.pk]}).status_code == 404
    assert client.post(where).status_code == 400


@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_visualdl_shows_the_curves_of_two_tasks_together(lin, cluster, monkeypatch):
    """The real one, in its sandbox, through the page that passes requests on."""
    monkeypatch.setenv("LYCEUM_ENVIRONMENTS", str(SHARED))
    environments.build(ENVIRONMENT)
    tasks = [make_task(cluster, environment=ENVIRONMENT) for _each in range(2)]
    python = str(environments.python(ENVIRONMENT))
    for task in tasks:
        log = folders.output(task.pk) / "log"
        log.mkdir(parents=True)
        subprocess.run([python, "-c", WRITER, str(log)], check=True)
    path = urlsplit(dashboards.open_dashboard(lin, [task.pk for task in tasks])).path
    (dashboard,) = dashboards.dashboards()
    try:
        runs = json.loads(asyncio.run(answer_of(path + "api/runs")))
        assert sorted(run.strip("/") for run in runs["data"]) == [
            f"logs/task-{task.pk}/log" for task in tasks
        ]
        assert path.rstrip("/") in asyncio.run(answer_of(path + "index")).decode()
    finally:
        dashboards.close(dashboard)
    with pytest.raises(KeyError):
        local_engine().status(dashboard.run_id)


async def answer_of(path: str) -> bytes:
    """What VisualDL answers, once it has started."""
    portal = httpx.ASGITransport(app=get_asgi_application())
    host = f"http://{django_settings.LYCEUM.notebook_host}"
    until = time.monotonic() + 90
    async with httpx.AsyncClient(transport=portal, base_url=host) as client:
        while (response := await client.get(path)).status_code == 503:
            assert time.monotonic() < until
            await asyncio.sleep(0.5)
        assert response.status_code == 200
        return response.content
