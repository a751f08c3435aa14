"""What the tus server may hear from the portal, and about whom."""

from __future__ import annotations

import importlib
import json
import uuid
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client

from lyceum.accounts.models import User
from lyceum.config import settings
from lyceum.datasets import actions
from lyceum.datasets.models import Draft, Upload

UPLOAD = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYCEUM_HOME", str(tmp_path / "home"))


@pytest.fixture
def learner(db: None) -> User:
    return User.objects.create_user("learner")


@pytest.fixture
def draft(learner: User) -> Draft:
    return actions.open_draft(learner)


@pytest.fixture
def tus(client: Client, learner: User) -> Client:
    """The tus server, which forwards the learner's cookie."""
    client.force_login(learner)
    client.defaults["HTTP_X_LYCEUM_INTERNAL"] = settings().secrets().internal_token
    return client


def begin(client: Client, draft_id: object, **changes: object) -> tuple[int, dict[str, Any]]:
    """The status that the tus server hands on, and the refusal or nothing."""
    wanted = {"id": UPLOAD, "draft": str(draft_id), "path": "a.csv", "size": 3, **changes}
    status, told = begin_all(client, wanted)
    if status != HTTPStatus.OK:
        return status, told
    refusal = told["refusals"].get(wanted["id"])
    return (refusal.pop("status"), refusal) if refusal else (HTTPStatus.NO_CONTENT, {})


def begin_all(client: Client, *wanted: dict[str, object]) -> tuple[int, dict[str, Any]]:
    asked = json.dumps({"uploads": wanted})
    answer = client.post("/internal/uploads/", asked, content_type="application/json")
    return answer.status_code, answer.json()


def test_an_upload_begins_goes_on_and_ends(tus: Client, draft: Draft) -> None:
    assert begin(tus, draft.pk) == (HTTPStatus.NO_CONTENT, {})
    assert Upload.objects.get().path == "a.csv"
    assert tus.post(f"/internal/uploads/{UPLOAD}/access").status_code == HTTPStatus.NO_CONTENT
    assert tus.post(f"/internal/uploads/{UPLOAD}/end").status_code == HTTPStatus.NO_CONTENT
    assert not Upload.objects.exists()
    assert tus.post(f"/internal/uploads/{UPLOAD}/access").status_code == HTTPStatus.NOT_FOUND


def test_only_the_platforms_own_parts_may_ask(tus: Client, draft: Draft) -> None:
    for key in ("", "x", settings().secrets().proxy_token):
        tus.defaults["HTTP_X_LYCEUM_INTERNAL"] = key
        status, body = begin(tus, draft.pk)
        assert (status, body["code"]) == (HTTPStatus.UNAUTHORIZED, "not_internal")
    assert not Upload.objects.exists()


def test_without_a_login_there_is_no_upload(tus: Client, draft: Draft) -> None:
    tus.logout()
    status, body = begin(tus, draft.pk)
    assert (status, body["code"]) == (HTTPStatus.UNAUTHORIZED, "login_required")
    status = tus.post(
        f"/internal/uploads/{UPLOAD}/access", headers={"authorization": "Bearer lyt_nothing"}
    ).status_code
    assert status == HTTPStatus.UNAUTHORIZED


def test_another_learner_can_neither_begin_nor_go_on(tus: Client, draft: Draft) -> None:
    begin(tus, draft.pk)
    tus.force_login(User.objects.create_user("stranger"))
    assert begin(tus, draft.pk, id="f" * 32)[0] == HTTPStatus.NOT_FOUND
    for what in ("access", "end"):
        answer = tus.post(f"/internal/uploads/{UPLOAD}/{what}")
        assert answer.status_code == HTTPStatus.NOT_FOUND
    assert Upload.objects.count() == 1


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://notebooks.localhost:8000", False),
        ("http://evil.example", False),
        ("null", False),
    ],
)
def test_pages_of_other_origins_cannot_upload(
    tus: Client, draft: Draft, origin: str, allowed: bool
) -> None:
    tus.defaults["HTTP_ORIGIN"] = origin
    status, body = begin(tus, draft.pk)
    assert status == (HTTPStatus.NO_CONTENT if allowed else HTTPStatus.FORBIDDEN), body


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"size": 0}, HTTPStatus.BAD_REQUEST, "empty_file"),
        ({"size": -1}, HTTPStatus.BAD_REQUEST, "empty_file"),
        ({"size": 1 << 50}, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "file_too_large"),
        ({"size": "many"}, HTTPStatus.BAD_REQUEST, "bad_upload"),
        ({"path": "../../etc/passwd"}, HTTPStatus.BAD_REQUEST, "bad_path"),
        ({"path": "/etc/passwd"}, HTTPStatus.BAD_REQUEST, "bad_path"),
        ({"path": "a\x00b"}, HTTPStatus.BAD_REQUEST, "bad_path"),
        ({"path": "a\nb"}, HTTPStatus.BAD_REQUEST, "bad_path"),
        ({"path": "数" * 100}, HTTPStatus.BAD_REQUEST, "bad_path"),
        ({"path": ""}, HTTPStatus.BAD_REQUEST, "bad_path"),
        ({"id": "../x"}, HTTPStatus.BAD_REQUEST, "bad_upload_id"),
        ({"draft": "nothing"}, HTTPStatus.NOT_FOUND, "no_such_draft"),
        ({"draft": str(uuid.UUID(int=1))}, HTTPStatus.NOT_FOUND, "no_such_draft"),
    ],
)
def test_bad_uploads_are_refused_with_a_sentence(
    tus: Client, draft: Draft, changes: dict[str, object], status: int, code: str
) -> None:
    found, body = begin(tus, draft.pk, **changes)
    assert (found, body["code"]) == (status, code)
    assert body["message"]
    assert not Upload.objects.exists()


def test_of_several_at_once_each_gets_its_own_answer(tus: Client, draft: Draft) -> None:
    """Each is as if it had come after those before it."""
    paths = ["a", "b/c", "b/c/d", "b", "../x", "b/e", "a"]
    wanted = [
        {"id": f"{number:032x}", "draft": str(draft.pk), "path": path, "size": 4}
        for number, path in enumerate(paths)
    ]
    wanted[5]["draft"] = str(uuid.uuid4())
    status, told = begin_all(tus, *wanted)
    codes = [told["refusals"].get(each["id"], {}).get("code") for each in wanted]
    assert status == HTTPStatus.OK
    assert codes == [
        None, None, "file_and_folder", "file_and_folder", "bad_path", "no_such_draft",
        "upload_exists",
    ]  # fmt: skip
    assert set(draft.uploads.values_list("path", flat=True)) == {"a", "b/c"}


def test_several_at_once_do_not_pass_the_quota_or_the_number_of_files(
    tus: Client, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"dataset_quota_mb": 2, "dataset_file_mb": 2, "dataset_files": 3}
    for module in ("actions.uploads", "queries.quota"):
        found = importlib.import_module(f"lyceum.datasets.{module}")
        monkeypatch.setattr(found, "limit", limits.__getitem__)
    sizes = [1 << 20, 1 << 20, 1, 1 << 19, 1 << 19]
    ids = [f"{number:032x}" for number in range(5)]

    def asked(places: list[int]) -> dict[str, str]:
        wanted = [
            {
                "id": ids[place],
                "draft": str(draft.pk),
                "path": str(place % 3),
                "size": sizes[place],
            }
            for place in places
        ]
        refusals = begin_all(tus, *wanted)[1]["refusals"]
        return {upload: refusal["code"] for upload, refusal in refusals.items()}

    assert asked([0, 1, 2]) == {ids[2]: "quota_exceeded"}
    # In place of a file that had a megabyte, half of one fits.
    assert asked([3]) == {}
    assert asked([2]) == {}
    assert sorted(draft.uploads.values_list("id", flat=True)) == [ids[1], ids[2], ids[3]]
    begun = begin(tus, draft.pk, path="more", size=1)
    assert (begun[0], begun[1]["code"]) == (HTTPStatus.CONFLICT, "too_many_files")


def test_a_refusal_speaks_the_clients_language(tus: Client, draft: Draft) -> None:
    tus.defaults["HTTP_ACCEPT_LANGUAGE"] = "zh-CN"
    assert "空文件" in begin(tus, draft.pk, size=0)[1]["message"]
