"""What every page of the portal has: its headers, its refusals, its answers to HTMX."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django_htmx.http import HttpResponseClientRedirect
from pytest_django.fixtures import Settings

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict
from lyceum.portal import urls

pytestmark = pytest.mark.django_db

SENTENCE = "两个数据集已经够了。"


def _refuses(request: HttpRequest) -> HttpResponse:
    raise Conflict("dataset_limit", SENTENCE)


def _breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("on purpose")


def _forbids(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def _suspects(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation


def _tells(request: HttpRequest) -> HttpResponse:
    messages.success(request, "已保存")
    return HttpResponse("part of a page")


def _tells_and_leaves(request: HttpRequest) -> HttpResponse:
    messages.success(request, "已保存")
    return HttpResponseClientRedirect("/accounts/login/")


@login_required
def _private(request: HttpRequest) -> HttpResponse:
    return HttpResponse("mine")


class Routes:
    """The portal's own addresses, and some that do what only goes wrong in earnest."""

    handler400 = urls.handler400
    handler403 = urls.handler403
    handler404 = urls.handler404
    handler500 = urls.handler500
    urlpatterns = (
        path("refuses/", _refuses),
        path("breaks/", _breaks),
        path("forbids/", _forbids),
        path("suspects/", _suspects),
        path("tells/", _tells),
        path("tells-and-leaves/", _tells_and_leaves),
        path("private/", _private),
        *urls.urlpatterns,
    )


@pytest.fixture(autouse=True)
def routes(settings: Settings) -> Iterator[None]:
    settings.ROOT_URLCONF = Routes
    yield


@pytest.fixture
def english() -> Client:
    return Client(
        headers={"accept-language": "en", "host": "127.0.0.1"}, raise_request_exception=False
    )


HTMX = {"HX-Request": "true", "HX-Current-URL": "http://127.0.0.1/projects/7/?tab=files"}


def test_no_script_but_our_own_files(english: Client) -> None:
    policy = english.get("/accounts/login/")["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["script-src"] == rules["style-src"] == rules["default-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["object-src"] == rules["base-uri"] == "'none'"
    assert rules["form-action"] == "'self' http://notebooks.localhost:8000"


@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/signup/", "/nowhere/"])
def test_pages_hold_no_inline_script_and_nothing_from_elsewhere(
    english: Client, address: str
) -> None:
    page = english.get(address).content.decode()
    scripts = [piece.split(">", 1)[0] for piece in page.split("<script")[1:]]
    assert scripts and all(" src=" in script for script in scripts)
    assert " onclick=" not in page and "javascript:" not in page
    for attribute in ('src="http', 'href="http', 'src="//', 'href="//'):
        assert attribute not in page


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("/nowhere/", 404, "There is nothing at this address."),
        ("/forbids/", 403, "You may not see this page."),
        ("/suspects/", 400, "The platform could not read this request."),
        ("/breaks/", 500, "Something broke on our side."),
        ("/refuses/", 409, SENTENCE),
    ],
)
def test_a_refusal_is_a_page_that_says_why(
    english: Client, address: str, status: int, sentence: str
) -> None:
    response = english.get(address)
    assert response.status_code == status
    assert sentence in response.content.decode()


@pytest.mark.parametrize("address", ["/nowhere/", "/forbids/", "/suspects/", "/breaks/"])
def test_refusals_speak_chinese(address: str) -> None:
    client = Client(
        headers={"accept-language": "zh-CN", "host": "127.0.0.1"}, raise_request_exception=False
    )
    page = client.get(address).content.decode()
    assert 'lang="zh-hans"' in page
    assert "返回项目大厅" in page


def test_a_form_without_its_token_is_refused_in_words() -> None:
    client = Client(
        enforce_csrf_checks=True, headers={"accept-language": "en", "host": "127.0.0.1"}
    )
    response = client.post("/accounts/login/", {"login": "x", "password": "y"})
    assert response.status_code == 403
    assert "This form has expired." in response.content.decode()


def test_htmx_gets_a_refusal_as_a_toast(english: Client) -> None:
    response = english.post("/refuses/", headers=HTMX)
    assert response.status_code == 409
    told = json.loads(response["HX-Trigger"])["lyceum:toast"]["value"]
    assert told == [{"text": SENTENCE, "level": "error"}]


def test_htmx_gets_messages_as_toasts(english: Client) -> None:
    response = english.get("/tells/", headers=HTMX)
    assert response["HX-Trigger"].isascii()
    told = json.loads(response["HX-Trigger"])["lyceum:toast"]["value"]
    assert told == [{"text": "已保存", "level": "success"}]
    assert "已保存" not in english.get("/accounts/login/").content.decode()


def test_messages_wait_for_the_page_that_htmx_is_sent_to(english: Client) -> None:
    assert "HX-Trigger" not in english.get("/tells-and-leaves/", headers=HTMX)
    assert "已保存" in english.get("/accounts/login/").content.decode()


def test_htmx_after_the_session_ended_goes_to_the_login_page_and_back(english: Client) -> None:
    response = english.get("/private/", headers=HTMX)
    assert response["HX-Redirect"] == "/accounts/login/?next=%2Fprojects%2F7%2F%3Ftab%3Dfiles"
    assert english.get("/private/").status_code == 302


def test_a_refusal_is_answered_to_a_signed_in_learner_too(english: Client) -> None:
    english.force_login(
        User.objects.create_user("lin"), backend="django.contrib.auth.backends.ModelBackend"
    )
    page = english.get("/refuses/").content.decode()
    assert SENTENCE in page and "Sign out" in page


def test_on_the_notebooks_host_only_content_answers() -> None:
    client = Client(headers={"host": "notebooks.localhost:8000"})
    response = client.get("/accounts/login/?next=/x")
    assert response.status_code == 302
    assert response["Location"] == "http://127.0.0.1:8000/accounts/login/?next=/x"
