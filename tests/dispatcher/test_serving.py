"""The life of prediction services: real dispatcher, gateway, sandboxes and model."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from lyceum import environments
from lyceum.dispatcher import serving_rules
from lyceum.dispatcher.serving import Services
from lyceum.engine import local_engine, procs, runfolder
from lyceum.serving import actions
from lyceum.serving.models import Replica, Revision, Service
from lyceum.serving.workloads import replicas_folder, runs
from tests.dispatcher.serving import (
    ENVIRONMENT,
    NO_ANSWER,
    Parts,
    Stream,
    add_key,
    answer,
    call,
    make_revision,
    make_service,
    slowness,
    until,
)
from tests.notebooks.making import make_learner, make_project
from tests.support.environments import SHARED
from tests.support.platform import free_ports

State, Reason = Service.State, Service.Reason

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sandbox, pytest.mark.slow]

BACK_SECONDS = 5.0
"""How soon a service answers again, whatever was killed."""


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    """Both parts, at work."""
    monkeypatch.setenv("LYCEUM_PORT", str(free_ports(6)))
    monkeypatch.setenv("LYCEUM_ENVIRONMENTS", str(SHARED))
    if not environments.availability(ENVIRONMENT).built:
        environments.build(ENVIRONMENT, lambda _progress: None)
    made = Parts(tmp_path)
    made.start("gateway")
    made.start("dispatcher")
    yield made
    made.close()


@pytest.fixture
def project(transactional_db: None):
    return make_project(make_learner("lin"))


def is_in(service: Service, state: str) -> bool:
    service.refresh_from_db()
    return service.state == state


def states(service: Service) -> list[str]:
    """The states of its replicas."""
    return [replica.state for replica in service.replicas.all()]


def deployed(revision: Revision) -> Service:
    """A sandbox service that runs."""
    service = make_service(revision)
    until(lambda: is_in(service, State.RUNNING))
    return service


def kill_sandbox(service: Service) -> str:
    """SIGKILL to the first process in the sandbox of the only replica; the run it was."""
    replica = service.replicas.get()
    pid = local_engine().status(replica.run_id).pid
    os.kill(pid, signal.SIGKILL)
    return replica.run_id


def kill_shim(service: Service) -> None:
    """SIGKILL to the process that watches the run; its sandbox dies with it."""
    replica = service.replicas.get()
    folder = local_engine().log_path(replica.run_id).parent
    os.kill(runfolder.read_json(str(folder), runfolder.STATE)["shim"]["pid"], signal.SIGKILL)


def kill_worker(service: Service) -> None:
    """SIGKILL to the process that has the model, but not to the one that watches over it."""
    replica = service.replicas.get()
    pid = local_engine().status(replica.run_id).pid
    while children := procs.children(pid):
        (pid,) = children
    os.kill(pid, signal.SIGKILL)


def test_from_deployment_through_a_switch_to_deletion(project, parts):
    owner = project.owner
    broken = make_revision(project, plus=0, main="gone.onnx")
    hopeless = make_service(broken)
    sandbox = deployed(make_revision(project, plus=0))
    assert answer(sandbox) == 21.0
    until(lambda: is_in(hopeless, State.FAILED))
    assert hopeless.reason == Reason.LOAD and "gone.onnx" in hopeless.detail
    other = make_service(make_revision(project, plus=1000))

    online = actions.promote(owner, sandbox.pk).service
    add_key(online)
    until(lambda: is_in(online, State.RUNNING) and is_in(other, State.RUNNING))

    # Another revision goes online, and the first one is brought back, under calls.
    with Stream(online) as stream:
        until(lambda: 21.0 in stream.answers)
        actions.promote(owner, other.pk)
        until(lambda: 1021.0 in stream.answers)
        until(lambda: is_in(online, State.RUNNING) and online.replicas.count() == 1)
        actions.bring_back(owner, online.pk)
        until(lambda: stream.answers[-1] == 21.0)
        until(lambda: is_in(online, State.RUNNING) and online.replicas.count() == 1)
        # Two replicas, then one again.
        actions.edit_service(owner, online.pk, replicas_min=2, replicas_max=2)
        until(lambda: states(online) == [Replica.State.READY] * 2)
        actions.edit_service(owner, online.pk, replicas_min=1, replicas_max=1)
        until(lambda: states(online) == [Replica.State.READY])
    assert stream.failures == []
    assert set(stream.answers) == {21.0, 1021.0}

    # A revision that does not load leaves the one that serves alone.
    Service.objects.filter(pk=online.pk).update(revision=broken, state=State.DEPLOYING)
    until(lambda: is_in(online, State.RUNNING))
    assert (online.reason, online.revision) == (Reason.KEPT_OLD, sandbox.revision)
    assert "gone.onnx" in online.detail and answer(online) == 21.0

    # Nobody calls: paused. A call wakes it, if it may.
    long_ago = timezone.now() - timedelta(days=2)
    Service.objects.filter(pk=other.pk).update(changed=long_ago, last_called=None)
    until(lambda: is_in(other, State.PAUSED))
    until(lambda: not other.replicas.exists())
    assert (other.reason, online.state) == (Reason.IDLE, State.RUNNING)
    until(lambda: call(other).status_code == 503)
    actions.edit_service(owner, other.pk, wake_on_call=True)
    until(lambda: answer(other) == 1021.0)
    until(lambda: is_in(other, State.RUNNING))

    for service in (hopeless, sandbox, other, online):
        actions.delete_service(owner, service.pk)
    until(lambda: not Replica.objects.exists())
    assert not any(run.alive for run in runs())
    assert list(replicas_folder().iterdir()) == []
    assert call(online).status_code == 404


def test_whatever_is_killed_comes_back(project, parts):
    service = deployed(make_revision(project, plus=0))
    run = service.replicas.get().run_id
    with Stream(service) as stream:
        until(lambda: stream.answers)
        stream.failures.clear()

        def is_back(within: float = BACK_SECONDS) -> bool:
            """Whether a call that began after the kill is answered soon."""
            before = len(stream.answers) + stream.callers
            took = until(lambda: len(stream.answers) > before)
            return took < within or took < within * slowness()

        kill_worker(service)
        assert is_back()
        assert service.replicas.get().run_id == run

        kill_sandbox(service)
        assert is_back()
        until(lambda: states(service) == [Replica.State.READY])
        replaced = service.replicas.get().run_id
        assert replaced != run

        # Only what a worker had in its hands is answered with an error; the rest waited.
        assert set(stream.failures) <= {"worker_died"}

        # The supervisor starts the part again; the worker has kept its model.
        parts.kill("gateway")
        parts.start("gateway")
        assert is_back()
        assert service.replicas.get().run_id == replaced

        parts.kill("dispatcher")
        assert is_back(1)
        kill_sandbox(service)
        parts.start("dispatcher")
        assert is_back(2 * BACK_SECONDS)

    assert set(stream.failures) <= {"worker_died", NO_ANSWER}

    # All at once, as when the machine goes down.
    until(lambda: states(service) == [Replica.State.READY])
    for part in ("dispatcher", "gateway"):
        parts.kill(part)
    kill_shim(service)
    parts.start("gateway")
    parts.start("dispatcher")
    until(lambda: answer(service) == 21.0)
    assert is_in(service, State.RUNNING) and not service.reason


_SLOW = """
import time

import numpy as np


def reader_infer(data_args):
    time.sleep(0.2)
    return {"x": np.array([[data_args["first"], data_args["second"]]], "float32")}
"""


def test_a_queue_brings_another_replica_and_calm_takes_it_away(project, parts, monkeypatch):
    parts.kill("dispatcher")
    monkeypatch.setattr(serving_rules, "BUSY_SECONDS", 0.5)
    monkeypatch.setattr(serving_rules, "QUIET_SECONDS", 0.5)
    services = Services()
    slow = make_revision(project, plus=0, converter=_SLOW)
    service = make_service(slow, replicas_min=1, replicas_max=2)

    def comes_to(replicas: int) -> bool:
        services.turn()
        return states(service) == [Replica.State.READY] * replicas

    with Stream(service, callers=24):
        until(lambda: comes_to(2))
    until(lambda: comes_to(1))
    assert answer(service) == 21.0
