"""Signing up, in and out; passwords; the throttle."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client

from lyceum.accounts.models import User
from tests.accounts.support import PASSWORD

LOGIN = "/accounts/login/"
NEWCOMER = {
    "username": "mei",
    "email": "mei@example.org",
    "password1": PASSWORD,
    "password2": PASSWORD,
}


def login(client: Client, user: str, password: str, **extra: object) -> int:
    return client.post(LOGIN, {"login": user, "password": password}, **extra).status_code


def test_a_newcomer_signs_up_and_is_in(english: Client) -> None:
    response = english.post("/accounts/signup/", NEWCOMER)
    assert response.status_code == 302
    assert response["Location"] == "/"
    user = User.objects.get(username="mei")
    assert english.session["_auth_user_id"] == str(user.pk)


def test_the_language_of_signing_up_is_kept(english: Client) -> None:
    english.post("/accounts/signup/", NEWCOMER)
    assert User.objects.get(username="mei").language == "en"


def test_a_refused_sign_up_explains_itself_at_the_field_and_keeps_what_was_typed(
    english: Client, learner: User
) -> None:
    page = english.post("/accounts/signup/", {**NEWCOMER, "username": "lin"}).content.decode()
    field = re.search(r'<input[^>]*name="username"[^>]*>', page).group()
    assert 'value="lin"' in field
    assert 'aria-invalid="true"' in field
    described = re.search(r'aria-describedby="([^"]*)"', field).group(1).split()
    assert "id_username_error" in described
    assert 'id="id_username_error"' in page
    assert not User.objects.filter(email="mei@example.org").exists()


def test_every_password_rule_is_told_in_chinese(db: None) -> None:
    """Django's own catalogue lacks one of the sentences."""
    client = Client(headers={"accept-language": "zh-CN", "host": "127.0.0.1"})
    page = client.post("/accounts/signup/", {**NEWCOMER, "password1": "123", "password2": "123"})
    errors = re.search(r'id="id_password1_error".*?</div></div>', page.content.decode(), re.S)
    sentences = re.findall(r"<div>(.*?)</div>", errors.group())
    assert len(sentences) == 3
    assert all(re.search("[一-鿿]", sentence) for sentence in sentences)


@pytest.mark.parametrize("name", ["admin", "root", "official"])
def test_names_that_sound_official_are_not_given_away(english: Client, name: str) -> None:
    english.post("/accounts/signup/", {**NEWCOMER, "username": name})
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["lin", "lin@example.org"])
def test_login_by_name_and_by_email(english: Client, learner: User, name: str) -> None:
    assert login(english, name, PASSWORD) == 302
    assert english.session["_auth_user_id"] == str(learner.pk)


def test_signing_out(signed_in: Client) -> None:
    assert signed_in.post("/accounts/logout/")["Location"] == "/"
    assert "_auth_user_id" not in signed_in.session


def test_after_login_back_to_where_it_was_asked_for(english: Client, learner: User) -> None:
    form = {"login": "lin", "password": PASSWORD, "next": "/accounts/profile/"}
    assert english.post(LOGIN, form)["Location"] == "/accounts/profile/"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "http://notebooks.localhost:8000/x",
        "javascript:1",
    ],
)
def test_login_never_leads_to_another_origin(
    english: Client, learner: User, elsewhere: str
) -> None:
    form = {"login": "lin", "password": PASSWORD, "next": elsewhere}
    assert english.post(LOGIN, form)["Location"] == "/"


def test_five_wrong_passwords_close_an_account_for_a_while(english: Client, learner: User) -> None:
    for _attempt in range(5):
        assert login(english, "lin", "wrong") == 200
    assert login(english, "lin", PASSWORD) == 200
    assert "_auth_user_id" not in english.session


def test_one_address_cannot_try_many_accounts(english: Client, learner: User) -> None:
    """The front door appends the true address; what a client writes before it counts nothing."""
    for attempt in range(10):
        forged = {"x-forwarded-for": f"10.9.8.{attempt}, 203.0.113.7"}
        login(english, f"nobody{attempt}", "wrong", headers=forged)
    mine = {"x-forwarded-for": "10.0.0.1, 203.0.113.7"}
    assert login(english, "lin", PASSWORD, headers=mine) == 200
    other = {"x-forwarded-for": "203.0.113.7, 198.51.100.20"}
    assert login(english, "lin", PASSWORD, headers=other) == 302


def test_the_administration_has_no_door_of_its_own(english: Client) -> None:
    response = english.get("/admin/login/?next=/admin/")
    assert response.status_code == 302
    assert response["Location"].startswith(LOGIN)


def test_a_learner_may_not_see_the_administration(signed_in: Client) -> None:
    assert signed_in.get("/admin/login/?next=/admin/").status_code == 403


def test_a_forgotten_password_is_set_anew_by_email(english: Client, learner: User) -> None:
    english.post("/accounts/password/reset/", {"email": "lin@example.org"})
    (message,) = mail.outbox
    assert message.to == ["lin@example.org"]
    link = re.search(r"http://\S+", message.body).group()
    page = english.get(link, follow=True)
    where = page.redirect_chain[-1][0]
    fresh = "another calm lake 7"
    english.post(where, {"password1": fresh, "password2": fresh})
    learner.refresh_from_db()
    assert learner.check_password(fresh)


def test_asking_for_a_reset_tells_nobody_who_has_an_account(
    english: Client, learner: User
) -> None:
    known = english.post("/accounts/password/reset/", {"email": "lin@example.org"})
    unknown = english.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_changing_the_password_needs_the_old_one(signed_in: Client, learner: User) -> None:
    fresh = "another calm lake 7"
    form = {"oldpassword": "wrong", "password1": fresh, "password2": fresh}
    assert signed_in.post("/accounts/password/change/", form).status_code == 200
    learner.refresh_from_db()
    assert learner.check_password(PASSWORD)
    signed_in.post("/accounts/password/change/", {**form, "oldpassword": PASSWORD})
    learner.refresh_from_db()
    assert learner.check_password(fresh)


def test_a_second_address_needs_the_password_again_and_a_confirmation(
    english: Client, learner: User
) -> None:
    login(english, "lin", PASSWORD)
    asked = english.post("/accounts/email/", {"action_add": "", "email": "new@example.org"})
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert not learner.emailaddress_set.filter(email="new@example.org").exists()
    english.post(asked["Location"], {"password": PASSWORD})
    link = re.search(r"http://\S+", mail.outbox[-1].body).group()
    english.post(link)
    assert learner.emailaddress_set.get(email="new@example.org").verified


@pytest.mark.parametrize(
    ("path", "label"),
    [
        (LOGIN, "用户名或邮箱"),
        ("/accounts/signup/", "邮箱"),
        ("/accounts/password/reset/", "邮箱"),
    ],
)
def test_fields_are_named_alike_on_every_way_in(db: None, path: str, label: str) -> None:
    page = Client(headers={"accept-language": "zh-CN", "host": "127.0.0.1"}).get(path)
    labels = re.findall(r"<label[^>]*>\s*([^<]+?)\s*<", page.content.decode())
    assert label in labels
    assert "placeholder" not in page.content.decode().split("<form", 2)[-1]
