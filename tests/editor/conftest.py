"""A cluster project, its owner, and a tab of the owner's that edits it."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def surroundings(settings):
    settings.LANGUAGE_CODE = "en"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


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
    from tests.editor.making import make_cluster_project

    return make_cluster_project(owner)


@pytest.fixture
def token(owner, project):
    from lyceum.editor.actions import open_session

    return open_session(owner, project.pk).token
