"""How the first administrator comes in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from lyceum.accounts import actions
from lyceum.accounts.models import AdminLoginLink, User
from lyceum.common.errors import Conflict
from tests.accounts.support import PASSWORD

FORM = {"username": "chief", "password": PASSWORD, "password_again": PASSWORD}


def fresh_path() -> str:
    return urlsplit(actions.create_admin_login_link()).path


def test_the_link_makes_one_administrator_and_is_spent(english: Client) -> None:
    path = fresh_path()
    assert english.get(path).status_code == 200
    assert english.get(path).status_code == 200  # looking does not spend it
    assert english.post(path, FORM)["Location"] == "/"
    user = User.objects.get()
    assert user.is_superuser and user.is_staff and user.check_password(PASSWORD)
    assert english.session["_auth_user_id"] == str(user.pk)
    assert Client(headers={"host": "127.0.0.1"}).get(path).status_code == 409


def test_it_is_not_offered_once_an_administrator_has_a_password(db: None) -> None:
    User.objects.create_superuser("chief", password=PASSWORD)
    assert actions.create_admin_login_link() == ""


def test_an_administrator_without_a_password_does_not_count(db: None) -> None:
    User.objects.create_superuser("official", password=None)
    assert actions.create_admin_login_link()


def test_an_older_link_is_taken_back(english: Client) -> None:
    older, newer = fresh_path(), fresh_path()
    assert english.get(older).status_code == 409
    assert english.get(newer).status_code == 200


def test_it_expires(english: Client) -> None:
    path = fresh_path()
    AdminLoginLink.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert english.post(path, FORM).status_code == 409
    assert not User.objects.exists()


def test_the_database_does_not_know_the_token(db: None) -> None:
    token = fresh_path().rstrip("/").rpartition("/")[2]
    (link,) = AdminLoginLink.objects.all()
    assert token not in (link.token_hash, str(link.__dict__))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password_again": "different"}, "id_password_again_error"),
        ({"password": "12345", "password_again": "12345"}, "id_password_error"),
        ({"username": "no spaces"}, "id_username_error"),
    ],
)
def test_a_refused_choice_leaves_the_link_good(
    english: Client, change: dict[str, str], field: str
) -> None:
    path = fresh_path()
    response = english.post(path, {**FORM, **change})
    assert response.status_code == 422
    assert field in response.content.decode()
    assert english.post(path, FORM).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_comes_in() -> None:
    token = fresh_path().rstrip("/").rpartition("/")[2]

    def attempt(number: int) -> bool:
        try:
            actions.set_up_administrator(token, username=f"chief{number}", password=PASSWORD)
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1
    assert User.objects.filter(is_superuser=True).count() == 1
