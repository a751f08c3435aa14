"""``/api/v1/datasets``: the whole life of a dataset by a program, and its refusals."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client

from lyceum.accounts.models import User
from lyceum.datasets import actions, storage
from lyceum.datasets.models import Dataset
from tests.datasets.making import add_version, make_dataset

API = "/api/v1"


class Program:
    """A client that speaks JSON, as ``user`` or nobody."""

    def __init__(self, user: User | None = None) -> None:
        self.client = Client()
        if user:
            self.client.force_login(user)

    def __call__(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body)
        answer = self.client.generic(
            method, API + path, data or "", content_type="application/json"
        )
        content = answer.content if not answer.streaming else b"".join(answer.streaming_content)
        is_json = content and "json" in answer.get("Content-Type", "")
        return answer.status_code, json.loads(content) if is_json else content


def send(user: User, draft: str, path: str, data: bytes) -> None:
    """What the tus server does when the last byte of a file is there."""
    upload = f"{abs(hash((draft, path))):032x}"[-32:]
    actions.begin_upload(user, actions.WantedUpload(upload, draft, path, len(data)))
    place = storage.upload_path(upload)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    done = {"sha256": storage.digest(place), "size": len(data)}
    place.with_name(f"{upload}.done").write_text(json.dumps(done))


def test_the_life_of_a_dataset(lin: User, amy: User) -> None:
    ask, other = Program(lin), Program(amy)
    status, draft = ask("POST", "/dataset-drafts", {})
    assert status == HTTPStatus.CREATED and draft["dataset_id"] is None
    send(lin, draft["id"], "train/a.csv", b"a,b\n1,2\n")
    status, made = ask(
        "POST",
        "/datasets",
        {"draft": draft["id"], "name": "Rain", "tags": ["Sky"], "licence": "mit",
         "visibility": "shared"},
    )  # fmt: skip
    assert (status, made["licence"], made["tags"]) == (HTTPStatus.CREATED, "MIT", ["sky"])
    actions.translate_tags({"sky": "heavens"})
    here = f"/datasets/{made['id']}"
    assert (ask("GET", here)[1]["tags"], ask("GET", here)[1]["tags_en"]) == (["sky"], ["heavens"])
    assert ask("GET", f"/dataset-drafts/{draft['id']}")[0] == HTTPStatus.NOT_FOUND

    listed = other("GET", "/datasets?tab=shared&q=rain&tag=sky&licence=MIT&sort=size")[1]
    assert [each["id"] for each in listed["items"]] == [made["id"]]
    assert other("PUT", f"{here}/favourite")[1] == {"is_favourite": True, "favourite_count": 1}
    assert other("GET", "/datasets?tab=favourites")[1]["items"][0]["name"] == "Rain"
    assert other("DELETE", f"{here}/favourite")[1]["favourite_count"] == 0

    files = other("GET", f"{here}/versions/1/files")[1]["items"]
    assert [file["path"] for file in files] == ["train/a.csv"]
    assert other("GET", f"{here}/versions/1/files/train/a.csv") == (200, b"a,b\n1,2\n")
    assert other("GET", f"{here}/versions/1/zip")[1][:2] == b"PK"

    _status, draft = ask("POST", "/dataset-drafts", {"dataset_id": made["id"]})
    assert [file["path"] for file in draft["kept"]] == ["train/a.csv"]
    send(lin, draft["id"], "b.csv", b"x\n")
    removals = f"/dataset-drafts/{draft['id']}/removals"
    assert ask("POST", removals, {"path": "train/a.csv"})[1]["kept"] == []
    assert len(ask("DELETE", f"{removals}?path=train/a.csv")[1]["kept"]) == 1
    ask("POST", removals, {"path": "train/a.csv"})
    status, version = ask(
        "POST", f"{here}/versions", {"draft": draft["id"], "note": "Without train"}
    )
    assert (status, version["number"], version["file_count"]) == (HTTPStatus.CREATED, 2, 1)
    assert [each["number"] for each in other("GET", f"{here}/versions")[1]["items"]] == [2, 1]

    comment = other("POST", f"{here}/comments", {"text": "Thanks"})[1]
    assert ask("GET", f"{here}/comments")[1]["items"][0]["text"] == "Thanks"
    assert ask("DELETE", f"{here}/comments/{comment['id']}")[0] == HTTPStatus.FORBIDDEN
    assert other("DELETE", f"{here}/comments/{comment['id']}")[0] == HTTPStatus.NO_CONTENT

    assert ask("PATCH", here, {"summary": "Drops"})[1]["summary"] == "Drops"
    assert ask("DELETE", f"{here}?typed_name=Rain")[0] == HTTPStatus.NO_CONTENT
    assert other("GET", here)[0] == HTTPStatus.NOT_FOUND
    assert [each["id"] for each in ask("GET", "/datasets/trash")[1]] == [made["id"]]
    assert ask("POST", f"{here}/restoration")[1]["newest_version"] == 2
    quota = ask("GET", "/datasets/quota")[1]
    assert quota["used"] == 10 and quota["left"] == quota["most"] - 10
    assert "MIT" in {each["id"] for each in ask("GET", "/datasets/licences")[1]}


def test_an_unfinished_upload_holds_the_dataset_up(lin: User) -> None:
    ask = Program(lin)
    draft = ask("POST", "/dataset-drafts", {})[1]["id"]
    actions.begin_upload(lin, actions.WantedUpload("a" * 32, draft, "a.csv", 9))
    upload = ask("GET", f"/dataset-drafts/{draft}")[1]["uploads"][0]
    assert (upload["offset"], upload["is_finished"]) == (0, False)
    status, problem = ask("POST", "/datasets", {"draft": draft, "name": "x"})
    assert (status, problem["code"]) == (HTTPStatus.CONFLICT, "upload_unfinished")
    assert not Dataset.objects.exists()
    assert ask("DELETE", f"/dataset-drafts/{draft}")[0] == HTTPStatus.NO_CONTENT


def test_an_archive_is_asked_to_be_unpacked(lin: User) -> None:
    ask = Program(lin)
    dataset = make_dataset(lin, files={"a.zip": "no archive", "b.csv": "x\n"})
    here = f"/datasets/{dataset.pk}/unpackings"
    status, unpacking = ask("POST", here, {"path": "a.zip"})
    assert (status, unpacking["state"]) == (HTTPStatus.ACCEPTED, "queued")
    assert ask("POST", here, {"path": "a.zip"})[0] == HTTPStatus.CONFLICT
    assert ask("POST", here, {"path": "b.csv"})[1]["code"] == "not_an_archive"
    assert ask("DELETE", f"{here}/{unpacking['id']}")[1]["state"] == "cancelled"
    assert ask("GET", f"{here}/{unpacking['id']}")[1]["state"] == "cancelled"


def test_others_reach_nothing_of_a_private_dataset(lin: User, amy: User) -> None:
    dataset = make_dataset(lin, visibility="private")
    comment = actions.add_comment(lin, dataset.pk, text="mine")
    draft = actions.open_draft(lin, dataset_id=dataset.pk).pk
    here = f"/datasets/{dataset.pk}"
    asked = [
        ("GET", here, None), ("PATCH", here, {"name": "x"}),
        ("DELETE", f"{here}?typed_name=Weather", None), ("POST", f"{here}/restoration", None),
        ("PUT", f"{here}/favourite", None), ("DELETE", f"{here}/favourite", None),
        ("GET", f"{here}/versions", None), ("POST", f"{here}/versions", {"draft": str(draft)}),
        ("GET", f"{here}/versions/1", None), ("GET", f"{here}/versions/1/files", None),
        ("GET", f"{here}/versions/1/files/a.csv", None), ("GET", f"{here}/versions/1/zip", None),
        ("GET", f"{here}/comments", None), ("POST", f"{here}/comments", {"text": "x"}),
        ("DELETE", f"{here}/comments/{comment.pk}", None),
        ("POST", f"{here}/unpackings", {"path": "a.csv"}), ("GET", f"{here}/unpackings/1", None),
        ("DELETE", f"{here}/unpackings/1", None), ("GET", f"/dataset-drafts/{draft}", None),
        ("DELETE", f"/dataset-drafts/{draft}", None),
        ("POST", f"/dataset-drafts/{draft}/removals", {"path": "a.csv"}),
        ("DELETE", f"/dataset-drafts/{draft}/removals?path=a.csv", None),
        ("POST", "/dataset-drafts", {"dataset_id": dataset.pk}),
        ("POST", "/datasets", {"draft": str(draft), "name": "x"}),
    ]  # fmt: skip
    for method, path, body in asked:
        assert Program(amy)(method, path, body)[0] == HTTPStatus.NOT_FOUND, (method, path)
        expected = (HTTPStatus.NOT_FOUND, HTTPStatus.UNAUTHORIZED)
        assert Program()(method, path, body)[0] in expected, (method, path)


def test_a_shared_dataset_is_changed_by_its_owner_alone(lin: User, amy: User) -> None:
    dataset = make_dataset(lin)
    other = Program(amy)
    here = f"/datasets/{dataset.pk}"
    for method, path, body in [
        ("PATCH", here, {"name": "x"}),
        ("DELETE", f"{here}?typed_name=Weather", None),
        ("POST", "/dataset-drafts", {"dataset_id": dataset.pk}),
        ("POST", f"{here}/unpackings", {"path": "a.csv"}),
    ]:
        assert other(method, path, body)[0] == HTTPStatus.FORBIDDEN, (method, path)


def test_a_draft_makes_versions_of_its_own_dataset_only(lin: User) -> None:
    one, another = make_dataset(lin), make_dataset(lin, name="Other")
    draft = str(actions.open_draft(lin, dataset_id=one.pk).pk)
    status, problem = Program(lin)("POST", f"/datasets/{another.pk}/versions", {"draft": draft})
    assert (status, problem["code"]) == (HTTPStatus.NOT_FOUND, "no_such_draft")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"licence": "Mine"}, "licence"),
        ({"source": "no address"}, "source"),
        ({"tags": ["x" * 31]}, "tags"),
        ({"name": "  "}, "name"),
        ({"name": "a\0b"}, "name"),
    ],
)
def test_bad_fields_are_named(lin: User, change: dict[str, object], field: str) -> None:
    dataset = make_dataset(lin)
    status, problem = Program(lin)("PATCH", f"/datasets/{dataset.pk}", change)
    assert (status, problem["field"]) == (HTTPStatus.BAD_REQUEST, field)


def test_drafts_have_an_end(lin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYCEUM_LIMIT_DATASET_DRAFTS_PER_USER", "2")
    ask = Program(lin)
    assert [ask("POST", "/dataset-drafts", {})[0] for _ in range(3)] == [201, 201, 409]


def test_files_come_in_pages(lin: User) -> None:
    dataset = make_dataset(lin)
    add_version(dataset, {f"{number:02}.csv": str(number) for number in range(7)})
    ask, found, cursor = Program(lin), [], ""
    while cursor is not None:
        page = ask("GET", f"/datasets/{dataset.pk}/versions/2/files?limit=3&cursor={cursor}")[1]
        found += [file["path"] for file in page["items"]]
        cursor = page["next"]
    assert sorted(found) == [f"{number:02}.csv" for number in range(7)]
