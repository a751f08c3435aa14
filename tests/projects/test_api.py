"""The REST API: what it answers, and that it shows nobody what is not theirs."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.test import Client

from lyceum.projects import actions, workfolder
from tests.projects.making import ENVIRONMENT, make_dataset, make_project

API = "/api/v1/projects"


@pytest.fixture
def mine(owner) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def others(other) -> Client:
    client = Client()
    client.force_login(other)
    return client


def send(client: Client, method: str, path: str, body: dict | None = None):
    return client.generic(method, API + path, json.dumps(body or {}), "application/json")


def test_create_edit_and_read_a_project(mine):
    made = send(mine, "POST", "", {"name": "房价", "environment": ENVIRONMENT, "tags": ["回归"]})
    assert made.status_code == 201
    project_id = made.json()["id"]
    changed = send(mine, "PATCH", f"/{project_id}", {"visibility": "shared"})
    assert changed.json()["visibility"] == "shared"
    read = Client().get(f"{API}/{project_id}").json()
    assert (read["name"], read["tags"], read["framework"]) == ("房价", ["回归"], "sklearn")
    assert read["tags_en"] == [""]
    actions.translate_tags({"回归": "regression"})
    assert Client().get(f"{API}/{project_id}").json()["tags_en"] == ["regression"]
    assert read["page"].endswith(f"/projects/{project_id}/")


def test_a_refusal_is_a_problem_document(mine):
    answer = send(mine, "POST", "", {"name": " ", "environment": ENVIRONMENT})
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:lyceum:required", "title": "Please fill this in.", "status": 400,
        "code": "required", "field": "name",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "", 422, "invalid_request"),
        ("GET", "?limit=0", 422, "invalid_request"),
        ("GET", "?cursor=nonsense", 400, "bad_cursor"),
        ("GET", "/1234567890123456789012", 404, "no_such_project"),
    ],
)
def test_requests_that_do_not_fit_are_problems_too(mine, method, path, status, code):
    answer = send(mine, method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"


def test_writing_asks_for_a_login_and_a_csrf_token(owner, project):
    assert send(Client(), "PATCH", f"/{project.pk}", {"name": "x"}).status_code == 401
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner)
    assert send(strict, "PATCH", f"/{project.pk}", {"name": "x"}).status_code == 403


def test_lists_go_page_by_page(mine, owner):
    ids = [make_project(owner, name=f"P{number}").pk for number in range(3)]
    first = mine.get(f"{API}?tab=mine&limit=2").json()
    assert [item["id"] for item in first["items"]] == ids[:0:-1]
    second = mine.get(f"{API}?tab=mine&limit=2&cursor={first['next']}").json()
    assert ([item["id"] for item in second["items"]], second["next"]) == (ids[:1], None)


def test_versions_files_diff_and_export(mine, project):
    home = workfolder.home(project.pk)
    workfolder.write_file(home, "a.txt", b"1\n")
    assert send(mine, "POST", f"/{project.pk}/versions", {"note": "n"}).json()["number"] == 2
    workfolder.write_file(home, "a.txt", b"2\n")
    again = send(mine, "POST", f"/{project.pk}/versions")
    assert again.status_code == 201
    refused = send(mine, "POST", f"/{project.pk}/versions")
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_changed")
    found = mine.get(f"{API}/{project.pk}/diff?old=2&new=3").json()
    assert [(line["sign"], line["text"]) for line in found["files"][0]["lines"]] == [
        ("-", "1"),
        ("+", "2"),
    ]
    listed = mine.get(f"{API}/{project.pk}/files?version=2").json()
    assert [entry["path"] for entry in listed["entries"]] == [f"{project.pk}.ipynb", "a.txt"]
    read = mine.get(f"{API}/{project.pk}/content?version=2&path=a.txt")
    assert b"".join(read.streaming_content) == b"1\n"
    assert read["Content-Disposition"].startswith("attachment")
    export = mine.get(f"{API}/{project.pk}/versions/2/export")
    names = zipfile.ZipFile(io.BytesIO(b"".join(export.streaming_content))).namelist()
    assert names == [f"{project.pk}.ipynb", "a.txt"]
    restored = send(mine, "POST", f"/{project.pk}/versions/2/restoration")
    assert (restored.status_code, restored.json()["cause"]) == (201, "restored")


def test_what_the_owner_has_not_saved_is_theirs_alone(mine, others, shared):
    workfolder.write_file(workfolder.home(shared.pk), "draft.txt", b"secret")
    assert mine.get(f"{API}/{shared.pk}/content?path=draft.txt").status_code == 200
    assert others.get(f"{API}/{shared.pk}/content?path=draft.txt").status_code == 404
    listed = others.get(f"{API}/{shared.pk}/files").json()
    assert listed["version"] == 1
    assert [entry["path"] for entry in listed["entries"]] == [f"{shared.pk}.ipynb"]


def test_fork_star_and_datasets(mine, others, owner, shared):
    hidden = make_dataset(owner, visibility="private", name="Hidden")
    path = f"/{shared.pk}/datasets"
    assert send(mine, "POST", path, {"dataset_id": hidden.pk}).status_code == 201
    assert others.get(API + path).json() == []
    assert mine.get(API + path).json()[0]["folder"] == f"/home/aistudio/data/data{hidden.pk}/"
    fork = send(others, "POST", f"/{shared.pk}/forks", {"version": 1})
    assert fork.json()["forked_from"] == shared.pk
    record = mine.get(f"{API}/{shared.pk}/forks").json()["items"]
    assert [(item["owner"]["username"], item["project"]) for item in record] == [("other", None)]
    assert send(others, "PUT", f"/{shared.pk}/star").json() == {"starred": True, "star_count": 1}
    assert send(others, "DELETE", f"/{shared.pk}/star").json()["star_count"] == 0
    assert send(mine, "DELETE", f"{path}/{hidden.pk}").status_code == 204


def test_delete_and_restore(mine, project):
    assert send(mine, "DELETE", f"/{project.pk}?typed_name=wrong").status_code == 400
    assert send(mine, "DELETE", f"/{project.pk}?typed_name={project.name}").status_code == 204
    assert mine.get(f"{API}/{project.pk}").status_code == 404
    assert [item["id"] for item in mine.get(f"{API}/trash").json()] == [project.pk]
    assert send(mine, "POST", f"/{project.pk}/restoration").status_code == 200


ROUTES = [
    ("GET", ""), ("PATCH", ""), ("DELETE", "?typed_name=House prices"), ("POST", "/cover"),
    ("DELETE", "/cover"), ("POST", "/forks"), ("GET", "/forks"), ("PUT", "/star"),
    ("DELETE", "/star"), ("GET", "/versions"), ("POST", "/versions"), ("GET", "/versions/1"),
    ("POST", "/versions/1/restoration"), ("GET", "/versions/1/export"),
    ("GET", "/diff?old=1&new=1"), ("GET", "/files"), ("GET", "/content?path=1.ipynb"),
    ("GET", "/datasets"), ("POST", "/datasets"), ("DELETE", "/datasets/1"),
    ("POST", "/restoration"),
]  # fmt: skip


@pytest.mark.parametrize("trashed", [False, True])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_private_or_trashed_project_is_not_there_for_others(
    others, owner, project, method, path, trashed
):
    if trashed:
        actions.set_visibility(owner, project.pk, visibility="shared")
        actions.delete_project(owner, project.pk, typed_name=project.name)
    if path == "/cover" and method == "POST":
        answer = others.post(f"{API}/{project.pk}/cover", {"image": io.BytesIO(b"x")})
    else:
        answer = send(others, method, f"/{project.pk}{path}", {"dataset_id": 1})
    assert answer.status_code == 404
    if method == "GET":
        assert Client().get(f"{API}/{project.pk}{path}").status_code == 404


WRITES = [
    ("PATCH", "", 403), ("DELETE", "?typed_name=Shared one", 403), ("DELETE", "/cover", 403),
    ("POST", "/versions", 403), ("POST", "/versions/1/restoration", 403),
    ("POST", "/datasets", 403), ("DELETE", "/datasets/1", 403), ("POST", "/restoration", 404),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "status"), WRITES)
def test_nobody_changes_a_shared_project_of_anothers(others, shared, method, path, status):
    answer = send(others, method, f"/{shared.pk}{path}", {"dataset_id": 1, "name": "x"})
    assert answer.status_code == status
