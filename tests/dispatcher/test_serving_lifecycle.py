"""The platform's own writes about services, each held against an owner who was quicker."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.utils import timezone

from lyceum.accounts.models import User
from lyceum.engine import local_engine
from lyceum.engine.workload import Forward, Workload
from lyceum.projects.models import Project
from lyceum.serving import actions, lifecycle
from lyceum.serving.bundles import revision_folder
from lyceum.serving.models import ApiKey, Replica, Revision, Service
from lyceum.serving.routes import Routes, path, services_table
from lyceum.serving.rows import Watch, read_rows
from lyceum.serving.workloads import KIND, replica_folder, replica_workload, runs
from tests.notebooks.making import ENVIRONMENT, make_learner, make_project
from tests.support.concurrency import at_once

State, Reason = Service.State, Service.Reason

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project(make_learner("lin"))


@pytest.fixture
def owner(project: Project) -> User:
    return project.owner


def make_revision(project: Project) -> Revision:
    spec = {"kind": "sklearn", "inputs": [], "outputs": [], "timeout_seconds": 7, "threads": 2}
    made = Revision.objects.create(project=project, environment=ENVIRONMENT, spec=spec)
    revision_folder(made.pk).mkdir(parents=True)
    return made


def make_service(project: Project, state: str = State.DEPLOYING, **more) -> Service:
    fields = {"revision": more.pop("revision", None) or make_revision(project), "state": state}
    if state == State.RUNNING:
        fields["active_revision"] = fields["revision"]
    fields |= {"name": "Prices", "public_id": f"id{Service.objects.count()}"}
    return Service.objects.create(project=project, changed=timezone.now(), **fields | more)


def now(service: Service) -> Service:
    service.refresh_from_db()
    return service


def test_only_the_revision_that_is_still_wanted_begins_to_run(project):
    service = make_service(project)
    first = service.revision
    service.revision = make_revision(project)
    service.save()
    assert not lifecycle.activate(service.pk, first.pk)
    assert not lifecycle.mark_running(service.pk, service.revision_id)
    assert now(service).active_revision is None

    assert lifecycle.activate(service.pk, service.revision_id)
    assert (now(service).state, service.active_revision) == (State.DEPLOYING, service.revision)
    assert lifecycle.mark_running(service.pk, service.revision_id)
    assert now(service).state == State.RUNNING
    assert not lifecycle.mark_running(service.pk, service.revision_id)


def test_an_owner_who_has_stopped_the_service_is_not_overruled(project, owner):
    service = make_service(project)
    actions.stop(owner, service.pk)
    assert not lifecycle.activate(service.pk, service.revision_id)
    assert not lifecycle.fail(service.pk, service.revision_id, Reason.LOAD, "")
    assert lifecycle.add_replica(service.pk, service.revision_id) is None
    assert (now(service).state, service.reason) == (State.STOPPED, Reason.ASKED)


@pytest.mark.django_db(transaction=True)
def test_an_owner_who_stops_it_at_the_same_moment_has_the_last_word(project, owner):
    for service in [make_service(project) for _ in range(5)]:
        key, revision = service.pk, service.revision_id
        at_once(
            partial(lifecycle.activate, key, revision),
            partial(lifecycle.mark_running, key, revision),
            partial(actions.stop, owner, key),
            partial(lifecycle.fail, key, revision, Reason.LOAD, ""),
        )
        assert now(service).state == State.STOPPED
        assert service.active_revision is None


def test_a_failed_start_fails_the_service(project):
    service = make_service(project)
    assert lifecycle.fail(service.pk, service.revision_id, Reason.LOAD, "no such file")
    assert (now(service).state, service.reason) == (State.FAILED, Reason.LOAD)
    assert service.detail == "no such file"


def test_a_failed_switch_goes_back_to_what_serves(project):
    old, new = make_revision(project), make_revision(project)
    service = make_service(project, revision=new, active_revision=old, previous_revision=old)
    assert lifecycle.fail(service.pk, new.pk, Reason.MEMORY, "the last words")
    assert (now(service).state, service.reason) == (State.RUNNING, Reason.KEPT_OLD)
    assert service.revision == service.active_revision == old
    assert service.previous_revision is None
    assert "the last words" in service.detail


def test_a_call_since_the_last_look_keeps_a_service_awake(project):
    long_ago = timezone.now() - timedelta(days=2)
    service = make_service(project, State.RUNNING)
    Service.objects.update(changed=long_ago)
    lifecycle.note_calls({service.pk: timezone.now()}, {})
    assert not lifecycle.pause_idle(service.pk)
    lifecycle.note_calls({service.pk: long_ago}, {})  # older news change nothing
    assert not lifecycle.pause_idle(service.pk)

    Service.objects.update(last_called=long_ago)
    assert lifecycle.pause_idle(service.pk)
    assert (now(service).state, service.reason) == (State.PAUSED, Reason.IDLE)
    assert service.active_revision is None


def test_a_call_wakes_only_where_that_is_allowed(project):
    service = make_service(project, State.PAUSED)
    assert not lifecycle.wake_for_call(service.pk)
    Service.objects.update(wake_on_call=True)
    assert lifecycle.wake_for_call(service.pk)
    assert now(service).state == State.DEPLOYING
    Service.objects.update(state=State.STOPPED)
    assert not lifecycle.wake_for_call(service.pk)


def test_a_replica_that_cannot_start_leaves_its_row_for_another_try(project):
    service = make_service(project)
    replica = lifecycle.add_replica(service.pk, service.revision_id)
    folder = replica_folder(replica.uid)
    assert oct(folder.stat().st_mode)[-3:] == "755"
    with pytest.raises(FileNotFoundError):  # the environment is not built
        lifecycle.launch(replica)
    lifecycle.drop(service.pk, replica.uid)
    assert not folder.exists() and not Replica.objects.exists()


# The sandbox


@pytest.mark.usefixtures("built")
def test_a_replica_sees_its_revision_and_its_socket_and_nothing_else(project):
    service = make_service(project)
    replica = lifecycle.add_replica(service.pk, service.revision_id)
    workload = replica_workload(replica)
    assert workload.network == "none" and not workload.forwards
    assert not any(mount.writable for mount in workload.mounts)
    assert workload.limits.memory_bytes and workload.limits.processes and workload.limits.cpus
    assert workload.env["OMP_NUM_THREADS"] == "2"
    assert workload.labels == {"kind": KIND, "service": str(service.pk), "replica": replica.uid}
    seen = {str(mount.target): mount.source for mount in workload.mounts}
    assert seen["/serving/bundle"] == revision_folder(service.revision_id)
    assert seen["/serving/gateway"] == replica_folder(replica.uid)


@pytest.mark.usefixtures("built")
def test_on_a_cluster_one_port_leads_to_the_gateway_for_who_has_the_secret(project, monkeypatch):
    monkeypatch.setenv("LYCEUM_ENGINE", "ray")
    monkeypatch.setenv("LYCEUM_PORT", "9000")
    monkeypatch.setenv("LYCEUM_GATEWAY_ADDRESS", "10.1.2.3")
    service = make_service(project)
    replicas = [lifecycle.add_replica(service.pk, service.revision_id) for _ in range(2)]
    workload, other = map(replica_workload, replicas)
    assert workload.network == "none"
    assert workload.forwards == (Forward(9006, "10.1.2.3:9006"),)
    assert workload.env["LYCEUM_SERVING_ADDRESS"] == "127.0.0.1:9006"
    assert "/serving/gateway" not in {str(mount.target) for mount in workload.mounts}
    secrets = [each.env["LYCEUM_REPLICA_SECRET"] for each in (workload, other)]
    assert len(set(secrets)) == 2 and min(map(len, secrets)) == 64
    assert (
        workload.env["LYCEUM_REPLICA_SECRET"]
        == replica_workload(replicas[0]).env["LYCEUM_REPLICA_SECRET"]
    )
    monkeypatch.setenv("LYCEUM_SANDBOX", "off")
    workload = replica_workload(replicas[0])
    assert workload.env["LYCEUM_SERVING_ADDRESS"] == "10.1.2.3:9006" and not workload.forwards


# The routing table


def test_the_table_says_what_the_gateway_needs(project):
    service = make_service(project, State.RUNNING)
    replica = lifecycle.add_replica(service.pk, service.revision_id)
    later = timezone.now() + timedelta(hours=1)
    for name, more in {
        "old": {"expires": later},
        "gone": {"expires": timezone.now()},
        "no": {"revoked": timezone.now()},
        "new": {},
    }.items():
        ApiKey.objects.create(
            service=service, name=name, prefix=name, digest=name, rate_per_minute=60, **more
        )
    (route,) = services_table(read_rows())
    assert [key["digest"] for key in route["keys"]] == ["old", "new"]
    assert [key["expires"] for key in route["keys"]] == [later.timestamp(), None]
    assert route["path"] == f"sandbox/{service.public_id}"
    assert route["limits"]["timeout_seconds"] == 7
    assert route["active_revision"] == service.revision_id
    folder = str(replica_folder(replica.uid))
    assert route["replicas"] == [
        {"id": replica.uid, "revision": service.revision_id, "folder": folder}
    ]
    lifecycle.retire(service.pk, [replica.uid])
    assert services_table(read_rows())[0]["replicas"] == []


def test_deleted_services_and_those_of_deleted_projects_have_no_route(project, owner):
    kept, deleted = make_service(project), make_service(project)
    actions.delete_service(owner, deleted.pk)
    assert [route["service"] for route in services_table(read_rows())] == [kept.pk]
    Project.objects.update(deleted=timezone.now())
    assert services_table(read_rows()) == []


def test_the_table_is_written_when_it_says_something_new(project):
    routes = Routes()

    def published() -> int:
        routes.publish()
        return routes.version

    assert (published(), published()) == (1, 1)
    service = make_service(project)
    assert (published(), published()) == (2, 2)
    assert json.loads(path().read_text())["version"] == 2
    assert path().stat().st_mode & 0o077 == 0

    routes = Routes()  # that of a dispatcher after a crash
    assert published() == 2
    Service.objects.filter(pk=service.pk).update(name="House prices")
    assert published() == 3


def test_all_that_a_table_is_made_of_is_looked_at(project):
    service, routes = make_service(project, State.RUNNING), Routes()

    def is_new() -> bool:
        before = routes.version
        routes.publish()
        return routes.version > before and routes._written == services_table(read_rows())

    assert is_new() and not is_new()
    key = ApiKey.objects.create(service=service, name="a", digest="a", rate_per_minute=60)
    assert is_new()
    ApiKey.objects.update(last_used=timezone.now())
    assert not is_new()
    ApiKey.objects.filter(pk=key.pk).update(revoked=timezone.now())
    assert is_new()
    replica = Replica.objects.create(service=service, revision=service.revision, uid="a")
    assert not is_new()
    replica_folder("a").mkdir(parents=True)
    assert is_new()
    Replica.objects.filter(pk=replica.pk).update(state=Replica.State.STOPPING)
    assert is_new()
    Project.objects.update(description="Prices of houses")
    assert is_new()
    project.owner.is_active = False
    project.owner.save()
    assert is_new()


def test_rows_are_read_again_only_when_something_has_changed(project, django_assert_num_queries):
    service, watch = make_service(project), Watch()
    rows = watch.read()
    with django_assert_num_queries(3):
        assert watch.read() is rows
    lifecycle.activate(service.pk, service.revision_id)
    assert watch.read().services[0].active_revision_id == service.revision_id


def test_a_table_that_cannot_be_read_is_written_anew(project):
    path().parent.mkdir(parents=True)
    path().write_text("{")
    routes = Routes()
    routes.publish()
    assert routes.version == 1 and json.loads(path().read_text())["version"] == 1


# Tidying


@pytest.mark.sandbox
def test_runs_and_folders_without_a_row_are_removed(project):
    engine = local_engine()
    service = make_service(project)
    kept = lifecycle.add_replica(service.pk, service.revision_id)
    lost = replica_folder("lost")
    lost.mkdir(parents=True)
    found = {}
    for uid in (kept.uid, "lost"):
        labels = {"kind": KIND, "service": str(service.pk), "replica": uid}
        found[uid] = engine.start(Workload(argv=("/bin/sleep", "600"), labels=labels))
    try:
        lifecycle.tidy()
        assert [run.run_id for run in runs() if run.alive] == [found[kept.uid]]
        assert replica_folder(kept.uid).is_dir() and not lost.exists()

        # What an earlier dispatcher started and had no time to note is found again.
        lifecycle.launch(kept)
        kept.refresh_from_db()
        assert kept.run_id == found[kept.uid]
    finally:
        for run_id in found.values():
            engine.stop(run_id, grace=0)


def test_unused_revisions_go_after_a_while(project, owner):
    service = make_service(project, State.RUNNING)
    previous, unused, fresh = (make_revision(project) for _ in range(3))
    Service.objects.update(previous_revision=previous)
    gone = make_service(project)
    actions.delete_service(owner, gone.pk)
    old = timezone.now() - timedelta(hours=2)
    Revision.objects.exclude(pk=fresh.pk).update(created=old)
    staged = revision_folder(1).with_name(".staged-left")
    staged.mkdir()
    for folder in staged.parent.iterdir():
        os.utime(folder, (time.time() - 7200,) * 2)

    lifecycle.purge()
    left = {service.revision_id, previous.pk, fresh.pk, gone.revision_id}
    assert set(Revision.objects.values_list("pk", flat=True)) == left
    assert _folders(staged.parent) == left

    Service.objects.filter(pk=gone.pk).update(deleted=old)
    lifecycle.purge()
    assert not Revision.objects.filter(pk=gone.revision_id).exists()
    assert not Service.objects.filter(pk=gone.pk).exists()
    assert _folders(staged.parent) == left - {gone.revision_id}
    assert unused.pk not in left


def _folders(root: Path) -> set[int]:
    return {int(folder.name) for folder in root.iterdir()}
