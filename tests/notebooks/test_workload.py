"""What the hub is told to run, and that only the hub is told."""

from __future__ import annotations

import json
import os
from pathlib import Path, PurePosixPath

import nbformat
import pytest
from django.test import Client

from lyceum import environments
from lyceum.accounts.models import User
from lyceum.config import settings
from lyceum.datasets.models import Dataset, DatasetVersion
from lyceum.datasets.queries import version_folder
from lyceum.engine import codec
from lyceum.engine.workload import Mount, Workload
from lyceum.notebooks import tokens
from lyceum.notebooks.actions import start_notebook
from lyceum.notebooks.models import NotebookServer
from lyceum.notebooks.workloads import notebook_workload
from lyceum.projects import workfolder
from lyceum.projects.actions import add_dataset
from lyceum.projects.models import Project
from tests.notebooks.hub import Hub
from tests.notebooks.making import ENVIRONMENT

ADDRESS = "/internal/notebooks/workload"
HOME = PurePosixPath("/home/aistudio")

pytestmark = pytest.mark.usefixtures("built")


@pytest.fixture
def dataset(learner: User) -> Dataset:
    made = Dataset.objects.create(owner=learner, name="Housing")
    DatasetVersion.objects.create(dataset=made, number=1)
    version_folder(made.pk, 1).mkdir(parents=True)
    return made


@pytest.fixture
def home(project: Project) -> Path:
    return workfolder.home(project.pk)


def ask(user: object, project: object, token: str | None = None):
    key = settings().secrets().internal_token if token is None else token
    query = {"user": user, "project": project}
    return Client().get(ADDRESS, query, headers={"Authorization": f"Bearer {key}"})


def mount_at(workload: Workload, target: PurePosixPath) -> Mount:
    return next(mount for mount in workload.mounts if mount.target == target)


def test_the_hub_gets_the_workload_of_a_started_project(
    learner: User, project: Project, hub: Hub, dataset: Dataset, home: Path
):
    add_dataset(learner, project.pk, dataset_id=dataset.pk)
    server = start_notebook(learner, project_id=project.pk)

    answer = ask(learner.pk, project.pk)

    assert answer.status_code == 200
    workload = codec.from_json(answer.content)
    assert mount_at(workload, HOME) == Mount(home, HOME, writable=True)
    data = mount_at(workload, HOME / f"data/data{dataset.pk}")
    assert (data.source, data.writable) == (version_folder(dataset.pk, 1), False)
    assert [mount.target for mount in workload.mounts if mount.writable] == [HOME]
    assert workload.network == "open"
    assert workload.limits.memory_bytes == 4096 * 1024 * 1024
    assert workload.limits.processes == 512
    assert workload.env["HOME"] == str(HOME)
    assert workload.env["LYCEUM_PROJECT_ID"] == str(project.pk)
    assert workload.env["LYCEUM_LANGUAGE"] == "en"
    assert tokens.project_token_user(workload.env["LYCEUM_PROJECT_TOKEN"]) == (learner, project.pk)
    assert server.token_hash == tokens.digest(workload.env["LYCEUM_PROJECT_TOKEN"])
    assert [forward.address for forward in workload.forwards] == [
        f"127.0.0.1:{settings().portal_port}"
    ]


def test_no_secret_of_the_platform_goes_into_the_sandbox(
    learner: User, project: Project, hub: Hub
):
    start_notebook(learner, project_id=project.pk)
    text = codec.to_json(notebook_workload(learner.pk, project.pk))
    for secret in settings().secrets().model_dump().values():
        assert secret not in text
    sources = {mount.source for mount in notebook_workload(learner.pk, project.pk).mounts}
    root = settings().root
    above = {root, root / "projects", root / "datasets", workfolder.project_folder(project.pk)}
    assert not above & sources


def test_jupyter_knows_the_project_s_kernel_alone(learner: User, project: Project, hub: Hub):
    start_notebook(learner, project_id=project.pk)
    workload = notebook_workload(learner.pk, project.pk)

    first, *_others = workload.env["JUPYTER_CONFIG_PATH"].split(":")
    folder = mount_at(workload, PurePosixPath(first)).source
    config = json.loads((folder / "jupyter_server_config.json").read_text())
    assert config["KernelSpecManager"]["allowed_kernelspecs"] == ["python3"]
    assert config["KernelSpecManager"]["ensure_native_kernel"] is False
    assert workload.env["JUPYTER_PATH"] == str(environments.jupyter_path(ENVIRONMENT))


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_jupyter_speaks_the_learner_s_language(
    learner: User, project: Project, hub: Hub, language: str
):
    User.objects.update(language=language)
    start_notebook(learner, project_id=project.pk)
    workload = notebook_workload(learner.pk, project.pk)

    assert workload.env["LYCEUM_LANGUAGE"] == language
    assert f"/config/{language}:" in workload.env["JUPYTER_CONFIG_PATH"]


def test_a_missing_notebook_is_made(learner: User, project: Project, hub: Hub, home: Path):
    (home / f"{project.pk}.ipynb").unlink()
    start_notebook(learner, project_id=project.pk)
    notebook_workload(learner.pk, project.pk)

    made = nbformat.read(home / f"{project.pk}.ipynb", as_version=4)
    nbformat.validate(made)
    assert made.metadata.kernelspec.name == "python3"


def test_the_learner_s_notebook_is_left_alone(
    learner: User, project: Project, hub: Hub, home: Path, tmp_path: Path
):
    target = tmp_path / "elsewhere"
    notebook = home / f"{project.pk}.ipynb"
    notebook.unlink()
    notebook.symlink_to(target)
    start_notebook(learner, project_id=project.pk)
    notebook_workload(learner.pk, project.pk)

    assert not target.exists()
    assert notebook.is_symlink()


def test_a_link_where_datasets_are_mounted_is_moved_aside(
    learner: User, project: Project, hub: Hub, dataset: Dataset, home: Path, tmp_path: Path
):
    add_dataset(learner, project.pk, dataset_id=dataset.pk)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (home / "data").symlink_to(elsewhere)
    (home / "data.moved-1").write_text("taken")
    start_notebook(learner, project_id=project.pk)
    notebook_workload(learner.pk, project.pk)

    assert os.listdir(elsewhere) == []
    assert os.readlink(home / "data.moved-2") == str(elsewhere)
    assert (home / f"data/data{dataset.pk}").is_dir()


@pytest.mark.parametrize("token", ["", "wrong", "Bearer"])
def test_nobody_else_is_told(learner: User, project: Project, token: str):
    assert ask(learner.pk, project.pk, token=token).status_code == 401
    assert Client().get(ADDRESS).status_code == 401


@pytest.mark.parametrize("number", ["", "x", "-1", "1e3", "٣", "9" * 30])
def test_what_is_no_project_is_not_found(db: None, number: str):
    answer = ask(1, number)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_notebook")


def test_a_project_that_nobody_started_is_refused(learner: User, project: Project, hub: Hub):
    start_notebook(learner, project_id=project.pk)
    NotebookServer.objects.update(state=NotebookServer.State.STOPPED)

    answer = ask(learner.pk, project.pk)

    assert answer.status_code == 403
    assert answer.json()["message"]
