"""People and projects for the tests of projects.

What needs Django's models is imported in the fixtures: pytest reads this file
before pytest-django has set Django up.
"""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def surroundings(settings, tmp_path, monkeypatch):
    """English, a quick password hash, and a data folder for each test: the ids of
    rolled-back rows come again."""
    settings.LANGUAGE_CODE = "en"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setenv("LYCEUM_HOME", str(tmp_path / "platform"))


@pytest.fixture
def owner(db):
    from tests.projects.making import make_user

    return make_user("owner")


@pytest.fixture
def other(db):
    from tests.projects.making import make_user

    return make_user("other")


@pytest.fixture
def project(owner):
    from tests.projects.making import make_project

    return make_project(owner)


@pytest.fixture
def shared(owner):
    from tests.projects.making import make_project

    return make_project(owner, name="Shared one", visibility="shared")
