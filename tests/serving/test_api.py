"""``/api/v1/services``: the life of a service by a program, and its refusals."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.test import Client

from lyceum.gateway import client as gateway
from lyceum.serving.models import Draft, Service
from tests.serving.making import (
    CONVERTER,
    FOLDER,
    INPUTS,
    MAIN,
    OUTPUTS,
    bring_to,
    inspect,
    make_service,
    write_model,
)
from tests.support.program import API, Program


@pytest.fixture
def ask(lin) -> Program:
    return Program(lin)


def test_the_life_of_a_service(lin, project, ask):
    write_model(project)
    status, draft = ask("POST", f"/projects/{project.pk}/service-drafts", {})
    assert status == HTTPStatus.CREATED and draft["inspection"]["state"] == "none"
    place = f"/service-drafts/{draft['id']}"
    said = {"name": "Houses", "files": [FOLDER], "inputs": INPUTS, "outputs": OUTPUTS}
    status, draft = ask("PATCH", place, {**said, "converter": CONVERTER})
    assert (status, draft["main_program"], draft["kind"]) == (HTTPStatus.OK, MAIN, "fluid")
    status, refused = ask("POST", place + "/deployment")
    assert (status, refused["code"]) == (HTTPStatus.BAD_REQUEST, "not_inspected")
    inspect(Draft.objects.get(pk=draft["id"]))
    status, draft = ask("GET", place + "/inspection")
    found = draft["inspection"]["inputs"][0]
    assert (found["name"], found["dtype"], found["shape"]) == ("x", "float32", [-1, 2])
    status, made = ask("POST", place + "/deployment")
    assert status == HTTPStatus.CREATED and made["key"].startswith("lys_")
    service = made["service"]
    assert service["address"].endswith(f"/serving/sandbox/{service['public_id']}")
    assert service["inputs"][1]["default"] == 0.5 and service["state"] == "deploying"
    assert ask("GET", place)[0] == HTTPStatus.NOT_FOUND

    place = f"/services/{service['id']}"
    status, refused = ask("POST", place + "/promotion")
    assert (status, refused["code"]) == (HTTPStatus.CONFLICT, "service_deploying")
    bring_to(Service.objects.get(pk=service["id"]), "running")
    assert ask("GET", place)[1]["pauses"]
    status, online = ask("POST", place + "/promotion")
    assert status == HTTPStatus.OK and online["service"]["stage"] == "online" and online["key"]
    listed = ask("GET", f"/projects/{project.pk}/services")[1]
    assert [each["stage"] for each in listed] == ["online", "sandbox"]
    assert ask("PATCH", place, {"wake_on_call": True})[1]["wake_on_call"] is True
    assert ask("POST", place + "/pause")[1]["state"] == "paused"
    assert ask("POST", place + "/wake")[1]["state"] == "deploying"
    assert ask("POST", place + "/stop")[1]["state"] == "stopped"
    assert ask("DELETE", place)[0] == HTTPStatus.NO_CONTENT
    assert ask("GET", place)[0] == HTTPStatus.NOT_FOUND


def test_a_converter_of_ten_megabytes(lin, project, ask):
    draft = ask("POST", f"/projects/{project.pk}/service-drafts", {})[1]
    for size in (200_001, 10_000_000):
        status, _refused = ask(
            "PATCH", f"/service-drafts/{draft['id']}", {"converter": "#" * size}
        )
        assert status in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def test_a_form_that_is_none_is_refused_as_everything_is(lin, project, ask):
    place = f"{API}/services/{make_service(lin, project).pk}/call"
    client = Client(enforce_csrf_checks=True)
    client.force_login(lin)
    client.cookies["lyceum_csrf"] = "a" * 32
    answer = client.generic("POST", place, b"x", content_type="multipart/form-data")
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.json()["code"] == "bad_request"


def test_keys(lin, project, ask):
    place = f"/services/{make_service(lin, project).pk}/keys"
    status, made = ask("POST", place, {"name": "phone", "rate_per_minute": 60})
    assert status == HTTPStatus.CREATED and made["key"].startswith(made["prefix"])
    assert all("key" not in each and "digest" not in each for each in ask("GET", place)[1])
    assert ask("PATCH", f"{place}/{made['id']}", {"rate_per_minute": 5})[1]["rate_per_minute"] == 5
    status, rotated = ask("POST", f"{place}/{made['id']}/rotation")
    assert status == HTTPStatus.CREATED and rotated["key"] != made["key"]
    assert len(ask("GET", place)[1]) == 3
    assert ask("DELETE", f"{place}/{made['id']}")[0] == HTTPStatus.NO_CONTENT
    status, refused = ask("DELETE", f"{place}/{made['id']}")
    assert (status, refused["code"]) == (HTTPStatus.NOT_FOUND, "no_such_key")


def test_without_a_gateway_it_says_so(lin, project, ask):
    place = f"/services/{make_service(lin, project).pk}"
    for method, path in (("GET", "/metrics"), ("GET", "/errors"), ("POST", "/call")):
        status, refused = ask(method, place + path, {} if method == "POST" else None)
        assert (status, refused["code"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "gateway_away")


def test_what_the_gateway_tells_is_passed_on(lin, project, ask, monkeypatch):
    service = make_service(lin, project)
    asked = []

    def answer(pk: int, body: bytes, *, language: str) -> gateway.Answer:
        asked.append((pk, body))
        return gateway.Answer(200, [1.5], 3.0, 5, "rows: 1\n", "", "")

    minute = gateway.Minute(60, 0, 0, None, None, None)
    failure = gateway.Failure(1.0, 400, "wrong_type", "CRIM …", "CRIM", None, "")
    monkeypatch.setattr(gateway, "call", answer)
    monkeypatch.setattr(gateway, "metrics", lambda pk, minutes: [minute] * minutes)
    monkeypatch.setattr(gateway, "errors", lambda pk, language: [failure])
    status, told = ask("POST", f"/services/{service.pk}/call", b'{"CRIM": NaN}')
    assert (status, told["body"], told["prints"]) == (HTTPStatus.OK, [1.5], "rows: 1\n")
    assert asked == [(service.pk, b'{"CRIM": NaN}')]  # the gateway refuses what is no JSON
    assert len(ask("GET", f"/services/{service.pk}/metrics?minutes=5")[1]) == 5
    assert ask("GET", f"/services/{service.pk}/errors")[1][0]["field"] == "CRIM"
    status, refused = ask("POST", f"/services/{service.pk}/call", b" " * 3_000_000)
    assert (status, refused["code"]) == (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large")


def test_others_see_nothing(lin, amy, project):
    service = make_service(lin, project)
    other = Program(amy)
    assert other("GET", f"/projects/{project.pk}/services")[0] == HTTPStatus.NOT_FOUND
    for method, path in (
        ("GET", ""), ("DELETE", ""), ("POST", "/wake"), ("GET", "/keys"), ("POST", "/call"),
        ("GET", "/metrics"), ("GET", "/errors"),
    ):  # fmt: skip
        assert other(method, f"/services/{service.pk}{path}")[0] == HTTPStatus.NOT_FOUND
    assert Client().get(f"{API}/services/{service.pk}").status_code == HTTPStatus.UNAUTHORIZED


def test_administrators_look_at_services(lin, project):
    service = make_service(lin, project)
    lin.is_staff = lin.is_superuser = True
    lin.save()
    client = Client()
    client.force_login(lin)
    key = service.keys.get()
    shown = client.get(f"/admin/serving/service/{service.pk}/change/").content.decode()
    assert key.prefix in shown and key.digest not in shown
    assert client.get("/admin/serving/service/").status_code == HTTPStatus.OK
    refused = client.post(f"/admin/serving/service/{service.pk}/change/", {"name": "x"})
    assert refused.status_code == HTTPStatus.FORBIDDEN
