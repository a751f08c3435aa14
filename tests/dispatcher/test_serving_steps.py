"""Turns of the dispatcher over services, with real runs and no gateway."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone

from lyceum import environments
from lyceum.dispatcher import serving, serving_rules
from lyceum.dispatcher.serving import Services
from lyceum.engine import local_engine
from lyceum.engine.workload import Workload
from lyceum.environments import interpreters
from lyceum.projects.actions import delete_project
from lyceum.projects.models import Project
from lyceum.serving import lifecycle
from lyceum.serving.bundles import revision_folder
from lyceum.serving.models import Replica, Revision, Service
from lyceum.serving.workloads import KIND, replica_folder, runs
from tests.notebooks.making import ENVIRONMENT, make_learner, make_project

State, Reason = Service.State, Service.Reason

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("ports"),
    pytest.mark.sandbox,
]


@pytest.fixture
def project(transactional_db: None) -> Iterator[Project]:
    yield make_project(make_learner("lin"))
    for run in runs():
        local_engine().stop(run.run_id, grace=0)


def make_service(project: Project, environment: str = ENVIRONMENT) -> Service:
    spec = {"kind": "onnx", "main_program": "model/gone.onnx"}
    revision = Revision.objects.create(project=project, environment=environment, spec=spec)
    revision_folder(revision.pk).mkdir(parents=True)
    return Service.objects.create(
        project=project,
        name="Prices",
        public_id=f"id{revision.pk}",
        revision=revision,
        changed=timezone.now(),
    )


def turn_until(condition: Callable[[Service], object], service: Service) -> Service:
    services, deadline = Services(), time.monotonic() + 40
    while True:
        services.turn()
        service.refresh_from_db()
        if condition(service):
            return service
        assert time.monotonic() < deadline, Service.objects.values()
        time.sleep(0.05)


@pytest.mark.usefixtures("built")
def test_a_dispatcher_killed_before_it_started_a_run_is_followed_by_one_that_does(project):
    service = make_service(project)
    lifecycle.add_replica(service.pk, service.revision_id)
    turn_until(lambda service: service.replicas.get().run_id, service)
    assert [run.run_id for run in runs()] == [service.replicas.get().run_id]


@pytest.mark.usefixtures("built")
def test_a_run_that_was_not_noted_is_found_again(project):
    service = make_service(project)
    replica = lifecycle.add_replica(service.pk, service.revision_id)
    labels = {"kind": KIND, "service": str(service.pk), "replica": replica.uid}
    run = local_engine().start(Workload(argv=("/bin/sleep", "600"), labels=labels))
    turn_until(lambda service: service.replicas.get().run_id, service)
    assert service.replicas.get().run_id == run


@pytest.mark.usefixtures("built")
def test_a_deleted_project_takes_its_services_and_their_runs_along(project, monkeypatch):
    monkeypatch.setattr(serving_rules, "SILENT_SECONDS", 0.1)
    service = make_service(project)
    replica = lifecycle.add_replica(service.pk, service.revision_id)
    run = local_engine().start(Workload(argv=("/bin/sleep", "600")))
    Replica.objects.filter(pk=replica.pk).update(run_id=run)
    delete_project(project.owner, project.pk, typed_name=project.name)
    turn_until(lambda service: not service.replicas.exists(), service)
    assert (service.state, service.reason) == (State.STOPPED, Reason.DELETED)
    assert not local_engine().status(run).alive
    assert not replica_folder(replica.uid).exists()


@pytest.mark.usefixtures("built")
def test_a_service_says_how_far_the_environment_is_that_it_waits_for(project, monkeypatch):
    is_built = threading.Event()

    def build(_name: str, report: Callable[[environments.Progress], None]) -> None:
        report(environments.Progress(0.37, "installing"))
        assert is_built.wait(30)

    def availability(_name: str) -> environments.Availability:
        return environments.Availability(available=True, built=is_built.is_set())

    monkeypatch.setattr(environments, "build", build)
    monkeypatch.setattr(environments, "availability", availability)
    # A start would go on, and write, while the test's rows are taken away.
    monkeypatch.setattr(lifecycle, "launch", lambda replica, look: None)
    service = make_service(project)
    turn_until(lambda service: service.detail == "37%", service)
    assert not service.replicas.exists()
    is_built.set()
    turn_until(lambda service: service.replicas.exists(), service)
    assert (service.state, service.detail) == (State.DEPLOYING, "")


def test_an_environment_that_cannot_be_had_fails_the_service(
    project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "PATH"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    interpreters._find.cache_clear()
    service = make_service(project, "fluid-py27")
    turn_until(lambda service: service.state == State.FAILED, service)
    interpreters._find.cache_clear()
    assert service.reason == Reason.ENVIRONMENT and "2.7" in service.detail
    assert not service.replicas.exists()


@pytest.mark.usefixtures("built")
def test_a_sandbox_that_cannot_be_made_fails_the_service(project):
    service = make_service(project)
    revision_folder(service.revision_id).rmdir()
    turn_until(lambda service: service.state == State.FAILED, service)
    assert service.reason == Reason.NOT_STARTED and "nothing to mount" in service.detail
    assert not service.replicas.exists() and runs() == []


def test_rounds_go_on_after_one_that_failed(monkeypatch):
    stopping, turns = threading.Event(), 0

    def turn(_services: Services) -> bool:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise OperationalError("the database has gone away")
        stopping.set()
        return False

    monkeypatch.setattr(Services, "turn", turn)
    monkeypatch.setattr(serving, "RESTING_SECONDS", 0.01)
    serving.keep(stopping)
    assert turns == 2
