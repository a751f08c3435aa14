"""Submitting, stopping, noting and deleting tasks; who may, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from lyceum.common.errors import DomainError, Forbidden, NotFound
from lyceum.engine.base import Capacity
from lyceum.projects import workfolder
from lyceum.projects.actions import add_dataset, delete_project, purge_trash
from lyceum.projects.models import Version
from lyceum.projects.queries import latest_version
from lyceum.tasks import actions, folders, queries
from lyceum.tasks.models import Task
from tests.projects.making import make_dataset, make_project
from tests.tasks.making import make_cluster, make_task

State = Task.State


def test_a_submission_saves_a_version_and_waits_in_the_queue(lin, cluster):
    workfolder.write_file(workfolder.home(cluster.pk), "main.py", b"print(2)\n")
    task = actions.submit_task(
        lin, cluster.pk, note=" two  trainers ", trainers=2, pservers=1, time_limit_minutes=5
    )
    newest = latest_version(cluster)
    assert (newest.number, newest.cause, newest.note) == (3, Version.Cause.TASK, "two trainers")
    assert (task.state, task.version, task.attempt) == (State.QUEUED, newest, 0)
    assert (task.note, task.main_file, task.environment) == (
        "two trainers",
        "main.py",
        cluster.environment,
    )
    assert (task.trainers, task.pservers, task.cpus, task.members) == (2, 1, 1, 3)
    assert (task.memory_mb, task.time_limit_seconds) == (2048, 300)
    assert queries.queue_place(task).number == 1
    assert [each.pk for each in queries.tasks_page(cluster).items] == [task.pk]


def test_unchanged_files_are_the_newest_version(lin, cluster):
    first = actions.submit_task(lin, cluster.pk)
    second = actions.submit_task(lin, cluster.pk)
    assert first.version == second.version == latest_version(cluster)


def test_an_older_version_runs_again(lin, cluster):
    older = latest_version(cluster)
    workfolder.write_file(workfolder.home(cluster.pk), "main.py", b"print(2)\n")
    task = actions.submit_task(lin, cluster.pk, version=older.number)
    assert task.version == older
    assert latest_version(cluster) == older


def test_datasets_are_pinned_when_it_is_submitted(lin, cluster):
    dataset = make_dataset(lin)
    add_dataset(lin, cluster.pk, dataset_id=dataset.pk)
    task = actions.submit_task(lin, cluster.pk)
    assert task.datasets == [{"dataset_id": dataset.pk, "version": 1}]


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"trainers": 0}, "out_of_range", "trainers"),
        ({"trainers": 9}, "out_of_range", "trainers"),
        ({"trainers": True}, "out_of_range", "trainers"),
        ({"pservers": -1}, "out_of_range", "pservers"),
        ({"pservers": 5}, "out_of_range", "pservers"),
        ({"cpus": 5}, "out_of_range", "cpus"),
        ({"gpus": 1}, "no_gpus", "gpus"),
        ({"time_limit_minutes": 0}, "out_of_range", "time_limit_minutes"),
        ({"time_limit_minutes": 1441}, "out_of_range", "time_limit_minutes"),
        ({"note": "x" * 101}, "too_long", "note"),
        ({"environment": "cobol"}, "no_such_environment", "environment"),
        ({"main_file": ""}, "no_main_file", "main_file"),
        ({"main_file": "../main.py"}, "main_file_missing", "main_file"),
        ({"main_file": "gone.py"}, "main_file_missing", "main_file"),
        ({"main_file": "notes.txt"}, "main_file_kind", "main_file"),
        ({"main_file": "link.py"}, "main_file_missing", "main_file"),
        ({"main_file": "folder.py"}, "main_file_missing", "main_file"),
        ({"version": 99}, "no_such_version", None),
    ],
)
def test_what_is_refused_leaves_no_task_and_no_version(lin, cluster, asked, code, field):
    root = workfolder.home(cluster.pk)
    workfolder.write_link(root, "link.py", "/etc/passwd")
    workfolder.write_file(root, "folder.py/inside.txt", b"")
    workfolder.write_file(root, "notes.txt", b"")
    before = latest_version(cluster)
    with pytest.raises(DomainError) as refusal:
        actions.submit_task(lin, cluster.pk, **asked)
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert not Task.objects.exists()
    assert latest_version(cluster) == before


def test_a_main_file_that_the_version_does_not_hold_is_refused(lin, cluster):
    version = latest_version(cluster).number
    workfolder.write_file(workfolder.home(cluster.pk), "later.py", b"")
    with pytest.raises(DomainError) as refusal:
        actions.submit_task(lin, cluster.pk, main_file="later.py", version=version)
    assert refusal.value.code == "main_file_missing"


def test_a_gang_that_this_machine_has_no_memory_for_is_refused(lin, cluster, monkeypatch):
    small = Capacity(cpus=2, memory_bytes=5000 << 20)
    monkeypatch.setattr("lyceum.engine.local.LocalEngine.capacity", lambda self: small)
    with pytest.raises(DomainError) as refusal:
        actions.submit_task(lin, cluster.pk, trainers=3)
    assert refusal.value.code == "too_large"
    assert actions.submit_task(lin, cluster.pk, trainers=2).trainers == 2


def test_only_the_owner_of_a_cluster_project_submits_and_sees_tasks(lin, amy):
    shared = make_cluster(lin, visibility="shared")
    task = make_task(shared)
    with pytest.raises(Forbidden):
        actions.submit_task(amy, shared.pk)
    for call in (
        lambda: queries.task_of(amy, task.pk),
        lambda: actions.stop_task(amy, task.pk),
        lambda: actions.edit_task(amy, task.pk, note="mine"),
        lambda: actions.delete_task(amy, task.pk),
    ):
        with pytest.raises(NotFound):
            call()
    with pytest.raises(DomainError) as refusal:
        actions.submit_task(lin, make_project(lin).pk)
    assert refusal.value.code == "not_a_cluster"


def test_a_queued_task_is_stopped_at_once(lin, cluster):
    task = actions.submit_task(lin, cluster.pk)
    stopped = actions.stop_task(lin, task.pk)
    assert (stopped.state, stopped.reason) == (State.STOPPED, Task.Reason.STOPPED)
    assert stopped.ended and stopped.archived
    assert queries.queue_place(stopped) is None


def test_a_running_task_is_asked_to_stop_once(lin, cluster):
    task = make_task(cluster, state=State.RUNNING, attempt=1)
    first = actions.stop_task(lin, task.pk)
    assert (first.state, first.is_stopping) == (State.RUNNING, True)
    assert actions.stop_task(lin, task.pk).stop_requested == first.stop_requested


def test_an_ended_task_is_left_alone(lin, cluster):
    task = make_task(cluster, state=State.SUCCEEDED)
    assert actions.stop_task(lin, task.pk).stop_requested is None


def test_a_project_on_its_way_into_the_trash_stops_its_tasks(lin, cluster):
    queued = make_task(cluster)
    running = make_task(cluster, state=State.RUNNING, attempt=1)
    delete_project(lin, cluster.pk, typed_name=cluster.name)
    queued.refresh_from_db()
    running.refresh_from_db()
    assert queued.state == State.STOPPED
    assert running.is_stopping
    with pytest.raises(NotFound):
        queries.task_of(lin, running.pk)


def test_a_project_that_goes_for_good_takes_its_tasks_along(lin, cluster):
    task = make_task(cluster, state=State.SUCCEEDED, archived=True)
    kept = make_task(make_cluster(lin, name="Other"), state=State.SUCCEEDED, archived=True)
    for each in (task, kept):
        folders.output(each.pk).mkdir(parents=True)
    delete_project(lin, cluster.pk, typed_name=cluster.name)
    assert purge_trash(now=timezone.now() + timedelta(days=31)) == 1
    assert list(Task.objects.all()) == [kept]
    assert not folders.task_folder(task.pk).exists()
    assert folders.output(kept.pk).exists()


def test_a_note_is_changed(lin, cluster):
    task = make_task(cluster, note="first")
    assert actions.edit_task(lin, task.pk, note="second").note == "second"
    with pytest.raises(DomainError) as refusal:
        actions.edit_task(lin, task.pk, note="x" * 101)
    assert refusal.value.field == "note"


def test_an_ended_task_is_deleted_with_its_files_and_an_active_one_is_not(lin, cluster):
    task = make_task(cluster, state=State.SUCCEEDED, archived=True)
    folders.output(task.pk).mkdir(parents=True)
    (folders.output(task.pk) / "model").write_text("weights")
    actions.delete_task(lin, task.pk)
    assert not folders.task_folder(task.pk).exists()
    assert not Task.objects.exists()
    for fields in ({"state": State.RUNNING}, {"state": State.FAILED, "archived": False}):
        active = make_task(cluster, **fields)
        with pytest.raises(DomainError) as refusal:
            actions.delete_task(lin, active.pk)
        assert refusal.value.code == "task_active"


def test_history_comes_page_by_page_newest_first(lin, cluster):
    tasks = [make_task(cluster, state=State.SUCCEEDED) for _ in range(5)]
    other = make_task(make_cluster(lin, name="Other"), state=State.FAILED)
    first = queries.tasks_page(cluster, size=3)
    second = queries.tasks_page(cluster, cursor=first.next, size=3)
    found = [task.pk for task in (*first.items, *second.items)]
    assert found == [task.pk for task in reversed(tasks)]
    failed = queries.my_tasks_page(lin, states=[State.FAILED])
    assert [task.pk for task in failed.items] == [other.pk]
