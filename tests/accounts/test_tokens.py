"""Personal access tokens: made and revoked on a page, used by programs."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from lyceum.accounts import actions, queries
from lyceum.accounts.models import AccessToken, User
from lyceum.common.errors import DomainError, NotFound

PAGE = "/accounts/tokens/"
ME = "/api/v1/me"


@pytest.fixture
def token(learner: User) -> str:
    return actions.create_access_token(learner, name="laptop", days=30)[1]


def bearer(token: str) -> Client:
    """A program: no cookies, and CSRF checked as in real life."""
    headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
    return Client(headers=headers, enforce_csrf_checks=True)


def test_a_token_is_shown_once_and_kept_as_a_hash_only(signed_in: Client, learner: User) -> None:
    page = signed_in.post(PAGE, {"name": " my  laptop ", "days": "90"}).content.decode()
    shown = re.search(r'data-copy="(lyt_[\w-]{43})"', page)[1]
    assert shown not in signed_in.get(PAGE).content.decode()
    kept = AccessToken.objects.get()
    assert (kept.user, kept.name) == (learner, "my laptop")
    assert shown not in json.dumps({name: str(value) for name, value in vars(kept).items()})
    assert abs(kept.expires - timezone.now() - timedelta(days=90)) < timedelta(minutes=1)
    assert bearer(shown).get(ME).json() == {"id": learner.pk, "username": "lin", "name": "lin"}


def test_a_token_may_never_expire(signed_in: Client) -> None:
    signed_in.post(PAGE, {"name": "server", "days": ""})
    assert AccessToken.objects.get().expires is None
    assert "never expires" in signed_in.get(PAGE).content.decode()


@pytest.mark.parametrize(
    "form",
    [{"name": "", "days": "30"}, {"name": "x" * 61, "days": "30"}, {"name": "x", "days": "7"}],
)
def test_a_form_that_is_wrong_makes_no_token(signed_in: Client, form: dict[str, str]) -> None:
    assert signed_in.post(PAGE, form).status_code == 422
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"name": " "}, "required"), ({"name": "a\0"}, "not_text"), ({"days": 7}, "bad_lifetime")],
)
def test_the_action_refuses_too(learner: User, wrong: dict[str, object], code: str) -> None:
    with pytest.raises(DomainError) as refusal:
        actions.create_access_token(learner, **{"name": "x", "days": None, **wrong})
    assert (refusal.value.code, refusal.value.field) == (code, next(iter(wrong)))


def test_the_page_is_for_the_signed_in_and_not_for_tokens(english: Client, token: str) -> None:
    assert english.get(PAGE)["Location"].startswith("/accounts/login/")
    assert bearer(token).get(PAGE)["Location"].startswith("/accounts/login/")


def test_a_revoked_token_is_refused_at_once(signed_in: Client, learner: User, token: str) -> None:
    kept = AccessToken.objects.get()
    page = signed_in.post(f"{PAGE}{kept.pk}/revoke/", follow=True).content.decode()
    assert "You have none." in page
    answer = bearer(token).get(ME)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")
    assert queries.user_of_token(token) is None


def test_nobody_revokes_anothers_token(signed_in: Client, english: Client, token: str) -> None:
    other = User.objects.create_user("other")
    with pytest.raises(NotFound):
        actions.revoke_access_token(other, AccessToken.objects.get().pk)
    english.force_login(other)
    assert english.post(f"{PAGE}{AccessToken.objects.get().pk}/revoke/").status_code == 404
    assert bearer(token).get(ME).status_code == 200


def test_expired_tokens_unknown_ones_and_inactive_users_are_refused(
    learner: User, token: str
) -> None:
    assert bearer(token).get(ME).status_code == 200
    AccessToken.objects.update(expires=timezone.now())
    for client in (bearer(token), bearer("lyt_unknown"), bearer("lyt_")):
        assert client.get(ME).status_code == 401
        assert client.post("/api/v1/projects", {}, "application/json").status_code == 401
        assert client.get("/api/v1/projects").status_code == 401, "not taken for a visitor"
    AccessToken.objects.update(expires=None)
    User.objects.update(is_active=False)
    assert bearer(token).get(ME).status_code == 401


def test_a_token_writes_without_csrf_and_a_session_does_not(
    signed_in: Client, learner: User, token: str
) -> None:
    body = json.dumps({"name": "House prices", "environment": "sklearn-py311"})
    made = bearer(token).post("/api/v1/projects", body, "application/json")
    assert (made.status_code, made.json()["owner"]["id"]) == (201, learner.pk)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(learner)
    assert strict.post("/api/v1/projects", body, "application/json").status_code == 403


def test_use_is_noted_once_a_minute(learner: User, token: str) -> None:
    assert queries.user_of_token(token) == learner
    first = AccessToken.objects.get().last_used
    queries.user_of_token(token)
    assert AccessToken.objects.get().last_used == first
    AccessToken.objects.update(last_used=first - timedelta(minutes=2))
    queries.user_of_token(token)
    assert AccessToken.objects.get().last_used >= first
