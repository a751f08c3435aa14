"""A project's datasets in its running notebook: real sandboxes, real files, no hub."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, NotFound
from lyceum.datasets import actions as datasets
from lyceum.datasets.models import Dataset
from lyceum.datasets.queries import version_folder
from lyceum.engine import local_engine
from lyceum.engine.workload import Limits, RunState
from lyceum.notebooks import lifecycle, livedata
from lyceum.notebooks.actions import start_notebook, stop_notebook
from lyceum.notebooks.models import NotebookServer
from lyceum.notebooks.queries import running_with_dataset
from lyceum.notebooks.workloads import notebook_workload
from lyceum.projects import workfolder
from lyceum.projects.actions import add_dataset, remove_dataset, update_dataset
from lyceum.projects.models import Project
from tests.engine.conftest import until
from tests.notebooks.hub import Hub
from tests.notebooks.making import make_learner, make_project

pytestmark = [pytest.mark.sandbox, pytest.mark.usefixtures("built")]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs the platform to be root")


def make_dataset(owner: User, tmp_path: Path, rows: str = "x\n1\n", **fields: object) -> Dataset:
    fields = {"visibility": Dataset.Visibility.SHARED, **fields}
    dataset = Dataset.objects.create(owner=owner, name="Weather", **fields)
    add_version(dataset, tmp_path, rows)
    return dataset


def add_version(dataset: Dataset, tmp_path: Path, rows: str) -> None:
    source = tmp_path / "rows.csv"
    source.write_text(rows)
    datasets.add_files_version(dataset, files={"rows.csv": source}, note="")


class Sandbox:
    """A project's sandbox with its own mounts, and ``sleep`` where a server would be."""

    def __init__(self, learner: User, project: Project) -> None:
        self.learner = learner
        self.project = project
        server = start_notebook(learner, project_id=project.pk)
        workload = notebook_workload(learner.pk, project.pk)
        self.run_id = local_engine().start(
            replace(
                workload,
                argv=("/bin/sleep", "600"),
                limits=Limits(),
                network="none",
                forwards=(),
            )
        )
        until(lambda: local_engine().status(self.run_id).state == RunState.RUNNING)
        self.server = server

    def ready(self) -> None:
        assert lifecycle.mark_ready(self.server, self.run_id)

    def sees(self, dataset: Dataset) -> str | None:
        """The dataset's file as it is inside; ``None`` when there is none."""
        pid = local_engine().status(self.run_id).pid
        file = Path(f"/proc/{pid}/root/home/aistudio/data/data{dataset.pk}/rows.csv")
        return file.read_text() if file.exists() else None


@pytest.fixture
def sandbox(learner: User, project: Project, hub: Hub) -> Iterator[Sandbox]:
    made = Sandbox(learner, project)
    made.ready()
    yield made
    local_engine().stop(made.run_id, grace=0)


@pytest.fixture
def other(db: None) -> User:
    return make_learner("other")


def shown(user: User, project: Project) -> str:
    client = Client()
    client.force_login(user)
    return client.get(reverse("projects:datasets", args=[project.pk])).content.decode()


@as_root
def test_a_running_notebook_gets_the_change_at_once(learner, project, sandbox, other, tmp_path):
    dataset = make_dataset(other, tmp_path)
    place = workfolder.home(project.pk) / f"data/data{dataset.pk}"
    add_dataset(learner, project.pk, dataset_id=dataset.pk)
    assert sandbox.sees(dataset) == "x\n1\n"
    add_version(dataset, tmp_path, "x\n2\n")
    assert sandbox.sees(dataset) == "x\n1\n"
    update_dataset(learner, project.pk, dataset_id=dataset.pk)
    assert sandbox.sees(dataset) == "x\n2\n"
    assert livedata.awaiting_restart(project) == frozenset()
    assert "Restart" not in shown(learner, project)
    assert place.is_dir()
    remove_dataset(learner, project.pk, dataset_id=dataset.pk)
    assert sandbox.sees(dataset) is None
    assert not place.exists()
    assert livedata.awaiting_restart(project) == frozenset()


@as_root
def test_a_link_of_user_code_s_is_moved_aside(learner, project, sandbox, tmp_path):
    dataset = make_dataset(learner, tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = workfolder.home(project.pk) / "data"
    folder.rmdir()
    folder.symlink_to(outside)
    add_dataset(learner, project.pk, dataset_id=dataset.pk)
    assert sandbox.sees(dataset) == "x\n1\n"
    assert list(outside.iterdir()) == []


@as_root
def test_files_of_the_learner_under_a_mount_come_back(learner, project, sandbox, tmp_path):
    dataset = make_dataset(learner, tmp_path)
    mine = workfolder.home(project.pk) / f"data/data{dataset.pk}"
    mine.mkdir(parents=True)
    (mine / "mine.txt").write_text("kept")
    add_dataset(learner, project.pk, dataset_id=dataset.pk)
    remove_dataset(learner, project.pk, dataset_id=dataset.pk)
    assert (mine / "mine.txt").read_text() == "kept"


@as_root
def test_a_change_during_the_start_comes_when_it_is_ready(learner, project, hub, other, tmp_path):
    kept, left = make_dataset(other, tmp_path), make_dataset(other, tmp_path)
    add_dataset(learner, project.pk, dataset_id=left.pk)
    sandbox = Sandbox(learner, project)
    try:
        add_dataset(learner, project.pk, dataset_id=kept.pk)
        remove_dataset(learner, project.pk, dataset_id=left.pk)
        assert (sandbox.sees(kept), sandbox.sees(left)) == (None, "x\n1\n")
        sandbox.ready()
        assert (sandbox.sees(kept), sandbox.sees(left)) == ("x\n1\n", None)
    finally:
        local_engine().stop(sandbox.run_id, grace=0)


@as_root
def test_what_became_private_stays_until_the_notebook_stops(
    learner, project, sandbox, other, tmp_path
):
    dataset, more = make_dataset(other, tmp_path), make_dataset(other, tmp_path)
    add_dataset(learner, project.pk, dataset_id=dataset.pk)
    datasets.edit_dataset(other, dataset.pk, visibility="private")
    add_dataset(learner, project.pk, dataset_id=more.pk)
    assert sandbox.sees(dataset) == "x\n1\n"
    assert livedata.awaiting_restart(project) == frozenset()
    assert livedata.dataset_folders(project) == {more.pk: version_folder(more.pk, 1)}


@pytest.mark.parametrize("change", ["add", "update", "remove"])
def test_where_the_engine_can_not_the_page_says_so_at_once(
    learner, project, hub, tmp_path, change, monkeypatch
):
    dataset = make_dataset(learner, tmp_path)
    if change != "add":
        add_dataset(learner, project.pk, dataset_id=dataset.pk)
    monkeypatch.setenv("LYCEUM_SANDBOX", "off")  # nothing to mount into
    sandbox = Sandbox(learner, project)
    sandbox.ready()
    try:
        assert "Restart" not in shown(learner, project)
        if change == "add":
            add_dataset(learner, project.pk, dataset_id=dataset.pk)
        elif change == "update":
            add_version(dataset, tmp_path, "x\n2\n")
            update_dataset(learner, project.pk, dataset_id=dataset.pk)
        else:
            remove_dataset(learner, project.pk, dataset_id=dataset.pk)
        assert livedata.awaiting_restart(project) == {dataset.pk}
        page = shown(learner, project)
        assert "It comes with the next start." in page
        client = Client()
        client.force_login(learner)
        client.post(reverse("projects:restart", args=[project.pk]))
        server = NotebookServer.objects.get(project=project)
        assert (server.state, server.restart) == (NotebookServer.State.STOPPING, True)
        assert "It comes with the next start." not in shown(learner, project)
    finally:
        local_engine().stop(sandbox.run_id, grace=0)


def test_an_engine_that_knows_no_such_run_is_no_error(learner, project, hub, tmp_path):
    dataset = make_dataset(learner, tmp_path)
    server = start_notebook(learner, project_id=project.pk)
    lifecycle.mark_ready(server, "20200101-000000-000000000-abcdef")
    add_dataset(learner, project.pk, dataset_id=dataset.pk)
    remove_dataset(learner, project.pk, dataset_id=dataset.pk)
    assert livedata.awaiting_restart(project) == frozenset()


def test_a_dataset_in_use_can_not_be_deleted(learner, project, hub, other, tmp_path):
    dataset = make_dataset(other, tmp_path)
    add_dataset(learner, project.pk, dataset_id=dataset.pk)
    add_dataset(learner, make_project(learner, "Idle").pk, dataset_id=dataset.pk)
    assert running_with_dataset(dataset.pk) == 0
    start_notebook(learner, project_id=project.pk)
    assert running_with_dataset(dataset.pk) == 1
    with pytest.raises(Conflict) as refusal:
        datasets.delete_dataset(other, dataset.pk, typed_name="Weather")
    assert refusal.value.code == "dataset_in_use"
    assert "1 running project uses this dataset" in refusal.value.message
    client = Client(headers={"accept-language": "en"})
    client.force_login(other)
    page = client.post(reverse("datasets:delete", args=[dataset.pk]), {"typed_name": "Weather"})
    assert page.status_code == 422
    assert "1 running project uses this dataset" in page.content.decode()
    stop_notebook(learner, project_id=project.pk)
    with pytest.raises(Conflict):  # its code may still read while it stops
        datasets.delete_dataset(other, dataset.pk, typed_name="Weather")
    NotebookServer.objects.update(state=NotebookServer.State.STOPPED)
    datasets.delete_dataset(other, dataset.pk, typed_name="Weather")
    start_notebook(learner, project_id=project.pk)
    targets = [str(mount.target) for mount in notebook_workload(learner.pk, project.pk).mounts]
    assert not any(target.startswith("/home/aistudio/data/") for target in targets)


def test_what_is_taken_out_of_a_running_project_may_be_deleted(
    learner, project, hub, other, tmp_path
):
    dataset = make_dataset(other, tmp_path)
    add_dataset(learner, project.pk, dataset_id=dataset.pk)
    start_notebook(learner, project_id=project.pk)
    remove_dataset(learner, project.pk, dataset_id=dataset.pk)
    assert datasets.delete_dataset(other, dataset.pk, typed_name="Weather").deleted


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["start", "add"])
def test_a_deletion_at_the_moment_of_use_is_before_or_after(hub, tmp_path, in_threads, way):
    """Whichever wins: no start mounts a deleted dataset, and none that a running project
    has is deleted."""
    learner, other = make_learner("lin"), make_learner("other")
    for number in range(6):
        project = make_project(learner, f"Project {number}")
        dataset = make_dataset(other, tmp_path)
        (add_dataset if way == "start" else start)(learner, project.pk, dataset_id=dataset.pk)
        mounted, deleted = in_threads(
            lambda: use(way, learner, project, dataset),  # noqa: B023
            lambda: datasets.delete_dataset(other, dataset.pk, typed_name="Weather"),  # noqa: B023
        )
        if isinstance(deleted, Dataset):
            assert mounted == {} or isinstance(mounted, NotFound)
        else:
            assert deleted.code == "dataset_in_use"
            assert list(mounted) == [dataset.pk]
        NotebookServer.objects.update(state=NotebookServer.State.STOPPED)


def start(learner: User, project_id: int, **_fields: object) -> None:
    start_notebook(learner, project_id=project_id)


def use(way: str, learner: User, project: Project, dataset: Dataset) -> dict[int, Path]:
    """Start the project or give it the dataset; what a start mounts at that moment."""
    if way == "start":
        start_notebook(learner, project_id=project.pk)
    else:
        add_dataset(learner, project.pk, dataset_id=dataset.pk)
    return livedata.dataset_folders(project)
