"""Datasets in projects: pinned versions, what is lost, the numbers the hub counts."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, Forbidden, NotFound
from lyceum.datasets import actions as datasets
from lyceum.datasets.models import Dataset, DatasetVersion
from lyceum.limits import limit
from lyceum.projects import actions, queries
from lyceum.projects.models import Project, ProjectDataset
from tests.projects.making import make_dataset, make_project


@pytest.fixture
def dataset(other: User) -> Dataset:
    """Somebody else's, shared."""
    return make_dataset(other, name="Weather")


@pytest.fixture
def used(owner: User, project: Project, dataset: Dataset) -> Dataset:
    actions.add_dataset(owner, project.pk, dataset_id=dataset.pk)
    return dataset


def next_version(dataset: Dataset, note: str = "") -> DatasetVersion:
    number = dataset.versions.count() + 1
    return DatasetVersion.objects.create(
        dataset=dataset, number=number, note=note, size=3_000_000, file_count=7
    )


def count(dataset: Dataset) -> int:
    return Dataset.objects.get(pk=dataset.pk).project_count


def use(user: User, project: Project) -> queries.DatasetUse:
    (only,) = queries.dataset_uses(user, project)
    return only


def show(user: User, name: str, *args: object, **query: object) -> str:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    answer = client.get(reverse(f"projects:{name}", args=args), query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def press(user: User, name: str, *args: object) -> str:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    answer = client.post(reverse(f"projects:{name}", args=args), follow=True)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_project_keeps_its_version_until_its_owner_updates(owner, project, used):
    assert use(owner, project).newer is None
    newest = next_version(used, "more rain")
    assert use(owner, project).link.version.number == 1
    assert use(owner, project).newer == newest
    link = actions.update_dataset(owner, project.pk, dataset_id=used.pk)
    assert (link.version, link.position) == (newest, 1)
    assert use(owner, project).newer is None
    with pytest.raises(Conflict) as refusal:
        actions.update_dataset(owner, project.pk, dataset_id=used.pk)
    assert refusal.value.code == "newest_already"


def test_only_an_owner_updates_and_only_what_is_there(owner, other, shared, dataset):
    with pytest.raises(NotFound):
        actions.update_dataset(owner, shared.pk, dataset_id=dataset.pk)
    actions.add_dataset(owner, shared.pk, dataset_id=dataset.pk)
    next_version(dataset)
    with pytest.raises(Forbidden):
        actions.update_dataset(other, shared.pk, dataset_id=dataset.pk)
    datasets.edit_dataset(other, dataset.pk, visibility="private")
    with pytest.raises(NotFound):
        actions.update_dataset(owner, shared.pk, dataset_id=dataset.pk)
    assert shared.dataset_links.get().version.number == 1


def test_the_page_says_that_there_is_a_newer_version(owner, other, shared, dataset):
    actions.add_dataset(owner, shared.pk, dataset_id=dataset.pk)
    next_version(dataset, "<b>more</b> rain")
    mine = show(owner, "datasets", shared.pk)
    assert "version 2 is there" in mine and "&lt;b&gt;more&lt;/b&gt; rain" in mine
    assert "Update to version 2" in mine
    assert "version 2 is there" in show(owner, "detail", shared.pk)
    assert "Update to version 2" not in show(other, "datasets", shared.pk)
    done = press(owner, "update_dataset", shared.pk, dataset.pk)
    assert "The project uses version 2 of the dataset now." in done
    assert "7 files" in done and "version 2 is there" not in done
    again = press(owner, "update_dataset", shared.pk, dataset.pk)
    assert "The project uses the newest version already." in again


@pytest.mark.parametrize("reason", ["private", "trash"])
def test_what_is_lost_is_named_by_its_folder_with_the_reason(
    owner, other, shared, dataset, reason
):
    actions.add_dataset(owner, shared.pk, dataset_id=dataset.pk)
    if reason == "private":
        datasets.edit_dataset(other, dataset.pk, visibility="private")
    else:
        datasets.delete_dataset(other, dataset.pk, typed_name="Weather")
    assert (use(owner, shared).lost, use(owner, shared).newest) == (reason, None)
    page = show(owner, "datasets", shared.pk)
    assert f"data{dataset.pk}" in page and "Weather" not in page
    sentence = {"private": "has made this dataset private", "trash": "has deleted this dataset"}
    assert sentence[reason] in page
    assert "not there any more" in show(owner, "detail", shared.pk)
    strangers = Client().get(reverse("projects:datasets", args=[shared.pk])).content.decode()
    assert "Weather" not in strangers and f"data{dataset.pk}" not in strangers
    assert queries.hidden_datasets(other, shared) == 0
    assert "no longer in the project" in press(owner, "remove_dataset", shared.pk, dataset.pk)


def test_one_s_own_deleted_dataset_is_in_the_trash_and_comes_back(owner, project):
    mine = make_dataset(owner)
    actions.add_dataset(owner, project.pk, dataset_id=mine.pk)
    datasets.delete_dataset(owner, mine.pk, typed_name="Housing")
    assert "in your trash" in show(owner, "datasets", project.pk)
    datasets.restore_dataset(owner, mine.pk)
    assert use(owner, project).lost == ""


def test_a_private_dataset_of_the_author_s_is_only_counted(owner, other, shared):
    mine = make_dataset(owner, name="Secret", visibility="private")
    actions.add_dataset(owner, shared.pk, dataset_id=mine.pk)
    assert queries.dataset_uses(other, shared) == []
    page = show(other, "datasets", shared.pk)
    assert "1 private dataset of the author" in page and "Secret" not in page


def test_every_change_of_use_is_counted(owner, other, dataset):
    first = make_project(owner, visibility="shared", dataset_ids=[dataset.pk])
    assert count(dataset) == 1
    second = make_project(owner, name="Second")
    actions.add_dataset(owner, second.pk, dataset_id=dataset.pk)
    assert count(dataset) == 2
    fork = actions.fork_project(other, first.pk)
    assert count(dataset) == 3
    next_version(dataset)
    actions.update_dataset(owner, second.pk, dataset_id=dataset.pk)
    assert count(dataset) == 3
    actions.remove_dataset(owner, second.pk, dataset_id=dataset.pk)
    assert count(dataset) == 2
    actions.delete_project(other, fork.pk, typed_name=fork.name)
    assert count(dataset) == 1
    actions.restore_project(other, fork.pk)
    assert count(dataset) == 2
    actions.delete_project(other, fork.pk, typed_name=fork.name)
    actions.purge_trash(now=timezone.now() + timedelta(days=limit("trash_days") + 1))
    assert not Project.objects.filter(pk=fork.pk).exists()
    assert count(dataset) == 1


def test_a_failed_add_counts_nothing(owner, project, used):
    with pytest.raises(Conflict):
        actions.add_dataset(owner, project.pk, dataset_id=used.pk)
    assert count(used) == 1


def test_recounting_heals_what_was_written_past_the_actions(owner, project, used):
    idle = make_dataset(owner)
    Dataset.objects.filter(pk=used.pk).update(project_count=40)
    Dataset.objects.filter(pk=idle.pk).update(project_count=2)
    assert actions.recount_use() == 2
    assert (count(used), count(idle)) == (1, 0)
    assert actions.recount_use() == 0


def test_a_purged_dataset_leaves_its_projects(owner, other, project, used):
    trashed = make_project(owner, name="Trashed", dataset_ids=[used.pk])
    actions.delete_project(owner, trashed.pk, typed_name="Trashed")
    datasets.delete_dataset(other, used.pk, typed_name="Weather")
    datasets.purge(now=timezone.now() + timedelta(days=limit("trash_days") - 1))
    assert ProjectDataset.objects.count() == 2
    datasets.purge(now=timezone.now() + timedelta(days=limit("trash_days") + 1))
    assert not Dataset.objects.filter(pk=used.pk).exists()
    assert ProjectDataset.objects.count() == 0
    assert "No datasets in this project" in show(owner, "datasets", project.pk)
    assert actions.restore_project(owner, trashed.pk).deleted is None


def test_creating_can_begin_with_a_dataset(owner, other, dataset):
    hidden = make_dataset(other, name="Hidden", visibility="private")
    next_version(dataset, "more rain")
    page = show(owner, "new", dataset=[dataset.pk, hidden.pk, "x", "9" * 30])
    assert f'value="{dataset.pk}" id="dataset-{dataset.pk}" checked' in page
    assert "Hidden" not in page
    for fact in ("Weather", "Version 2", "7 files", "more rain"):
        assert fact in page
    assert " checked>" not in show(owner, "new").partition('id="dataset-picker"')[2]


def test_the_picker_of_a_project_says_what_it_would_get(owner, project, dataset):
    next_version(dataset, "more rain")
    page = show(owner, "add_dataset", project.pk, dataset_tab="shared")
    for fact in ("Weather", "Version 2", "7 files", "more rain"):
        assert fact in page


def test_the_same_over_the_api(owner, other, shared, dataset):
    client = Client()
    client.force_login(owner)
    path = f"/api/v1/projects/{shared.pk}/datasets"

    def send(method: str, address: str, body: object = None) -> tuple[int, dict]:
        answer = client.generic(method, address, json.dumps(body), content_type="application/json")
        return answer.status_code, json.loads(answer.content or b"null")

    status, shown = send("POST", path, {"dataset_id": dataset.pk})
    assert (status, shown["version"], shown["newest_version"]) == (201, 1, 1)
    next_version(dataset, "more rain")
    _status, (listed,) = send("GET", path)
    assert (listed["newest_version"], listed["newest_note"]) == (2, "more rain")
    status, shown = send("POST", f"{path}/{dataset.pk}/update")
    assert (status, shown["version"], shown["restart_needed"]) == (200, 2, False)
    status, problem = send("POST", f"{path}/{dataset.pk}/update")
    assert (status, problem["code"]) == (409, "newest_already")
    datasets.edit_dataset(other, dataset.pk, visibility="private")
    _status, (listed,) = send("GET", path)
    assert (listed["lost"], listed["name"], listed["newest_version"]) == ("private", "", None)
    assert Client().get(path).json() == []
    for method, address in (("DELETE", ""), ("POST", "/update")):
        status, problem = send(method, f"{path}/{10**30}{address}")
        assert (status, problem["code"]) == (404, "no_such_dataset")
    assert send("POST", path, {"dataset_id": 10**30})[0] == 404
